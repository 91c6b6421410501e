//! The port to the rate limiter: a permit is held from the send until the broker's window has passed after its answer.

use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;

use crate::calls::{CallClass, Priority};
use crate::clock::Monotonic;
use crate::ids::AccountId;
use crate::timestamp::Timestamp;

/// What a broker counts together: one class of calls of one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// The class.
    pub class: CallClass,
}

/// A wish for a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRequest {
    /// To be charged to.
    pub scope: Scope,
    /// The most requests the call may become at the broker.
    pub weight: u32,
    /// Who goes first.
    pub priority: Priority,
    /// When waiting is no use any more.
    pub deadline: Monotonic,
}

/// Why there is no permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rate limit: {window} holds {used} of {limit}; come back in {} ms", retry_after.as_millis())]
pub struct RateRefusal {
    /// The window that is full, for example `orders 10/1s`.
    pub window: String,
    /// Calls in it.
    pub used: u32,
    /// Calls it takes.
    pub limit: u32,
    /// A lower bound of the wait.
    pub retry_after: Duration,
}

/// The right to send one call.
///
/// Dropping it before [`sent`](Permit::sent) gives the slot back; dropping it after counts the call as unanswered.
pub trait Permit: Send + Debug {
    /// Called before the first byte leaves.
    fn sent(&mut self);

    /// Called when the broker's final status line has been read.
    fn answered(self: Box<Self>);

    /// Called when it is proven that nothing left after all, as when no connection could be made: gives the slot back.
    fn not_sent(self: Box<Self>);
}

/// A call that the broker refused for its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BrokerRateRefusal {
    /// When to come back, where the broker said so.
    pub retry_after: Option<Duration>,
    /// The length of the window that was full, where the broker named it.
    pub window: Option<Duration>,
    /// How many calls the broker says that window takes.
    pub limit: Option<u32>,
}

/// How full one window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowUse {
    /// Whose.
    pub scope: Scope,
    /// The window's length.
    pub window: Duration,
    /// Calls in flight or answered within it.
    pub used: u32,
    /// Calls it takes.
    pub limit: u32,
}

/// What the limiter expects.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Whose.
    pub scope: Scope,
    /// Made when.
    pub made_at: Timestamp,
    /// How far ahead it looks.
    pub horizon: Duration,
    /// Probability, 0 to 1, that use passes the burst threshold within the horizon.
    pub burst_probability: f64,
}

/// Grants permits so that no window of a broker's rule is exceeded on the broker's clock.
///
/// An implementation owes: `earliest`, `fullness_permille` and `usage` answer without waiting; `acquire` is fair within a priority, keeps
/// its deadline, and a dropped future leaves no hole in the queue.
#[async_trait]
pub trait Limiter: Send + Sync + Debug {
    /// A lower bound of the instant at which a permit of this weight could be had.
    fn earliest(&self, scope: &Scope, weight: u32) -> Monotonic;

    /// Waits for a permit.
    async fn acquire(&self, request: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal>;

    /// How much of the fullest window that a call of this scope is charged to is in use, in thousandths of what that
    /// window takes at the moment; 1,000 and above while it is shut.
    fn fullness_permille(&self, scope: &Scope) -> u32;

    /// Reports that the broker refused a call of this scope for its rate.
    fn refused(&self, scope: &Scope, refusal: BrokerRateRefusal);

    /// How full every window is.
    fn usage(&self) -> Vec<WindowUse>;
}

/// Waits at several scopes at once and takes the first permit there is; of permits that come at the same time, the one of
/// the earlier request. The places in the other lines are given up, without a hole. Returns which request it was.
///
/// # Errors
/// The refusals in the order of the requests, once all are refused; an empty list for no requests.
pub async fn acquire_first(
    limiter: &dyn Limiter,
    requests: Vec<PermitRequest>,
) -> Result<(usize, Box<dyn Permit>), Vec<RateRefusal>> {
    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Permit>, RateRefusal>> + Send + 'a>>;
    let mut waiting: Vec<(Option<Waiting<'_>>, Option<RateRefusal>)> = requests
        .into_iter()
        .map(|request| (Some(limiter.acquire(request)), None))
        .collect();
    poll_fn(|context| {
        let mut open = false;
        for (at, (place, refusal)) in waiting.iter_mut().enumerate() {
            let Some(future) = place else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(Ok(permit)) => return Poll::Ready(Ok((at, permit))),
                Poll::Ready(Err(refused)) => {
                    *refusal = Some(refused);
                    *place = None;
                }
                Poll::Pending => open = true,
            }
        }
        if open {
            return Poll::Pending;
        }
        let refusals = waiting.iter_mut().filter_map(|(_, refusal)| refusal.take());
        Poll::Ready(Err(refusals.collect()))
    })
    .await
}
