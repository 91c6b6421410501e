//! OpenAlgo's vocabulary, and how ours shows in it.

use sangam::core::{Exchange, OrderState, Timestamp};

/// Every exchange a client may name.
pub(crate) const EXCHANGES: [&str; 14] = [
    "NSE",
    "NFO",
    "CDS",
    "BSE",
    "BFO",
    "BCD",
    "MCX",
    "NCDEX",
    "NCO",
    "NSE_INDEX",
    "BSE_INDEX",
    "MCX_INDEX",
    "GLOBAL_INDEX",
    "CRYPTO",
];
/// Sides.
pub(crate) const ACTIONS: [&str; 4] = ["BUY", "SELL", "buy", "sell"];
/// Order types.
pub(crate) const PRICE_TYPES: [&str; 4] = ["MARKET", "LIMIT", "SL", "SL-M"];
/// Products.
pub(crate) const PRODUCTS: [&str; 3] = ["MIS", "NRML", "CNC"];
/// Candle intervals.
pub(crate) const INTERVALS: [&str; 23] = [
    "1s", "5s", "10s", "15s", "30s", "45s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "1h", "2h",
    "3h", "4h", "D", "W", "M", "Q", "Y",
];

/// The status of an order in OpenAlgo's words. A doubt is shown as such: no word of theirs is true of it.
pub(crate) fn order_status(state: OrderState) -> &'static str {
    match state {
        OrderState::Received
        | OrderState::Validated
        | OrderState::Queued
        | OrderState::Submitting
        | OrderState::AfterMarket
        | OrderState::Working
        | OrderState::PartiallyFilled => "open",
        OrderState::TriggerPending => "trigger pending",
        OrderState::Filled => "complete",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
        OrderState::Expired => "expired",
        OrderState::InDoubt => "in doubt",
        OrderState::Parked => "parked",
    }
}

/// An instant as Indian wall time.
pub(crate) fn timestamp(at: Timestamp) -> String {
    let civil = sangam::core::IST::civil(at);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    )
}

/// The exchange of a word from [`EXCHANGES`]; `None` for those no broker of ours trades.
pub(crate) fn exchange(word: &str) -> Option<Exchange> {
    word.parse().ok()
}
