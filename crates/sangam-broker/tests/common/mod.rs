//! A server that does what a script says, byte by byte, and keeps what it saw; and a dial that keeps what the network
//! under the transport was given. Neither knows HTTP beyond finding a request's end.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses its part, and a broken test server may panic"
)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Method;
use parking_lot::Mutex;
use sangam_broker::dial::Stream;
use sangam_broker::{BoxedStream, Dial, OneShot, OneShotSettings, TcpDial, WireRequest};
use sangam_core::Operation;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// What a connection does next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads until a request is whole.
    ReadRequest,
    /// Reads this many bytes, or to the end.
    Read(usize),
    /// Writes.
    Write(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Hangs up.
    Close,
    /// Hangs up with a reset.
    Reset,
}

/// An answer with its length.
pub(crate) fn answer(body: &str) -> Step {
    Step::Write(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

pub(crate) fn raw(text: &str) -> Step {
    Step::Write(text.as_bytes().to_vec())
}

/// What a server saw.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen(Arc<Mutex<Vec<Vec<u8>>>>);

impl Seen {
    fn begin(&self) -> usize {
        let mut all = self.0.lock();
        all.push(Vec::new());
        all.len() - 1
    }

    fn add(&self, connection: usize, bytes: &[u8]) {
        self.0.lock()[connection].extend_from_slice(bytes);
    }

    pub(crate) fn connections(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.lock().iter().map(Vec::len).sum()
    }

    pub(crate) fn text(&self, connection: usize) -> String {
        String::from_utf8_lossy(&self.0.lock()[connection]).into_owned()
    }

    /// How often this was seen, over all connections.
    pub(crate) fn count(&self, what: &str) -> usize {
        let all = self.0.lock();
        all.iter()
            .map(|one| String::from_utf8_lossy(one).matches(what).count())
            .sum()
    }
}

/// Plays a script to its end, then reads on until the peer hangs up. Returns whether it was the peer who did.
pub(crate) async fn play<S: Stream>(stream: &mut S, script: &[Step], seen: &Seen) -> bool {
    let connection = seen.begin();
    let mut unread = Vec::new();
    for step in script {
        match step {
            Step::ReadRequest => {
                while !take_request(&mut unread) {
                    let mut piece = [0; 4096];
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => return true,
                        Ok(n) => {
                            seen.add(connection, &piece[..n]);
                            unread.extend_from_slice(&piece[..n]);
                        }
                    }
                }
            }
            Step::Read(bytes) => {
                let mut piece = vec![0; *bytes];
                let mut filled = 0;
                while filled < *bytes {
                    match stream.read(&mut piece[filled..]).await {
                        Ok(0) | Err(_) => return true,
                        Ok(n) => {
                            seen.add(connection, &piece[filled..filled + n]);
                            filled += n;
                        }
                    }
                }
                unread.extend_from_slice(&piece);
            }
            Step::Write(bytes) => {
                if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
                    return true;
                }
            }
            Step::Wait(time) => {
                // Neither reads nor writes for so long.
                let _ = tokio::time::timeout(*time, std::future::pending::<()>()).await;
            }
            Step::Close | Step::Reset => return false,
        }
    }
    let mut rest = [0; 4096];
    while let Ok(n) = stream.read(&mut rest).await {
        if n == 0 {
            break;
        }
        seen.add(connection, &rest[..n]);
    }
    true
}

/// Takes one request off the front, if one is whole.
fn take_request(unread: &mut Vec<u8>) -> bool {
    let Some(head) = unread.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let length = String::from_utf8_lossy(&unread[..head])
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    let end = head + 4 + length;
    if unread.len() < end {
        return false;
    }
    unread.drain(..end);
    true
}

/// A server on loopback. Its first connection plays the first script, and so on; further ones are hung up on.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Seen,
    ended: mpsc::UnboundedReceiver<bool>,
}

impl Server {
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let (tell, ended) = mpsc::unbounded_channel();
        let log = seen.clone();
        tokio::spawn(async move {
            let mut scripts = scripts.into_iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                let script = scripts.next().unwrap_or_else(|| vec![Step::Close]);
                let (log, tell) = (log.clone(), tell.clone());
                tokio::spawn(async move {
                    let by_peer = play(&mut stream, &script, &log).await;
                    if matches!(script.last(), Some(Step::Reset)) {
                        stream.set_zero_linger().unwrap();
                    }
                    drop(stream);
                    let _ = tell.send(by_peer);
                });
            }
        });
        Self { address, seen, ended }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until a connection has ended. True if it was the client who hung up.
    pub(crate) async fn ended(&mut self) -> bool {
        tokio::time::timeout(Duration::from_secs(10), self.ended.recv())
            .await
            .expect("the connection ends")
            .expect("the server runs")
    }
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// An order, told from others by its number.
pub(crate) fn order(url: impl Into<String>, number: usize) -> WireRequest {
    WireRequest::new(Operation::Place, Method::POST, url)
        .body(format!("order-{number};"))
        .timeout(Duration::from_secs(5))
}

/// A transport, and the count of what the network under it was given.
pub(crate) fn counted_one_shot() -> (OneShot, Transcript) {
    let dial = CountingDial::default();
    let wire = dial.wire.clone();
    (
        OneShot::with_dial(OneShotSettings::default(), Arc::new(dial)),
        wire,
    )
}

/// What the network was given, over all connections in the order of writing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Transcript(Arc<Mutex<Vec<u8>>>);

impl Transcript {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn text_since(&self, start: usize) -> String {
        String::from_utf8_lossy(&self.0.lock()[start..]).into_owned()
    }
}

/// TCP, keeping what the kernel took.
#[derive(Debug, Default)]
pub(crate) struct CountingDial {
    tcp: TcpDial,
    pub(crate) wire: Transcript,
}

#[async_trait::async_trait]
impl Dial for CountingDial {
    async fn connect(&self, host: &str, port: u16, local_addr: Option<IpAddr>) -> io::Result<BoxedStream> {
        let stream = self.tcp.connect(host, port, local_addr).await?;
        Ok(Box::new(Wire {
            stream,
            wire: self.wire.clone(),
        }))
    }
}

/// Keeps what a stream took: the truth that claims are held against.
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    pub(crate) wire: Transcript,
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = &taken {
            self.wire.0.lock().extend_from_slice(&buf[..*bytes]);
        }
        taken
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
