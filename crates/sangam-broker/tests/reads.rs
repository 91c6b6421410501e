//! The transport of reads and the downloader against a server on loopback.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its body may")]

mod common;

use std::time::Duration;

use common::{Server, Step, answer, nobody, raw};
use http::Method;
use http::header::{AUTHORIZATION, HeaderName};
use sangam_broker::{
    Fetch, FetchSettings, Progress, Reads, ReadsSettings, Sent, Transport as _, TransportFault, WireRequest,
};
use sangam_core::{ErrorKind, Operation, Outcome};

fn reads() -> Reads {
    Reads::new(&ReadsSettings::default()).unwrap()
}

fn read(url: impl Into<String>) -> WireRequest {
    WireRequest::new(Operation::Funds, Method::GET, url).timeout(Duration::from_secs(5))
}

/// Compressed with gzip by hand: `{"status":"ok"}`.
fn gzipped() -> Vec<u8> {
    let body = b"{\"status\":\"ok\"}";
    // Stored, not deflated: header, one final stored block, CRC-32 and length.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let length = u16::try_from(body.len()).unwrap();
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(body);
    bytes.extend(crc32(body).to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[tokio::test]
async fn a_read_is_sent_as_built_and_its_answer_read_whole() {
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-Left: 7\r\nContent-Length: {}\r\n\r\n",
        gzipped().len()
    )
    .into_bytes();
    reply.extend(gzipped());
    let script = vec![
        Step::ReadRequest,
        Step::Write(reply),
        Step::ReadRequest,
        answer("[]"),
    ];
    let server = Server::start(vec![script]).await;
    let reads = reads();
    let request = read(server.url("/data/quotes"))
        .query("symbols", "NSE:M&M-EQ")
        .secret_header(AUTHORIZATION, "app:test-token")
        .unwrap();
    let response = reads.send(request).await.unwrap();
    assert_eq!(&response.body[..], b"{\"status\":\"ok\"}");
    assert_eq!(response.header("x-left"), Some("7"));
    let text = server.seen.text(0).to_lowercase();
    assert!(
        text.starts_with("get /data/quotes?symbols=nse%3am%26m-eq http/1.1\r\n"),
        "{text}"
    );
    for header in [
        "authorization: app:test-token",
        "accept: application/json",
        "accept-encoding: gzip",
    ] {
        assert_eq!(text.matches(&format!("\r\n{header}\r\n")).count(), 1, "{text}");
    }
    assert!(text.contains(&format!(
        "\r\nuser-agent: sangam/{}\r\n",
        env!("CARGO_PKG_VERSION")
    )));

    let form = WireRequest::new(Operation::Login, Method::POST, server.url("/token"))
        .header(HeaderName::from_static("accept"), "text/plain")
        .unwrap()
        .body("a=b");
    assert_eq!(&reads.send(form).await.unwrap().body[..], b"[]");
    let text = server.seen.text(0).to_lowercase();
    assert!(
        text.ends_with("a=b") && text.contains("\r\ncontent-length: 3\r\n"),
        "{text}"
    );
    assert_eq!(text.matches("accept: text/plain").count(), 1);
    assert_eq!(server.seen.connections(), 1);
}

#[tokio::test]
async fn order_commands_are_refused() {
    let server = Server::start(vec![vec![Step::ReadRequest, answer("{}")]]).await;
    for operation in [Operation::Place, Operation::Modify, Operation::Cancel] {
        let request = WireRequest::new(operation, Method::POST, server.url("/order"));
        let error = reads().send(request).await.expect_err("orders go another way");
        assert_eq!(error.sent, Sent::Nothing);
        assert_eq!(error.into_error().outcome(), Outcome::NotSent);
    }
    assert_eq!(server.seen.connections(), 0);
}

#[tokio::test]
async fn a_refused_connection_is_told_apart() {
    let address = nobody().await;
    let error = reads()
        .send(read(format!("http://{address}/x")))
        .await
        .expect_err("nobody listens");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Connect, Sent::Nothing),
        "{error:?}"
    );
}

#[tokio::test]
async fn faults_after_the_connection_are_doubt() {
    let check = async |script: Vec<Step>, fault: TransportFault| {
        let server = Server::start(vec![script; 3]).await;
        let patience = if fault == TransportFault::Timeout { 1 } else { 30 };
        let request = read(server.url("/x")).timeout(Duration::from_secs(patience));
        let error = reads().send(request).await.expect_err("the script has no answer");
        assert_eq!((error.fault, error.sent), (fault, Sent::Maybe), "{error:?}");
        assert_eq!(server.seen.connections(), 1, "it is not repeated");
    };
    check(vec![Step::ReadRequest], TransportFault::Timeout).await;
    check(vec![Step::ReadRequest, Step::Close], TransportFault::Broken).await;
    check(vec![Step::ReadRequest, Step::Reset], TransportFault::Broken).await;
    check(
        vec![Step::ReadRequest, raw("nonsense\r\n\r\n")],
        TransportFault::Malformed,
    )
    .await;
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{";
    check(vec![Step::ReadRequest, raw(half)], TransportFault::Timeout).await;
    check(
        vec![Step::ReadRequest, raw(half), Step::Close],
        TransportFault::Broken,
    )
    .await;
    let large = "HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n{";
    check(vec![Step::ReadRequest, raw(large)], TransportFault::Malformed).await;
    let no_gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd";
    check(vec![Step::ReadRequest, raw(no_gzip)], TransportFault::Malformed).await;
}

#[tokio::test]
async fn redirects_and_refusals_are_answers() {
    for status in [307, 429, 503] {
        let reply =
            format!("HTTP/1.1 {status} No\r\nLocation: /x\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
        let server = Server::start(vec![vec![Step::ReadRequest, raw(&reply)]; 3]).await;
        let response = reads().send(read(server.url("/x"))).await.unwrap();
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(server.seen.count("GET /x"), 1);
    }
}

#[tokio::test]
async fn an_unencrypted_answer_from_elsewhere_is_not_asked_for() {
    let error = reads()
        .send(read("http://api.example/x"))
        .await
        .expect_err("it would show the token");
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Address, Sent::Nothing)
    );
}

#[tokio::test]
async fn a_malformed_proxy_is_refused_without_being_shown() {
    let settings = ReadsSettings {
        proxy: Some("http://user:secret@[".to_owned()),
        ..ReadsSettings::default()
    };
    let error = Reads::new(&settings).expect_err("it is no address");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!format!("{error} {error:?} {settings:?}").contains("secret"));
}

#[tokio::test]
async fn a_proxy_is_used_only_if_set() {
    let proxy = Server::start(vec![vec![Step::ReadRequest, answer("through")]]).await;
    let reads = Reads::new(&ReadsSettings {
        proxy: Some(proxy.url("")),
        ..ReadsSettings::default()
    })
    .unwrap();
    let response = reads.send(read("http://127.0.0.1:9/x")).await.unwrap();
    assert_eq!(&response.body[..], b"through");
    assert!(
        proxy
            .seen
            .text(0)
            .starts_with("GET http://127.0.0.1:9/x HTTP/1.1")
    );
}

#[tokio::test]
async fn a_download_tells_how_far_it_is() {
    let body = "row\n".repeat(50_000);
    let server = Server::start(vec![vec![Step::ReadRequest, answer(&body)]]).await;
    let fetch = Fetch::new(FetchSettings::default()).unwrap();
    let mut told = Vec::new();
    let bytes = fetch
        .download(&server.url("/master.csv?x=1"), |progress| told.push(progress))
        .await
        .unwrap();
    assert_eq!(bytes, body.as_bytes());
    let total = Some(u64::try_from(body.len()).unwrap());
    assert!(told.is_sorted_by_key(|progress| progress.received));
    assert_eq!(
        told.last(),
        Some(&Progress {
            received: 200_000,
            total
        })
    );
}

#[tokio::test]
async fn a_failed_download_names_the_address_and_the_reason() {
    let check = async |script: Vec<Step>, kind: ErrorKind, words: &str| {
        let server = Server::start(vec![script; 3]).await;
        let fetch = Fetch::new(FetchSettings {
            bytes_max: 100,
            timeout: Duration::from_secs(if kind == ErrorKind::Timeout { 1 } else { 30 }),
            ..FetchSettings::default()
        })
        .unwrap();
        let url = server.url("/master.csv?token=secret");
        let error = fetch.download(&url, |_| ()).await.expect_err("there is no file");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(
            error.to_string(),
            words.replace("HOST", &server.address.to_string())
        );
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    };
    check(
        vec![
            Step::ReadRequest,
            raw("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        ],
        ErrorKind::NotFound,
        "http://HOST/master.csv cannot be downloaded (http 404)",
    )
    .await;
    check(
        vec![
            Step::ReadRequest,
            raw("HTTP/1.1 302 No\r\nLocation: /x?token=secret\r\nContent-Length: 0\r\n\r\n"),
        ],
        ErrorKind::UnexpectedAnswer,
        "http://HOST/master.csv redirects to (hidden), which is not followed (http 302)",
    )
    .await;
    check(
        vec![Step::ReadRequest, answer(&"x".repeat(101))],
        ErrorKind::UnexpectedAnswer,
        "http://HOST/master.csv is larger than 100 bytes",
    )
    .await;
    check(
        vec![Step::ReadRequest],
        ErrorKind::Timeout,
        "no whole answer from HOST within 1s",
    )
    .await;
    check(
        vec![
            Step::ReadRequest,
            raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
            Step::Close,
        ],
        ErrorKind::Network,
        "the connection to HOST broke before the answer was whole",
    )
    .await;
}
