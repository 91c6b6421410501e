//! Today's contracts as each broker publishes them.
//!
//! Layouts as read from real files: column orders, number forms and quirks are the brokers', see each module. Files
//! the brokers publish but for which the simulator has no contract (stock derivatives) hold a header only.

mod flattrade;
mod fyers;
mod upstox;

use crate::contracts::{Contract, Universe};

/// The text of a Flattrade contract file by its published name (`NSE_Equity`, `Nfo_Index_Derivatives`, ...), with or
/// without `.csv`; none if there is no such file.
#[must_use]
pub fn flattrade_csv(universe: &Universe, name: &str) -> Option<String> {
    flattrade::csv(universe, name.strip_suffix(".csv").unwrap_or(name))
}

/// The text of a Fyers symbol file by its published name (`NSE_CM`, `NSE_FO`, `BSE_CM`, `BSE_FO`), with or without
/// `.csv`; none if there is no such file.
#[must_use]
pub fn fyers_csv(universe: &Universe, name: &str) -> Option<String> {
    fyers::csv(universe, name.strip_suffix(".csv").unwrap_or(name))
}

/// The bytes of an Upstox instrument file by its published name (`complete.json.gz`, `NSE.json.gz`, `BSE.json.gz`);
/// none if there is no such file.
#[must_use]
pub fn upstox_json_gz(universe: &Universe, name: &str) -> Option<Vec<u8>> {
    upstox::json(universe, name.strip_suffix(".json.gz")?).map(|text| upstox::gzip(text.as_bytes()))
}

/// One row of an Upstox instrument file.
#[must_use]
pub(crate) fn upstox_row(contract: &Contract) -> serde_json::Value {
    upstox::row(contract)
}

#[cfg(test)]
mod tests;
