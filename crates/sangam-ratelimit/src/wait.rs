//! Waiting for a permit, without a runtime: the caller brings the timer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::budget::{Budget, Shared};
use crate::nanos::Nanos;
use crate::permit::Permit;
use crate::plan::ScopeId;
use crate::queue::{Entered, Look};
use crate::refusal::Refusal;
use crate::scope::Priority;

/// What a [`Sleeper`] gives: ready when the time has passed.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer. Any `Fn(Duration) -> impl Future` is one, for example `tokio::time::sleep`.
///
/// An implementation owes: the future is ready when that long has passed on the budget's clock. Later is allowed and costs
/// throughput; earlier is allowed and costs another look.
pub trait Sleeper: Send + Sync {
    /// Sleeps.
    fn sleep(&self, length: Duration) -> Sleep;
}

impl<F, S> Sleeper for F
where
    F: Fn(Duration) -> S + Send + Sync,
    S: Future<Output = ()> + Send + 'static,
{
    fn sleep(&self, length: Duration) -> Sleep {
        Box::pin(self(length))
    }
}

/// A wish for a permit, and how long to wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// To be charged to.
    pub scope: ScopeId,
    /// The most requests the call may become at the broker.
    pub weight: u32,
    /// Who goes first.
    pub priority: Priority,
    /// When waiting is no use any more, on the budget's clock.
    pub deadline: Nanos,
}

impl Budget {
    /// Waits for a permit: by priority, and within one in order of arrival. The future may be dropped at any time; it
    /// leaves neither a hole in the line nor a permit behind.
    ///
    /// # Errors
    /// [`Refusal`] at once where waiting is in vain (the deadline has passed or comes before any room can, the weight is
    /// more than a window ever gives, as many wait as may), or when the deadline passes.
    pub async fn acquire(&self, ask: Ask, sleeper: &dyn Sleeper) -> Result<Permit, Refusal> {
        let ask = Ask {
            weight: ask.weight.max(1),
            ..ask
        };
        let entered = self
            .shared
            .with(|state, now| state.enter(ask.scope.0, ask.weight, ask.priority, ask.deadline, now));
        let ticket = match entered {
            Entered::Granted => return Ok(Permit::new(Arc::clone(&self.shared), ask.scope, ask.weight)),
            Entered::Refused(refusal) => return Err(refusal),
            Entered::Waiting(ticket) => ticket,
        };
        let mut place = Place {
            shared: &self.shared,
            ask,
            ticket,
            left: false,
        };
        let mut timer = Timer { sleeper, armed: None };
        poll_fn(|cx| place.poll(&mut timer, cx)).await
    }
}

/// A place in the line, given up when dropped.
struct Place<'a> {
    shared: &'a Arc<Shared>,
    ask: Ask,
    ticket: u64,
    left: bool,
}

impl Place<'_> {
    fn poll(&mut self, timer: &mut Timer<'_>, cx: &mut Context<'_>) -> Poll<Result<Permit, Refusal>> {
        let Ask {
            scope,
            weight,
            priority,
            deadline,
        } = self.ask;
        // Twice, for a timer may be ready at once; then others get their turn.
        for _ in 0..2 {
            let look = self.shared.with(|state, now| {
                state.look(scope.0, weight, priority, deadline, self.ticket, cx.waker(), now)
            });
            match look {
                Look::Granted => {
                    self.left = true;
                    return Poll::Ready(Ok(Permit::new(Arc::clone(self.shared), scope, weight)));
                }
                Look::Refused(refusal) => {
                    self.left = true;
                    return Poll::Ready(Err(refusal));
                }
                Look::Until(until) if timer.poll(until, self.shared.now(), cx).is_pending() => {
                    return Poll::Pending;
                }
                Look::Until(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.left {
            let Ask {
                scope,
                weight,
                priority,
                ..
            } = self.ask;
            self.shared
                .with(|state, _| state.leave(scope.0, weight, priority, self.ticket));
        }
    }
}

/// The timer of one waiter, set anew whenever it is to look at another time.
struct Timer<'a> {
    sleeper: &'a dyn Sleeper,
    armed: Option<(Nanos, Sleep)>,
}

impl Timer<'_> {
    fn poll(&mut self, until: Nanos, now: Nanos, cx: &mut Context<'_>) -> Poll<()> {
        let armed = match &mut self.armed {
            Some((at, sleep)) if *at == until => sleep,
            armed => &mut armed.insert((until, self.sleeper.sleep(until.since(now)))).1,
        };
        let slept = armed.as_mut().poll(cx);
        if slept.is_ready() {
            self.armed = None;
        }
        slept
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({:?}, {})", self.ask, self.ticket)
    }
}
