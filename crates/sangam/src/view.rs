//! What the system answers: values with where they came from and how old they are.

use std::time::Duration;

use sangam_core::ports::OrderRecord;
use sangam_core::{AccountId, BrokerName, Error, Fill, GroupId, OrderNumber, OwnerId, Timestamp};

/// A value with its source and age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// The value.
    pub value: T,
    /// The broker it came from.
    pub broker: BrokerName,
    /// How long ago.
    pub age: Duration,
}

impl<T> Seen<T> {
    /// The age in whole milliseconds.
    #[must_use]
    pub fn age_ms(&self) -> u64 {
        u64::try_from(self.age.as_millis()).unwrap_or(u64::MAX)
    }
}

/// One row of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<T> {
    /// Whose.
    pub account: AccountId,
    /// At which broker.
    pub broker: BrokerName,
    /// The row.
    pub value: T,
}

/// Rows of all accounts, and the accounts that could not be read: a sum over `rows` alone may be wrong.
#[derive(Debug)]
pub struct Gathered<T> {
    /// Accounts that answered.
    pub read: usize,
    /// Their rows.
    pub rows: Vec<Row<T>>,
    /// The others, with why.
    pub failed: Vec<(AccountId, Error)>,
}

/// Today's orders, and the accounts whose books could not be read: their orders are shown as last seen.
#[derive(Debug)]
pub struct OrdersToday {
    /// Newest first.
    pub orders: Vec<OrderRecord>,
    /// The accounts not read, with why.
    pub failed: Vec<(AccountId, String)>,
}

/// A trade, with the number of our order where it is one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Our order.
    pub order: Option<OrderNumber>,
    /// The trade.
    pub fill: Fill,
}

/// An account for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerView {
    /// Its name.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Its group.
    pub group: GroupId,
    /// Its owner.
    pub owner: OwnerId,
    /// Whether it is simulated.
    pub simulated: bool,
    /// Why it is passed over.
    pub unhealthy: Option<String>,
    /// When its session dies; `None` without one.
    pub session_expires: Option<Timestamp>,
    /// Where its broker is; `official` for the broker's own hosts.
    pub base_url: String,
}

/// An instrument found by a search.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// `EXCHANGE:SYMBOL`.
    pub instrument: String,
    /// The symbol in OpenAlgo's form.
    pub openalgo_symbol: String,
    /// Its name in words.
    pub name: String,
    /// The last trading day of a derivative.
    pub expiry: Option<String>,
    /// Units in a lot.
    pub lot: u64,
    /// The price grid.
    pub tick: String,
    /// The brokers that list it.
    pub brokers: Vec<BrokerName>,
}
