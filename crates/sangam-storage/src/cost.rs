//! Positions kept from fills: what is open, what it cost, and what has been realised, brought forward one fill at a time,
//! so that a portfolio is read and not recomputed. Pure: no file, no clock; who writes the rows decides when.
//!
//! It stands beside the positions a broker's book tells ([`sangam_core::Position`]): those are what the broker says of
//! today, these are what follows from the trades we saw, since the first one. Charges and taxes are not in them.
//!
//! Amounts are price x quantity. Where a quantity counts lots (MCX, currency) that is a figure of the quotation, not yet
//! rupees: [`crate::portfolio`] multiplies it, because only the symbol masters know by what.
//!
//! ```
//! use sangam_core::ports::FillRecord;
//! use sangam_storage::{CostMethod, KeptPosition};
//!
//! let fill = |trade: &str, side: &str, quantity: u64, price: &str| -> FillRecord {
//!     serde_json::from_value(serde_json::json!({
//!         "account": "main", "broker": "fyers", "trading_date": "2026-11-23", "order": null,
//!         "fill": {
//!             "order_id": "1", "trade_id": trade, "side": side, "quantity": quantity, "price": price,
//!             "instrument": {
//!                 "id": {"exchange": "NSE", "symbol": "RELIANCE"}, "exchange": "NSE",
//!                 "broker_symbol": "NSE:RELIANCE-EQ",
//!             },
//!             "product": "CNC", "at": null, "tag": null,
//!         },
//!     }))
//!     .expect("a fill")
//! };
//! let (mut kept, _) = KeptPosition::opened_by(&fill("1", "BUY", 10, "1400"), 1, CostMethod::Fifo)?;
//! kept.apply(&fill("2", "BUY", 10, "1500"), 2)?;
//! let sold = kept.apply(&fill("3", "SELL", 15, "1600"), 3)?;
//!
//! // 10 at 1400 and 5 at 1500 went out, for 24000.
//! assert_eq!(kept.realised.to_string(), "2500");
//! assert_eq!((kept.net.units(), kept.cost.to_string()), (5, "7500".to_owned()));
//! assert_eq!(sold.posted.cash.to_string(), "24000");
//! assert!(sold.posted.is_balanced());
//! # Ok::<(), sangam_storage::CostError>(())
//! ```

mod check;
mod error;
pub(crate) mod exact;
mod lots;
mod method;
mod place;
mod position;
mod posting;

pub use error::CostError;
pub use lots::Lot;
pub use method::{CostMethod, UnknownCostMethod};
pub use place::{FillPlace, PositionKey};
pub use position::KeptPosition;
pub use posting::{Applied, Posted};

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
