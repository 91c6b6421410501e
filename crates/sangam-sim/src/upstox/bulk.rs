//! Several orders in one call: place, cancel all, exit all positions. They have their own, lower rate band.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Desk;
use super::errors::{self, Fault, Faults};
use super::fields::flag;
use super::place::{self, PROTECTION, Placement};
use crate::account::{NewOrder, Order, OrderKind, Position, Product, Side, Validity};
use crate::contracts::Contract;
use crate::money::Paise;

/// Lines of one multi-order call.
const LINES_MAX: usize = 10;
/// Characters of a correlation id.
const CORRELATION_MAX: usize = 20;
/// The segments that can be named to narrow a bulk call.
const SEGMENTS: [&str; 8] = [
    "NSE_EQ", "BSE_EQ", "NSE_FO", "BSE_FO", "NCD_FO", "BCD_FO", "MCX_FO", "NSE_COM",
];

/// Places up to ten orders: none if one of them cannot be read, buys before sells otherwise.
pub(super) async fn place(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    if desk.at_night() {
        return errors::ORDERS_CLOSED.into_response();
    }
    let Ok(Value::Array(lines)) = serde_json::from_slice(&body) else {
        return errors::INPUT_INVALID.into_response();
    };
    if lines.is_empty() {
        return errors::LINES_MISSING.into_response();
    }
    if lines.len() > LINES_MAX {
        return errors::LINES_TOO_MANY.into_response();
    }
    let mut placements = Vec::new();
    let (mut wrong, mut wrong_lines) = (Vec::new(), 0);
    let mut seen = HashSet::new();
    for line in &lines {
        let correlation = line
            .get("correlation_id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let once = seen.insert(correlation.clone());
        match read_line(&desk, line, &correlation, once) {
            Ok(placement) => placements.push((correlation, placement)),
            Err(Faults(faults)) => {
                wrong_lines += 1;
                wrong.extend(
                    faults
                        .iter()
                        .map(|fault| with(fault, "correlation_id", json!(correlation))),
                );
            }
        }
    }
    let total = lines.len();
    if wrong_lines > 0 {
        let summary = json!({ "total": total, "payload_error": wrong_lines, "success": 0, "error": 0 });
        let body = json!({ "status": "error", "data": null, "errors": wrong, "summary": summary });
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    placements.sort_by_key(|(_, placement)| placement.new.side);
    let mut data = Vec::new();
    for (correlation, placement) in placements {
        let orders = place::submit(&desk, placement);
        let sliced = orders.len() > 1;
        data.extend(orders.iter().enumerate().map(|(at, order)| {
            let name = if sliced {
                format!("{correlation}_{}", at + 1)
            } else {
                correlation.clone()
            };
            json!({ "correlation_id": name, "order_id": order.id })
        }));
    }
    let summary = json!({ "total": total, "payload_error": 0, "success": total, "error": 0 });
    Json(json!({ "status": "success", "data": data, "summary": summary })).into_response()
}

fn read_line(desk: &Desk, line: &Value, correlation: &str, once: bool) -> Result<Placement, Faults> {
    let Value::Object(fields) = line else {
        return Err(errors::INPUT_INVALID.into());
    };
    if correlation.is_empty() {
        return Err(errors::CORRELATION_MISSING.into());
    }
    if correlation.chars().count() > CORRELATION_MAX {
        return Err(errors::INPUT_INVALID
            .at("correlation_id", json!(correlation))
            .into());
    }
    if !once {
        return Err(errors::CORRELATION_TWICE.into());
    }
    if fields.get("slice").and_then(flag).is_none() {
        return Err(errors::INPUT_INVALID.at("slice", Value::Null).into());
    }
    let placement = place::read(desk, fields)?;
    place::check(desk, &placement)?;
    Ok(placement)
}

/// Cancels the open orders, of one segment or tag if asked.
pub(super) async fn cancel(State(desk): State<Arc<Desk>>, query: Query<HashMap<String, String>>) -> Response {
    let wanted = match Wanted::read(&query) {
        Ok(wanted) => wanted,
        Err(faults) => return faults.into_response(),
    };
    let hit =
        |order: &Order| !order.state.is_final() && wanted.segment(&order.contract) && wanted.tagged(order);
    let open: Vec<Order> = desk.world.orders().into_iter().filter(hit).collect();
    if open.is_empty() {
        return errors::NOTHING_TO_CANCEL.into_response();
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for order in &open {
        match desk.world.cancel(&order.id) {
            Ok(order) => done.push(order.id),
            // It was filled between the look and the cancellation.
            Err(_) => {
                let entry = with(&errors::CANCEL_FINAL.into(), "order_id", json!(order.id));
                failed.push(also(
                    entry,
                    "instrument_key",
                    json!(order.contract.names.upstox_key),
                ));
            }
        }
    }
    outcome(&done, &failed)
}

/// Squares off the open positions at the market, but for delivery shares.
pub(super) async fn exit(State(desk): State<Arc<Desk>>, query: Query<HashMap<String, String>>) -> Response {
    if desk.at_night() {
        return errors::ORDERS_CLOSED.into_response();
    }
    let wanted = match Wanted::read(&query) {
        Ok(wanted) => wanted,
        Err(faults) => return faults.into_response(),
    };
    let orders = desk.world.orders();
    let traded_so = |position: &Position| {
        orders.iter().any(|order| {
            wanted.tagged(order)
                && order.contract.key() == position.contract.key()
                && order.product == position.product
        })
    };
    let hit = |position: &Position| {
        let tagged = wanted.tag.is_none() || traded_so(position);
        position.net() != 0
            && position.product != Product::Delivery
            && wanted.segment(&position.contract)
            && tagged
    };
    let open: Vec<Position> = desk.world.positions().into_iter().filter(hit).collect();
    if open.is_empty() {
        return errors::NOTHING_TO_EXIT.into_response();
    }
    let closing = open.iter().map(|position| Placement {
        new: closing(position, wanted.tag),
        slice: true,
    });
    let ids: Vec<String> = closing
        .flat_map(|placement| place::submit(&desk, placement))
        .map(|order| order.id)
        .collect();
    outcome(&ids, &[])
}

fn closing(position: &Position, tag: Option<&str>) -> NewOrder {
    let net = position.net();
    NewOrder {
        contract: Arc::clone(&position.contract),
        side: if net > 0 { Side::Sell } else { Side::Buy },
        kind: OrderKind::Market,
        product: position.product,
        validity: Validity::Day,
        quantity: net.abs(),
        disclosed: 0,
        price: Paise::ZERO,
        trigger: Paise::ZERO,
        after_market: false,
        tag: tag.map(str::to_owned),
        extra: BTreeMap::from([(PROTECTION.to_owned(), "-1".to_owned())]),
    }
}

/// What a bulk call is narrowed to.
struct Wanted<'a> {
    tag: Option<&'a str>,
    segment: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(query: &'a HashMap<String, String>) -> Result<Self, Faults> {
        let given = |name: &str| {
            query
                .get(name)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let wanted = Self {
            tag: given("tag"),
            segment: given("segment"),
        };
        match wanted.segment {
            Some(segment) if !SEGMENTS.contains(&segment) => {
                Err(errors::BULK_SEGMENT_INVALID.at("segment", json!(segment)).into())
            }
            _ => Ok(wanted),
        }
    }

    fn segment(&self, contract: &Contract) -> bool {
        self.segment
            .is_none_or(|segment| segment == contract.segment.upstox())
    }

    fn tagged(&self, order: &Order) -> bool {
        self.tag.is_none_or(|tag| order.tag.as_deref() == Some(tag))
    }
}

fn outcome(done: &[String], failed: &[Value]) -> Response {
    let total = done.len() + failed.len();
    let summary = json!({ "total": total, "success": done.len(), "error": failed.len() });
    let mut body = json!({ "status": "success", "data": { "order_ids": done }, "summary": summary });
    if failed.is_empty() {
        return Json(body).into_response();
    }
    body["status"] = json!("partial_success");
    body["errors"] = json!(failed);
    (StatusCode::MULTI_STATUS, Json(body)).into_response()
}

fn with(fault: &Fault, name: &str, value: Value) -> Value {
    also(fault.entry(), name, value)
}

fn also(mut entry: Value, name: &str, value: Value) -> Value {
    entry[name] = value;
    entry
}
