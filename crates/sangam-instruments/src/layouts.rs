//! One module a layout: columns and spellings, and nothing about what other brokers say.

pub(crate) mod columns;
pub(crate) mod fyers;
pub(crate) mod noren;
pub(crate) mod upstox_csv;
pub(crate) mod upstox_json;
