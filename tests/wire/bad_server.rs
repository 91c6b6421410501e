//! A server on loopback that does to a connection what HTTP libraries do not: it answers by a script, byte by byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What is done to each connection.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// A reset before anything is read.
    ResetAtOnce,
    /// A reset when the request is there.
    ResetAfterRequest,
    /// These bytes when the request is there, then the connection is closed.
    Answer(Vec<u8>),
    /// These bytes when the request is there, and nothing more.
    AnswerThenSilence(Vec<u8>),
    /// Each request's own answer, the first with a second one behind it that nobody asked for: in the same piece, or once it
    /// is asked for by [`BadServer::send_late`].
    SecondAnswer {
        /// By the number of the request.
        answers: Vec<Vec<u8>>,
        /// The one too many.
        late: Vec<u8>,
        /// Whether it comes in the same piece.
        together: bool,
    },
}

/// The server; it ends with the value.
#[derive(Debug)]
pub(crate) struct BadServer {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicUsize>,
    late: Arc<Late>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Late {
    asked: Notify,
    sent: Notify,
}

impl BadServer {
    pub(crate) async fn start(deed: Deed) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(AtomicUsize::new(0));
        let late = Arc::new(Late::default());
        let (count, speaker) = (Arc::clone(&requests), Arc::clone(&late));
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(
                    stream,
                    deed.clone(),
                    Arc::clone(&count),
                    Arc::clone(&speaker),
                ));
            }
        });
        Self {
            address,
            requests,
            late,
            serving,
        }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Sends the answer nobody asked for, and returns when it is sent.
    pub(crate) async fn send_late(&self) {
        self.late.asked.notify_one();
        self.late.sent.notified().await;
    }
}

impl Drop for BadServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, deed: Deed, requests: Arc<AtomicUsize>, late: Arc<Late>) {
    if matches!(deed, Deed::ResetAtOnce) {
        return reset(stream);
    }
    while read_request(&mut stream).await {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        match &deed {
            Deed::ResetAtOnce | Deed::ResetAfterRequest => return reset(stream),
            Deed::Answer(bytes) => {
                let _hung_up = stream.write_all(bytes).await;
                return;
            }
            Deed::AnswerThenSilence(bytes) => {
                let _hung_up = stream.write_all(bytes).await;
            }
            Deed::SecondAnswer {
                answers,
                late: extra,
                together,
            } => {
                let mut bytes = answers[number].clone();
                if number == 0 && *together {
                    bytes.extend_from_slice(extra);
                }
                let _hung_up = stream.write_all(&bytes).await;
                if number == 0 && !together {
                    late.asked.notified().await;
                    let _hung_up = stream.write_all(extra).await;
                    late.sent.notify_one();
                }
            }
        }
    }
}

/// Closes it so that the other side hears a reset.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("a socket takes it");
    drop(stream);
}

/// Reads one request to its end; false when the other side hung up before.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => seen.extend_from_slice(&piece[..count]),
        }
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.trim().parse().expect("a length"));
        if body.len() >= length {
            return true;
        }
    }
}
