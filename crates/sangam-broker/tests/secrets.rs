//! A secret planted in every place a request has for one shows in no error, no `Debug` and no log line.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its body may")]

mod common;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use common::{Server, Step, answer, nobody, raw};
use http::Method;
use http::header::{AUTHORIZATION, HeaderName};
use parking_lot::Mutex;
use sangam_broker::{
    Fetch, FetchSettings, OneShot, OneShotSettings, Reads, ReadsSettings, SessionSlot, Transport, WireRequest,
};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{BrokerName, Operation, Timestamp};
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "S3CR3T";

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

fn hides(what: impl Into<String>) {
    let text = what.into();
    assert!(!text.contains(SECRET), "{text}");
}

fn planted(operation: Operation, url: &str) -> WireRequest {
    WireRequest::new(operation, Method::POST, url)
        .query("code", SECRET)
        .secret_header(AUTHORIZATION, &format!("Bearer {SECRET}"))
        .unwrap()
        .header(HeaderName::from_static("x-plain"), SECRET)
        .unwrap()
        .body(format!("jKey={SECRET}"))
        .timeout(Duration::from_millis(300))
}

/// Sends and shows all there is to show.
async fn show(transport: &dyn Transport, request: WireRequest) {
    hides(format!("{request:?} {transport:?}"));
    match transport.send(request).await {
        Ok(response) => hides(format!("{response:?}")),
        Err(error) => {
            hides(format!("{error} {error:?}"));
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                hides(format!("{error} {error:?}"));
                cause = error.source();
            }
            let error = error.into_error();
            hides(format!("{error} {error:?}"));
        }
    }
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let one_shot = OneShot::new(OneShotSettings::default());
    let reads = Reads::new(&ReadsSettings::default()).unwrap();
    let echo = format!("HTTP/1.1 200 {SECRET}\r\nSet-Cookie: {SECRET}\r\nContent-Length: 6\r\n\r\n{SECRET}");
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: /?code={SECRET}\r\nContent-Length: 0\r\n\r\n");
    let scripts = [
        vec![Step::ReadRequest],
        vec![Step::ReadRequest, Step::Close],
        vec![Step::ReadRequest, Step::Reset],
        vec![Step::ReadRequest, raw(&echo)],
        vec![Step::ReadRequest, raw(&redirect)],
        vec![Step::ReadRequest, raw(&format!("{SECRET}\r\n\r\n"))],
        vec![
            Step::ReadRequest,
            raw(&format!("HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n")),
        ],
        vec![
            Step::ReadRequest,
            raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n")),
        ],
    ];
    for script in scripts {
        let server = Server::start(vec![script; 2]).await;
        show(&one_shot, planted(Operation::Place, &server.url("/order"))).await;
        show(&reads, planted(Operation::Login, &server.url("/token"))).await;
    }
    let nobody = nobody().await;
    for url in [
        format!("http://{nobody}/x"),
        format!("https://{nobody}/x"),
        format!("http://user:{SECRET}@{nobody}/x"),
        format!("http://{nobody}/x#{SECRET}"),
        format!("{SECRET}://{nobody}/x"),
    ] {
        show(&one_shot, planted(Operation::Place, &url)).await;
        show(&reads, planted(Operation::Funds, &url)).await;
    }

    let server = Server::start(vec![vec![Step::ReadRequest, answer("{}")]; 2]).await;
    let fetch = Fetch::new(FetchSettings::default()).unwrap();
    fetch
        .download(&server.url(&format!("/m?k={SECRET}")), |_| ())
        .await
        .unwrap();
    let error = fetch
        .download(&format!("http://{nobody}/m?k={SECRET}"), |_| ())
        .await
        .unwrap_err();
    hides(format!("{error} {error:?} {fetch:?}"));

    let slot = SessionSlot::default();
    let now: Timestamp = "2026-11-23T03:45:00Z".parse().unwrap();
    slot.set(MarketSession {
        token: AccessToken::new(SECRET),
        user_id: None,
        granted_at: now,
        expires_at: now,
    });
    hides(format!(
        "{slot:?} {:?}",
        slot.alive(BrokerName::Fyers, now).unwrap_err()
    ));

    let text = log.text();
    assert!(text.contains("answered"), "the log was kept: {text}");
    hides(text);
}
