//! Placing an order on a wire that fails, at each broker: in doubt wherever a byte may have left, not sent only where none
//! did, and one request arrives at the most.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use sangam_broker::{BoxedStream, Dial, OneShot, OneShotSettings, ScriptedTransport, TcpDial};
use sangam_core::ports::Broker;
use sangam_core::{BrokerName, ManualClock, Outcome};
use sangam_testkit::samples;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::accounts::{account, order, session};
use crate::bad_server::{BadServer, Deed};

/// Patience with an answer that does not come, and with one that does.
const SHORT: Duration = Duration::from_millis(1_500);
const LONG: Duration = Duration::from_secs(30);

/// A dial that counts the bytes its connections were given to write.
#[derive(Debug, Default)]
struct CountingDial(Arc<AtomicUsize>);

#[async_trait]
impl Dial for CountingDial {
    async fn connect(&self, host: &str, port: u16, local_addr: Option<IpAddr>) -> io::Result<BoxedStream> {
        let stream = TcpDial::default().connect(host, port, local_addr).await?;
        Ok(Box::new(Counting(stream, Arc::clone(&self.0))))
    }
}

struct Counting(BoxedStream, Arc<AtomicUsize>);

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.1.fetch_add(bytes.len(), Ordering::SeqCst);
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The account, and the bytes it offered to the network.
fn placing(broker: BrokerName, base_url: &str, patience: Duration) -> (Arc<dyn Broker>, Arc<AtomicUsize>) {
    let dial = CountingDial::default();
    let offered = Arc::clone(&dial.0);
    let orders = Arc::new(OneShot::with_dial(OneShotSettings::default(), Arc::new(dial)));
    let clock = Arc::new(ManualClock::at(samples::morning()));
    let account = account(
        broker,
        base_url,
        orders,
        ScriptedTransport::silent(),
        clock,
        patience,
    );
    account.resume(session("test-token"));
    (account, offered)
}

/// How a broker says that it took an order.
fn taken(broker: BrokerName, id: &str) -> String {
    match broker {
        BrokerName::Flattrade => {
            format!(r#"{{"request_time":"10:00:00 23-11-2026","stat":"Ok","norenordno":"{id}"}}"#)
        }
        BrokerName::Fyers => {
            format!(
                r#"{{"s":"ok","code":1101,"message":"Order submitted successfully. Your Order Ref. No.{id}","id":"{id}"}}"#
            )
        }
        BrokerName::Upstox => {
            format!(r#"{{"status":"success","data":{{"order_ids":["{id}"]}},"metadata":{{"latency":30}}}}"#)
        }
    }
}

fn whole(body: &str) -> String {
    said(body, body.len())
}

fn said(body: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Each deed with its name. None of them is an answer to be believed.
fn deeds(broker: BrokerName) -> Vec<(&'static str, Deed)> {
    let body = taken(broker, "25112300000001");
    let half = &body[..body.len() / 2];
    let text = |text: String| Deed::Answer(text.into_bytes());
    let silent = |text: String| Deed::AnswerThenSilence(text.into_bytes());
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
    vec![
        ("reset at once", Deed::ResetAtOnce),
        ("reset after the request", Deed::ResetAfterRequest),
        ("closed without an answer", text(String::new())),
        ("silence", silent(String::new())),
        ("half a head", text(whole(&body)[..40].to_owned())),
        ("half a head, then silence", silent(whole(&body)[..40].to_owned())),
        ("half a body", text(said(half, body.len()))),
        ("half a body, then silence", silent(said(half, body.len()))),
        ("a length that cuts the body", silent(said(&body, body.len() / 2))),
        ("a length beyond the body", text(said(&body, body.len() + 7))),
        (
            "no length that is a number",
            text(whole(&body).replace("content-length: ", "content-length: x")),
        ),
        (
            "a chunk that is cut",
            text(format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{half}"
            )),
        ),
        ("a redirect to itself", silent(redirect.to_owned())),
        (
            "100 and nothing after it",
            silent("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
        ),
        ("no HTTP", text("SSH-2.0-OpenSSH_9.2\r\n".to_owned())),
        ("a body that is no JSON", silent(whole("<html>ok</html>"))),
        ("an empty body", silent(whole(""))),
        (
            "a server's error that names an order",
            silent(whole(&body).replace("200 OK", "502 Bad Gateway")),
        ),
    ]
}

async fn check(broker: BrokerName, name: &str, deed: Deed) {
    let server = BadServer::start(deed).await;
    let (account, offered) = placing(broker, &server.base_url(), SHORT);
    let answer = account.place(&order("S000000000001A")).await;
    let error = answer.expect_err("it is no answer to be believed");
    let offered = offered.load(Ordering::SeqCst);
    let expected = if offered > 0 {
        Outcome::Unknown
    } else {
        Outcome::NotSent
    };
    assert_eq!(
        error.outcome(),
        expected,
        "{broker}, {name}, {offered} bytes: {error:?}"
    );
    if name != "reset at once" {
        assert_eq!(server.requests(), 1, "{broker}, {name}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_whole_leaves_doubt_and_one_request() {
    for broker in BrokerName::ALL {
        let deeds = deeds(broker).into_iter();
        join_all(deeds.map(|(name, deed)| check(broker, name, deed))).await;
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    for broker in BrokerName::ALL {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let (account, offered) = placing(broker, &format!("http://{address}"), LONG);
        let error = account.place(&order("S000000000001A")).await;
        let error = error.expect_err("nobody listens");
        assert_eq!(offered.load(Ordering::SeqCst), 0, "{broker}");
        assert_eq!(error.outcome(), Outcome::NotSent, "{broker}: {error:?}");
    }
}

/// The answer that comes without a request must not be taken for that of the next one on its connection.
#[tokio::test]
async fn an_answer_nobody_asked_for_is_not_the_next_ones() {
    for broker in BrokerName::ALL {
        for together in [true, false] {
            let answer = |id: &str| whole(&taken(broker, id)).into_bytes();
            let server = BadServer::start(Deed::SecondAnswer {
                answers: vec![answer("25112300000001"), answer("25112300000002")],
                late: answer("25112300000666"),
                together,
            })
            .await;
            let (account, _) = placing(broker, &server.base_url(), LONG);
            let first = account.place(&order("S000000000001A")).await.expect("taken");
            if !together {
                server.send_late().await;
            }
            let second = account.place(&order("S000000000002A")).await.expect("taken");
            let ids = [first, second].map(|placed| placed.broker_order_id.as_str().to_owned());
            assert_eq!(
                ids,
                ["25112300000001", "25112300000002"],
                "{broker}, together: {together}"
            );
            assert_eq!(server.requests(), 2, "{broker}");
        }
    }
}
