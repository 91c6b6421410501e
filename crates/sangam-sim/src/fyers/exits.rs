//! Closing positions and moving them to another product.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::errors::{self, Fault, Outcome, input};
use super::fields::{self, Fields};
use super::place::{coded, protected, worded};
use super::portfolio::position_id;
use super::words;
use crate::account::{NewOrder, Order, OrderKind, OrderState, Position, Product, Side, Validity};
use crate::money::Paise;
use crate::world::World;

/// Which positions a call is about.
enum Selection<'a> {
    All,
    Ids(Vec<&'a str>),
    Filter(Filter<'a>),
}

/// An empty list takes everything of its kind.
struct Filter<'a> {
    segments: Vec<&'a Value>,
    sides: Vec<&'a Value>,
    products: Vec<&'a Value>,
}

/// Closes positions at the market, all of them only when `exit_all` says so.
pub(super) async fn exit(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let fields = Fields::of(&value)?;
    let selection = Selection::read(fields)?;
    let cancel_pending = fields.integer("pending_orders_cancel")? == Some(1);
    let positions = world.positions();
    selection.must_exist(&positions)?;
    let chosen: Vec<&Position> = positions
        .iter()
        .filter(|position| selection.takes(position))
        .collect();
    if cancel_pending {
        cancel_orders(&world, &chosen);
    }
    let open: Vec<&Position> = chosen
        .into_iter()
        .filter(|position| position.net() != 0)
        .collect();
    if open.is_empty() {
        return Err(errors::NOTHING_TO_EXIT);
    }
    let orders: Vec<Order> = open
        .into_iter()
        .flat_map(|position| close(&world, position))
        .collect();
    let rejected = orders
        .iter()
        .find_map(|order| order.reason.as_ref().map(|reason| (order, reason)));
    if let Some((order, reason)) = rejected {
        return Err(errors::rejected(reason, Some(&order.id)));
    }
    let (code, message) = if orders.iter().all(|order| order.state == OrderState::Complete) {
        (200, "The position is closed.")
    } else {
        (201, "Exit order placed but not filled")
    };
    Ok(Json(json!({ "s": "ok", "code": code, "message": message })).into_response())
}

impl<'a> Selection<'a> {
    fn read(fields: Fields<'a>) -> Result<Self, Fault> {
        if fields.is_empty() {
            return Err(errors::INPUT);
        }
        if fields.integer("exit_all")? == Some(1) {
            return Ok(Self::All);
        }
        match fields.raw("id") {
            Some(Value::String(id)) => return Ok(Self::Ids(vec![id])),
            Some(Value::Array(ids)) if !ids.is_empty() => {
                let ids: Option<Vec<&str>> = ids.iter().map(Value::as_str).collect();
                return ids
                    .map(Self::Ids)
                    .ok_or_else(|| input("id must be a text or a list of texts"));
            }
            Some(_) => return Err(input("id must be a text or a list of texts")),
            None => {}
        }
        let list = |name: &str| match fields.raw(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.iter().collect()),
            Some(_) => Err(input(format_args!("{name} must be a list"))),
        };
        let filter = Filter {
            segments: list("segment")?,
            sides: list("side")?,
            products: list("productType")?,
        };
        if filter.segments.is_empty() && filter.sides.is_empty() && filter.products.is_empty() {
            return Err(errors::INPUT);
        }
        Ok(Self::Filter(filter))
    }

    /// Each id named must be a position of the day.
    fn must_exist(&self, positions: &[Position]) -> Result<(), Fault> {
        let Self::Ids(ids) = self else {
            return Ok(());
        };
        let known: Vec<String> = positions.iter().map(position_id).collect();
        if ids.iter().all(|id| known.iter().any(|known| known == id)) {
            Ok(())
        } else {
            Err(errors::POSITION_UNKNOWN)
        }
    }

    fn takes(&self, position: &Position) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&position_id(position).as_str()),
            Self::Filter(filter) => {
                let one_of = |wanted: &[&Value], value: Value| wanted.is_empty() || wanted.contains(&&value);
                one_of(&filter.segments, json!(position.contract.segment.fyers_segment()))
                    && one_of(&filter.sides, json!(position.net().signum()))
                    && one_of(&filter.products, json!(words::product(position.product)))
            }
        }
    }
}

/// Cancels the open orders in the contracts and products of some positions.
fn cancel_orders(world: &World, positions: &[&Position]) {
    let same = |order: &Order, position: &&Position| {
        order.contract.key() == position.contract.key() && order.product == position.product
    };
    for order in world.orders() {
        if !order.state.is_final() && positions.iter().any(|position| same(&order, position)) {
            // One that was filled just now needs no cancelling.
            drop(world.cancel(&order.id));
        }
    }
}

/// Counter orders at the market, cut at the freeze quantity.
fn close(world: &World, position: &Position) -> Vec<Order> {
    let contract = &position.contract;
    let side = if position.net() > 0 { Side::Sell } else { Side::Buy };
    let most = contract.freeze / contract.lot * contract.lot;
    let mut left = position.net().abs();
    let mut orders = Vec::new();
    while left > 0 {
        let quantity = left.min(most);
        left -= quantity;
        orders.push(world.place(NewOrder {
            contract: Arc::clone(contract),
            side,
            kind: OrderKind::Limit,
            product: position.product,
            validity: Validity::Day,
            quantity,
            disclosed: 0,
            price: protected(world, contract, side),
            trigger: Paise::ZERO,
            after_market: false,
            tag: None,
            extra: BTreeMap::new(),
        }));
    }
    orders
}

/// Moves part of a position to another product. Delivery and margin-funded positions cannot be moved.
pub(super) async fn convert(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let fields = Fields::of(&value)?;
    let id = fields.required("symbol", Fields::text)?;
    let side = coded(fields, "positionSide", words::read_side)?;
    let quantity = fields.required("convertQty", Fields::integer)?;
    let from = worded(fields, "convertFrom", words::read_product)?;
    let to = worded(fields, "convertTo", words::read_product)?;
    let overnight = fields.required("overnight", Fields::integer)?;
    if !(0..=1).contains(&overnight) {
        return Err(input("overnight must be 0 or 1"));
    }
    if matches!(from, Product::Delivery | Product::MarginFunded) || from == to {
        return Err(input(format_args!(
            "{} cannot be converted",
            words::product(from)
        )));
    }
    let positions = world.positions();
    let position = positions.iter().find(|position| position_id(position) == id);
    let position = position
        .filter(|position| position.product == from)
        .ok_or(errors::POSITION_UNKNOWN)?;
    world
        .convert(position.contract.key(), (from, to), side, quantity)
        .map_err(|refusal| errors::refused(&refusal, None))?;
    let message = "Position Converted Successfully!!";
    Ok(Json(json!({ "s": "ok", "code": 200, "message": message, "positionDetails": 1101 })).into_response())
}
