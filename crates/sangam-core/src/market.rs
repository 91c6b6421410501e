//! Prices as brokers quote them.

use serde::{Deserialize, Serialize};

use crate::amount::{Price, Quantity};
use crate::instrument::InstrumentId;
use crate::timestamp::{Date, Timestamp};

/// A quote. What a broker does not tell is `None`, never nought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What.
    pub instrument: InstrumentId,
    /// Last traded price.
    pub last: Price,
    /// Best price to sell at.
    pub bid: Option<Price>,
    /// Best price to buy at.
    pub ask: Option<Price>,
    /// First price of the day.
    pub open: Option<Price>,
    /// Highest of the day.
    pub high: Option<Price>,
    /// Lowest of the day.
    pub low: Option<Price>,
    /// Close of the day before.
    pub previous_close: Option<Price>,
    /// Units traded today.
    pub volume: Option<Quantity>,
    /// Open interest in units.
    pub open_interest: Option<Quantity>,
    /// Lowest price the exchange takes today.
    pub lower_circuit: Option<Price>,
    /// Highest price the exchange takes today.
    pub upper_circuit: Option<Price>,
    /// The step of the price, where the broker tells it with the quote.
    pub tick: Option<Price>,
    /// When the broker says the price was made.
    pub exchange_time: Option<Timestamp>,
    /// When the answer reached us.
    pub received_at: Timestamp,
}

/// One level of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthLevel {
    /// The price.
    pub price: Price,
    /// Units wanted or offered.
    pub quantity: Quantity,
    /// Orders behind them, where told.
    pub orders: Option<u32>,
}

/// A quote with the levels behind it, best first on both sides; empty levels are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// The quote.
    #[serde(flatten)]
    pub quote: Quote,
    /// Buyers, best first.
    pub bids: Vec<DepthLevel>,
    /// Sellers, best first.
    pub asks: Vec<DepthLevel>,
    /// Units of the last trade.
    pub last_quantity: Option<Quantity>,
    /// Units all buyers want.
    pub total_bid: Option<Quantity>,
    /// Units all sellers offer.
    pub total_ask: Option<Quantity>,
}

/// How long a candle lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandleInterval {
    /// So many minutes, 1 to 240.
    Minutes(u16),
    /// A trading day.
    Day,
}

/// Which candles are wanted: those that begin on the dates from `from` to `to`, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandleQuery {
    /// Of what.
    pub instrument: InstrumentId,
    /// How long each.
    pub interval: CandleInterval,
    /// First date, in India.
    pub from: Date,
    /// Last date, in India.
    pub to: Date,
}

/// One candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// When it begins; a day's candle begins at 00:00 IST of its date.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded.
    pub volume: Quantity,
    /// Open interest at its end, where told.
    pub open_interest: Option<Quantity>,
}
