//! A transport that asks before it sends: no request leaves without a permit of the account's budget.
//!
//! It knows which replies end a permit. What a refusal in a body means is for adapters to say; only the status 429 is
//! reported from here. It neither retries nor routes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use sangam_core::ports::{BrokerRateRefusal, Limiter, PermitRequest, RateRefusal, Scope};
use sangam_core::{AccountId, CallClass, Clock, Operation, Priority};

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
        _ => Priority::Read,
    }
}

/// A transport around another, for one account. A request waits for its permit for as long as it would wait for its
/// answer, and then has that long for the answer. Log-ins pass freely.
#[derive(Debug)]
pub struct Limited {
    inner: Arc<dyn Transport>,
    limiter: Arc<dyn Limiter>,
    account: AccountId,
    clock: Arc<dyn Clock>,
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
        }
    }
}

#[async_trait]
impl Transport for Limited {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        let class = request.operation.class();
        if class == CallClass::Login {
            return self.inner.send(request).await;
        }
        let scope = Scope {
            account: self.account.clone(),
            class,
        };
        let own = own_priority(request.operation);
        let wish = PermitRequest {
            scope: scope.clone(),
            weight: 1,
            priority: URGENCY.try_with(|urgent| own.min(*urgent)).unwrap_or(own),
            deadline: self.clock.monotonic().after(request.timeout),
        };
        let mut permit = self.limiter.acquire(wish).await.map_err(refused)?;
        permit.sent();
        match self.inner.send(request).await {
            Ok(response) => {
                if is_answer(&response) {
                    permit.answered();
                } else {
                    drop(permit);
                }
                if response.status == StatusCode::TOO_MANY_REQUESTS {
                    let refusal = BrokerRateRefusal {
                        retry_after: retry_after(&response),
                        window: None,
                    };
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

/// When to come back: in milliseconds where the broker says so (Fyers), else in seconds.
fn retry_after(response: &WireResponse) -> Option<Duration> {
    let number = |name| response.header(name)?.trim().parse::<u64>().ok();
    number("x-retry-after-ms")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

#[cfg(test)]
mod tests;
