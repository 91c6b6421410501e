//! All accounts' positions and holdings as one portfolio, in exact decimals. Pure: the caller reads books and prices and
//! says what time it is. `docs/portfolio.md` states the definitions and the rounding.
//!
//! Two sources are laid side by side and never mixed silently: what the brokers' books say, and the positions kept from
//! fills ([`crate::cost`]). The book is the truth for quantities and averages where it was read; ours is the truth for
//! realised profit, and stands alone where it was not. Where they tell different quantities, the part says so.
//!
//! ```
//! use std::collections::HashMap;
//! use std::time::Duration;
//! use sangam_core::ports::PositionRecord;
//! use sangam_storage::portfolio::{AccountBook, Portfolio, PortfolioInputs};
//!
//! let record: PositionRecord = serde_json::from_value(serde_json::json!({
//!     "account": "main", "broker": "upstox", "read_at": "2026-11-23T04:00:00Z",
//!     "position": {
//!         "instrument": {
//!             "id": {"exchange": "NSE", "symbol": "RELIANCE"}, "exchange": "NSE",
//!             "broker_symbol": "NSE_EQ|INE002A01018",
//!         },
//!         "product": "CNC", "net": 10, "average_price": "1400", "bought": 10, "buy_average": "1400",
//!         "sold": 0, "sell_average": null, "last_price": "1450.5", "realised": null, "unrealised": null,
//!     },
//! }))?;
//! let portfolio = Portfolio::of(&PortfolioInputs {
//!     kept: &[],
//!     books: &AccountBook::of_positions([record]),
//!     prices: &HashMap::new(),
//!     multipliers: &HashMap::new(),
//!     now: "2026-11-23T04:00:10Z".parse()?,
//!     stale_after: Duration::from_secs(60),
//! })?;
//! let line = &portfolio.lines[0];
//! assert_eq!(line.price.map(|price| (price.age_ms, price.stale)), Some((10_000, false)));
//! assert_eq!(portfolio.totals.value.to_string(), "14505");
//! assert_eq!(portfolio.totals.unrealised.to_string(), "505");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod books;
mod draft;
mod group;
mod inputs;
mod lines;
mod over;
mod totals;
mod view;

pub(crate) use books::BookReads;
pub use books::PortfolioBooks;
pub use inputs::{AccountBook, BookKind, BookRead, PortfolioError, PortfolioInputs, SeenPrice};
pub use view::{ClosedPositions, Figures, KeptPart, LastPrice, Line, Part, Portfolio, Totals, UnreadBook};

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
