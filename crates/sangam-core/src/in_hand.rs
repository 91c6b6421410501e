//! A permit taken before a call is made, on its way to the transport that sends under it.
//!
//! Whoever picks a broker by who has room (routing, the order desk) holds the permit before it calls; adapters in between
//! know nothing of permits. The permit rides with the future: it is there while that future is polled and nowhere else, so
//! it cannot reach another call. Tasks the call starts do not see it. It needs no runtime.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::ports::{Permit, Scope};

thread_local! {
    static IN_HAND: RefCell<Option<(Scope, Box<dyn Permit>)>> = const { RefCell::new(None) };
}

/// A call made with a permit in hand: see [`with_permit`].
#[derive(Debug)]
pub struct WithPermit<F> {
    permit: Option<(Scope, Box<dyn Permit>)>,
    call: Pin<Box<F>>,
}

/// Makes a call whose first request of this scope goes with `permit`. If the call ends without such a request, the permit
/// is given back.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
/// use sangam_core::ports::{Permit, Scope};
/// use sangam_core::{CallClass, in_hand};
///
/// #[derive(Debug)]
/// struct Slot;
/// impl Permit for Slot {
///     fn sent(&mut self) {}
///     fn answered(self: Box<Self>) {}
///     fn not_sent(self: Box<Self>) {}
/// }
///
/// let scope = Scope { account: "main".parse().unwrap(), class: CallClass::Orders };
/// let other = Scope { class: CallClass::History, ..scope.clone() };
/// let call = async {
///     assert!(in_hand::take(&other).is_none());
///     assert!(in_hand::take(&scope).is_some());
///     assert!(in_hand::take(&scope).is_none(), "once");
/// };
/// # let mut done = std::pin::pin!(
/// in_hand::with_permit(scope.clone(), Box::new(Slot), call)
/// # );
/// # let waker = std::task::Waker::noop();
/// # assert!(std::future::Future::poll(done.as_mut(), &mut std::task::Context::from_waker(waker)).is_ready());
/// ```
pub fn with_permit<F: Future>(scope: Scope, permit: Box<dyn Permit>, call: F) -> WithPermit<F> {
    WithPermit {
        permit: Some((scope, permit)),
        call: Box::pin(call),
    }
}

/// The permit in hand, if there is one of this scope. It is given once.
#[must_use]
pub fn take(scope: &Scope) -> Option<Box<dyn Permit>> {
    IN_HAND.with_borrow_mut(|hand| {
        let (_, permit) = hand.take_if(|(held, _)| held == scope)?;
        Some(permit)
    })
}

/// What was in hand outside, brought back when a poll ends, also by a panic. What is in hand then is given back.
struct Outer(Option<(Scope, Box<dyn Permit>)>);

impl Drop for Outer {
    fn drop(&mut self) {
        let inner = IN_HAND.replace(self.0.take());
        drop(inner);
    }
}

impl<F: Future> Future for WithPermit<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let outer = Outer(IN_HAND.replace(self.permit.take()));
        let polled = self.call.as_mut().poll(context);
        if polled.is_pending() {
            self.permit = IN_HAND.take();
        }
        drop(outer);
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;

    use super::*;
    use crate::calls::CallClass;

    #[derive(Debug)]
    struct Slot(Arc<AtomicUsize>);

    impl Permit for Slot {
        fn sent(&mut self) {}
        fn answered(self: Box<Self>) {}
        fn not_sent(self: Box<Self>) {}
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn scope(account: &str) -> Scope {
        Scope {
            account: account.parse().unwrap(),
            class: CallClass::MarketData,
        }
    }

    fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Ready at the second look.
    async fn later() {
        let mut seen = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut seen, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    #[test]
    fn two_calls_that_take_turns_keep_their_own() {
        let ended = Arc::new(AtomicUsize::new(0));
        let call = |name: &'static str, other: &'static str| {
            let inner = async move {
                later().await;
                assert!(take(&scope(other)).is_none(), "the other's");
                take(&scope(name)).is_some()
            };
            Box::pin(with_permit(
                scope(name),
                Box::new(Slot(Arc::clone(&ended))),
                inner,
            ))
        };
        let (mut a, mut b) = (call("a", "b"), call("b", "a"));
        assert!(poll(&mut a).is_pending() && poll(&mut b).is_pending());
        assert!(
            take(&scope("a")).is_none(),
            "between polls it is in nobody's hand"
        );
        assert_eq!(
            (poll(&mut b), poll(&mut a)),
            (Poll::Ready(true), Poll::Ready(true))
        );
        assert_eq!(ended.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_not_used_or_dropped_half_way_is_given_back() {
        let ended = Arc::new(AtomicUsize::new(0));
        let unused = with_permit(scope("a"), Box::new(Slot(Arc::clone(&ended))), async {});
        assert!(poll(&mut Box::pin(unused)).is_ready());
        assert_eq!(ended.load(Ordering::SeqCst), 1);
        let mut half = Box::pin(with_permit(
            scope("a"),
            Box::new(Slot(Arc::clone(&ended))),
            later(),
        ));
        assert!(poll(&mut half).is_pending());
        drop(half);
        assert_eq!(ended.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_call_within_a_call_has_its_own_and_gives_the_outer_back() {
        let ended = Arc::new(AtomicUsize::new(0));
        let slot = || Box::new(Slot(Arc::clone(&ended)));
        let outer = async {
            with_permit(scope("b"), slot(), async { assert!(take(&scope("a")).is_none()) }).await;
            assert!(take(&scope("a")).is_some());
        };
        assert!(poll(&mut Box::pin(with_permit(scope("a"), slot(), outer))).is_ready());
    }

    #[test]
    fn a_panic_leaves_nothing_in_hand() {
        let ended = Arc::new(AtomicUsize::new(0));
        let slot = Box::new(Slot(Arc::clone(&ended)));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut call = Box::pin(with_permit(scope("a"), slot, async {
                assert!(ended.load(Ordering::SeqCst) > 0, "on purpose");
            }));
            poll(&mut call)
        }));
        assert!(result.is_err());
        assert!(take(&scope("a")).is_none());
    }
}
