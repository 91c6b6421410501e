//! An order's first row. Nothing is sent before it is known to be in the books.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::OrderState;
use sangam_core::ports::{AuditEntry, Change, LedgerError, OrderRecord, Ranking};
use serde_json::json;

use crate::desk::Inner;
use crate::drive::moved;
use crate::error::DeskError;
use crate::progress::Driven;

/// The wait between two tries of a commit whose reply was lost.
const RETRY: Duration = Duration::from_millis(100);

/// Writes the first row, with who may take the order and why. A commit whose reply was lost is tried again: the row's
/// id says whether it was written.
///
/// # Errors
/// The ledger's, with nothing sent. An order that may be in the books all the same is ended there by a task of its own.
pub(crate) async fn receive(
    inner: &Arc<Inner>,
    driven: &Arc<Driven>,
    record: OrderRecord,
    ranking: &Ranking,
) -> Result<OrderRecord, DeskError> {
    let (changes, audit) = first_row(&record, ranking);
    let mut order = record;
    order.state = OrderState::Validated;
    let mut waited = Duration::ZERO;
    let mut lost = false;
    loop {
        let error = match inner.parts.ledger.commit(&changes, &audit).await {
            Ok(number) => {
                order.number = number.unwrap_or(order.number);
                inner.progress.written(order.uid);
                return Ok(order);
            }
            Err(error) => error,
        };
        let may_be_ours = matches!(
            error,
            LedgerError::AlreadyThere { .. } | LedgerError::DuplicateClientOrderId { .. }
        );
        if lost
            && may_be_ours
            && let Ok(found) = inner.parts.ledger.order(order.uid).await
        {
            inner.progress.written(order.uid);
            // Not there by our id: another order has the key.
            return found.ok_or(error.into());
        }
        lost |= matches!(error, LedgerError::Store { .. });
        if !lost {
            return Err(error.into());
        }
        inner.progress.not_written(order.uid, error.to_string());
        if waited >= inner.parts.settings.outcome_retry {
            let message = "its first row could not be written in time; nothing was sent".to_owned();
            let ways = inner.ways_to_end(&order, Some(message));
            inner.write_later(&order, driven, ways);
            return Err(error.into());
        }
        tokio::time::sleep(RETRY).await;
        waited += RETRY;
    }
}

fn first_row(record: &OrderRecord, ranking: &Ranking) -> ([Change; 2], AuditEntry) {
    let now = record.created_at;
    let choice: Vec<_> = ranking
        .candidates
        .iter()
        .map(|c| json!({"account": c.account, "broker": c.broker, "reason": c.reason}))
        .collect();
    let passed: Vec<_> = ranking
        .passed_over
        .iter()
        .map(|p| json!({"account": p.account, "broker": p.broker, "reason": p.reason}))
        .collect();
    let audit = AuditEntry {
        at: now,
        actor: "desk".to_owned(),
        event: "order.received".to_owned(),
        subject: record.uid.to_string(),
        detail: json!({"candidates": choice, "passed_over": passed}).to_string(),
    };
    let validated = moved(record, OrderState::Received, OrderState::Validated, now);
    let changes = [
        Change::Received(Box::new(record.clone())),
        Change::OrderMoved(Box::new(validated)),
    ];
    (changes, audit)
}
