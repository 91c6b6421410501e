//! Work that goes on to its end when whoever waits for it stops waiting.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that is run by whoever waits for it, and handed to the runtime when it is dropped before its end.
pub(super) struct ToTheEnd<'h, F: Future<Output = ()> + Send + 'static> {
    left: Option<Pin<Box<F>>>,
    runtime: &'h Handle,
}

impl<'h, F: Future<Output = ()> + Send + 'static> ToTheEnd<'h, F> {
    pub(super) fn of(work: Pin<Box<F>>, runtime: &'h Handle) -> Self {
        Self {
            left: Some(work),
            runtime,
        }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Future for ToTheEnd<'_, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Taken out while it runs: one that panics is not run again.
        let Some(mut work) = self.left.take() else {
            return Poll::Ready(());
        };
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.left = Some(work);
        }
        polled
    }
}

impl<F: Future<Output = ()> + Send + 'static> Drop for ToTheEnd<'_, F> {
    fn drop(&mut self) {
        if let Some(work) = self.left.take() {
            self.runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_done() {
        let (go, gone) = oneshot::channel();
        let (done, told) = oneshot::channel();
        let work = Box::pin(async move {
            gone.await.expect("it is sent");
            done.send(()).expect("somebody waits");
        });
        let runtime = Handle::current();
        let mut waiting = Box::pin(ToTheEnd::of(work, &runtime));
        assert!(poll!(&mut waiting).is_pending());
        drop(waiting);
        go.send(()).expect("it goes on");
        told.await.expect("it came to its end");
    }
}
