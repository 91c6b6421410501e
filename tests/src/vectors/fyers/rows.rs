//! Successful books and the account's lists compared value by value with what the adapter made of them.

use std::collections::BTreeSet;

use futures::executor::block_on;
use rust_decimal::Decimal;
use sangam_broker_fyers::Fyers;
use sangam_core::ports::Books as _;
use sangam_core::{
    BookInstrument, BrokerName, BrokerOrder, BrokerOrderStatus, Exchange, InstrumentId, Money, OrderKind,
    Price, Quantity,
};
use serde_json::Value;

use super::super::compare::Differences;
use super::super::recording::NamedSymbols;
use super::words;

const ANY: &str = "NSE:ANY-EQ";

/// A table that knows every symbol of a body's rows, and one more.
pub(super) fn symbols(body: &Value) -> NamedSymbols {
    let mut table = NamedSymbols::new(BrokerName::Fyers);
    table.add(Exchange::Nse, ANY, "");
    let lists = ["orderBook", "tradeBook", "netPositions", "holdings"];
    for row in lists
        .iter()
        .filter_map(|list| body.get(*list))
        .filter_map(Value::as_array)
        .flatten()
    {
        if let (Some(exchange), Some(symbol)) = (words::exchange(row), words::word(row, "symbol")) {
            table.add(exchange, &symbol, "");
        }
    }
    table
}

/// The canonical name the table of [`symbols`] gives its one more.
pub(super) fn any_instrument() -> InstrumentId {
    NamedSymbols::new(BrokerName::Fyers).add(Exchange::Nse, ANY, "")
}

pub(super) fn list<'a>(body: &'a Value, key: &str) -> &'a [Value] {
    body.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Compares each row; says so when the numbers of rows differ or the call failed.
pub(super) fn each<T>(
    rows: &[Value],
    found: sangam_core::Result<Vec<T>>,
    out: &mut Differences,
    mut check: impl FnMut(&str, &Value, &T, &mut Differences),
) {
    match found {
        Err(error) => out.say("rows", error.to_string()),
        Ok(found) if found.len() != rows.len() => {
            out.say("rows", format!("{} rows instead of {}", found.len(), rows.len()));
        }
        Ok(found) => {
            for (i, (row, found)) in rows.iter().zip(&found).enumerate() {
                check(&format!("row[{i}]"), row, found, out);
            }
        }
    }
}

pub(super) fn price_of(price: Option<Price>) -> Option<Decimal> {
    price.map(Price::decimal)
}

pub(super) fn units(quantity: Quantity) -> Option<Decimal> {
    Some(Decimal::from(quantity.units()))
}

fn money(amount: Option<Money>) -> Option<Decimal> {
    amount.map(Money::decimal)
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    at: impl Into<String>,
    expected: &T,
    found: &T,
    out: &mut Differences,
) {
    if expected != found {
        out.say(at, format!("{found:?} instead of {expected:?}"));
    }
}

fn instrument(at: &str, row: &Value, found: &BookInstrument, out: &mut Differences) {
    out.check_text(
        format!("{at}.symbol"),
        words::word(row, "symbol").as_deref(),
        Some(&found.broker_symbol),
    );
    same(
        format!("{at}.exchange"),
        &words::exchange(row),
        &found.exchange,
        out,
    );
    if words::exchange(row).is_some() != found.id.is_some() {
        out.say(format!("{at}.symbol"), "was not found in the table that holds it");
    }
}

pub(super) fn order_book(account: &Fyers, body: &Value, out: &mut Differences) {
    let rows = list(body, "orderBook");
    each(rows, block_on(account.order_book()), out, order);
    for row in rows {
        let Some(id) = words::word(row, "id").and_then(|id| id.parse().ok()) else {
            continue;
        };
        match block_on(account.order_history(&id)).as_deref() {
            Ok([one]) => order("by id", row, one, out),
            Ok(many) => out.say("by id", format!("{} rows", many.len())),
            Err(error) => out.say("by id", error.to_string()),
        }
    }
    let tags: BTreeSet<_> = rows.iter().filter_map(words::tag).collect();
    for tag in tags {
        let with: Vec<Value> = rows
            .iter()
            .filter(|row| words::tag(row).as_ref() == Some(&tag))
            .cloned()
            .collect();
        each(&with, block_on(account.orders_by_tag(&tag)), out, order);
    }
}

/// The documented state of a row. A pending stop order that filled nothing waits for its trigger as far as known.
fn status(row: &Value) -> BrokerOrderStatus {
    let stop = matches!(
        words::kind(row),
        Some(OrderKind::StopLossLimit | OrderKind::StopLossMarket)
    );
    let untouched = words::price(row, "filledQty").is_none();
    let at_exchange = words::word(row, "exchOrdId").is_some();
    let queued = row.get("offlineOrder") == Some(&Value::Bool(true)) && untouched && !at_exchange;
    match words::integer(row, "status") {
        Some(1) => BrokerOrderStatus::Cancelled,
        Some(2) => BrokerOrderStatus::Complete,
        Some(5) => BrokerOrderStatus::Rejected,
        Some(7) => BrokerOrderStatus::Expired,
        Some(4 | 6) if queued => BrokerOrderStatus::AfterMarket,
        Some(4) => BrokerOrderStatus::Pending,
        Some(6) if stop && untouched => BrokerOrderStatus::TriggerPending,
        Some(6) => BrokerOrderStatus::Open,
        other => BrokerOrderStatus::Unknown(other.map_or_else(String::new, |code| code.to_string())),
    }
}

fn order(at: &str, row: &Value, found: &BrokerOrder, out: &mut Differences) {
    let text = |key: &str| words::word(row, key);
    let place = |what: &str| format!("{at}.{what}");
    out.check_text(place("id"), text("id").as_deref(), Some(found.id.as_str()));
    let exchange_id = found.exchange_order_id.as_deref();
    out.check_text(place("exchOrdId"), text("exchOrdId").as_deref(), exchange_id);
    instrument(at, row, &found.instrument, out);
    same(place("side"), &words::side(row), &Some(found.side), out);
    same(place("type"), &words::kind(row), &found.kind, out);
    same(place("productType"), &words::product(row), &found.product, out);
    out.check_text(
        place("orderValidity"),
        text("orderValidity").as_deref(),
        found.validity.map(|v| v.as_str()),
    );
    out.check_number(place("qty"), words::number(row, "qty"), units(found.quantity));
    out.check_number(
        place("filledQty"),
        words::number(row, "filledQty"),
        units(found.filled),
    );
    out.check_number(
        place("limitPrice"),
        words::price(row, "limitPrice"),
        price_of(found.price),
    );
    let trigger = price_of(found.trigger_price);
    out.check_number(place("stopPrice"), words::price(row, "stopPrice"), trigger);
    let average = price_of(found.average_price);
    out.check_number(place("tradedPrice"), words::price(row, "tradedPrice"), average);
    let disclosed = words::price(row, "disclosedQty")
        .or_else(|| words::price(row, "discloseQty"))
        .or(Some(Decimal::ZERO));
    out.check_number(place("disclosedQty"), disclosed, units(found.disclosed));
    same(place("status"), &status(row), &found.status, out);
    out.check_text(
        place("status word"),
        text("status").as_deref(),
        Some(&found.status_word),
    );
    out.check_text(
        place("message"),
        text("message").as_deref(),
        found.message.as_deref(),
    );
    same(place("orderTag"), &words::tag(row), &found.tag, out);
    same(
        place("orderDateTime"),
        &words::time(row, "orderDateTime"),
        &found.placed_at,
        out,
    );
    same(
        place("offlineOrder"),
        &(row.get("offlineOrder") == Some(&Value::Bool(true))),
        &found.after_market,
        out,
    );
}

pub(super) fn trade_book(account: &Fyers, body: &Value, out: &mut Differences) {
    each(
        list(body, "tradeBook"),
        block_on(account.trades()),
        out,
        |at, row, found, out| {
            let place = |what: &str| format!("{at}.{what}");
            let text = |key: &str| words::word(row, key);
            out.check_text(
                place("orderNumber"),
                text("orderNumber").as_deref(),
                Some(found.order_id.as_str()),
            );
            out.check_text(
                place("tradeNumber"),
                text("tradeNumber").as_deref(),
                Some(found.trade_id.as_str()),
            );
            instrument(at, row, &found.instrument, out);
            same(place("side"), &words::side(row), &Some(found.side), out);
            same(place("productType"), &words::product(row), &found.product, out);
            out.check_number(
                place("tradedQty"),
                words::number(row, "tradedQty"),
                units(found.quantity),
            );
            let price = Some(found.price.decimal());
            out.check_number(place("tradePrice"), words::number(row, "tradePrice"), price);
            same(
                place("orderDateTime"),
                &words::time(row, "orderDateTime"),
                &found.at,
                out,
            );
            same(place("orderTag"), &words::tag(row), &found.tag, out);
        },
    );
}

pub(super) fn positions(account: &Fyers, body: &Value, out: &mut Differences) {
    each(
        list(body, "netPositions"),
        block_on(account.positions()),
        out,
        |at, row, found, out| {
            let place = |what: &str| format!("{at}.{what}");
            instrument(at, row, &found.instrument, out);
            same(place("productType"), &words::product(row), &found.product, out);
            let net = Some(Decimal::from(found.net.units()));
            out.check_number(place("netQty"), words::number(row, "netQty"), net);
            let average = words::price(row, "netAvg").filter(|_| words::price(row, "netQty").is_some());
            out.check_number(place("netAvg"), average, price_of(found.average_price));
            let zero = |key| words::number(row, key).or(Some(Decimal::ZERO));
            out.check_number(place("buyQty"), zero("buyQty"), units(found.bought));
            out.check_number(
                place("buyAvg"),
                words::price(row, "buyAvg"),
                price_of(found.buy_average),
            );
            out.check_number(place("sellQty"), zero("sellQty"), units(found.sold));
            out.check_number(
                place("sellAvg"),
                words::price(row, "sellAvg"),
                price_of(found.sell_average),
            );
            out.check_number(place("ltp"), words::price(row, "ltp"), price_of(found.last_price));
            let realised = words::number(row, "realized_profit");
            out.check_number(place("realized_profit"), realised, money(found.realised));
            let unrealised = words::number(row, "unrealized_profit");
            out.check_number(place("unrealized_profit"), unrealised, money(found.unrealised));
        },
    );
}

pub(super) fn holdings(account: &Fyers, body: &Value, out: &mut Differences) {
    each(
        list(body, "holdings"),
        block_on(account.holdings()),
        out,
        |at, row, found, out| {
            let place = |what: &str| format!("{at}.{what}");
            instrument(at, row, &found.instrument, out);
            out.check_text(
                place("isin"),
                words::word(row, "isin").as_deref(),
                found.isin.as_deref(),
            );
            out.check_number(
                place("quantity"),
                words::number(row, "quantity"),
                units(found.quantity),
            );
            let undelivered = words::number(row, "qty_t1").unwrap_or_default();
            out.check_number(place("qty_t1"), Some(undelivered), units(found.undelivered));
            let remaining = words::number(row, "remainingQuantity");
            out.check_number(place("remainingQuantity"), remaining, units(found.saleable));
            out.check_number(
                place("costPrice"),
                words::price(row, "costPrice"),
                price_of(found.average_price),
            );
            out.check_number(place("ltp"), words::price(row, "ltp"), price_of(found.last_price));
        },
    );
}

pub(super) fn funds(account: &Fyers, body: &Value, out: &mut Differences) {
    let line = |id: i64| {
        list(body, "fund_limit")
            .iter()
            .find(|row| words::integer(row, "id") == Some(id))
            .and_then(|row| words::number(row, "equityAmount"))
            .or(Some(Decimal::ZERO))
    };
    match block_on(account.funds()) {
        Ok(funds) => {
            out.check_number("available balance", line(10), Some(funds.available.decimal()));
            out.check_number("utilised", line(2), Some(funds.used.decimal()));
            out.check_number("collaterals", line(5), Some(funds.collateral.decimal()));
            out.check_number("realised", line(4), Some(funds.realised.decimal()));
        }
        Err(error) => out.say("funds", error.to_string()),
    }
}
