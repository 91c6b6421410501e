//! Placing an order, alone, sliced or queued.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::errors::{self, Fault, Outcome, input};
use super::fields::{self, Fields};
use super::{CLIENT_ID, words};
use crate::account::{NewOrder, Order, OrderKind, Refusal, Side};
use crate::contracts::{Contract, Segment};
use crate::money::Paise;
use crate::world::World;

/// Slices of one order.
const SLICES_MAX: i64 = 10;
/// Letters and digits of a tag.
const TAG_MAX: usize = 30;
/// How far from the last price a market order may trade, in percent, and at least in ticks. The broker does not
/// publish its figure.
const PROTECTION_PERCENT: i64 = 3;
const PROTECTION_TICKS: i64 = 5;

/// An order as it was sent.
pub(super) struct Placement {
    pub(super) new: NewOrder,
    pub(super) slice: bool,
}

pub(super) async fn place(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let placement = read(&world, &body)?;
    let freeze = placement.new.contract.freeze;
    if placement.slice && placement.new.quantity > freeze {
        return slices(&world, &placement.new);
    }
    let order = submit(&world, placement.new)?;
    let message = submitted(&order);
    Ok(Json(json!({ "s": "ok", "code": 1101, "message": message, "id": order.id })).into_response())
}

/// The queued form: the answer tells no order id. Here the queue is always empty, so the order is placed at once.
pub(super) async fn queue(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let placement = read(&world, &body)?;
    check(&world, &placement.new)?;
    let order = world.place(placement.new);
    let message = "Order queued successfully.";
    let id = words::fyers_id(&order);
    Ok(Json(json!({ "s": "ok", "code": 1101, "message": message, "id_fyers": id })).into_response())
}

pub(super) fn submitted(order: &Order) -> String {
    format!("Order submitted successfully. Your Order Ref. No.{}", order.id)
}

/// Places an order. Wrong input enters no book; what the broker's own risk engine rejects is answered with its id;
/// what the exchange rejects is taken first and shows in the book.
pub(super) fn submit(world: &World, new: NewOrder) -> Result<Order, Fault> {
    check(world, &new)?;
    let order = world.place(new);
    match &order.reason {
        Some(reason @ (Refusal::Margin { .. } | Refusal::Holdings { .. })) => {
            Err(errors::rejected(reason, Some(&order.id)))
        }
        _ => Ok(order),
    }
}

fn check(world: &World, new: &NewOrder) -> Result<(), Fault> {
    match world.check(new) {
        Err(refusal) if !refusal.is_risk() => Err(errors::refused(&refusal, None)),
        _ => Ok(()),
    }
}

/// Cuts an order at the freeze quantity; the answer has one entry for each slice and no `s` or `id` of its own.
fn slices(world: &World, new: &NewOrder) -> Outcome {
    let lot = new.contract.lot;
    let most = new.contract.freeze / lot * lot;
    if new.contract.segment == Segment::BseCash {
        return Err(input("isSliceOrder is not available in this segment"));
    }
    if new.quantity % lot != 0 {
        return Err(errors::refused(&Refusal::NotALotMultiple { lot }, None));
    }
    if new.quantity > SLICES_MAX * most {
        return Err(input(format_args!("qty needs more than {SLICES_MAX} slices")));
    }
    let slice = |quantity: i64| NewOrder {
        quantity,
        disclosed: new.disclosed.min(quantity),
        ..new.clone()
    };
    check(world, &slice(most))?;
    let mut left = new.quantity;
    let mut data = Vec::new();
    while left > 0 {
        let quantity = most.min(left);
        left -= quantity;
        data.push(item("OK", submit(world, slice(quantity)).map(|order| {
            json!({ "s": "ok", "code": 1101, "message": "Successfully placed order", "id": order.id })
        })));
    }
    let message = "Order Slice placed successfully";
    Ok(Json(json!({ "code": 1101, "message": message, "data": data })).into_response())
}

/// One entry of an answer about several orders.
pub(super) fn item(described: &str, result: Result<Value, Fault>) -> Value {
    match result {
        Ok(body) => json!({ "statusCode": 200, "body": body, "statusDescription": described }),
        Err(fault) => {
            json!({ "statusCode": fault.status, "body": fault.body(), "statusDescription": "BAD REQUEST" })
        }
    }
}

fn read(world: &World, body: &[u8]) -> Result<Placement, Fault> {
    let value = fields::json(body)?;
    Placement::read(world, Fields::of(&value)?)
}

impl Placement {
    /// Reads an order. All documented fields but the optional ones must be there.
    pub(super) fn read(world: &World, fields: Fields<'_>) -> Result<Self, Fault> {
        let symbol = fields.required("symbol", Fields::text)?;
        let quantity = fields.required("qty", Fields::integer)?;
        let kind = coded(fields, "type", words::read_kind)?;
        let side = coded(fields, "side", words::read_side)?;
        let product = worded(fields, "productType", words::read_product)?;
        let price = fields.required("limitPrice", Fields::price)?;
        let trigger = fields.required("stopPrice", Fields::price)?;
        let disclosed = fields.required("disclosedQty", Fields::integer)?;
        let validity = worded(fields, "validity", words::read_validity)?;
        let after_market = fields.required("offlineOrder", Fields::flag)?;
        let slice = fields.flag("isSliceOrder")?.unwrap_or(false);
        let tag = tag(fields)?;
        let contract = world
            .universe()
            .by_fyers(symbol)
            .cloned()
            .ok_or(errors::SYMBOL_ON_ORDER)?;
        no_legs(fields, &contract)?;
        let (kind, price) = if kind == OrderKind::Market {
            not_with_market("limitPrice", price)?;
            not_with_market("stopPrice", trigger)?;
            (OrderKind::Limit, protected(world, &contract, side))
        } else {
            (kind, price)
        };
        let extra = BTreeMap::new();
        let new = NewOrder {
            contract,
            side,
            kind,
            product,
            validity,
            quantity,
            disclosed,
            price,
            trigger,
            after_market,
            tag,
            extra,
        };
        Ok(Self { new, slice })
    }
}

/// A required number that stands for something.
pub(super) fn coded<T>(
    fields: Fields<'_>,
    name: &'static str,
    read: impl FnOnce(i64) -> Option<T>,
) -> Result<T, Fault> {
    let number = fields.required(name, Fields::integer)?;
    read(number).ok_or_else(|| input(format_args!("{name} {number} is not known")))
}

/// A required word that stands for something.
pub(super) fn worded<T>(
    fields: Fields<'_>,
    name: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Fault> {
    let word = fields.required(name, Fields::text)?;
    read(word).ok_or_else(|| input(format_args!("{name} {word} is not known")))
}

pub(super) fn not_with_market(name: &str, price: Paise) -> Result<(), Fault> {
    if price.is_zero() {
        Ok(())
    } else {
        Err(input(format_args!("{name} must be 0 for type 2")))
    }
}

/// Letters and digits, 1 to 30, neither the client id nor the word for no tag.
fn tag(fields: Fields<'_>) -> Result<Option<String>, Fault> {
    let Some(tag) = fields.text("orderTag")? else {
        return Ok(None);
    };
    let fits = (1..=TAG_MAX).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits || tag == CLIENT_ID || tag == "Untagged" {
        return Err(input("orderTag must be 1 to 30 letters and digits"));
    }
    Ok(Some(tag.to_owned()))
}

/// Exits attached to an order are not simulated: zero is fine, an offset is refused.
pub(super) fn no_legs(fields: Fields<'_>, contract: &Contract) -> Result<(), Fault> {
    for (name, shown) in [("stopLoss", "StopLoss"), ("takeProfit", "TakeProfit")] {
        let offset = fields.price(name)?.unwrap_or_default();
        if offset.floor_to(contract.tick.max(Paise(1))) != offset {
            return Err(errors::off_tick(shown, contract.tick));
        }
        if !offset.is_zero() {
            return Err(input(format_args!("{name} is not available")));
        }
    }
    Ok(())
}

/// The limit of a market order: the broker converts it to a limit order some percent beyond the last price, inside
/// the circuits.
pub(super) fn protected(world: &World, contract: &Contract, side: Side) -> Paise {
    let now = world.now();
    let last = world.market().last(contract, now);
    let (lower, upper) = world.market().circuits(contract, now);
    let tick = contract.tick.max(Paise(1));
    let band = Paise(last.0 * PROTECTION_PERCENT / 100).max(tick.times(PROTECTION_TICKS));
    match side {
        Side::Buy => (last + band).floor_to(tick).min(upper),
        Side::Sell => (last - band).ceil_to(tick).max(lower),
    }
}
