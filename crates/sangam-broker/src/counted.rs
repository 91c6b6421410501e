//! A stream that knows whether any byte was offered to it: the ground on which "nothing was sent" stands. It also
//! knows whether all of it has left, before which no answer can be one to it.
//!
//! It wraps what the HTTP client writes to, above TLS. There our request's plain bytes pass and nothing else does: a
//! count below TLS would take the handshake for a request, and a library's word that a request was "not sent" says
//! which of its queues it died in, not what the network saw.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What was offered to a stream since the count was last begun.
///
/// Offered, not accepted: a TLS writer that fails may have put part of what it was given on the wire. A write that was
/// refused outright counts too, for the same reason, and one tried again counts again.
#[derive(Debug, Default)]
pub struct Tally {
    offered: AtomicU64,
    /// Whether everything offered was taken and flushed, and nothing has been offered since.
    flushed: AtomicBool,
}

impl Tally {
    /// Whether nothing was offered.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.offered() == 0
    }

    /// Bytes offered.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.offered.load(Ordering::SeqCst)
    }

    /// Whether something was offered and all of it has left for the network. A writer that keeps a buffer of its own
    /// flushes when that is empty, so then the whole message has left.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        !self.is_untouched() && self.flushed.load(Ordering::SeqCst)
    }

    /// Begins a new count. Only while no request is under way on the stream.
    pub(crate) fn reset(&self) {
        self.offered.store(0, Ordering::SeqCst);
        self.flushed.store(false, Ordering::SeqCst);
    }

    fn offer(&self, bytes: usize) {
        self.flushed.store(false, Ordering::SeqCst);
        self.offered
            .fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    fn flush(&self) {
        self.flushed.store(true, Ordering::SeqCst);
    }
}

/// A stream that counts what is offered to it before it passes it on.
#[derive(Debug)]
pub struct Counted<S> {
    inner: S,
    tally: Arc<Tally>,
}

impl<S> Counted<S> {
    /// Counts what is offered to `inner`.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            tally: Arc::default(),
        }
    }

    /// The count.
    #[must_use]
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.tally.offer(buf.len());
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tally.offer(bufs.iter().map(|buf| buf.len()).sum());
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.tally.flush();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn reading_is_not_counted_and_writing_is() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut stream = Counted::new(ours);
        let tally = stream.tally();
        theirs.write_all(b"hello").await.unwrap();
        let mut read = [0; 5];
        stream.read_exact(&mut read).await.unwrap();
        stream.flush().await.unwrap();
        assert!(tally.is_untouched() && !tally.is_delivered());
        stream.write_all(b"abc").await.unwrap();
        assert_eq!(tally.offered(), 3);
        assert!(!tally.is_delivered());
        stream.flush().await.unwrap();
        assert!(tally.is_delivered());
        tally.reset();
        assert!(tally.is_untouched() && !tally.is_delivered());
    }

    #[tokio::test]
    async fn a_write_that_fails_counts() {
        let (ours, theirs) = tokio::io::duplex(64);
        drop(theirs);
        let mut stream = Counted::new(ours);
        let tally = stream.tally();
        assert!(stream.write_all(b"abc").await.is_err());
        assert!(!tally.is_untouched());
    }

    #[tokio::test]
    async fn slices_count_together() {
        let (ours, _theirs) = tokio::io::duplex(64);
        let mut stream = Counted::new(ours);
        let tally = stream.tally();
        let slices = [io::IoSlice::new(b"ab"), io::IoSlice::new(b"cde")];
        assert_eq!(stream.write_vectored(&slices).await.unwrap(), 5);
        assert_eq!(tally.offered(), 5);
    }
}
