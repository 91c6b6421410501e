//! Orders the simulators no longer know. They keep nothing over a restart, so whatever still stood there stands nowhere;
//! a real broker never forgets, and there this is refused.

use sangam_core::ports::{Change, LedgerError, OrderFilter, OrderRecord};
use sangam_core::{AttemptState, NotPlaced, OrderState};
use serde_json::json;

use crate::desk::{Desk, Inner};
use crate::drive::{audit, moved};
use crate::error::DeskError;

const REASON: &str = "the simulated brokers began anew and know nothing of it";

impl Desk {
    /// Ends every order of a simulated group that is not over, because its simulators began anew. Answers how many; a group
    /// that is not simulated is left as it is.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when our own books cannot be read or written.
    pub async fn simulators_began_anew(&self) -> Result<usize, DeskError> {
        if !self.inner.parts.simulated {
            return Ok(0);
        }
        let filter = OrderFilter {
            open_only: true,
            ..OrderFilter::default()
        };
        let mut ended = 0;
        for order in self.orders(&filter).await? {
            let standing =
                order.state.is_live() || matches!(order.state, OrderState::InDoubt | OrderState::Parked);
            if standing && self.inner.end_forgotten(&order).await? {
                ended += 1;
            }
        }
        Ok(ended)
    }
}

impl Inner {
    async fn end_forgotten(&self, order: &OrderRecord) -> Result<bool, LedgerError> {
        let now = self.parts.clock.now();
        let mut changes = Vec::new();
        for attempt in self.parts.ledger.attempts(order.uid).await? {
            if matches!(
                attempt.state,
                AttemptState::Unknown { .. } | AttemptState::Parked { .. }
            ) {
                changes.push(Change::AttemptMoved {
                    order: order.uid,
                    no: attempt.no,
                    from: attempt.state.name(),
                    to: AttemptState::NotPlaced {
                        proof: NotPlaced::Operator {
                            note: REASON.to_owned(),
                        },
                    },
                    at: now,
                });
            }
        }
        let mut after = moved(order, order.state, OrderState::Expired, now);
        after.message = Some(REASON.to_owned());
        changes.push(Change::OrderMoved(Box::new(after)));
        let audit = audit(order, "order.forgotten", now, &json!({"reason": REASON}));
        match self.parts.ledger.commit(&changes, &audit).await {
            Ok(_) => Ok(true),
            // A reading of the books was quicker.
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
