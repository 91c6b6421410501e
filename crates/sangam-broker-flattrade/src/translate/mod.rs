//! Pure translation, both ways: Sangam's commands to bytes, the broker's bytes to Sangam's books and prices. Nothing here
//! waits, sends, or reads a clock, so it can be measured and tested alone.
//!
//! Functions that read an answer take its HTTP status and body: the body is read first whatever the status, and a
//! success needs both.

mod answer;
mod body;
mod candles;
mod funds;
mod holdings;
mod login;
mod orders;
mod orders_book;
mod positions;
mod quotes;
mod reads;
mod search;
mod times;
mod trades;
mod words;

pub(crate) use answer::object;
pub use body::Sender;
pub(crate) use candles::within;
pub use candles::{days, minutes};
pub use funds::funds;
pub use holdings::holdings;
pub(crate) use login::{code_of, exchange_body, granted, logged_out, user};
pub(crate) use orders::capabilities;
pub use orders::{accepted, cancel_body, modify_body, place_body, placed};
pub use orders_book::{order_book, order_history};
pub use positions::positions;
pub use quotes::{depth, quote};
pub use reads::{FundsFilter, FundsSegment};
pub(crate) use reads::{
    account_body, days_body, history_body, minutes_body, own_body, quote_body, user_body,
};
pub(crate) use reads::{funds_body, holdings_body, search_body, trades_body};
pub use search::{SearchHit, hits};
pub use trades::trades;
pub(crate) use words::{MINUTES, quote_exchange};
