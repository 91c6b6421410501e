//! Placing an order, second and third version.
//!
//! What the documents give an input code for is answered at once; what an exchange or the risk engine would find
//! (lot, tick, freeze quantity, circuit, margin, holdings, session) is taken and shows as rejected in the book.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Desk;
use super::errors::{self, Fault, Faults, Known};
use super::fields::{Reading, flag, integer, object, price, text};
use super::words;
use crate::account::{NewOrder, Order, OrderKind, Refusal};
use crate::clock::Instant64;
use crate::contracts::{Contract, Kind};
use crate::money::Paise;

/// A tag has at most so many characters.
const TAG_MAX: usize = 40;
/// A sliced order has at most so many children.
const SLICES_MAX: i64 = 25;
/// Where an order keeps the market protection it was placed with.
pub(super) const PROTECTION: &str = "market_protection";

/// A placement as read from its JSON.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) new: NewOrder,
    pub(super) slice: bool,
}

pub(super) async fn second_version(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let placed = place(&desk, &body, false);
    match placed {
        Ok(orders) => errors::success(&json!({ "order_id": orders.first().map(|order| order.id.as_str()) })),
        Err(faults) => faults.into_response(),
    }
}

pub(super) async fn third_version(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let began = desk.world.now();
    match place(&desk, &body, true) {
        Ok(orders) => {
            let ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
            timed(&desk, began, &json!({ "order_ids": ids }))
        }
        Err(faults) => faults.into_response(),
    }
}

/// The success envelope of the third version, which tells its latency.
pub(super) fn timed(desk: &Desk, began: Instant64, data: &Value) -> Response {
    let latency = (desk.world.now().0 - began.0) / 1_000 + 1;
    Json(json!({ "status": "success", "data": data, "metadata": { "latency": latency } })).into_response()
}

fn place(desk: &Desk, body: &[u8], third: bool) -> Result<Vec<Order>, Faults> {
    if desk.at_night() {
        return Err(errors::ORDERS_CLOSED.into());
    }
    let mut placement = read(desk, &object(body)?)?;
    placement.slice &= third;
    check(desk, &placement)?;
    Ok(submit(desk, placement))
}

/// Reads one order. Fields of both versions are the same but for `slice` and `market_protection`.
pub(super) fn read(desk: &Desk, fields: &Map<String, Value>) -> Result<Placement, Faults> {
    let mut reading = Reading::of(fields);
    let contract = contract(desk, &mut reading);
    let quantity = quantity(&mut reading, true);
    let word = reading.plain("product", text);
    let product = contract.as_ref().zip(word).and_then(|(contract, word)| {
        let product = words::read_product(word, contract.segment);
        if product.is_none() {
            reading.fault(errors::INPUT_INVALID.at("product", json!(word)));
        }
        product
    });
    let terms = Terms::read(&mut reading);
    let side = reading.plain("transaction_type", |value| text(value).and_then(words::read_side));
    let disclosed = reading.plain("disclosed_quantity", |value| {
        integer(value).filter(|units| *units >= 0)
    });
    let after_market = reading.plain("is_amo", flag);
    let tag = tag(&mut reading);
    let slice = reading
        .optional("slice", errors::INPUT_INVALID, flag)
        .unwrap_or(false);
    let protection = protection(&mut reading, terms.as_ref().map(|terms| terms.kind), false);
    let placement = (|| {
        let terms = terms?;
        let new = NewOrder {
            contract: contract?,
            side: side?,
            kind: terms.kind,
            product: product?,
            validity: terms.validity,
            quantity: quantity?,
            disclosed: disclosed?,
            price: terms.price,
            trigger: terms.trigger,
            after_market: after_market?,
            tag,
            extra: protection
                .map(|text| (PROTECTION.to_owned(), text))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        };
        Some(Placement { new, slice })
    })();
    reading.finish(placement)
}

/// Price kind, validity and prices, which placing and modifying share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) kind: OrderKind,
    pub(super) validity: crate::account::Validity,
    pub(super) price: Paise,
    pub(super) trigger: Paise,
}

impl Terms {
    pub(super) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let validity = reading.required(
            "validity",
            (errors::VALIDITY_MISSING, errors::VALIDITY_INVALID),
            |value| text(value).and_then(words::read_validity),
        );
        let kind = reading.required(
            "order_type",
            (errors::KIND_MISSING, errors::KIND_INVALID),
            |value| text(value).and_then(words::read_kind),
        );
        let sent = reading.required("price", (errors::PRICE_REQUIRED, errors::INPUT_INVALID), price);
        let trigger = reading.plain("trigger_price", price);
        let terms = Self {
            kind: kind?,
            validity: validity?,
            price: sent?,
            trigger: trigger?,
        };
        if let Some((known, property, value)) = terms.misfit() {
            reading.fault(known.at(property, value.to_json()));
        }
        Some(terms)
    }

    /// A price the order type lacks or does not take.
    const fn misfit(&self) -> Option<(Known, &'static str, Paise)> {
        let (kind, limit, trigger) = (self.kind, self.price, self.trigger);
        match (kind.has_price(), limit.is_zero()) {
            (true, true) => return Some((errors::PRICE_REQUIRED, "price", limit)),
            (false, false) => return Some((errors::PRICE_NOT_REQUIRED, "price", limit)),
            _ => {}
        }
        if kind.has_trigger() == trigger.is_zero() {
            return Some((errors::INPUT_INVALID, "trigger_price", trigger));
        }
        None
    }
}

/// The instrument of an order.
fn contract(desk: &Desk, reading: &mut Reading<'_>) -> Option<Arc<Contract>> {
    let missing = (errors::INSTRUMENT_MISSING, errors::INSTRUMENT_INVALID);
    let key = reading.required("instrument_token", missing, text)?;
    if key.is_empty() {
        reading.fault(errors::INSTRUMENT_MISSING.at("instrument_token", json!(key)));
        return None;
    }
    if key.starts_with("MCX_FO|") {
        reading.fault(errors::MCX_DISABLED.at("instrument_key", json!(key)));
        return None;
    }
    let contract = desk
        .world
        .universe()
        .by_upstox(key)
        .filter(|contract| contract.kind != Kind::Index)
        .cloned();
    if contract.is_none() {
        reading.fault(errors::INSTRUMENT_INVALID.at("instrument_token", json!(key)));
    }
    contract
}

/// A quantity above zero.
pub(super) fn quantity(reading: &mut Reading<'_>, required: bool) -> Option<i64> {
    let found = if required {
        reading.plain("quantity", |value| integer(value).filter(|units| *units >= 0))
    } else {
        reading.optional("quantity", errors::INPUT_INVALID, |value| {
            integer(value).filter(|units| *units >= 0)
        })
    };
    if found == Some(0) {
        reading.fault(errors::QUANTITY_ZERO.at("quantity", json!(0)));
    }
    found
}

fn tag(reading: &mut Reading<'_>) -> Option<String> {
    let tag = reading.optional("tag", errors::INPUT_INVALID, text)?;
    if tag.chars().count() > TAG_MAX {
        reading.fault(errors::TAG_TOO_LONG.at("tag", json!(tag)));
    }
    (!tag.is_empty()).then(|| tag.to_owned())
}

/// The market protection as text: -1 for automatic or 1 to 25 percent. Market and stop-market orders must have one;
/// `already` says that the order has it from before.
pub(super) fn protection(
    reading: &mut Reading<'_>,
    kind: Option<OrderKind>,
    already: bool,
) -> Option<String> {
    let at_market = kind.is_some_and(|kind| !kind.has_price());
    if reading.raw(PROTECTION).is_none() {
        if at_market && !already {
            reading.fault(errors::MARKET_REFUSED);
        }
        return None;
    }
    match reading.optional(PROTECTION, errors::PROTECTION_INVALID, Paise::from_json)? {
        Paise::ZERO => {
            if at_market {
                reading.fault(errors::MARKET_REFUSED);
            }
            None
        }
        band if band == Paise::rupees(-1) || (Paise::rupees(1)..=Paise::rupees(25)).contains(&band) => {
            Some(band.to_json().to_string())
        }
        band => {
            reading.fault(errors::PROTECTION_RANGE.at(PROTECTION, band.to_json()));
            None
        }
    }
}

/// What is refused before the order enters the book.
pub(super) fn check(desk: &Desk, placement: &Placement) -> Result<(), Faults> {
    if placement.slice && slices(&placement.new).len() > usize::try_from(SLICES_MAX).expect("a small number")
    {
        let quantity = json!(placement.new.quantity);
        return Err(errors::INPUT_INVALID.at("quantity", quantity).into());
    }
    match desk.world.check(&placement.new) {
        Err(refusal) => input_fault(&refusal).map_or(Ok(()), |fault| Err(fault.into())),
        Ok(()) => Ok(()),
    }
}

/// The documented input error for what the engine refuses, where there is one.
fn input_fault(refusal: &Refusal) -> Option<Fault> {
    Some(match refusal {
        Refusal::AfterMarketInSession => errors::AMO_IN_SESSION.into(),
        Refusal::IndexNotTradable => errors::INSTRUMENT_INVALID.into(),
        Refusal::QuantityNotPositive => errors::QUANTITY_ZERO.into(),
        Refusal::PriceMissing => errors::PRICE_REQUIRED.into(),
        Refusal::PriceNotAllowed => errors::PRICE_NOT_REQUIRED.into(),
        Refusal::TriggerMissing | Refusal::TriggerNotAllowed => {
            errors::INPUT_INVALID.at("trigger_price", Value::Null)
        }
        _ => return None,
    })
}

/// Enters a checked order, or its slices, in the book.
pub(super) fn submit(desk: &Desk, placement: Placement) -> Vec<Order> {
    let orders = if placement.slice {
        slices(&placement.new)
    } else {
        vec![placement.new]
    };
    orders.into_iter().map(|new| desk.world.place(new)).collect()
}

/// The order cut at the freeze quantity; one slice if it fits. Every child bears the tag.
pub(super) fn slices(new: &NewOrder) -> Vec<NewOrder> {
    let whole_lots = new.contract.freeze / new.contract.lot.max(1) * new.contract.lot.max(1);
    let most = if whole_lots > 0 { whole_lots } else { new.quantity };
    let count = (new.quantity + most - 1) / most;
    (0..count.min(SLICES_MAX + 1))
        .map(|at| {
            let quantity = most.min(new.quantity - at * most);
            NewOrder {
                quantity,
                disclosed: new.disclosed.min(quantity),
                ..new.clone()
            }
        })
        .collect()
}
