//! Order book, details, history and trades.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::errors::{self, Faults, success};
use super::modify::order_id;
use super::words;
use super::{Desk, NotModified, USER_ID};
use crate::account::{Event, EventKind, Fill, Order, Terms, average};
use crate::clock::Instant64;
use crate::money::Paise;
use crate::rng::hash_text;

/// Stamps in order rows.
const ORDER_STAMP: &str = "%Y-%m-%d %H:%M:%S";
/// Stamps in trade rows.
const TRADE_STAMP: &str = "%d-%b-%Y %H:%M:%S";

type Asked = Query<HashMap<String, String>>;

pub(super) async fn book(State(desk): State<Arc<Desk>>) -> Response {
    let rows: Vec<Value> = desk
        .world
        .orders()
        .iter()
        .map(|order| latest(&desk, order))
        .collect();
    success(&json!(rows))
}

pub(super) async fn details(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    match find(&desk, &query) {
        Ok(order) => success(&latest(&desk, &order)),
        Err(faults) => faults.into_response(),
    }
}

pub(super) async fn history(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    let tag = query.get("tag").filter(|tag| !tag.is_empty());
    let by_id = query.get("order_id").is_some_and(|id| !id.is_empty());
    let orders = match (by_id, tag) {
        (false, None) => return errors::SELECTOR_MISSING.into_response(),
        (false, Some(tag)) => desk.world.orders_by_tag(tag),
        (true, tag) => match find(&desk, &query) {
            Ok(order) if tag.is_none() || order.tag.as_ref() == tag => vec![order],
            Ok(_) => Vec::new(),
            Err(faults) => return faults.into_response(),
        },
    };
    let rows: Vec<Value> = orders.iter().flat_map(|order| changes(&desk, order)).collect();
    success(&json!(rows))
}

pub(super) async fn trades_of_day(State(desk): State<Arc<Desk>>) -> Response {
    let rows: Vec<Value> = desk
        .world
        .fills()
        .iter()
        .map(|(order, fill)| trade(order, fill))
        .collect();
    success(&json!(rows))
}

pub(super) async fn trades_of_order(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    match find(&desk, &query) {
        Ok(order) => success(&order.fills.iter().map(|fill| trade(&order, fill)).collect()),
        Err(faults) => faults.into_response(),
    }
}

fn find(desk: &Desk, query: &HashMap<String, String>) -> Result<Order, Faults> {
    let id = order_id(query.get("order_id").map(String::as_str))?;
    desk.world.order(id).ok_or_else(|| errors::ORDER_UNKNOWN.into())
}

/// How an order stood at one moment.
struct Moment<'a> {
    status: &'a str,
    message: Option<(String, String)>,
    terms: &'a Terms,
    filled: i64,
    value: Paise,
    at_exchange: bool,
    /// When the broker's system and the exchange stamped it.
    stamps: (Instant64, Instant64),
    request: usize,
}

/// The row of the order book and of the details.
fn latest(desk: &Desk, order: &Order) -> Value {
    let refusals = refused_changes(desk, order);
    let refused = refusals
        .last()
        .filter(|refused| refused.after == order.history.len());
    let lapsed = order
        .history
        .last()
        .is_some_and(|event| event.kind == EventKind::Lapsed);
    let message = match refused {
        Some(refused) => Some(words::reason(&refused.why)),
        None if lapsed => Some(lapse()),
        None => order.reason.as_ref().map(words::reason),
    };
    let moment = Moment {
        status: if refused.is_some() {
            "not modified"
        } else {
            words::status(order)
        },
        message,
        terms: &order.terms,
        filled: order.filled,
        value: order.value,
        at_exchange: order.exchange_id.is_some(),
        stamps: (order.placed_at, order.updated_at),
        request: usize::try_from(order.requests)
            .unwrap_or(usize::MAX)
            .saturating_add(refusals.len()),
    };
    let mut row = row(order, &moment);
    row["guid"] = Value::Null;
    row["pending_quantity"] = json!(order.pending());
    row["status_message_raw"] = json!(moment.message.as_ref().map(|(_, raw)| raw));
    row["order_ref_id"] = json!(reference(order));
    row
}

/// The refused changes that belong to what is seen of an order's history.
fn refused_changes(desk: &Desk, order: &Order) -> Vec<NotModified> {
    let mut refused = desk.not_modified(&order.id);
    refused.retain(|change| change.after <= order.history.len());
    refused
}

/// One row for each status an order went through.
fn changes(desk: &Desk, order: &Order) -> Vec<Value> {
    let mut refused = refused_changes(desk, order).into_iter().peekable();
    let mut rows = Vec::new();
    let (mut request, mut at_exchange) = (1, false);
    for (at, event) in order.history.iter().enumerate() {
        if matches!(event.kind, EventKind::Modified | EventKind::Cancelled) {
            request += 1;
        }
        let opens = matches!(event.kind, EventKind::Opened | EventKind::Armed);
        for status in words::statuses(event, at_exchange) {
            at_exchange |= opens && *status != "open pending";
            rows.push(row(order, &moment(event, status, at_exchange, request)));
        }
        while let Some(change) = refused.next_if(|change| change.after == at + 1) {
            request += 1;
            let stood = moment(event, "not modified", at_exchange, request);
            let message = Some(words::reason(&change.why));
            rows.push(row(
                order,
                &Moment {
                    message,
                    stamps: (change.at, change.at),
                    ..stood
                },
            ));
        }
    }
    rows
}

fn moment<'a>(event: &'a Event, status: &'a str, at_exchange: bool, request: usize) -> Moment<'a> {
    let message = match event.kind {
        EventKind::Lapsed => Some(lapse()),
        _ => event.reason.as_ref().map(words::reason),
    };
    Moment {
        status,
        message,
        terms: &event.terms,
        filled: event.filled,
        value: event.value,
        at_exchange,
        stamps: (event.at, event.at),
        request,
    }
}

fn lapse() -> (String, String) {
    let sentence = "The unfilled quantity of the IOC order was cancelled.".to_owned();
    (sentence, "IOC order cancelled by the exchange".to_owned())
}

/// The fields that book, details and history share.
fn row(order: &Order, moment: &Moment<'_>) -> Value {
    let (taken, stamped) = moment.stamps;
    let symbol = words::row_symbol(&order.contract);
    json!({
        "exchange": order.contract.segment.upstox_exchange(),
        "product": words::product(order.product),
        "price": moment.terms.price,
        "quantity": moment.terms.quantity,
        "status": moment.status,
        "tag": order.tag,
        "instrument_token": order.contract.names.upstox_key,
        "placed_by": USER_ID,
        "trading_symbol": symbol,
        "tradingsymbol": symbol,
        "order_type": words::kind(moment.terms.kind),
        "validity": words::validity(moment.terms.validity),
        "trigger_price": moment.terms.trigger,
        "disclosed_quantity": moment.terms.disclosed,
        "transaction_type": words::side(order.side),
        "average_price": average(moment.value, moment.filled),
        "filled_quantity": moment.filled,
        "status_message": moment.message.as_ref().map(|(sentence, _)| sentence),
        "exchange_order_id": order.exchange_id.as_ref().filter(|_| moment.at_exchange),
        "parent_order_id": null,
        "order_id": order.id,
        "variety": if order.after_market { "AMO" } else { "SIMPLE" },
        "order_timestamp": taken.format(ORDER_STAMP),
        "exchange_timestamp": moment.at_exchange.then(|| stamped.format(ORDER_STAMP)),
        "is_amo": order.after_market,
        "order_request_id": moment.request.to_string(),
    })
}

/// A trade row has no tag: who wants it joins on the order id.
fn trade(order: &Order, fill: &Fill) -> Value {
    let symbol = words::row_symbol(&order.contract);
    json!({
        "exchange": order.contract.segment.upstox_exchange(),
        "product": words::product(order.product),
        "trading_symbol": symbol,
        "tradingsymbol": symbol,
        "instrument_token": order.contract.names.upstox_key,
        "order_type": words::kind(order.terms.kind),
        "transaction_type": words::side(order.side),
        "quantity": fill.quantity,
        "exchange_order_id": order.exchange_id,
        "order_id": order.id,
        "exchange_timestamp": fill.at.format(TRADE_STAMP),
        "average_price": fill.price,
        "trade_id": fill.trade_id,
        "order_ref_id": reference(order),
        "order_timestamp": order.placed_at.format(TRADE_STAMP),
    })
}

/// The broker's inner number: the date and eight digits.
fn reference(order: &Order) -> String {
    format!(
        "{}{:08}",
        order.placed_at.format("%y%m%d"),
        hash_text(&order.id) % 100_000_000
    )
}
