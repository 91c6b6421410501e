//! The brokers' books against ours. Orders are matched by tag until acknowledged and by id afterwards, never by symbol,
//! side and quantity; "not found" proves nothing and leaves an order in doubt.

use std::time::Duration;

use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, LedgerError, OrderFilter, OrderRecord, PositionRecord,
};
use sangam_core::{
    AccountId, AttemptState, BrokerOrder, BrokerOrderStatus, Fill, IST, NotPlaced, OrderNumber, OrderState,
};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Desk, Inner};
use crate::drive::{audit, moved};
use crate::error::DeskError;
use crate::view::state_of;

/// What one reading of an account's books did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Orders of ours that are still open there.
    pub open: usize,
    /// Orders whose doubt was settled.
    pub settled: usize,
    /// Orders still in doubt.
    pub doubts: usize,
    /// Trades written that were not known.
    pub fills: usize,
}

impl Desk {
    /// After a restart: what was being sent when the last run ended is in doubt, and the books are read once. Accounts
    /// that cannot be read now are read by [`Desk::watch`].
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when our own books cannot be read or written.
    pub async fn recover(&self) -> Result<(), DeskError> {
        let inner = &self.inner;
        for attempt in inner.parts.ledger.open_attempts().await? {
            if inner.account(&attempt.account).is_none() || !matches!(attempt.state, AttemptState::Intent) {
                continue;
            }
            let Some(order) = inner.parts.ledger.order(attempt.order).await? else {
                continue;
            };
            inner.doubt_after_restart(&order, &attempt).await?;
        }
        for account in &inner.parts.accounts {
            if let Err(error) = self.reconcile(account.id()).await {
                tracing::warn!(account = %account.id(), %error, "books not read yet");
            }
        }
        Ok(())
    }

    /// Reads one account's books and brings ours up to date.
    ///
    /// # Errors
    /// [`DeskError::Broker`] when the books cannot be read; nothing is concluded then.
    pub async fn reconcile(&self, account: &AccountId) -> Result<Reconciled, DeskError> {
        let inner = &self.inner;
        let Some(account) = inner.account(account) else {
            return Err(DeskError::NoAccount {
                reasons: format!("{account} is not in group {}", inner.parts.group),
            });
        };
        let Some(reading) = inner.reading.get(account.id()) else {
            return Ok(Reconciled::default());
        };
        let _only_reader = reading.one_at_a_time.lock().await;
        inner.reconcile(account).await
    }

    /// One order, read at its broker first when it is not over.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Broker`] never: when the broker cannot be read the ledger's state is
    /// answered.
    pub async fn refresh(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        self.inner.refresh(number).await
    }

    /// Reads one account's books for ever, at the pace doubts and open orders ask for. Ends when dropped.
    pub async fn watch(&self, account: &AccountId) {
        let Some(reading) = self.inner.reading.get(account) else {
            return;
        };
        loop {
            let has_work = match self.reconcile(account).await {
                Ok(found) => found.open + found.doubts > 0,
                Err(error) => {
                    tracing::debug!(%account, %error, "books could not be read");
                    self.inner.has_open_work(account).await
                }
            };
            let wait = if has_work {
                reading.pace.lock().next_wait()
            } else {
                Duration::MAX
            };
            tokio::select! {
                () = reading.wake.notified() => {
                    // Woken by a new doubt or acknowledgement: its own wait applies, not the one that was running.
                    let soon = reading.pace.lock().next_wait();
                    tokio::time::sleep(soon).await;
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

impl Inner {
    pub(crate) async fn refresh(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        let order = self.order(number).await?;
        if !order.state.is_live() {
            return Ok(order);
        }
        let account = order.account.as_ref().and_then(|id| self.account(id));
        let (Some(account), Some(id)) = (account, order.broker_order_id.as_ref()) else {
            return Ok(order);
        };
        match account.broker.order(id).await {
            Ok(row) => {
                let before = order.filled;
                self.apply(&order, &row).await?;
                if row.filled > before {
                    self.read_fills(account).await;
                }
            }
            Err(error) => tracing::debug!(order = %order.uid, %error, "order not read"),
        }
        self.order(number).await
    }

    async fn has_open_work(&self, account: &AccountId) -> bool {
        self.open_orders(account)
            .await
            .is_ok_and(|orders| !orders.is_empty())
    }

    async fn open_orders(&self, account: &AccountId) -> Result<Vec<OrderRecord>, LedgerError> {
        let filter = OrderFilter {
            open_only: true,
            ..OrderFilter::default()
        };
        let mut orders = self.parts.ledger.orders(&filter).await?;
        orders.retain(|order| order.group == self.parts.group && order.account.as_ref() == Some(account));
        Ok(orders)
    }

    async fn reconcile(&self, account: &DeskAccount) -> Result<Reconciled, DeskError> {
        let mut orders = self.open_orders(account.id()).await?;
        orders.retain(|order| order.state.is_live() || order.state == OrderState::InDoubt);
        let mut found = Reconciled::default();
        if orders.is_empty() {
            return Ok(found);
        }
        let book = account.broker.order_book().await?;
        let mut filled_more = false;
        for order in &orders {
            if order.state == OrderState::InDoubt {
                if self.settle_doubt(order, account, &book).await? {
                    found.settled += 1;
                    filled_more = true;
                } else {
                    found.doubts += 1;
                }
            } else if let Some(row) = book
                .iter()
                .find(|row| Some(&row.id) == order.broker_order_id.as_ref())
            {
                filled_more |= row.filled > order.filled;
                self.apply(order, row).await?;
            }
        }
        if filled_more {
            found.fills = self.read_fills(account).await;
        }
        found.open = self
            .open_orders(account.id())
            .await?
            .iter()
            .filter(|order| order.state.is_live())
            .count();
        Ok(found)
    }

    /// Brings one order to what a row of its broker's book shows. A stale row (fewer fills, an earlier state) changes
    /// nothing.
    async fn apply(&self, order: &OrderRecord, row: &BrokerOrder) -> Result<(), DeskError> {
        let seen = state_of(row);
        let news = row.filled > order.filled
            || seen != order.state
            || (row.average_price.is_some() && row.average_price != order.average_price);
        let to = if seen == order.state || order.state.can_become(seen) {
            seen
        } else {
            order.state
        };
        if !news || order.state.is_terminal() {
            return Ok(());
        }
        let now = self.parts.clock.now();
        let mut after = moved(order, order.state, to, now);
        after.filled = Some(row.filled.max(order.filled));
        after.average_price = row.average_price.or(order.average_price);
        after.message = row.message.clone();
        if after.filled == Some(order.filled)
            && to == order.state
            && after.average_price == order.average_price
        {
            return Ok(());
        }
        let detail = json!({"status": row.status_word, "filled": row.filled, "average_price": row.average_price,
            "message": row.message});
        let audit = audit(order, &format!("order.{to}"), now, &detail);
        match self
            .parts
            .ledger
            .commit(&[Change::OrderMoved(Box::new(after))], &audit)
            .await
        {
            // Another reader was first; the next reading sees what it wrote.
            Ok(_) | Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for an order in doubt by its tag. Answers whether the doubt is settled.
    async fn settle_doubt(
        &self,
        order: &OrderRecord,
        account: &DeskAccount,
        book: &[BrokerOrder],
    ) -> Result<bool, DeskError> {
        let attempts = self.parts.ledger.attempts(order.uid).await?;
        let Some(attempt) = attempts
            .iter()
            .rev()
            .find(|a| matches!(a.state, AttemptState::Unknown { .. }) && a.account == *account.id())
        else {
            return Ok(false);
        };
        let rows: Vec<_> = book
            .iter()
            .filter(|row| row.tag.as_ref() == Some(&attempt.tag))
            .collect();
        let row = match rows.as_slice() {
            [] => return Ok(false),
            [row] => *row,
            [..] => {
                let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
                tracing::error!(order = %order.uid, tag = %attempt.tag, ?ids, "two orders at the broker carry one tag");
                return Ok(false);
            }
        };
        let now = self.parts.clock.now();
        let refused = row.status == BrokerOrderStatus::Rejected && row.filled.is_zero();
        let to = if refused {
            AttemptState::NotPlaced {
                proof: NotPlaced::SeenRejected,
            }
        } else {
            AttemptState::Acked {
                broker_order_id: row.id.clone(),
            }
        };
        let mut after = moved(order, OrderState::InDoubt, state_of(row), now);
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
                to,
                at: now,
            },
            Change::OrderMoved(Box::new(after)),
        ];
        match self.parts.ledger.commit(&changes, &audit).await {
            Ok(_) => Ok(true),
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn doubt_after_restart(
        &self,
        order: &OrderRecord,
        attempt: &AttemptRecord,
    ) -> Result<(), DeskError> {
        let now = self.parts.clock.now();
        let reason = "the program ended while the order was being sent".to_owned();
        let mut after = moved(order, order.state, OrderState::InDoubt, now);
        after.message = Some(format!(
            "outcome unknown, looked for under tag {}: {reason}",
            attempt.tag
        ));
        let audit = audit(
            order,
            "attempt.unknown",
            now,
            &json!({"attempt": attempt.no, "reason": reason}),
        );
        let changes = [
            Change::AttemptMoved {
                order: order.uid,
                no: attempt.no,
                from: "intent",
                to: AttemptState::Unknown { reason },
                at: now,
            },
            Change::OrderMoved(Box::new(after)),
        ];
        self.parts.ledger.commit(&changes, &audit).await?;
        self.doubt_arose(&attempt.account);
        Ok(())
    }

    /// Reads trades and positions of an account into the ledger; answers how many trades belong to orders of ours.
    /// A failure leaves them for the next reading.
    async fn read_fills(&self, account: &DeskAccount) -> usize {
        let trades = match account.broker.trades().await {
            Ok(trades) => trades,
            Err(error) => {
                tracing::warn!(account = %account.id(), %error, "trades not read");
                return 0;
            }
        };
        match self.write_fills(account, trades).await {
            Ok(written) => written,
            Err(error) => {
                tracing::error!(account = %account.id(), %error, "trades not written");
                0
            }
        }
    }

    async fn write_fills(&self, account: &DeskAccount, trades: Vec<Fill>) -> Result<usize, DeskError> {
        let now = self.parts.clock.now();
        let mut changes = Vec::with_capacity(trades.len() + 1);
        let mut ours = 0;
        for fill in trades {
            let order = self
                .parts
                .ledger
                .order_by_broker_id(account.id(), &fill.order_id)
                .await?;
            ours += usize::from(order.is_some());
            changes.push(Change::Filled(Box::new(FillRecord {
                account: account.id().clone(),
                broker: account.name(),
                trading_date: IST::date(fill.at.unwrap_or(now)),
                order: order.map(|order| order.uid),
                fill,
            })));
        }
        if let Ok(positions) = account.broker.positions().await {
            let positions = positions
                .into_iter()
                .map(|position| PositionRecord {
                    account: account.id().clone(),
                    broker: account.name(),
                    position,
                    read_at: now,
                })
                .collect();
            changes.push(Change::PositionsRead {
                account: account.id().clone(),
                positions,
            });
        }
        let audit = AuditEntry {
            at: now,
            actor: "desk".to_owned(),
            event: "books.read".to_owned(),
            subject: account.id().to_string(),
            detail: json!({"trades": changes.len()}).to_string(),
        };
        self.parts.ledger.commit(&changes, &audit).await?;
        Ok(ours)
    }
}
