//! The broker's words for the engine's: codes, statuses, names, dates, and why an order was rejected.

use std::fmt::Display;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::account::{EventKind, OrderKind, OrderState, Product, Refusal, Side};
use crate::clock::Instant64;
use crate::contracts::{Contract, Kind, month_code, plain};
use crate::money::Paise;

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "B",
        Side::Sell => "S",
    }
}

pub(super) fn read_side(word: &str) -> Option<Side> {
    match word {
        "B" => Some(Side::Buy),
        "S" => Some(Side::Sell),
        _ => None,
    }
}

pub(super) const fn product(product: Product) -> &'static str {
    match product {
        Product::Delivery => "C",
        Product::Intraday => "I",
        Product::CarryForward => "M",
        Product::MarginFunded => "F",
    }
}

/// Cover (`H`) and bracket (`B`) are no products of the account.
pub(super) fn read_product(word: &str) -> Option<Product> {
    match word {
        "C" => Some(Product::Delivery),
        "I" => Some(Product::Intraday),
        "M" => Some(Product::CarryForward),
        "F" => Some(Product::MarginFunded),
        _ => None,
    }
}

pub(super) const fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MKT",
        OrderKind::Limit => "LMT",
        OrderKind::StopLimit => "SL-LMT",
        OrderKind::StopMarket => "SL-MKT",
    }
}

/// After-market orders and those under way are `PENDING`: taken by the OMS, not yet at the exchange.
pub(super) const fn status(state: OrderState) -> &'static str {
    match state {
        OrderState::Received | OrderState::AfterMarket => "PENDING",
        OrderState::TriggerPending => "TRIGGER_PENDING",
        OrderState::Open => "OPEN",
        OrderState::Complete => "COMPLETE",
        OrderState::Cancelled => "CANCELED",
        OrderState::Rejected => "REJECTED",
    }
}

/// What was reported last about an order.
pub(super) const fn report(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Received => "NewAck",
        EventKind::Queued => "PendingNew",
        EventKind::Opened | EventKind::Armed | EventKind::Triggered => "New",
        EventKind::Modified => "Replaced",
        EventKind::Filled => "Fill",
        EventKind::Cancelled | EventKind::Lapsed => "Canceled",
        EventKind::Rejected => "Rejected",
    }
}

/// `10:48:03 01-12-2026`.
pub(super) fn time_date(at: Instant64) -> String {
    at.format("%H:%M:%S %d-%m-%Y")
}

/// `01-12-2026 10:48:03`.
pub(super) fn date_time(at: Instant64) -> String {
    at.format("%d-%m-%Y %H:%M:%S")
}

/// A decimal text with two places; none if it is no amount.
pub(super) fn paise_text(text: &str) -> Option<String> {
    text.parse::<Paise>().ok().map(|price| price.to_string())
}

/// A number as the broker writes it: text.
pub(super) fn text(number: impl Copy + Display) -> Value {
    json!(number.to_string())
}

/// `EQ`, `OPTIDX`, `FUTIDX`, and `INDEX` on the NSE or `UNDIND` on the BSE.
pub(super) const fn instrument(contract: &Contract) -> &'static str {
    match contract.kind {
        Kind::Cash => contract.series,
        Kind::Index if contract.segment.is_bse() => "UNDIND",
        Kind::Index => "INDEX",
        Kind::Future => "FUTIDX",
        Kind::Option { .. } => "OPTIDX",
    }
}

/// The short name. Derivatives of the Sensex have names of their own.
pub(super) fn short_name(contract: &Contract) -> &str {
    match contract.kind {
        Kind::Option { .. } if contract.symbol == "SENSEX" => "BSXOPT",
        Kind::Future if contract.symbol == "SENSEX" => "BSXFUT",
        _ => &contract.names.flattrade_symbol,
    }
}

/// `RELIANCE`, `NIFTY 29DEC26 26000 CE `: a derivative's ends with a space.
pub(super) fn display_name(contract: &Contract) -> String {
    let Some(expiry) = &contract.expiry else {
        return short_name(contract).to_owned();
    };
    let (date, symbol) = (expiry.date, contract.symbol);
    let day = format!(
        "{:02}{}{:02}",
        date.day(),
        month_code(date.month()),
        date.year() % 100
    );
    match contract.kind {
        Kind::Option { strike, right } => format!("{symbol} {day} {} {} ", plain(strike), right.code()),
        _ => format!("{symbol} {day} FUT "),
    }
}

/// `29-DEC-2026`.
pub(super) fn expiry(contract: &Contract) -> Option<String> {
    let date = contract.expiry.as_ref()?.date;
    Some(format!(
        "{:02}-{}-{}",
        date.day(),
        month_code(date.month()),
        date.year()
    ))
}

/// Why the risk engine (`RED`) or the order routing (`ORA`) refused an order. Only the prefixes and the texts for
/// margin and circuits are known.
pub(super) fn reason(refusal: &Refusal, contract: &Contract, price: Paise) -> String {
    let whom = format!("for C-{ACCOUNT} [FLATTRADE]");
    let name = format!("{}.{}", contract.segment.flattrade(), contract.names.flattrade);
    match refusal {
        Refusal::Margin { required, available } => format!(
            "RED:Margin Shortfall:INR {} Available:INR {} {whom}",
            grouped(*required - *available),
            grouped(*available)
        ),
        Refusal::OutsideCircuit { lower, upper } => format!(
            "RED:RULE:{{Check circuit limit including square off order}}Current:INR {} LowerCircuit:INR {} \
             UpperCircuit:INR {}:{name} {whom}",
            grouped(price),
            grouped(*lower),
            grouped(*upper)
        ),
        Refusal::Holdings { wanted, available } => {
            format!("RED:RULE:{{Check holdings}}Current:{wanted} Available:{available}:{name} {whom}")
        }
        Refusal::UnknownPosition => format!("RED:RULE:{{Check position}}Not enough to convert:{name} {whom}"),
        Refusal::MarketClosed => "ORA:Market is closed".to_owned(),
        Refusal::NotALotMultiple { lot } => format!("ORA:Order quantity is not a multiple of lot size {lot}"),
        Refusal::AboveFreeze { freeze } => format!("ORA:Order quantity is above freeze quantity {freeze}"),
        Refusal::OffTick { tick } => format!("ORA:Order price is not a multiple of tick size {tick}"),
        Refusal::TriggerWrongSide { last } => {
            format!("ORA:Trigger price is on the wrong side of last traded price {last}")
        }
        Refusal::BelowFilled { filled } => format!("ORA:Order quantity is below traded quantity {filled}"),
        other => format!("ORA:{other}"),
    }
}

/// `28,030.64`.
fn grouped(amount: Paise) -> String {
    let plain = amount.to_string();
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::Universe;
    use jiff::civil::date;

    fn today() -> Universe {
        Universe::of(date(2026, 11, 23), |symbol| {
            Paise::rupees(if symbol == "SENSEX" { 85_000 } else { 26_000 })
        })
    }

    #[test]
    fn reasons_read_as_the_documents_print_them() {
        let today = today();
        let contract = today.by_flattrade("NSE", "RELIANCE-EQ").expect("listed");
        let margin = Refusal::Margin {
            required: Paise(2_806_000),
            available: Paise(2_936),
        };
        assert_eq!(
            reason(&margin, contract, Paise::ZERO),
            "RED:Margin Shortfall:INR 28,030.64 Available:INR 29.36 for C-FT000000 [FLATTRADE]"
        );
        let circuit = Refusal::OutsideCircuit {
            lower: Paise(26_165),
            upper: Paise(31_975),
        };
        assert_eq!(
            reason(&circuit, contract, Paise(26_100)),
            "RED:RULE:{Check circuit limit including square off order}Current:INR 261.00 LowerCircuit:INR 261.65 \
             UpperCircuit:INR 319.75:NSE.RELIANCE-EQ for C-FT000000 [FLATTRADE]"
        );
    }

    #[test]
    fn amounts_are_grouped_by_three() {
        for (paise, shown) in [
            (0, "0.00"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (-123_456_789, "-1,234,567.89"),
        ] {
            assert_eq!(grouped(Paise(paise)), shown);
        }
    }

    #[test]
    fn contracts_have_their_names() {
        let today = today();
        let option = today.by_flattrade("NFO", "NIFTY29DEC26C26000").expect("listed");
        assert_eq!(display_name(option), "NIFTY 29DEC26 26000 CE ");
        assert_eq!(expiry(option).as_deref(), Some("29-DEC-2026"));
        assert_eq!((instrument(option), short_name(option)), ("OPTIDX", "NIFTY"));
        let sensex = today.chain("SENSEX");
        let future = sensex.iter().find(|contract| contract.kind == Kind::Future);
        assert_eq!(future.map(|contract| short_name(contract)), Some("BSXFUT"));
        assert_eq!(sensex.last().map(|contract| short_name(contract)), Some("BSXOPT"));
        let index = today.by_flattrade_token("BSE", "1").expect("listed");
        assert_eq!(instrument(index), "UNDIND");
    }
}
