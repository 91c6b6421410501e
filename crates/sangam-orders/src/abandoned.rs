//! Orders nobody drives any more: what was on its way when the program ended or a task panicked. What may have been sent
//! is in doubt; what certainly was not is ended.

use std::sync::Arc;

use sangam_core::ports::{AttemptRecord, Change, LedgerError, OrderRecord};
use sangam_core::{AttemptState, OrderState};
use serde_json::json;

use crate::desk::Inner;
use crate::drive::{audit, doubt_message, moved};

impl Inner {
    /// Settles every order of the group that is on its way and that no task of this process drives. Answers the group's orders
    /// that are not over then.
    pub(crate) async fn settle_abandoned(&self) -> Result<Vec<OrderRecord>, LedgerError> {
        let open = self.open_of_group().await?;
        let mut news = false;
        for order in &open {
            let on_its_way = matches!(
                order.state,
                OrderState::Received | OrderState::Validated | OrderState::Queued | OrderState::Submitting
            );
            if on_its_way && !self.progress.is_driven(order.uid) {
                self.settle_one_abandoned(order).await?;
                news = true;
            }
        }
        if news {
            self.open_of_group().await
        } else {
            Ok(open)
        }
    }

    async fn settle_one_abandoned(&self, order: &OrderRecord) -> Result<(), LedgerError> {
        let attempts = self.parts.ledger.attempts(order.uid).await?;
        let intent = attempts
            .iter()
            .find(|attempt| matches!(attempt.state, AttemptState::Intent));
        let written = match intent {
            Some(intent) => self.doubt_abandoned(order, intent).await,
            None => self.end_abandoned(order).await,
        };
        match written {
            // Its task was quicker and settled it after the books were read here.
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(()),
            other => other,
        }
    }

    async fn doubt_abandoned(&self, order: &OrderRecord, intent: &AttemptRecord) -> Result<(), LedgerError> {
        let now = self.parts.clock.now();
        let reason = "the program or its task ended while the order was being sent".to_owned();
        let mut after = moved(order, order.state, OrderState::InDoubt, now);
        after.message = Some(doubt_message(intent, &reason));
        let detail = json!({"attempt": intent.no, "reason": reason});
        let audit = audit(order, "attempt.unknown", now, &detail);
        let changes = [
            Change::AttemptMoved {
                order: order.uid,
                no: intent.no,
                from: "intent",
                to: AttemptState::Unknown { reason },
                at: now,
            },
            Change::OrderMoved(Box::new(after)),
        ];
        self.parts.ledger.commit(&changes, &audit).await?;
        self.doubt_arose(&intent.account);
        Ok(())
    }

    async fn end_abandoned(&self, order: &OrderRecord) -> Result<(), LedgerError> {
        let last = order.message.as_ref();
        let message = match last {
            Some(last) => format!("the program or its task ended before the order was sent again: {last}"),
            None => "the program or its task ended before the order was sent; nothing was sent".to_owned(),
        };
        for (changes, audit) in self.ways_to_end(order, Some(message)) {
            self.parts.ledger.commit(&changes, &audit).await?;
        }
        Ok(())
    }

    /// The order after its task panicked: settled at once if the books allow, else by the next reading.
    pub(crate) async fn after_panic(self: &Arc<Self>, uid: sangam_core::OrderUid) -> Option<OrderRecord> {
        tracing::error!(order = %uid, "the task of an order panicked");
        let order = self.parts.ledger.order(uid).await.ok()??;
        if let Err(error) = self.settle_one_abandoned(&order).await {
            tracing::error!(order = %uid, %error, "not settled yet");
            if let Some(account) = &order.account {
                self.doubt_arose(account);
            }
        }
        self.parts.ledger.order(uid).await.ok()?
    }
}
