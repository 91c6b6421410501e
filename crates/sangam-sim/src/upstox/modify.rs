//! Modifying and cancelling one order, both versions.
//!
//! A change is taken before the risk engine sees it: what that refuses shows as `not modified`, and the old terms
//! stand.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::errors::{self, Faults};
use super::fields::{Reading, integer, object};
use super::place::{PROTECTION, Terms, protection, quantity, timed};
use super::{Desk, NotModified};
use crate::account::{Change, Order, Refusal};

/// Refused changes kept for one order; older ones are forgotten.
const NOT_MODIFIED_MAX: usize = 50;

pub(super) async fn modify_v2(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    match modify(&desk, &body) {
        Ok(id) => errors::success(&json!({ "order_id": id })),
        Err(faults) => faults.into_response(),
    }
}

pub(super) async fn modify_v3(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let began = desk.world.now();
    match modify(&desk, &body) {
        Ok(id) => timed(&desk, began, &json!({ "order_id": id })),
        Err(faults) => faults.into_response(),
    }
}

pub(super) async fn cancel_v2(
    State(desk): State<Arc<Desk>>,
    query: Query<HashMap<String, String>>,
) -> Response {
    match cancel(&desk, &query) {
        Ok(id) => errors::success(&json!({ "order_id": id })),
        Err(faults) => faults.into_response(),
    }
}

pub(super) async fn cancel_v3(
    State(desk): State<Arc<Desk>>,
    query: Query<HashMap<String, String>>,
) -> Response {
    let began = desk.world.now();
    match cancel(&desk, &query) {
        Ok(id) => timed(&desk, began, &json!({ "order_id": id })),
        Err(faults) => faults.into_response(),
    }
}

fn modify(desk: &Desk, body: &[u8]) -> Result<String, Faults> {
    if desk.at_night() {
        return Err(errors::ORDERS_CLOSED.into());
    }
    let fields = object(body)?;
    let id = order_id(fields.get("order_id").and_then(Value::as_str))?.to_owned();
    let order = desk.world.order(&id).ok_or(errors::ORDER_UNKNOWN)?;
    let change = read(&fields, &order)?;
    match desk.world.modify(&id, &change) {
        Ok(_) => Ok(id),
        Err(Refusal::UnknownOrder) => Err(errors::ORDER_UNKNOWN.into()),
        Err(Refusal::NotOpen { .. }) => Err(errors::MODIFY_FINAL.into()),
        Err(why) => {
            desk.refuse_change(&id, why);
            Ok(id)
        }
    }
}

/// Quantities that are not sent stay; prices are always sent.
fn read(fields: &Map<String, Value>, order: &Order) -> Result<Change, Faults> {
    let mut reading = Reading::of(fields);
    let terms = Terms::read(&mut reading);
    let quantity = quantity(&mut reading, false);
    let disclosed = reading.optional("disclosed_quantity", errors::INPUT_INVALID, |value| {
        integer(value).filter(|units| *units >= 0)
    });
    let already = order.extra.contains_key(PROTECTION);
    protection(&mut reading, terms.map(|terms| terms.kind), already);
    let change = terms.map(|terms| Change {
        quantity,
        disclosed,
        price: Some(terms.price),
        // A trigger that is sent again unchanged does not arm a stop that has fired.
        trigger: (terms.trigger != order.terms.trigger).then_some(terms.trigger),
        kind: Some(terms.kind),
        validity: Some(terms.validity),
    });
    reading.finish(change)
}

fn cancel(desk: &Desk, query: &HashMap<String, String>) -> Result<String, Faults> {
    let id = order_id(query.get("order_id").map(String::as_str))?;
    match desk.world.cancel(id) {
        Ok(_) => Ok(id.to_owned()),
        Err(Refusal::NotOpen { .. }) => Err(errors::CANCEL_FINAL.into()),
        Err(_) => Err(errors::ORDER_UNKNOWN.into()),
    }
}

/// An order id of letters, digits and hyphens.
pub(super) fn order_id(sent: Option<&str>) -> Result<&str, Faults> {
    let id = sent.filter(|id| !id.is_empty()).ok_or(errors::ORDER_ID_MISSING)?;
    if id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        Ok(id)
    } else {
        Err(errors::ORDER_ID_MALFORMED.at("order_id", json!(id)).into())
    }
}

impl Desk {
    fn refuse_change(&self, order_id: &str, why: Refusal) {
        let at = self.world.now();
        let after = self.world.order(order_id).map_or(0, |order| order.history.len());
        let mut refused = self.not_modified.lock();
        // Orders live for a day; so do their refused changes.
        refused.retain(|_, changes| {
            changes
                .last()
                .is_some_and(|last| last.at.day_number() == at.day_number())
        });
        let changes = refused.entry(order_id.to_owned()).or_default();
        if changes.len() == NOT_MODIFIED_MAX {
            changes.remove(0);
        }
        changes.push(NotModified { at, after, why });
    }
}

#[cfg(test)]
mod tests {
    use super::order_id;

    #[test]
    fn order_ids_are_letters_digits_and_hyphens() {
        assert!(order_id(Some("240108010445130")).is_ok());
        assert!(order_id(Some("AB-1")).is_ok());
        for wrong in [None, Some(""), Some("1 2"), Some("1;2")] {
            assert!(order_id(wrong).is_err(), "{wrong:?}");
        }
    }
}
