//! A transport that asks before it sends: no request leaves without a permit of the account's budget, log-ins included.
//! One that was taken beforehand ([`sangam_core::in_hand`]) is used first.
//!
//! It knows which replies end a permit, and tells the limiter of refusals for the rate: the status 429 for every broker,
//! and whatever else its adapter reads as one. It neither retries nor routes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope};
use sangam_core::{AccountId, Clock, Operation, Priority, in_hand};

use crate::request::{WireRequest, WireResponse};
use crate::transport::{Sent, Transport, TransportError, TransportFault};

tokio::task_local! {
    static URGENCY: Priority;
}

/// Runs a call whose requests go at least this urgently: an exit, or the search for an order in doubt. It holds for what
/// the future does itself, not for tasks it starts.
pub async fn at_priority<F: Future>(priority: Priority, call: F) -> F::Output {
    URGENCY.scope(priority, call).await
}

/// How urgent an operation is by itself.
fn own_priority(operation: Operation) -> Priority {
    match operation {
        Operation::Cancel => Priority::Protective,
        Operation::Place | Operation::Modify => Priority::Order,
        // Without a session nothing else goes, an exit neither: it may use the reserve.
        Operation::Login => Priority::Reconcile,
        _ => Priority::Read,
    }
}

/// Reads a reply as a refusal for the rate, in a broker's own form; `None` if it is none.
pub type ReadRefusal = fn(&WireResponse) -> Option<BrokerRateRefusal>;

/// A transport around another, for one account. A request waits for its permit for as long as it would wait for its
/// answer, or for the time set by [`waiting`](Self::waiting), and then has its time for the answer.
#[derive(Debug)]
pub struct Limited {
    inner: Arc<dyn Transport>,
    limiter: Arc<dyn Limiter>,
    account: AccountId,
    clock: Arc<dyn Clock>,
    wait: Option<Duration>,
    read_refusal: ReadRefusal,
}

impl Limited {
    /// Limits what leaves through `inner` for `account`.
    #[must_use]
    pub fn new(
        inner: Arc<dyn Transport>,
        limiter: Arc<dyn Limiter>,
        account: AccountId,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner,
            limiter,
            account,
            clock,
            wait: None,
            read_refusal: status_429,
        }
    }

    /// Sets how long a request waits for its permit.
    #[must_use]
    pub fn waiting(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// Reads refusals in the broker's own form.
    #[must_use]
    pub fn reading_refusals(mut self, read_refusal: ReadRefusal) -> Self {
        self.read_refusal = read_refusal;
        self
    }

    /// The permit taken beforehand, or a new one.
    async fn permit(&self, scope: &Scope, request: &WireRequest) -> Result<Box<dyn Permit>, TransportError> {
        if let Some(permit) = in_hand::take(scope) {
            return Ok(permit);
        }
        let own = own_priority(request.operation);
        let wish = PermitRequest {
            scope: scope.clone(),
            weight: 1,
            priority: URGENCY.try_with(|urgent| own.min(*urgent)).unwrap_or(own),
            deadline: self.clock.monotonic().after(self.wait.unwrap_or(request.timeout)),
        };
        self.limiter.acquire(wish).await.map_err(refused)
    }
}

#[async_trait]
impl Transport for Limited {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        let scope = Scope {
            account: self.account.clone(),
            class: request.operation.class(),
        };
        let mut permit = self.permit(&scope, &request).await?;
        // Whoever else is ready goes first, so that little comes between the stamp and the bytes: of a thousand calls asked
        // for at once those let in would be stamped before the others have even stood in line, and sent after that.
        tokio::task::yield_now().await;
        permit.sent();
        match self.inner.send(request).await {
            Ok(response) => {
                if is_answer(&response) {
                    permit.answered();
                } else {
                    drop(permit);
                }
                if let Some(refusal) = (self.read_refusal)(&response) {
                    tracing::warn!(account = %scope.account, class = ?scope.class, ?refusal, "refused for its rate");
                    self.limiter.refused(&scope, refusal);
                }
                Ok(response)
            }
            Err(error) => {
                if error.sent == Sent::Nothing {
                    permit.not_sent();
                } else {
                    drop(permit);
                }
                Err(error)
            }
        }
    }
}

fn refused(refusal: RateRefusal) -> TransportError {
    TransportError::new(TransportFault::RateLimited, Sent::Nothing, refusal.to_string()).because(refusal)
}

/// Whether a reply proves that the party that counts has counted the request: a final status that is neither a time-out
/// nor a server's failure, over a body as that party writes them (JSON). The page of somebody in between proves nothing.
fn is_answer(response: &WireResponse) -> bool {
    let status = response.status;
    if status.is_informational() || status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return false;
    }
    let body = response.body.trim_ascii();
    matches!(
        (body.first(), body.last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    )
}

/// The form every broker shares: the status 429, with or without a header that says when to come back.
#[must_use]
pub fn status_429(response: &WireResponse) -> Option<BrokerRateRefusal> {
    (response.status == StatusCode::TOO_MANY_REQUESTS).then(|| BrokerRateRefusal {
        retry_after: response.retry_after(),
        ..BrokerRateRefusal::default()
    })
}

#[cfg(test)]
mod tests;
