//! Rows of the books against what the adapter made of them, field by field, from the wire document alone.

use rust_decimal::Decimal;
use sangam_core::ports::Placed;
use sangam_core::{
    BookInstrument, BrokerOrder, BrokerOrderStatus, Fill, Funds, Holding, Position, Price, Product, Tag,
    Timestamp,
};
use serde_json::Value;

use crate::vectors::compare::{Differences, decimal};

/// A field as text; null, absent and blank are none.
fn text<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    row[key].as_str().filter(|text| !text.trim().is_empty())
}

fn number(row: &Value, key: &str) -> Option<Decimal> {
    decimal(&row[key])
}

/// A price where nought and null mean none.
fn price(row: &Value, key: &str) -> Option<Decimal> {
    number(row, key).filter(|price| !price.is_zero())
}

fn found(price: Option<Price>) -> Option<Decimal> {
    price.map(|price| price.decimal().normalize())
}

/// The dates of section 6.9, in India: `2024-01-08 09:20:15` and `08-Jan-2024 09:20:15`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (date, clock) = text.split_once(' ')?;
    let parts: Vec<&str> = date.split('-').collect();
    let [a, b, c] = parts.try_into().ok()?;
    let date = match MONTHS.iter().position(|month| *month == b) {
        Some(month) => format!("{c}-{:02}-{a}", month + 1),
        None => format!("{a}-{b}-{c}"),
    };
    format!("{date}T{clock}+05:30").parse().ok()
}

fn row_time(row: &Value) -> Option<Timestamp> {
    let at = |key| text(row, key).and_then(time);
    at("order_timestamp").max(at("exchange_timestamp"))
}

/// The events of a history, oldest first; those of one second as they come.
pub(super) fn by_time(data: &Value) -> Vec<Value> {
    let mut events = data.as_array().cloned().unwrap_or_default();
    events.sort_by_key(row_time);
    events
}

fn check_time(at: String, expected: Option<&str>, found: Option<Timestamp>, out: &mut Differences) {
    let expected = expected.and_then(time).map(|at| at.to_string());
    let found = found.map(|at| at.to_string());
    out.check_text(at, expected.as_deref(), found.as_deref());
}

/// The status words of section 6.7 by class.
fn class(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "put order req received"
        | "validation pending"
        | "open pending"
        | "modify pending"
        | "modify validation pending"
        | "cancel pending" => "pending",
        "after market order req received" | "modify after market order req received" => "after market",
        "trigger pending" => "trigger",
        "open" | "modified" | "not modified" | "not cancelled" => "open",
        "complete" => "complete",
        "cancelled" | "cancelled after market order" => "cancelled",
        "rejected" => "rejected",
        _ => "unknown",
    }
}

fn class_found(status: &BrokerOrderStatus) -> &'static str {
    match status {
        BrokerOrderStatus::Pending => "pending",
        BrokerOrderStatus::AfterMarket => "after market",
        BrokerOrderStatus::TriggerPending => "trigger",
        BrokerOrderStatus::Open => "open",
        BrokerOrderStatus::Complete => "complete",
        BrokerOrderStatus::Cancelled => "cancelled",
        BrokerOrderStatus::Rejected => "rejected",
        BrokerOrderStatus::Expired => "expired",
        BrokerOrderStatus::Unknown(_) => "unknown",
    }
}

fn instrument(at: &str, row: &Value, found: &BookInstrument, out: &mut Differences) {
    out.check_text(
        format!("{at}.instrument_token"),
        text(row, "instrument_token"),
        Some(&found.broker_symbol),
    );
    let exchange = match text(row, "exchange") {
        Some("NSCOM") => Some("NCO"),
        other => other,
    };
    out.check_text(
        format!("{at}.exchange"),
        exchange,
        found.exchange.map(sangam_core::Exchange::as_str),
    );
}

/// `D` is delivery on the cash exchanges and carry-forward on the others.
fn product(at: &str, row: &Value, found: Option<&Product>, out: &mut Differences) {
    let expected = match (text(row, "product"), text(row, "exchange")) {
        (Some("I"), _) => Some("MIS"),
        (Some("D"), Some("NSE" | "BSE")) => Some("CNC"),
        (Some("D"), _) => Some("NRML"),
        (other, _) => other,
    };
    out.check_text(format!("{at}.product"), expected, found.map(Product::as_str));
}

fn units(quantity: sangam_core::Quantity) -> Option<Decimal> {
    Some(Decimal::from(quantity.units()))
}

fn pairs<'a, T>(
    what: &str,
    data: &'a Value,
    found: &'a [T],
    out: &mut Differences,
) -> Vec<(String, &'a Value, &'a T)> {
    let expected: &[Value] = data.as_array().map_or(&[], Vec::as_slice);
    if expected.len() != found.len() {
        out.note(
            format!("{what} rows"),
            Some(expected.len().into()),
            Some(found.len().into()),
        );
    }
    expected
        .iter()
        .zip(found)
        .enumerate()
        .map(|(i, (row, found))| (format!("{what}[{i}]"), row, found))
        .collect()
}

pub(super) fn placed(data: &Value, placed: &Placed, out: &mut Differences) {
    let ids: Vec<&str> = match data["order_ids"].as_array() {
        Some(ids) => ids.iter().filter_map(Value::as_str).collect(),
        None => data["order_id"].as_str().into_iter().collect(),
    };
    out.check_text(
        "order_id",
        ids.first().copied(),
        Some(placed.broker_order_id.as_str()),
    );
    if ids.len() > 1 {
        let message = placed.message.as_deref().unwrap_or_default();
        for id in ids {
            if !message.contains(id) {
                out.say("message", format!("does not name order {id}, one of several"));
            }
        }
    }
}

pub(super) fn orders(data: &Value, found: &[BrokerOrder], out: &mut Differences) {
    for (at, row, order_found) in pairs("orders", data, found, out) {
        order(&at, row, order_found, out);
    }
}

pub(super) fn order(at: &str, row: &Value, order: &BrokerOrder, out: &mut Differences) {
    let at = |field: &str| format!("{at}.{field}");
    instrument(&at("instrument"), row, &order.instrument, out);
    product(&at(""), row, order.product.as_ref(), out);
    out.check_text(at("order_id"), text(row, "order_id"), Some(order.id.as_str()));
    out.check_text(
        at("exchange_order_id"),
        text(row, "exchange_order_id"),
        order.exchange_order_id.as_deref(),
    );
    out.check_text(
        at("transaction_type"),
        text(row, "transaction_type"),
        Some(order.side.as_str()),
    );
    let known = |word: Option<&'static str>, key: &str, words: &[&str], out: &mut Differences| {
        let expected = text(row, key).filter(|word| words.contains(word));
        out.check_text(at(key), expected, word);
    };
    known(
        order.kind.map(sangam_core::OrderKind::as_str),
        "order_type",
        &["MARKET", "LIMIT", "SL", "SL-M"],
        out,
    );
    known(
        order.validity.map(sangam_core::Validity::as_str),
        "validity",
        &["DAY", "IOC"],
        out,
    );
    for (key, quantity) in [
        ("quantity", order.quantity),
        ("filled_quantity", order.filled),
        ("disclosed_quantity", order.disclosed),
    ] {
        out.check_number(at(key), number(row, key), units(quantity));
    }
    for (key, value) in [
        ("price", order.price),
        ("trigger_price", order.trigger_price),
        ("average_price", order.average_price),
    ] {
        out.check_number(at(key), price(row, key), found(value));
    }
    let word = text(row, "status").unwrap_or_default();
    out.check_text(at("status"), Some(word), Some(&order.status_word));
    out.check_text(
        at("status class"),
        Some(class(word)),
        Some(class_found(&order.status)),
    );
    let message = text(row, "status_message").or_else(|| text(row, "status_message_raw"));
    out.check_text(at("status_message"), message, order.message.as_deref());
    let tag = text(row, "tag").filter(|tag| Tag::new(*tag).is_ok());
    out.check_text(at("tag"), tag, order.tag.as_ref().map(Tag::as_str));
    check_time(
        at("order_timestamp"),
        text(row, "order_timestamp"),
        order.placed_at,
        out,
    );
    check_time(
        at("exchange_timestamp"),
        text(row, "exchange_timestamp"),
        order.updated_at,
        out,
    );
    out.check(at("is_amo"), &row["is_amo"], &Value::Bool(order.after_market));
}

/// By tag, each order stands once, with a state that its history ends in.
pub(super) fn last_states(events: &[Value], found: &[BrokerOrder], out: &mut Differences) {
    let mut ids: Vec<&str> = events
        .iter()
        .filter_map(|event| text(event, "order_id"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found_ids: Vec<&str> = found.iter().map(|order| order.id.as_str()).collect();
    found_ids.sort_unstable();
    if ids != found_ids {
        return out.note("orders_by_tag", Some(ids.into()), Some(found_ids.into()));
    }
    for state in found {
        let own: Vec<&Value> = events
            .iter()
            .filter(|event| text(event, "order_id") == Some(state.id.as_str()))
            .collect();
        let is_final = |event: &Value| {
            matches!(
                class(text(event, "status").unwrap_or_default()),
                "complete" | "cancelled" | "rejected"
            )
        };
        let last = own.iter().rev().find(|event| is_final(event)).or(own.last());
        if let Some(last) = last {
            order(&format!("orders_by_tag {}", state.id), last, state, out);
        }
    }
}

pub(super) fn trades(data: &Value, fills: &[Fill], out: &mut Differences) {
    for (at, row, fill) in pairs("trades", data, fills, out) {
        instrument(&at, row, &fill.instrument, out);
        product(&at, row, fill.product.as_ref(), out);
        out.check_text(
            format!("{at}.order_id"),
            text(row, "order_id"),
            Some(fill.order_id.as_str()),
        );
        out.check_text(
            format!("{at}.trade_id"),
            text(row, "trade_id"),
            Some(fill.trade_id.as_str()),
        );
        let side = Some(fill.side.as_str());
        out.check_text(
            format!("{at}.transaction_type"),
            text(row, "transaction_type"),
            side,
        );
        out.check_number(
            format!("{at}.quantity"),
            number(row, "quantity"),
            units(fill.quantity),
        );
        let average = number(row, "average_price");
        out.check_number(format!("{at}.average_price"), average, found(Some(fill.price)));
        let when = text(row, "exchange_timestamp").or_else(|| text(row, "order_timestamp"));
        check_time(format!("{at}.exchange_timestamp"), when, fill.at, out);
    }
}

pub(super) fn positions(data: &Value, positions: &[Position], out: &mut Differences) {
    for (at, row, position) in pairs("positions", data, positions, out) {
        instrument(&at, row, &position.instrument, out);
        product(&at, row, position.product.as_ref(), out);
        let net = number(row, "quantity").unwrap_or_default();
        out.check_number(
            format!("{at}.quantity"),
            Some(net),
            Some(Decimal::from(position.net.units())),
        );
        let side = if net.is_sign_negative() {
            "sell_price"
        } else {
            "buy_price"
        };
        let average = price(row, "average_price")
            .or_else(|| price(row, side))
            .filter(|_| !net.is_zero());
        out.check_number(
            format!("{at}.average_price"),
            average,
            found(position.average_price),
        );
        let sum = |what: &str| {
            let part = |when: &str| number(row, &format!("{when}_{what}_quantity")).unwrap_or_default();
            Some((part("day") + part("overnight")).normalize())
        };
        out.check_number(format!("{at}.bought"), sum("buy"), units(position.bought));
        out.check_number(format!("{at}.sold"), sum("sell"), units(position.sold));
        for (key, value) in [
            ("buy_price", position.buy_average),
            ("sell_price", position.sell_average),
            ("last_price", position.last_price),
        ] {
            out.check_number(format!("{at}.{key}"), price(row, key), found(value));
        }
        for (key, value) in [
            ("realised", position.realised),
            ("unrealised", position.unrealised),
        ] {
            let value = value.map(|money| money.decimal().normalize());
            out.check_number(format!("{at}.{key}"), number(row, key), value);
        }
    }
}

pub(super) fn holdings(data: &Value, holdings: &[Holding], out: &mut Differences) {
    for (at, row, holding) in pairs("holdings", data, holdings, out) {
        instrument(&at, row, &holding.instrument, out);
        out.check_text(format!("{at}.isin"), text(row, "isin"), holding.isin.as_deref());
        let part = |key: &str| number(row, key).unwrap_or_default();
        let undelivered = part("t1_quantity");
        // More undelivered than there are: then they are not among them.
        let left_out = undelivered > part("quantity");
        let quantity = part("quantity") + if left_out { undelivered } else { Decimal::ZERO };
        let saleable = (quantity - undelivered - part("cnc_used_quantity")).max(Decimal::ZERO);
        for (key, expected, value) in [
            ("quantity", quantity, holding.quantity),
            ("t1_quantity", undelivered, holding.undelivered),
            ("saleable", saleable, holding.saleable),
        ] {
            out.check_number(format!("{at}.{key}"), Some(expected), units(value));
        }
        out.check_number(
            format!("{at}.average_price"),
            price(row, "average_price"),
            found(holding.average_price),
        );
        out.check_number(
            format!("{at}.last_price"),
            price(row, "last_price"),
            found(holding.last_price),
        );
    }
}

pub(super) fn funds(data: &Value, funds: &Funds, out: &mut Differences) {
    let at = |path: &str| {
        let value = path.split('.').fold(data, |value, key| &value[key]);
        decimal(value).unwrap_or_default()
    };
    let cash = "available_to_trade.cash_available_to_trade";
    let pledge = "available_to_trade.pledge_available_to_trade";
    let used = at(&format!("{cash}.margin_used.total")) + at(&format!("{pledge}.margin_used.total"));
    let loss = |which: &str| at(&format!("{cash}.margin_used.loss.{which}"));
    let profit = at("unavailable_to_trade.cash_unavailable_to_trade.unsettled_profit.todays_profit");
    for (what, expected, value) in [
        ("available", at(&format!("{cash}.total")), funds.available),
        ("used", used, funds.used),
        (
            "collateral",
            at(&format!("{pledge}.margin_from_pledge.total")),
            funds.collateral,
        ),
        ("realised", profit - loss("realised"), funds.realised),
        ("unrealised", -loss("unrealised"), funds.unrealised),
    ] {
        out.check_number(
            what,
            Some(expected.normalize()),
            Some(value.decimal().normalize()),
        );
    }
}

#[cfg(test)]
mod tests;
