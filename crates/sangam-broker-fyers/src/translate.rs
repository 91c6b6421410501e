//! Between the trade's words and Fyers': pure, both ways. Bytes and values in, values and bytes out; no clock, no
//! session, no network. What comes in is first judged by its own `s`: a reply that does not say `ok` is never a list.

mod account;
mod books;
mod candles;
mod codes;
mod fault;
mod instruments;
mod login;
mod orders;
mod quotes;
mod times;

pub use account::{funds, holdings, positions};
pub use books::{order_book, trade_book};
pub use candles::{candles, chunks, resolution};
pub(crate) use codes::{TAG_LENGTH_MAX, filter_tag};
pub use codes::{sent_tag, shown_tag};
pub use fault::Fault;
pub use login::{Callback, access_token, callback, done, exchange_body, profile};
pub use orders::{cancel_body, modify_body, place_body};
pub use quotes::{depth, quotes};
