//! Quotes and candles.

use sangam_broker::{Number, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A row of any quote call: full in both versions, last price, day's prices. Each fills the fields it has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct QuoteRow {
    pub(crate) instrument_token: Text,
    pub(crate) last_price: Number,
    pub(crate) volume: Number,
    pub(crate) oi: Number,
    pub(crate) net_change: Number,
    pub(crate) total_buy_quantity: Number,
    pub(crate) total_sell_quantity: Number,
    pub(crate) lower_circuit_limit: Number,
    pub(crate) upper_circuit_limit: Number,
    pub(crate) timestamp: Text,
    pub(crate) last_trade_time: Text,
    pub(crate) ohlc: Option<Ohlc>,
    pub(crate) depth: Option<DepthSides>,
    /// Units of the last trade (last price only).
    pub(crate) ltq: Number,
    /// Close of the day before (last price only).
    pub(crate) cp: Number,
    pub(crate) live_ohlc: Option<Ohlc>,
    pub(crate) prev_ohlc: Option<Ohlc>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ohlc {
    pub(crate) open: Number,
    pub(crate) high: Number,
    pub(crate) low: Number,
    pub(crate) close: Number,
    pub(crate) volume: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DepthSides {
    pub(crate) buy: DepthSide,
    pub(crate) sell: DepthSide,
}

/// One side of the book; null when there is none.
pub(crate) type DepthSide = Option<Vec<DepthRow>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DepthRow {
    pub(crate) quantity: Number,
    pub(crate) price: Number,
    pub(crate) orders: Number,
}

/// The candles' own wrapping.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Candles<'a> {
    #[serde(borrow)]
    pub(crate) candles: Option<Vec<&'a RawValue>>,
}

/// One candle: `[start, open, high, low, close, volume, open interest]`.
#[derive(Debug, Deserialize)]
pub(crate) struct CandleRow(
    pub(crate) Text,
    pub(crate) Number,
    pub(crate) Number,
    pub(crate) Number,
    pub(crate) Number,
    pub(crate) Number,
    #[serde(default)] pub(crate) Number,
);
