//! The broker's words for the engine's: order kinds, products, the seventeen statuses, sentences for refusals.

use crate::account::{Event, EventKind, Order, OrderKind, OrderState, Product, Refusal, Side, Validity};
use crate::contracts::{Contract, Segment};

pub(super) fn read_kind(word: &str) -> Option<OrderKind> {
    Some(match word {
        "MARKET" => OrderKind::Market,
        "LIMIT" => OrderKind::Limit,
        "SL" => OrderKind::StopLimit,
        "SL-M" => OrderKind::StopMarket,
        _ => return None,
    })
}

pub(super) const fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MARKET",
        OrderKind::Limit => "LIMIT",
        OrderKind::StopLimit => "SL",
        OrderKind::StopMarket => "SL-M",
    }
}

pub(super) fn read_side(word: &str) -> Option<Side> {
    match word {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    }
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
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

/// `D` is delivery in the cash market and carry-forward in derivatives.
pub(super) fn read_product(word: &str, segment: Segment) -> Option<Product> {
    match word {
        "D" if segment.is_derivative() => Some(Product::CarryForward),
        "D" => Some(Product::Delivery),
        "I" => Some(Product::Intraday),
        "MTF" => Some(Product::MarginFunded),
        _ => None,
    }
}

pub(super) const fn product(product: Product) -> &'static str {
    match product {
        Product::Delivery | Product::CarryForward => "D",
        Product::Intraday => "I",
        Product::MarginFunded => "MTF",
    }
}

/// The symbol of order, trade and position rows: `RELIANCE-EQ`, on the BSE without a series, derivatives compact.
pub(super) fn row_symbol(contract: &Contract) -> String {
    match contract.segment {
        Segment::NseCash => format!("{}-{}", contract.symbol, contract.series),
        _ => quote_symbol(contract).to_owned(),
    }
}

/// What stands after the colon in the key of a quote: `RELIANCE`, `NIFTY26DEC26000CE`, `Nifty 50`.
pub(super) fn quote_symbol(contract: &Contract) -> &str {
    let key = contract.names.upstox_quote_key.as_str();
    key.split_once(':').map_or(key, |(_, symbol)| symbol)
}

/// The status of an order at rest.
pub(super) fn status(order: &Order) -> &'static str {
    let reached_exchange = order.exchange_id.is_some();
    match order.state {
        OrderState::Received => "put order req received",
        OrderState::AfterMarket
            if order
                .history
                .iter()
                .any(|event| event.kind == EventKind::Modified) =>
        {
            "modify after market order req received"
        }
        OrderState::AfterMarket => "after market order req received",
        OrderState::TriggerPending => "trigger pending",
        OrderState::Open => "open",
        OrderState::Complete => "complete",
        OrderState::Cancelled if order.after_market && !reached_exchange => "cancelled after market order",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
    }
}

/// The statuses an order goes through at one event, the last of which it keeps.
pub(super) const fn statuses(event: &Event, at_exchange: bool) -> &'static [&'static str] {
    let triggered = !matches!(event.state, OrderState::TriggerPending);
    match event.kind {
        EventKind::Received => &["put order req received", "validation pending"],
        EventKind::Queued => &["after market order req received"],
        EventKind::Opened => &["open pending", "open"],
        EventKind::Armed => &["open pending", "trigger pending"],
        EventKind::Triggered => &["open"],
        EventKind::Modified if !at_exchange => &["modify after market order req received"],
        EventKind::Modified if triggered => {
            &["modify validation pending", "modify pending", "modified", "open"]
        }
        EventKind::Modified => &[
            "modify validation pending",
            "modify pending",
            "modified",
            "trigger pending",
        ],
        EventKind::Filled if matches!(event.state, OrderState::Complete) => &["complete"],
        EventKind::Filled => &["open"],
        EventKind::Cancelled if !at_exchange => &["cancelled after market order"],
        EventKind::Cancelled => &["cancel pending", "cancelled"],
        EventKind::Lapsed => &["cancelled"],
        EventKind::Rejected => &["rejected"],
    }
}

/// The sentence for people and the risk engine's own line. Only the two about margin are documented.
pub(super) fn reason(refusal: &Refusal) -> (String, String) {
    match refusal {
        Refusal::Margin { required, available } => (
            format!(
                "You need to add Rs. {} in your account to place this trade.",
                *required - *available
            ),
            format!("RMS:Margin Exceeds, Required:{required}, Available:{available}"),
        ),
        Refusal::Holdings { wanted, available } => (
            format!("You do not have enough holdings to sell {wanted}; {available} can be sold."),
            format!("RMS:Rule: Check holdings, Required:{wanted}, Available:{available}"),
        ),
        Refusal::OutsideCircuit { lower, upper } => (
            format!("Your order price is outside the day's circuit limits of Rs. {lower} and Rs. {upper}."),
            format!("RMS:Price is out of range, Lower:{lower}, Upper:{upper}"),
        ),
        Refusal::MarketClosed => (
            "The market is closed; place an after market order.".to_owned(),
            "RMS:Market is closed".to_owned(),
        ),
        other => (
            format!("Your order was refused: {other}."),
            format!("RMS:{other}"),
        ),
    }
}
