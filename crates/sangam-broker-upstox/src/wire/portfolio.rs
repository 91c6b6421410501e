//! Positions and holdings.

use sangam_broker::{Number, Text};
use serde::Deserialize;

/// A row of the positions. Closed ones stay with quantity 0.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PositionRow {
    pub(crate) exchange: Text,
    pub(crate) instrument_token: Text,
    pub(crate) product: Text,
    pub(crate) quantity: Number,
    pub(crate) average_price: Number,
    pub(crate) buy_price: Number,
    pub(crate) sell_price: Number,
    pub(crate) day_buy_quantity: Number,
    pub(crate) overnight_buy_quantity: Number,
    pub(crate) day_sell_quantity: Number,
    pub(crate) overnight_sell_quantity: Number,
    pub(crate) last_price: Number,
    pub(crate) realised: Number,
    pub(crate) unrealised: Number,
}

/// A row of the holdings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HoldingRow {
    pub(crate) exchange: Text,
    pub(crate) instrument_token: Text,
    pub(crate) isin: Text,
    pub(crate) quantity: Number,
    pub(crate) t1_quantity: Number,
    pub(crate) cnc_used_quantity: Number,
    pub(crate) average_price: Number,
    pub(crate) last_price: Number,
}
