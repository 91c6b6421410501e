//! Writing down what has happened, however often it takes. What a broker did stands whether or not the disk agrees, so
//! these commits are tried until the books have them; meanwhile the desk takes no new intents.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::OrderState;
use sangam_core::ports::{AuditEntry, Change, LedgerError, OrderRecord};
use serde_json::json;

use crate::desk::Inner;
use crate::drive::{audit, moved};
use crate::progress::Driven;

/// The wait between two tries while the caller waits.
const RETRY: Duration = Duration::from_millis(100);
/// The wait between two tries after that.
const RETRY_LATER: Duration = Duration::from_secs(1);

/// Ways to write one thing down, of which one fits: the books may be in either of two states when a commit's reply was
/// lost. Changes are conditional on the state before, so trying a way twice writes it once.
pub(crate) type Ways = Vec<(Vec<Change>, AuditEntry)>;

/// What became of one try.
enum Try {
    /// The books have it, or have moved on.
    Settled,
    /// Not written, or not known.
    Failed(LedgerError),
}

impl Inner {
    /// Writes what happened to an order. When the books do not take it in time the answer is the order in doubt, and the
    /// writing goes on by itself.
    pub(crate) async fn must_write(
        self: &Arc<Self>,
        order: &OrderRecord,
        driven: &Arc<Driven>,
        ways: Ways,
    ) -> OrderRecord {
        let mut waited = Duration::ZERO;
        while let Try::Failed(error) = self.try_ways(&ways).await {
            tracing::error!(order = %order.uid, %error, "what happened to an order could not be written yet");
            self.progress.not_written(order.uid, error.to_string());
            if waited >= self.parts.settings.outcome_retry {
                let mut unwritten = order.clone();
                // The books may have any earlier state; people hear that it is in doubt.
                unwritten.state = OrderState::Submitting;
                let in_doubt = self.progress.shown(unwritten);
                self.write_later(order, driven, ways);
                return in_doubt;
            }
            tokio::time::sleep(RETRY).await;
            waited += RETRY;
        }
        self.progress.written(order.uid);
        self.read_back(order).await
    }

    /// Goes on writing in a task of its own. An order that comes to rest between two brokers is ended: nobody drives it
    /// any more.
    pub(crate) fn write_later(self: &Arc<Self>, order: &OrderRecord, driven: &Arc<Driven>, ways: Ways) {
        let (inner, order, driven) = (Arc::clone(self), order.clone(), Arc::clone(driven));
        tokio::spawn(async move {
            inner.until_written(&ways).await;
            let stands = inner.read_back(&order).await;
            if stands.state == OrderState::Queued {
                let ways = inner.ways_to_end(&stands, None);
                inner.until_written(&ways).await;
            }
            inner.progress.written(order.uid);
            drop(driven);
            if let Some(account) = stands.account {
                inner.doubt_arose(&account);
            }
        });
    }

    async fn until_written(&self, ways: &Ways) {
        while let Try::Failed(error) = self.try_ways(ways).await {
            tracing::debug!(%error, "still not written");
            tokio::time::sleep(RETRY_LATER).await;
        }
    }

    async fn try_ways(&self, ways: &Ways) -> Try {
        for (changes, audit) in ways {
            match self.parts.ledger.commit(changes, audit).await {
                Ok(_) => return Try::Settled,
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Try::Failed(error),
            }
        }
        Try::Settled
    }

    /// The order as the books have it: what is said of it is said again later word for word, so it is not made up. When they
    /// cannot be read in time the answer is the order in doubt.
    async fn read_back(&self, order: &OrderRecord) -> OrderRecord {
        let mut waited = Duration::ZERO;
        loop {
            let error = match self.parts.ledger.order(order.uid).await {
                Ok(written) => return written.unwrap_or_else(|| order.clone()),
                Err(error) => error,
            };
            tracing::warn!(order = %order.uid, %error, "an order was written and could not be read back");
            if waited >= self.parts.settings.outcome_retry {
                return OrderRecord {
                    state: OrderState::InDoubt,
                    message: Some(format!(
                        "the books have it and could not be read: {error}; ask for its status"
                    )),
                    ..order.clone()
                };
            }
            tokio::time::sleep(RETRY).await;
            waited += RETRY;
        }
    }

    /// The ways to end an order of which nothing was sent and nothing will be.
    pub(crate) fn ways_to_end(&self, order: &OrderRecord, message: Option<String>) -> Ways {
        let now = self.parts.clock.now();
        let mut rejected = moved(order, order.state, OrderState::Rejected, now);
        let audit = audit(order, "order.rejected", now, &json!({"message": message}));
        rejected.message = message;
        vec![(vec![Change::OrderMoved(Box::new(rejected))], audit)]
    }
}

/// Whether the books refused a change because they are in another state than it expects. For a change that is tried
/// again that means it was written, or something else came first.
fn is_refusal(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Conflict { .. }
            | LedgerError::IllegalMove { .. }
            | LedgerError::Missing { .. }
            // Another gateway leads the group: what became of the order is now its to find out.
            | LedgerError::Fenced { .. }
    )
}
