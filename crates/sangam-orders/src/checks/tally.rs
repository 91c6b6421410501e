//! What left today: orders, changes and cancellations by account, trades, and what the orders were worth. Counted as it
//! happens and taken from the ledger at a start and with each Indian day, so that a restart starts no count anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::ports::{AttemptRecord, FillRecord, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_core::timestamp::{Date, Time};
use sangam_core::{
    AccountId, AttemptState, BrokerOrderId, GroupId, IST, Money, NotPlaced, Operation, OrderState, OrderUid,
    Timestamp, TradeId,
};

use super::rule::Refusal;
use super::value;
use crate::error::DeskError;

/// What one account sent and traded on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) orders: u64,
    pub(crate) modifies: u64,
    pub(crate) cancels: u64,
    pub(crate) trades: u64,
}

impl Counts {
    /// Everything an exchange counts against the trades.
    pub(crate) fn messages(&self) -> u64 {
        self.orders + self.modifies + self.cancels
    }
}

/// One Indian day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) accounts: BTreeMap<AccountId, Counts>,
    /// What the day's orders are worth together; those that were rejected are not in it.
    pub(crate) value: Money,
    /// The trades that are counted: a book read anew after a restart shows all of the day again.
    trades: BTreeSet<TradeKey>,
}

/// What tells one trade of a day from another.
type TradeKey = (AccountId, BrokerOrderId, TradeId);

impl Day {
    /// Counts a trade of an order of ours, once.
    fn traded(&mut self, record: &FillRecord) {
        if record.order.is_none() || record.trading_date != self.date {
            return;
        }
        let fill = &record.fill;
        let key = (
            record.account.clone(),
            fill.order_id.clone(),
            fill.trade_id.clone(),
        );
        if self.trades.insert(key) {
            self.accounts.entry(record.account.clone()).or_default().trades += 1;
        }
    }
}

/// The day's counts of one desk. The lock guards a small table and is never held while waiting.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    day: Mutex<Option<Day>>,
    loading: tokio::sync::Mutex<()>,
}

impl Tally {
    /// Takes the counts of a day from the ledger, unless they are there. What is on its way at that moment may be counted to
    /// the day before, to this one, to both or to neither.
    pub(crate) async fn of_day(
        &self,
        date: Date,
        ledger: &dyn Ledger,
        group: &GroupId,
    ) -> Result<(), LedgerError> {
        if self.has(date) {
            return Ok(());
        }
        let _one_loads = self.loading.lock().await;
        if self.has(date) {
            return Ok(());
        }
        let day = from_ledger(date, ledger, group).await?;
        *self.day.lock() = Some(day);
        Ok(())
    }

    fn has(&self, date: Date) -> bool {
        self.day.lock().as_ref().is_some_and(|day| day.date == date)
    }

    /// The counts of the day last loaded.
    pub(crate) fn shown(&self) -> Option<Day> {
        self.day.lock().clone()
    }

    /// What an account sent and traded.
    pub(crate) fn counts(&self, account: &AccountId) -> Counts {
        let day = self.day.lock();
        day.as_ref()
            .and_then(|day| day.accounts.get(account).copied())
            .unwrap_or_default()
    }

    /// A command is about to leave.
    pub(crate) fn sent(&self, account: &AccountId, operation: Operation) {
        if let Some(day) = self.day.lock().as_mut() {
            let counts = day.accounts.entry(account.clone()).or_default();
            match operation {
                Operation::Modify => counts.modifies += 1,
                Operation::Cancel => counts.cancels += 1,
                _ => counts.orders += 1,
            }
        }
    }

    /// Trades were written, those counted before among them.
    pub(crate) fn traded(&self, trades: &[FillRecord]) {
        if let Some(day) = self.day.lock().as_mut() {
            trades.iter().for_each(|record| day.traded(record));
        }
    }

    /// Adds an order's value to the day's, if the most of a day holds it. Checked and added in one step: of two orders at
    /// once, the one that does not fit is refused.
    pub(crate) fn hold(self: &Arc<Self>, order: Money, most: Option<Money>) -> Result<Held, Refusal> {
        let mut day = self.day.lock();
        let Some(day) = day.as_mut() else {
            return Ok(Held(None));
        };
        match most {
            Some(most) => day.value = value::check_day(day.value, order, most)?,
            None => day.value = day.value.checked_add(order).unwrap_or(day.value),
        }
        Ok(Held(Some((Arc::clone(self), day.date, order))))
    }

    fn give_back(&self, date: Date, value: Money) {
        if let Some(day) = self.day.lock().as_mut().filter(|day| day.date == date) {
            day.value = day.value.checked_sub(value).unwrap_or(day.value);
        }
    }
}

/// An order's value in the day's. Dropped, it stays there.
#[derive(Debug)]
pub(crate) struct Held(Option<(Arc<Tally>, Date, Money)>);

impl Held {
    /// Nothing held.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    /// Takes the value back where it is certain that nothing was placed.
    pub(crate) fn settle(self, driven: &Result<OrderRecord, DeskError>) {
        let placed = match driven {
            Ok(order) => order.state != OrderState::Rejected,
            Err(DeskError::Interrupted) => true,
            Err(_) => false,
        };
        if !placed {
            self.give_back();
        }
    }

    /// Takes the value back.
    pub(crate) fn give_back(self) {
        if let Some((tally, date, value)) = self.0 {
            tally.give_back(date, value);
        }
    }
}

/// What an entry of the audit log counts as.
const MODIFIES: [&str; 2] = ["order.modified", "order.modify_failed"];
const CANCELS: [&str; 2] = ["order.cancel_accepted", "order.cancel_failed"];

async fn from_ledger(date: Date, ledger: &dyn Ledger, group: &GroupId) -> Result<Day, LedgerError> {
    let mut day = Day {
        date,
        accounts: BTreeMap::new(),
        value: Money::ZERO,
        trades: BTreeSet::new(),
    };
    let midnight = IST::instant(date.to_datetime(Time::midnight()));
    let filter = OrderFilter {
        since: midnight,
        ..OrderFilter::default()
    };
    let mut orders: BTreeMap<_, _> = ledger
        .orders(&filter)
        .await?
        .into_iter()
        .filter(|order| order.group == *group)
        .map(|order| (order.uid, order))
        .collect();
    // Of each order the last attempt, as they come by order and number.
    let mut last = BTreeMap::new();
    for attempt in ledger.attempts_since(midnight.unwrap_or(Timestamp::MIN)).await? {
        if !orders.contains_key(&attempt.order) {
            continue;
        }
        if left(&attempt) {
            day.accounts.entry(attempt.account.clone()).or_default().orders += 1;
        }
        last.insert(attempt.order, attempt);
    }
    for order in orders.values() {
        // The order knows its changed terms; a market order's limit stands with its attempt alone.
        let sent = match last.get(&order.uid) {
            Some(attempt) if value::price_of(&order.request, None).is_none() => &attempt.request,
            _ => &order.request,
        };
        let worth = value::of(sent, order.average_price).ok().flatten();
        if let Some(worth) = worth.filter(|_| order.state != OrderState::Rejected) {
            day.value = day.value.checked_add(worth).unwrap_or(day.value);
        }
    }
    let events = [MODIFIES, CANCELS].concat();
    for entry in ledger.audit_of_events(date, &events).await? {
        let Ok(uid) = entry.subject.parse::<OrderUid>() else {
            continue;
        };
        // One of an earlier day may be changed and cancelled today.
        if !orders.contains_key(&uid)
            && let Some(order) = ledger.order(uid).await?.filter(|order| order.group == *group)
        {
            orders.insert(uid, order);
        }
        if let Some(account) = orders.get(&uid).and_then(|order| order.account.clone()) {
            let counts = day.accounts.entry(account).or_default();
            if MODIFIES.contains(&entry.event.as_str()) {
                counts.modifies += 1;
            } else {
                counts.cancels += 1;
            }
        }
    }
    for record in ledger.fills(date).await? {
        day.traded(&record);
    }
    Ok(day)
}

/// Whether an attempt may have reached its broker.
fn left(attempt: &AttemptRecord) -> bool {
    !matches!(
        attempt.state,
        AttemptState::NotPlaced {
            proof: NotPlaced::NeverSent
        }
    )
}
