//! What stands on the wire, as serde types and nothing more. Absent, null and blank fields all read as "none"; which
//! fields a row cannot do without is decided in `translate`.

mod market;
mod orders;
mod portfolio;
mod user;

pub(crate) use market::{CandleRow, Candles, DepthSide, Ohlc, QuoteRow};
pub(crate) use orders::{Modify, OrderIds, OrderRow, Place, TradeRow};
pub(crate) use portfolio::{HoldingRow, PositionRow};
pub(crate) use user::{Funds, Profile, Token};

use sangam_broker::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What every answer but the token's is wrapped in.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(default)]
    pub(crate) status: Text,
    #[serde(borrow, default)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) errors: Option<&'a RawValue>,
}

/// One reason in an error answer. Both spellings occur, together and alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorRow {
    pub(crate) error_code: Text,
    #[serde(rename = "errorCode")]
    pub(crate) error_code_camel: Text,
    pub(crate) message: Text,
    pub(crate) order_id: Text,
}

impl ErrorRow {
    pub(crate) fn code(&self) -> Option<&str> {
        self.error_code.get().or_else(|| self.error_code_camel.get())
    }
}
