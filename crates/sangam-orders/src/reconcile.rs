//! The brokers' books against ours. Orders are matched by tag until acknowledged and by id afterwards, never by symbol,
//! side and quantity; "not found" proves nothing and leaves an order in doubt.

use std::collections::HashMap;

use futures::future::join_all;
use sangam_core::in_hand::with_permit;
use sangam_core::ports::{Change, LedgerError, OrderFilter, OrderRecord, PermitRequest, Scope};
use sangam_core::{AccountId, BrokerOrder, BrokerOrderId, CallClass, OrderNumber, OrderState, Priority};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Desk, Inner, Reading};
use crate::doubt::further;
use crate::drive::{audit, moved};
use crate::error::DeskError;
use crate::turn::no_room;
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
    /// Trades of ours among those read.
    pub fills: usize,
}

impl Desk {
    /// After a restart: what was being sent when the last run ended is in doubt, what was not sent yet is ended, and the
    /// books are read once. Accounts that cannot be read now are read by [`Desk::watch`].
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when our own books cannot be read or written.
    pub async fn recover(&self) -> Result<(), DeskError> {
        let inner = &self.inner;
        inner.settle_abandoned().await?;
        inner.find_owed_trades().await?;
        let reading = inner.parts.accounts.iter().map(async |account| {
            if let Err(error) = self.reconcile(account.id()).await {
                tracing::warn!(account = %account.id(), %error, "books not read yet");
            }
        });
        join_all(reading).await;
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
        inner.reconcile(account, reading).await
    }

    /// Reads one account's books unless that was done a moment ago ([`DeskSettings::fresh_for`]).
    ///
    /// # Errors
    /// As for [`Desk::reconcile`].
    ///
    /// [`DeskSettings::fresh_for`]: crate::DeskSettings::fresh_for
    pub async fn reconcile_if_stale(&self, account: &AccountId) -> Result<(), DeskError> {
        let parts = &self.inner.parts;
        let reading = self.inner.reading.get(account);
        let now = parts.clock.monotonic();
        if reading.is_some_and(|reading| !reading.freshness.book_is_due(now, parts.settings.fresh_for)) {
            return Ok(());
        }
        self.reconcile(account).await.map(|_| ())
    }

    /// One order, read at its broker first when it stands there and was not read a moment ago.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Ledger`]; [`DeskError::Broker`] never: when the broker cannot be read the
    /// ledger's state is answered.
    pub async fn refresh(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        let order = self.inner.order(number).await?;
        let parts = &self.inner.parts;
        let reading = order
            .account
            .as_ref()
            .and_then(|account| self.inner.reading.get(account));
        let now = parts.clock.monotonic();
        match reading {
            Some(reading)
                if reading
                    .freshness
                    .order_is_due(order.uid, now, parts.settings.fresh_for) =>
            {
                self.inner.refresh(number).await
            }
            _ => Ok(order),
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
            Ok(row) if row.id == *id => {
                self.apply(&order, &row).await?;
                self.read_fills(account).await;
            }
            Ok(row) => {
                tracing::warn!(order = %order.uid, asked = %id, answered = %row.id, "another order's row")
            }
            Err(error) => tracing::debug!(order = %order.uid, %error, "order not read"),
        }
        self.order(number).await
    }

    /// Orders of an account that are not over, and those that no account has yet.
    pub(crate) async fn open_orders(&self, account: &AccountId) -> Result<Vec<OrderRecord>, LedgerError> {
        let mut orders = self.open_of_group().await?;
        orders.retain(|order| order.account.as_ref().is_none_or(|id| id == account));
        Ok(orders)
    }

    /// Orders of the group that are not over.
    pub(crate) async fn open_of_group(&self) -> Result<Vec<OrderRecord>, LedgerError> {
        let filter = OrderFilter {
            open_only: true,
            ..OrderFilter::default()
        };
        let mut orders = self.parts.ledger.orders(&filter).await?;
        orders.retain(|order| order.group == self.parts.group);
        Ok(orders)
    }

    /// The broker's book, asked for before ordinary reads and from the reserve: an order in doubt waits for it.
    async fn book(&self, account: &DeskAccount) -> sangam_core::Result<Vec<BrokerOrder>> {
        let parts = &self.parts;
        let scope = Scope {
            account: account.id().clone(),
            class: CallClass::AccountReads,
        };
        let wish = PermitRequest {
            scope: scope.clone(),
            weight: 1,
            priority: Priority::Reconcile,
            deadline: parts.clock.monotonic().after(parts.settings.answer_wait),
        };
        let permit = parts
            .limiter
            .acquire(wish)
            .await
            .map_err(|refusal| no_room(Some(refusal)))?;
        with_permit(scope, permit, account.broker.order_book()).await
    }

    async fn reconcile(&self, account: &DeskAccount, reading: &Reading) -> Result<Reconciled, DeskError> {
        let mut orders = self.settle_abandoned().await?;
        orders.retain(|order| {
            order.account.as_ref().is_none_or(|id| id == account.id())
                && (order.state.is_live() || order.state == OrderState::InDoubt)
        });
        let mut found = Reconciled::default();
        if !orders.is_empty() {
            let book = self.book(account).await?;
            reading.freshness.book_read(self.parts.clock.monotonic());
            self.look_for_doubles(account, &book).await?;
            let rows = furthest_rows(&book);
            let mut news = false;
            for order in &orders {
                if order.state == OrderState::InDoubt {
                    if self.settle_doubt(order, account, &book).await? {
                        found.settled += 1;
                        news = true;
                    } else {
                        found.doubts += 1;
                    }
                    continue;
                }
                if let Some(row) = order.broker_order_id.as_ref().and_then(|id| rows.get(id)) {
                    news |= self.apply(order, row).await?;
                }
            }
            if news {
                orders = self.open_orders(account.id()).await?;
            }
            found.open = orders.iter().filter(|order| order.state.is_live()).count();
        }
        found.fills = self.read_fills(account).await;
        Ok(found)
    }

    /// Brings one order to what a row of its broker's book shows. A stale row (fewer fills, an earlier state) changes
    /// nothing. Answers whether there was news.
    async fn apply(&self, order: &OrderRecord, row: &BrokerOrder) -> Result<bool, DeskError> {
        let seen = state_of(row, order.filled);
        let filled = row.filled.max(order.filled);
        let to = if order.state.can_become(seen) {
            seen
        } else {
            order.state
        };
        let fresh_average = row
            .average_price
            .filter(|_| row.filled == filled && !filled.is_zero());
        let average_price = fresh_average.or(order.average_price);
        let news = to != order.state || filled != order.filled || average_price != order.average_price;
        if !news || order.state.is_terminal() {
            return Ok(false);
        }
        let now = self.parts.clock.now();
        let mut after = moved(order, order.state, to, now);
        after.filled = Some(filled);
        after.average_price = average_price;
        after.message.clone_from(&row.message);
        let detail = json!({"status": row.status_word, "filled": row.filled, "average_price": row.average_price,
            "message": row.message});
        let audit = audit(order, &format!("order.{to}"), now, &detail);
        // Owed before the commit: its reply may be lost, and an order that is over in the books is not looked at again.
        if filled > order.filled
            && let Some(reading) = order.account.as_ref().and_then(|id| self.reading.get(id))
        {
            reading.owe_trades();
        }
        match self
            .parts
            .ledger
            .commit(&[Change::OrderMoved(Box::new(after))], &audit)
            .await
        {
            // Another reader was first; the next reading sees what it wrote.
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => Ok(true),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(true),
        }
    }
}

/// The row of each number that goes furthest, for a book that repeats a row.
fn furthest_rows(book: &[BrokerOrder]) -> HashMap<&BrokerOrderId, &BrokerOrder> {
    let mut rows: HashMap<_, &BrokerOrder> = HashMap::with_capacity(book.len());
    for row in book {
        rows.entry(&row.id)
            .and_modify(|known| *known = further(known, row))
            .or_insert(row);
    }
    rows
}
