//! Between the trade's words and the broker's, both ways, without a network. What goes out is faithful for all four
//! kinds of orders; what the account may send is for [`Capabilities`](sangam_core::Capabilities) to say.
//!
//! [`place_body`] and [`order_book`] are public as they are, so that they can be measured and tried alone.

mod candles;
mod command;
mod funds;
mod orders;
mod portfolio;
mod quotes;
mod rows;
mod time;
mod words;

pub(crate) use candles::{candles, unit};
pub use command::{CommandStyle, modify_body, place_body};
pub(crate) use funds::funds;
pub(crate) use orders::{history, latest_by_order, order, trades};
pub use orders::{order_book, orders as order_rows};
pub(crate) use portfolio::{holdings, positions};
pub(crate) use quotes::{QuoteContext, QuoteRows, depth, quote};
pub use rows::ParseError;
