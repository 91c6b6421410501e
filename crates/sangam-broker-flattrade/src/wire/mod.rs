//! The broker's answers as they come: serde types only, every field optional, unknown keys ignored. What must be there is
//! decided in `translate`, which can name the row and the field.

mod books;
mod envelope;
mod market;

pub(crate) use books::{HoldingRow, LimitsBody, OrderRow, PositionRow, TradeRow};
pub(crate) use envelope::{Envelope, Row, TokenBody, UserBody};
pub(crate) use market::{DayRow, Level, MinuteRow, QuoteBody, SearchBody};
