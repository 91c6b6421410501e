//! Orders and trades.

use sangam_broker::{Flag, Number, Text};
use serde::{Deserialize, Serialize};

/// The body of place. Version 2 has neither `slice` nor `market_protection`.
#[derive(Debug, Serialize)]
pub(crate) struct Place<'a> {
    pub(crate) quantity: i32,
    pub(crate) product: &'static str,
    pub(crate) validity: &'static str,
    pub(crate) price: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slice: Option<bool>,
    pub(crate) instrument_token: &'a str,
    pub(crate) order_type: &'static str,
    pub(crate) transaction_type: &'static str,
    pub(crate) disclosed_quantity: i32,
    pub(crate) trigger_price: Number,
    pub(crate) is_amo: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) market_protection: Option<i8>,
}

/// The body of modify.
#[derive(Debug, Serialize)]
pub(crate) struct Modify<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<i32>,
    pub(crate) validity: &'static str,
    pub(crate) price: Number,
    pub(crate) order_id: &'a str,
    pub(crate) order_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disclosed_quantity: Option<i32>,
    pub(crate) trigger_price: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) market_protection: Option<i8>,
}

/// What place, modify and cancel answer: one id, or a list of them from place in version 3.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrderIds {
    pub(crate) order_id: Text,
    pub(crate) order_ids: Option<Vec<Text>>,
}

/// A row of the order book, an order's details, or an event of its history.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrderRow {
    pub(crate) order_id: Text,
    pub(crate) exchange_order_id: Text,
    pub(crate) exchange: Text,
    pub(crate) instrument_token: Text,
    pub(crate) transaction_type: Text,
    pub(crate) order_type: Text,
    pub(crate) product: Text,
    pub(crate) validity: Text,
    pub(crate) quantity: Number,
    pub(crate) filled_quantity: Number,
    pub(crate) disclosed_quantity: Number,
    pub(crate) price: Number,
    pub(crate) trigger_price: Number,
    pub(crate) average_price: Number,
    pub(crate) status: Text,
    pub(crate) status_message: Text,
    pub(crate) status_message_raw: Text,
    pub(crate) tag: Text,
    pub(crate) order_timestamp: Text,
    pub(crate) exchange_timestamp: Text,
    pub(crate) is_amo: Flag,
}

/// A row of the trades.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TradeRow {
    pub(crate) order_id: Text,
    pub(crate) trade_id: Text,
    pub(crate) exchange: Text,
    pub(crate) instrument_token: Text,
    pub(crate) transaction_type: Text,
    pub(crate) product: Text,
    pub(crate) quantity: Number,
    pub(crate) average_price: Number,
    pub(crate) order_timestamp: Text,
    pub(crate) exchange_timestamp: Text,
}
