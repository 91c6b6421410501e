//! Several orders in one call: a bare array in, one entry for each out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

use super::change::{self, CANCELLED_MESSAGE, MODIFIED_MESSAGE};
use super::errors::{Fault, Outcome, input, success};
use super::fields::{self, Fields};
use super::place::{self, Placement, item};
use crate::world::World;

/// Orders of one call.
const ORDERS_MAX: usize = 10;

pub(super) async fn place(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    each(&world, &body, |world, fields| {
        let order = place::submit(world, Placement::read(world, fields)?.new)?;
        Ok(json!({ "s": "ok", "code": 200, "message": place::submitted(&order), "id": order.id }))
    })
}

/// The documents show the ids of this answer as numbers.
pub(super) async fn modify(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    each(&world, &body, |world, fields| {
        let id = change::modify_one(world, fields)?;
        let id: u64 = id.parse().expect("our order ids are digits");
        Ok(json!({ "s": "ok", "code": 200, "message": MODIFIED_MESSAGE, "id": id }))
    })
}

pub(super) async fn cancel(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    each(&world, &body, |world, fields| {
        let id = change::cancel_one(world, fields)?;
        Ok(json!({ "s": "ok", "code": 1103, "message": CANCELLED_MESSAGE, "id": id }))
    })
}

fn each(world: &World, body: &[u8], one: impl Fn(&World, Fields<'_>) -> Result<Value, Fault>) -> Outcome {
    let value = fields::json(body)?;
    let orders = value
        .as_array()
        .ok_or_else(|| input("a list of orders is required"))?;
    if !(1..=ORDERS_MAX).contains(&orders.len()) {
        return Err(input(format_args!("1 to {ORDERS_MAX} orders can be sent")));
    }
    let answers = orders
        .iter()
        .map(|order| item("HTTP OK", Fields::of(order).and_then(|fields| one(world, fields))));
    Ok(success(json!({ "data": answers.collect::<Vec<_>>() })))
}

/// How many orders a body holds, for the rate rules: each counts.
pub(super) fn orders_in(body: &[u8]) -> u32 {
    let orders = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(orders)) => orders.len(),
        _ => 1,
    };
    u32::try_from(orders.clamp(1, ORDERS_MAX)).expect("at most ten")
}
