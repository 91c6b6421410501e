//! The tables: which columns, in the order in which rows are written and read.

use super::op::{Column, blob, int, text};

/// What an order or an attempt asks for, in the order of [`super::encode::Encode::request`].
macro_rules! with_request {
    ($($before:expr),* ; $($after:expr),*) => {
        &[
            $($before,)*
            text("exchange"), text("symbol"), text("side"), int("quantity"), text("order_type"), text("price"),
            text("trigger_price"), text("product"), text("validity"), int("disclosed"), int("after_market"),
            text("position_effect"),
            $($after),*
        ]
    };
}

pub(crate) const ORDERS: &[Column] = with_request![
    int("number"), blob("uid"), text("owner"), text("account_group"), text("client_order_id"), text("body_digest");
    text("strategy"), text("state"), text("account"), text("broker"), text("broker_order_id"), int("filled"),
    text("average_price"), text("message"), int("simulated"), int("created_at"), int("updated_at"),
    int("deadline"), int("cancel_requested"), text("awaited")
];

/// What a move may change.
pub(crate) const ORDER_STANDING: &[Column] = &[
    text("state"),
    text("account"),
    text("broker"),
    text("broker_order_id"),
    int("filled"),
    text("average_price"),
    text("message"),
    int("updated_at"),
    int("cancel_requested"),
    text("awaited"),
];

/// What a modification may change.
pub(crate) const ORDER_TERMS: &[Column] = with_request![;];

pub(crate) const ATTEMPTS: &[Column] = with_request![
    int("id"), blob("order_uid"), int("no"), text("account"), text("broker"), text("tag");
    text("state"), text("state_detail"), int("created_at"), int("updated_at")
];

pub(crate) const FILLS: &[Column] = &[
    int("id"),
    text("broker"),
    text("account"),
    text("trading_date"),
    text("broker_order_id"),
    text("trade_id"),
    blob("order_uid"),
    text("exchange"),
    text("symbol"),
    text("broker_exchange"),
    text("broker_symbol"),
    text("side"),
    text("product"),
    int("quantity"),
    text("price"),
    int("traded_at"),
    text("tag"),
    text("position"),
];

pub(crate) const POSTINGS: &[Column] = &[
    int("fill"),
    text("position"),
    text("trading_date"),
    text("cash"),
    text("stock"),
    text("profit"),
];

pub(crate) const KEPT: &[Column] = &[
    text("position"),
    text("account"),
    text("broker"),
    text("exchange"),
    text("symbol"),
    text("broker_exchange"),
    text("broker_symbol"),
    text("product"),
    int("net"),
    text("cost"),
    int("bought"),
    text("bought_value"),
    int("sold"),
    text("sold_value"),
    text("realised"),
    text("day"),
    text("realised_of_day"),
    int("unseen"),
    int("fills"),
    text("last_date"),
    int("last_at"),
    int("last_id"),
];

pub(crate) const LOTS: &[Column] = &[
    text("position"),
    int("opened_id"),
    text("opened_date"),
    int("opened_at"),
    int("quantity"),
    text("price"),
];

pub(crate) const POSITIONS: &[Column] = &[
    text("account"),
    int("place"),
    text("broker"),
    text("exchange"),
    text("symbol"),
    text("broker_exchange"),
    text("broker_symbol"),
    text("product"),
    int("net"),
    text("average_price"),
    int("bought"),
    text("buy_average"),
    int("sold"),
    text("sell_average"),
    text("last_price"),
    text("realised"),
    text("unrealised"),
    int("read_at"),
];

pub(crate) const HOLDINGS: &[Column] = &[
    text("account"),
    text("date"),
    int("place"),
    text("broker"),
    text("exchange"),
    text("symbol"),
    text("broker_exchange"),
    text("broker_symbol"),
    text("isin"),
    int("quantity"),
    int("undelivered"),
    int("saleable"),
    text("average_price"),
    text("last_price"),
    int("read_at"),
];

pub(crate) const HOLDING_DAYS: &[Column] = &[text("account"), text("date")];

pub(crate) const BOOK_READS: &[Column] = &[text("account"), text("book"), int("read_at"), int("entry")];

pub(crate) const SESSIONS: &[Column] = &[
    text("account"),
    text("broker"),
    int("began_at"),
    int("expires_at"),
];

pub(crate) const WINDOW_COUNTS: &[Column] = &[
    text("account"),
    text("scope"),
    int("window_ms"),
    int("used"),
    int("quota"),
    int("counted_at"),
];

pub(crate) const LEASES: &[Column] = &[
    text("account_group"),
    text("holder"),
    int("epoch"),
    int("expires_at"),
];

pub(crate) const STOPS: &[Column] = &[
    text("subject"),
    text("kind"),
    text("about"),
    int("cancels"),
    text("actor"),
    text("reason"),
    int("at"),
];

pub(crate) const SETTINGS: &[Column] = &[text("name"), text("value")];

pub(crate) const AUDIT: &[Column] = &[
    int("sequence"),
    text("day"),
    int("at"),
    text("actor"),
    text("event"),
    text("subject"),
    text("detail"),
    blob("hash"),
];

pub(crate) const AUDIT_DAYS: &[Column] = &[
    text("day"),
    int("first"),
    int("entries"),
    blob("root"),
    blob("last_hash"),
    int("sealed_at"),
    int("exported_at"),
    int("pruned_at"),
];

/// The names of columns, for a question.
pub(crate) fn list(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}
