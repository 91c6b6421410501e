//! Encrypted connections of all three clients: whom they trust, and that a handshake is not taken for a request.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its body may")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Seen, Step, answer, order, play, raw};
use http::Method;
use sangam_broker::{
    Fetch, FetchSettings, OneShot, OneShotSettings, Reads, ReadsSettings, Sent, Transport as _,
    TransportFault, Trust, WireRequest,
};
use sangam_core::Operation;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// An encrypted server for `127.0.0.1` whose certificate nobody vouches for but itself.
struct TlsServer {
    port: u16,
    certificate: Vec<u8>,
    /// What came through the encryption.
    seen: Seen,
}

impl TlsServer {
    async fn start(scripts: Vec<Vec<Step>>, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = made.cert.der().to_vec();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certificate.clone())], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let log = seen.clone();
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    play(&mut stream, &script, &log).await;
                }
            }
        });
        Self {
            port,
            certificate,
            seen,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    fn trust(&self) -> Trust {
        Trust::only([self.certificate.clone()]).unwrap()
    }
}

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

fn one_shot(trust: Trust) -> OneShot {
    OneShot::new(OneShotSettings {
        trust,
        ..OneShotSettings::default()
    })
}

#[tokio::test]
async fn orders_go_encrypted_and_connections_are_kept() {
    for versions in [&[&version::TLS12] as &[_], &[&version::TLS13]] {
        let turn = [Step::ReadRequest, answer("{}")];
        let script = turn.iter().cycle().take(4).cloned().collect();
        let server = TlsServer::start(vec![script], versions).await;
        let one_shot = one_shot(server.trust());
        for number in 0..2 {
            let response = one_shot.send(order(server.url("/order"), number)).await.unwrap();
            assert_eq!(&response.body[..], b"{}");
            assert_eq!(server.seen.count(&format!("order-{number};")), 1);
        }
        assert_eq!(server.seen.connections(), 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_whom_is_not_trusted() {
    let server = TlsServer::start(vec![vec![Step::ReadRequest, answer("{}")]; 2], BOTH).await;
    // Another self-signed certificate is trusted, this one is not; then the machine's own authorities.
    let other = TlsServer::start(Vec::new(), BOTH).await;
    for trust in [other.trust(), Trust::platform()] {
        let error = one_shot(trust)
            .send(order(server.url("/order"), 1))
            .await
            .expect_err("the certificate is not trusted");
        assert_eq!(
            (error.fault, error.sent),
            (TransportFault::Connect, Sent::Nothing),
            "{error:?}"
        );
    }
    assert_eq!(server.seen.bytes(), 0);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_nothing() {
    let server = common::Server::start(vec![vec![raw("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")]]).await;
    let error = one_shot(Trust::platform())
        .send(order(format!("https://{}/order", server.address), 1))
        .await
        .expect_err("there is no handshake");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Connect, Sent::Nothing),
        "{error:?}"
    );
    assert_eq!(server.seen.count("order-1;"), 0);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_proof() {
    let server = common::Server::start(vec![Vec::new()]).await;
    let request = order(format!("https://{}/order", server.address), 1).timeout(Duration::from_secs(1));
    let error = one_shot(Trust::platform())
        .send(request)
        .await
        .expect_err("nothing answers");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Timeout, Sent::Nothing),
        "{error:?}"
    );
    assert!(
        server.seen.bytes() > 0,
        "the handshake was begun, which is no request"
    );
}

#[tokio::test]
async fn silence_behind_the_encryption_is_doubt() {
    let server = TlsServer::start(vec![vec![Step::ReadRequest]], BOTH).await;
    let request = order(server.url("/order"), 1).timeout(Duration::from_secs(1));
    let error = one_shot(server.trust())
        .send(request)
        .await
        .expect_err("nothing is answered");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Timeout, Sent::Maybe),
        "{error:?}"
    );
    assert_eq!(server.seen.count("order-1;"), 1);
}

/// An open-ended answer whose encryption was cut off instead of ended may be half of one.
#[tokio::test]
async fn a_cut_encryption_is_no_end_of_an_answer() {
    let script = vec![
        Step::ReadRequest,
        raw("HTTP/1.1 200 OK\r\n\r\n{\"half\":"),
        Step::Close,
    ];
    let server = TlsServer::start(vec![script], BOTH).await;
    let error = one_shot(server.trust())
        .send(order(server.url("/order"), 1))
        .await
        .expect_err("the answer was cut");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Broken, Sent::Maybe),
        "{error:?}"
    );
}

/// The transports name their cryptography themselves: this process has installed none.
#[tokio::test]
async fn reads_and_downloads_go_encrypted_without_a_default_provider() {
    let script = vec![Step::ReadRequest, answer("{}")];
    let server = TlsServer::start(vec![script; 4], BOTH).await;
    let reads = Reads::new(&ReadsSettings {
        trust: server.trust(),
        ..ReadsSettings::default()
    })
    .unwrap();
    let request = WireRequest::new(Operation::Funds, Method::GET, server.url("/funds"));
    assert_eq!(&reads.send(request.clone()).await.unwrap().body[..], b"{}");
    drop(reads);
    let fetch = Fetch::new(FetchSettings {
        trust: server.trust(),
        ..FetchSettings::default()
    })
    .unwrap();
    assert_eq!(
        &fetch.download(&server.url("/master"), |_| ()).await.unwrap()[..],
        b"{}"
    );
    drop(fetch);

    let distrustful = Reads::new(&ReadsSettings::default()).unwrap();
    let error = distrustful
        .send(request)
        .await
        .expect_err("the certificate is not trusted");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Connect, Sent::Nothing),
        "{error:?}"
    );
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn downloads_follow_redirects_between_encrypted_addresses_only() {
    let redirect = |to: &str| {
        raw(&format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let turn = |step: Step| vec![Step::ReadRequest, step];
    let mut script = turn(redirect("/there?token=secret"));
    script.extend(turn(answer("master")));
    script.extend(turn(redirect("http://127.0.0.1:9/plain?token=secret")));
    script.extend(turn(redirect("/round")).into_iter().cycle().take(20));
    let server = TlsServer::start(vec![script], BOTH).await;
    let fetch = Fetch::new(FetchSettings {
        trust: server.trust(),
        ..FetchSettings::default()
    })
    .unwrap();
    assert_eq!(
        &fetch.download(&server.url("/here"), |_| ()).await.unwrap()[..],
        b"master"
    );
    assert!(server.seen.text(0).contains("GET /there?token=secret "));
    assert!(!server.seen.text(0).to_lowercase().contains("referer"));

    let error = fetch
        .download(&server.url("/here"), |_| ())
        .await
        .expect_err("it leaves encryption");
    assert_eq!(
        error.to_string(),
        format!(
            "https://127.0.0.1:{}/here redirects to http://127.0.0.1:9/plain, which is not followed (http 302)",
            server.port
        )
    );
    let error = fetch
        .download(&server.url("/round"), |_| ())
        .await
        .expect_err("it never ends");
    assert_eq!(error.code(), Some("http 302"));
    assert_eq!(
        server.seen.count("GET /round "),
        6,
        "one request and five redirects"
    );
}
