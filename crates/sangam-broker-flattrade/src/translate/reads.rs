//! The bodies of everything that changes nothing.

use bytes::Bytes;
use sangam_core::{BrokerOrderId, Product, Timestamp};

use super::body::{Body, Sender};
use super::words;

/// A part of the market as the funds call names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FundsSegment {
    /// Cash market.
    Cash,
    /// Derivatives.
    Derivatives,
    /// Currency.
    Currency,
}

impl FundsSegment {
    fn code(self) -> &'static str {
        match self {
            Self::Cash => "CM",
            Self::Derivatives => "FO",
            Self::Currency => "FX",
        }
    }
}

/// Narrows the funds call; empty asks for the whole account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FundsFilter {
    /// Only this product.
    pub product: Option<Product>,
    /// Only this part of the market.
    pub segment: Option<FundsSegment>,
    /// Only this exchange.
    pub exchange: Option<sangam_core::Exchange>,
}

/// `OrderBook` and `Logout`: source and user.
pub(crate) fn own_body(sender: &Sender<'_>) -> Bytes {
    Body::sourced(sender).finish()
}

/// `UserDetails`: the user alone.
pub(crate) fn user_body(sender: &Sender<'_>) -> Bytes {
    Body::new(sender).uid().finish()
}

/// `PositionBook`: user and account.
pub(crate) fn account_body(sender: &Sender<'_>) -> Bytes {
    Body::new(sender).uid().actid().finish()
}

/// `TradeBook`.
pub(crate) fn trades_body(sender: &Sender<'_>) -> Bytes {
    Body::sourced(sender).actid().finish()
}

/// `SingleOrdHist`.
pub(crate) fn history_body(sender: &Sender<'_>, id: &BrokerOrderId) -> Bytes {
    Body::sourced(sender).field("norenordno", id.as_str()).finish()
}

/// `Holdings`, which requires a product; holdings are delivery.
pub(crate) fn holdings_body(sender: &Sender<'_>) -> Bytes {
    Body::new(sender).uid().actid().field("prd", "C").finish()
}

/// `Limits`.
pub(crate) fn funds_body(sender: &Sender<'_>, filter: &FundsFilter) -> Bytes {
    Body::new(sender)
        .uid()
        .actid()
        .some("prd", filter.product.as_ref().and_then(words::product_out))
        .some("seg", filter.segment.map(FundsSegment::code))
        .some("exch", filter.exchange.and_then(words::order_exchange))
        .finish()
}

/// `GetQuotes`.
pub(crate) fn quote_body(sender: &Sender<'_>, exchange: &str, token: &str) -> Bytes {
    Body::new(sender)
        .uid()
        .field("exch", exchange)
        .field("token", token)
        .finish()
}

/// `SearchScrip`; blanks in the text travel raw.
pub(crate) fn search_body(sender: &Sender<'_>, exchange: Option<&str>, text: &str) -> Bytes {
    Body::new(sender)
        .uid()
        .some("exch", exchange)
        .symbol("stext", text)
        .finish()
}

/// `TPSeries`: candles of some minutes.
pub(crate) fn minutes_body(
    sender: &Sender<'_>,
    exchange: &str,
    token: &str,
    minutes: u16,
    span: (Timestamp, Timestamp),
) -> Bytes {
    Body::sourced(sender)
        .field("exch", exchange)
        .field("token", token)
        .field("st", &span.0.as_second().to_string())
        .field("et", &span.1.as_second().to_string())
        .field("intrv", &minutes.to_string())
        .finish()
}

/// `EODChartData`: candles of a day.
pub(crate) fn days_body(
    sender: &Sender<'_>,
    exchange: &str,
    symbol: &str,
    span: (Timestamp, Timestamp),
) -> Bytes {
    Body::new(sender)
        .uid()
        .symbol("sym", &format!("{exchange}:{symbol}"))
        .field("from", &span.0.as_second().to_string())
        .field("to", &span.1.as_second().to_string())
        .finish()
}
