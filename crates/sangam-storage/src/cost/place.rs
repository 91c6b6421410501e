//! Which position a fill belongs to, and where it stands among that position's fills.

use std::cmp::Ordering;
use std::fmt;

use sangam_core::ports::FillRecord;
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{AccountId, BookInstrument, BrokerName, Product};
use serde::{Deserialize, Serialize};

/// What makes a kept position one and the same: account, broker, instrument and product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PositionKey {
    /// Through which account.
    pub account: AccountId,
    /// At which broker: an account that moves to another broker does not take its units along.
    pub broker: BrokerName,
    /// The canonical instrument (`NSE:RELIANCE`); where it is not known `?`, the exchange, `:` and the broker's name for it
    /// (`?NSE:YESBANK-EQ`, `?:WHAT` without an exchange). No canonical name begins with `?`.
    pub instrument: String,
    /// The product's code; empty where the broker told none.
    pub product: String,
}

impl PositionKey {
    /// The position a fill belongs to.
    #[must_use]
    pub fn of(record: &FillRecord) -> Self {
        Self {
            account: record.account.clone(),
            broker: record.broker,
            instrument: Self::instrument(&record.fill.instrument),
            product: Self::product(record.fill.product.as_ref()),
        }
    }

    /// The text an instrument goes by in a key.
    #[must_use]
    pub fn instrument(instrument: &BookInstrument) -> String {
        match (&instrument.id, instrument.exchange) {
            (Some(id), _) => id.to_string(),
            (None, Some(exchange)) => format!("?{exchange}:{}", instrument.broker_symbol),
            (None, None) => format!("?:{}", instrument.broker_symbol),
        }
    }

    /// The text a product goes by in a key.
    #[must_use]
    pub fn product(product: Option<&Product>) -> String {
        product.map_or_else(String::new, |product| product.as_str().to_owned())
    }
}

impl fmt::Display for PositionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = if self.product.is_empty() {
            "without a product"
        } else {
            &self.product
        };
        write!(
            f,
            "{} {product} of account {} at {}",
            self.instrument, self.account, self.broker
        )
    }
}

/// Where a fill stands among the fills of its position: by Indian date, then by time with fills without one last, then
/// as they came. It also names the lot the fill opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FillPlace {
    /// On which Indian date.
    pub trading_date: Date,
    /// When, where the broker told it.
    pub at: Option<Timestamp>,
    /// As it came: a number the ledger gives each fill once, ascending, the same in every rebuild.
    pub sequence: u64,
}

impl FillPlace {
    /// The place of a fill that came as the `sequence`-th.
    #[must_use]
    pub fn of(record: &FillRecord, sequence: u64) -> Self {
        Self {
            trading_date: record.trading_date,
            at: record.fill.at,
            sequence,
        }
    }
}

impl Ord for FillPlace {
    fn cmp(&self, other: &Self) -> Ordering {
        let by = |place: &Self| (place.trading_date, place.at.is_none(), place.at, place.sequence);
        by(self).cmp(&by(other))
    }
}

impl PartialOrd for FillPlace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for FillPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fill {} of {}", self.sequence, self.trading_date)?;
        self.at.map_or(Ok(()), |at| write!(f, " at {at}"))
    }
}
