//! Modifying and cancelling an order.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::errors::{self, Fault, Outcome, input};
use super::fields::{self, Fields};
use super::place::{coded, no_legs, not_with_market, protected};
use super::words;
use crate::account::{Change, OrderKind};
use crate::money::Paise;
use crate::world::World;

/// Codes of the two answers. The documents show 1101 for a modification too.
const MODIFIED: i64 = 1101;
const CANCELLED: i64 = 1103;

pub(super) const MODIFIED_MESSAGE: &str = "Successfully modified order";
pub(super) const CANCELLED_MESSAGE: &str = "Successfully cancelled order";

pub(super) async fn modify(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let id = modify_one(&world, Fields::of(&value)?)?;
    Ok(done(MODIFIED, MODIFIED_MESSAGE, &id))
}

pub(super) async fn cancel(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let id = cancel_one(&world, Fields::of(&value)?)?;
    Ok(done(CANCELLED, CANCELLED_MESSAGE, &id))
}

pub(super) async fn cancel_by_path(State(world): State<Arc<World>>, Path(id): Path<String>) -> Outcome {
    world
        .cancel(&id)
        .map_err(|refusal| errors::refused(&refusal, Some(&id)))?;
    Ok(done(CANCELLED, CANCELLED_MESSAGE, &id))
}

fn done(code: i64, message: &str, id: &str) -> Response {
    Json(json!({ "s": "ok", "code": code, "message": message, "id": id })).into_response()
}

/// Changes an order and returns its id. What is left out keeps its value; a zero price is left out where the type has
/// none. The quantity is the new total.
pub(super) fn modify_one(world: &World, fields: Fields<'_>) -> Result<String, Fault> {
    let id = fields.required("id", Fields::text)?;
    let kind = coded(fields, "type", words::read_kind)?;
    let quantity = fields.integer("qty")?;
    let disclosed = fields.integer("disclosedQty")?;
    let mut price = fields.price("limitPrice")?;
    let trigger = fields
        .price("stopPrice")?
        .filter(|trigger| kind.has_trigger() || !trigger.is_zero());
    if fields
        .integer("side")?
        .is_some_and(|side| words::read_side(side).is_none())
    {
        return Err(input("side must be 1 or -1"));
    }
    let order = world.order(id).ok_or(errors::ORDER_UNKNOWN)?;
    if order.state.is_final() {
        return Err(errors::not_pending(id));
    }
    no_legs(fields, &order.contract)?;
    if kind == OrderKind::Market {
        not_with_market("limitPrice", price.unwrap_or_default())?;
        not_with_market("stopPrice", trigger.unwrap_or_default())?;
        price = Some(protected(world, &order.contract, order.side));
    } else if !kind.has_price() {
        price = price.filter(|price| *price != Paise::ZERO);
    }
    let kind = if kind == OrderKind::Market {
        OrderKind::Limit
    } else {
        kind
    };
    let change = Change {
        quantity,
        price,
        trigger,
        kind: Some(kind),
        validity: None,
        disclosed,
    };
    world
        .modify(id, &change)
        .map_err(|refusal| errors::refused(&refusal, Some(id)))?;
    Ok(id.to_owned())
}

/// Cancels an order and returns its id.
pub(super) fn cancel_one(world: &World, fields: Fields<'_>) -> Result<String, Fault> {
    let id = fields.required("id", Fields::text)?;
    world
        .cancel(id)
        .map_err(|refusal| errors::refused(&refusal, Some(id)))?;
    Ok(id.to_owned())
}
