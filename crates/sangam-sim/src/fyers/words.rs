//! The broker's numbers and words for the engine's: order types, products, statuses, tags, reasons, dates.

use super::CLIENT_ID;
use crate::account::{EventKind, Order, OrderKind, OrderState, Product, Refusal, Side, Validity};
use crate::clock::Instant64;
use crate::contracts::{Contract, Kind};
use crate::money::Paise;

/// Order statuses.
pub(super) const CANCELLED: i64 = 1;
pub(super) const TRADED: i64 = 2;
pub(super) const REJECTED: i64 = 5;
pub(super) const PENDING: i64 = 6;
pub(super) const EXPIRED: i64 = 7;

pub(super) const fn read_kind(number: i64) -> Option<OrderKind> {
    Some(match number {
        1 => OrderKind::Limit,
        2 => OrderKind::Market,
        3 => OrderKind::StopMarket,
        4 => OrderKind::StopLimit,
        _ => return None,
    })
}

pub(super) const fn kind(kind: OrderKind) -> i64 {
    match kind {
        OrderKind::Limit => 1,
        OrderKind::Market => 2,
        OrderKind::StopMarket => 3,
        OrderKind::StopLimit => 4,
    }
}

pub(super) const fn read_side(number: i64) -> Option<Side> {
    match number {
        1 => Some(Side::Buy),
        -1 => Some(Side::Sell),
        _ => None,
    }
}

pub(super) fn read_product(word: &str) -> Option<Product> {
    Some(match word {
        "CNC" => Product::Delivery,
        "INTRADAY" => Product::Intraday,
        "MARGIN" => Product::CarryForward,
        "MTF" => Product::MarginFunded,
        _ => return None,
    })
}

pub(super) const fn product(product: Product) -> &'static str {
    match product {
        Product::Delivery => "CNC",
        Product::Intraday => "INTRADAY",
        Product::CarryForward => "MARGIN",
        Product::MarginFunded => "MTF",
    }
}

pub(super) fn read_validity(word: &str) -> Option<Validity> {
    match word {
        "DAY" => Some(Validity::Day),
        "IOC" => Some(Validity::Ioc),
        _ => None,
    }
}

pub(super) const fn validity(validity: Validity) -> &'static str {
    match validity {
        Validity::Day => "DAY",
        Validity::Ioc => "IOC",
    }
}

/// The status of an order: what an immediate order left unfilled has expired, and a stop order that waits is pending.
pub(super) fn status(order: &Order) -> i64 {
    let lapsed = order
        .history
        .last()
        .is_some_and(|event| event.kind == EventKind::Lapsed);
    match order.state {
        OrderState::Complete => TRADED,
        OrderState::Cancelled if lapsed => EXPIRED,
        OrderState::Cancelled => CANCELLED,
        OrderState::Rejected => REJECTED,
        OrderState::Received | OrderState::AfterMarket | OrderState::TriggerPending | OrderState::Open => {
            PENDING
        }
    }
}

/// The tag as the order book shows it.
pub(super) fn order_tag(order: &Order) -> String {
    order
        .tag
        .as_ref()
        .map_or_else(|| "2:Untagged".to_owned(), |tag| format!("1:{tag}"))
}

/// The tag as the trade book shows it.
pub(super) fn trade_tag(order: &Order) -> String {
    format!("1:{}", order.tag.as_deref().unwrap_or("Untagged"))
}

/// The broker's other id of an order, a text like a UUID.
pub(super) fn fyers_id(order: &Order) -> String {
    let number = order.id.get(2..).unwrap_or_default();
    format!("c0ffee00-0000-4000-8000-{number:0>12}")
}

/// `26-Sep-2025 09:31:02`.
pub(super) fn stamp(at: Instant64) -> String {
    at.format("%d-%b-%Y %H:%M:%S")
}

/// The name in words, of a derivative `25 Oct 07 25000 CE`.
pub(super) fn description(contract: &Contract) -> String {
    let day = contract
        .expiry
        .as_ref()
        .map(|expiry| expiry.date.strftime("%y %b %d").to_string());
    let day = day.unwrap_or_default();
    match contract.kind {
        Kind::Cash | Kind::Index => contract.name.to_owned(),
        Kind::Future => format!("{day} FUT"),
        Kind::Option { strike, right } => {
            format!("{day} {} {}", crate::contracts::plain(strike), right.code())
        }
    }
}

/// Why an order was rejected. The broker's risk engine begins with `RED:`; the rest comes from the exchange.
pub(super) fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Margin { required, available } => format!(
            "RED:Margin Shortfall:INR {} Available:INR {} for C-{CLIENT_ID} [RISK]",
            thousands(*required - *available),
            thousands(*available)
        ),
        Refusal::Holdings { wanted, available } => {
            format!(
                "RED:RULE:{{Check holdings}} Required:{wanted} Available:{available} for C-{CLIENT_ID} [RISK]"
            )
        }
        Refusal::OutsideCircuit { lower, upper } => {
            format!("Price is out of the circuit range, lower {lower}, upper {upper}")
        }
        Refusal::TriggerWrongSide { last } => {
            format!("Trigger price is on the wrong side of the last price {last}")
        }
        Refusal::MarketClosed => "The market is closed".to_owned(),
        other => other.to_string(),
    }
}

/// Rupees with commas: `5,000.00`.
fn thousands(amount: Paise) -> String {
    let text = amount.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_go_both_ways() {
        for number in 1..=4 {
            assert_eq!(read_kind(number).map(kind), Some(number));
        }
        assert_eq!((read_kind(0), read_kind(5), read_side(0)), (None, None, None));
        for word in ["CNC", "INTRADAY", "MARGIN", "MTF"] {
            assert_eq!(read_product(word).map(product), Some(word));
        }
        assert_eq!((read_product("BO"), read_validity("GTC")), (None, None));
    }

    #[test]
    fn a_shortfall_reads_like_the_documents() {
        let refusal = Refusal::Margin {
            required: Paise(512_050),
            available: Paise(12_050),
        };
        let expected = "RED:Margin Shortfall:INR 5,000.00 Available:INR 120.50 for C-XX00000 [RISK]";
        assert_eq!(reason(&refusal), expected);
        assert_eq!(thousands(Paise(-123_456_789)), "-1,234,567.89");
        assert_eq!(thousands(Paise(99_900)), "999.00");
    }
}
