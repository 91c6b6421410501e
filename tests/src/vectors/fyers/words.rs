//! The document's words and numbers, read a second time and apart from the adapter.

use rust_decimal::Decimal;
use sangam_core::timestamp::Date;
use sangam_core::{Exchange, IST, OrderKind, Product, Side, Tag, Timestamp};
use serde_json::Value;

use super::super::compare::decimal;

/// What a price field says; nought is no price.
pub(super) fn price(row: &Value, key: &str) -> Option<Decimal> {
    number(row, key).filter(|price| !price.is_zero())
}

pub(super) fn number(row: &Value, key: &str) -> Option<Decimal> {
    row.get(key).and_then(decimal)
}

/// A text or whole number as text; blank is none.
pub(super) fn word(row: &Value, key: &str) -> Option<String> {
    match row.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn integer(row: &Value, key: &str) -> Option<i64> {
    use rust_decimal::prelude::ToPrimitive as _;
    number(row, key).and_then(|number| number.to_i64())
}

pub(super) fn side(row: &Value) -> Option<Side> {
    Some(if integer(row, "side")? > 0 {
        Side::Buy
    } else {
        Side::Sell
    })
}

pub(super) fn kind(row: &Value) -> Option<OrderKind> {
    let kinds = [
        OrderKind::Limit,
        OrderKind::Market,
        OrderKind::StopLossMarket,
        OrderKind::StopLossLimit,
    ];
    let place = usize::try_from(integer(row, "type")?).ok()?.checked_sub(1)?;
    kinds.get(place).copied()
}

pub(super) fn product(row: &Value) -> Option<Product> {
    Some(match word(row, "productType")?.as_str() {
        "CNC" => Product::Delivery,
        "INTRADAY" => Product::Intraday,
        "MARGIN" => Product::CarryForward,
        other => Product::Other(other.to_owned()),
    })
}

/// The exchange of a row's two numbers.
pub(super) fn exchange(row: &Value) -> Option<Exchange> {
    let place = (integer(row, "exchange")?, integer(row, "segment")?);
    let known = [
        ((10, 10), Exchange::Nse),
        ((10, 11), Exchange::Nfo),
        ((10, 12), Exchange::Cds),
        ((10, 20), Exchange::Nco),
        ((11, 20), Exchange::Mcx),
        ((12, 10), Exchange::Bse),
        ((12, 11), Exchange::Bfo),
        ((12, 12), Exchange::Bcd),
    ];
    known
        .iter()
        .find(|(numbers, _)| *numbers == place)
        .map(|(_, exchange)| *exchange)
}

/// The exchange a symbol on a data call stands for, by its prefix and ending.
pub(super) fn exchange_of_symbol(symbol: &str) -> Exchange {
    let bytes = symbol.as_bytes();
    let option = (symbol.ends_with("CE") || symbol.ends_with("PE"))
        && bytes.len() > 3
        && bytes[bytes.len() - 3].is_ascii_digit();
    let derivative = option || symbol.ends_with("FUT");
    let index = symbol.ends_with("-INDEX");
    match symbol.split(':').next() {
        Some("MCX") => Exchange::Mcx,
        Some("BSE") if index => Exchange::BseIndex,
        Some("BSE") if derivative => Exchange::Bfo,
        Some("BSE") => Exchange::Bse,
        _ if index => Exchange::NseIndex,
        _ if derivative => Exchange::Nfo,
        _ => Exchange::Nse,
    }
}

/// `1:<tag>`; the broker's own tags and either form of "untagged" are none.
pub(super) fn tag(row: &Value) -> Option<Tag> {
    let text = word(row, "orderTag")?;
    let bare = text.strip_prefix("1:")?;
    if bare == "Untagged" {
        return None;
    }
    bare.parse().ok()
}

/// `26-Sep-2025 09:31:02` or `26-09-2025 09:31:02`, Indian time.
pub(super) fn time(row: &Value, key: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = word(row, key)?;
    let (date, clock) = text.split_once(' ')?;
    let parts: Vec<&str> = date.split('-').collect();
    let [day, month, year] = parts[..] else {
        return None;
    };
    let month = match MONTHS.iter().position(|name| *name == month) {
        Some(place) => format!("{:02}", place + 1),
        None => month.to_owned(),
    };
    format!("{year}-{month}-{day}T{clock}+05:30").parse().ok()
}

/// Epoch seconds, as number or text.
pub(super) fn epoch(row: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::from_second(integer(row, key)?).ok()
}

/// The date in India of epoch seconds or of a date as text.
pub(super) fn date(value: &Value) -> Option<Date> {
    if let Some(date) = value.as_str().and_then(|text| text.parse::<Date>().ok()) {
        return Some(date);
    }
    use rust_decimal::prelude::ToPrimitive as _;
    let at = Timestamp::from_second(decimal(value)?.to_i64()?).ok()?;
    Some(IST::date(at))
}
