//! The end of a doubt: the order's tag in a row of its broker's book. A tag that is not there proves nothing.

use std::collections::HashMap;

use sangam_core::ports::{AttemptRecord, AuditEntry, Change, LedgerError, OrderRecord};
use sangam_core::{AttemptState, BrokerOrder, BrokerOrderId, OrderState, Tag};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::drive::{audit, moved};
use crate::error::DeskError;
use crate::tag::is_ours;
use crate::view::state_of;

impl Inner {
    /// Looks for an order in doubt by its tag. Answers whether the doubt is settled.
    ///
    /// One row that shows it refused ends the order, but is no proof by which it could be sent elsewhere: the attempt is
    /// written down as acknowledged under the row's number.
    pub(crate) async fn settle_doubt(
        &self,
        order: &OrderRecord,
        account: &DeskAccount,
        book: &[BrokerOrder],
    ) -> Result<bool, DeskError> {
        let attempts = self.parts.ledger.attempts(order.uid).await?;
        let in_doubt = |a: &&AttemptRecord| matches!(a.state, AttemptState::Unknown { .. });
        let Some(attempt) = attempts
            .iter()
            .rev()
            .find(|a| in_doubt(a) && a.account == *account.id())
        else {
            return Ok(false);
        };
        if ids_of(book, &attempt.tag).len() > 1 {
            return Ok(false);
        }
        let rows = book.iter().filter(|row| row.tag.as_ref() == Some(&attempt.tag));
        let Some(row) = rows.reduce(further) else {
            return Ok(false);
        };
        let now = self.parts.clock.now();
        let mut after = moved(order, OrderState::InDoubt, state_of(row, order.filled), now);
        after.broker_order_id = Some(row.id.clone());
        after.filled = Some(row.filled);
        after.average_price = row.average_price;
        after.message = Some(
            row.message
                .clone()
                .unwrap_or_else(|| "found in the broker's book by its tag".to_owned()),
        );
        let detail = json!({"tag": attempt.tag, "broker_order_id": row.id, "status": row.status_word});
        let audit = audit(order, "doubt.settled", now, &detail);
        let changes = [
            Change::AttemptMoved {
                order: order.uid,
                no: attempt.no,
                from: "unknown",
                to: AttemptState::Acked {
                    broker_order_id: row.id.clone(),
                },
                at: now,
            },
            Change::OrderMoved(Box::new(after)),
        ];
        // Owed before the commit: its reply may be lost, and an order that is over in the books is not looked at again.
        if let Some(reading) = self.reading.get(account.id()) {
            reading.owe_trades();
        }
        match self.parts.ledger.commit(&changes, &audit).await {
            Ok(_) => Ok(true),
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Two orders at a broker under one tag of ours: a duplicate that must not be. It is written down, and the account
    /// takes no new orders until a person has looked and the program is started again.
    pub(crate) async fn look_for_doubles(
        &self,
        account: &DeskAccount,
        book: &[BrokerOrder],
    ) -> Result<(), DeskError> {
        let mut first_of: HashMap<&Tag, &BrokerOrderId> = HashMap::with_capacity(book.len());
        let doubled = book.iter().find_map(|row| {
            let tag = row.tag.as_ref().filter(|tag| is_ours(tag))?;
            let first = first_of.entry(tag).or_insert(&row.id);
            (**first != row.id).then(|| (tag, ids_of(book, tag)))
        });
        let (Some((tag, ids)), Some(reading)) = (doubled, self.reading.get(account.id())) else {
            return Ok(());
        };
        let why = format!(
            "its book shows {} orders under the tag {tag} ({}); look at both in the broker's app, then start again",
            ids.len(),
            ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")
        );
        let news = reading.closed.lock().replace(why.clone()).as_ref() != Some(&why);
        if !news {
            return Ok(());
        }
        tracing::error!(account = %account.id(), %tag, why, "two orders under one tag");
        let audit = AuditEntry {
            at: self.parts.clock.now(),
            actor: "desk".to_owned(),
            event: "tag.doubled".to_owned(),
            subject: account.id().to_string(),
            detail: json!({"tag": tag, "broker_order_ids": ids}).to_string(),
        };
        self.parts.ledger.commit(&[], &audit).await?;
        Ok(())
    }
}

/// The different orders under a tag. A book that repeats a row names one.
fn ids_of<'a>(book: &'a [BrokerOrder], tag: &Tag) -> Vec<&'a BrokerOrderId> {
    let mut ids: Vec<_> = book
        .iter()
        .filter(|row| row.tag.as_ref() == Some(tag))
        .map(|row| &row.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Of two rows of one order the one that is further on.
pub(crate) fn further<'a>(one: &'a BrokerOrder, other: &'a BrokerOrder) -> &'a BrokerOrder {
    let rank = |row: &BrokerOrder| (row.status.is_final(), row.filled);
    if rank(other) > rank(one) { other } else { one }
}
