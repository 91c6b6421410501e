//! What a portfolio is made from.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rust_decimal::Decimal;
use sangam_core::ports::PositionRecord;
use sangam_core::{AccountId, BrokerName, Holding, InstrumentId, Position, Price, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cost::KeptPosition;

/// What a portfolio is made from.
#[derive(Debug, Clone, Copy)]
pub struct PortfolioInputs<'a> {
    /// Positions kept from fills, flat ones included.
    pub kept: &'a [KeptPosition],
    /// The brokers' books, read or not.
    pub books: &'a [AccountBook],
    /// Last prices. One here counts before those in the brokers' rows.
    pub prices: &'a HashMap<InstrumentId, SeenPrice>,
    /// What a unit of quantity gains when the price rises by a rupee, for contracts where that is not plainly one:
    /// needed for commodities and currency, and taken before the plain one elsewhere.
    pub multipliers: &'a HashMap<InstrumentId, Decimal>,
    /// The time.
    pub now: Timestamp,
    /// A price older than this is marked as stale.
    pub stale_after: Duration,
}

/// A price and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenPrice {
    /// The price.
    pub price: Price,
    /// When it was made or, where that is not told, read.
    pub made_at: Timestamp,
}

/// A book as read from a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookRead<T> {
    /// All its rows.
    pub rows: Vec<T>,
    /// When it was read.
    pub read_at: Timestamp,
}

/// One account's books. A book that was not read is `None`, which is not the same as an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBook {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Its positions.
    pub positions: Option<BookRead<Position>>,
    /// Its holdings.
    pub holdings: Option<BookRead<Holding>>,
}

impl AccountBook {
    /// The books behind position records as a ledger answers them. An account without a position leaves no record, so its
    /// book does not count as read here.
    #[must_use]
    pub fn of_positions(records: impl IntoIterator<Item = PositionRecord>) -> Vec<Self> {
        let mut books = BTreeMap::new();
        for record in records {
            let book = books
                .entry((record.account.clone(), record.broker))
                .or_insert_with(|| BookRead {
                    rows: Vec::new(),
                    read_at: record.read_at,
                });
            book.read_at = book.read_at.min(record.read_at);
            book.rows.push(record.position);
        }
        let book = |((account, broker), positions)| Self {
            account,
            broker,
            positions: Some(positions),
            holdings: None,
        };
        books.into_iter().map(book).collect()
    }
}

/// One of an account's two books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookKind {
    /// Positions of the day and carried ones.
    Positions,
    /// Shares in the demat account.
    Holdings,
}

impl BookKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Positions, Self::Holdings];

    /// Its name in small letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positions => "positions",
            Self::Holdings => "holdings",
        }
    }
}

/// Why there is no portfolio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortfolioError {
    /// A figure leaves the range of its type.
    #[error("{what} of {of} leaves the range of amounts; look for a wrong price or quantity in its row")]
    OutOfRange {
        /// Which figure.
        what: &'static str,
        /// Of which instrument, or `the total`.
        of: String,
    },
}
