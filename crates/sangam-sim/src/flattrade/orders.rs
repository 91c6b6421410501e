//! Placing, changing and cancelling orders.
//!
//! `Ok` means that the OMS took the order. What the documents have an immediate refusal for never enters the book;
//! what the risk engine or an exchange would find (margin, holdings, circuit, lot, tick, freeze, session) is taken and
//! shows as rejected. A change is different: its refusal is answered, and the old terms stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::errors::{self, Refused};
use super::request::Asked;
use super::words;
use super::{Outcome, done};
use crate::account::{Change, NewOrder, Order, OrderKind, Refusal, Validity};
use crate::contracts::{Contract, Kind};
use crate::money::Paise;
use crate::world::World;

/// What every placement carries.
const REQUIRED: [&str; 11] = [
    "uid", "actid", "exch", "tsym", "qty", "prc", "dscqty", "prd", "trantype", "prctyp", "ret",
];

/// Where an order keeps that it was placed to the end of the session, which the engine takes for a day.
const END_OF_SESSION: &str = "EOS";

pub(super) fn place(world: &World, asked: &Asked) -> Outcome {
    let new = read(world, asked)?;
    if let Err(refusal) = world.check(&new)
        && let Some(refused) = errors::at_once(&refusal, asked.get("trgprc"))
    {
        return Err(refused);
    }
    let order = world.place(new);
    done(world, json!({ "norenordno": order.id }))
}

fn read(world: &World, asked: &Asked) -> Result<NewOrder, Refused> {
    for name in REQUIRED {
        asked.need(name)?;
    }
    let contract = tradable(world, asked)?;
    let side = words::read_side(asked.need("trantype")?).ok_or_else(errors::invalid_input)?;
    let product = words::read_product(asked.need("prd")?).ok_or_else(errors::invalid_input)?;
    let kind = read_kind(asked.need("prctyp")?)?;
    let (validity, extra) = read_validity(asked.need("ret")?)?;
    let after_market = match asked.raw("amo") {
        None => false,
        Some("Yes") => true,
        Some(_) => return Err(errors::invalid_amo()),
    };
    let disclosed = asked
        .need("dscqty")?
        .parse()
        .map_err(|_| errors::invalid_input())?;
    Ok(NewOrder {
        contract,
        side,
        kind,
        product,
        validity,
        quantity: asked.need_quantity("qty")?,
        disclosed,
        price: read_price(asked)?,
        trigger: placed_trigger(kind, asked)?,
        after_market,
        tag: asked.get("remarks").map(str::to_owned),
        extra,
    })
}

/// The contract of an order; an index is quoted only.
fn tradable(world: &World, asked: &Asked) -> Result<Arc<Contract>, Refused> {
    let symbol = asked.need_name("tsym")?;
    world
        .universe()
        .by_flattrade(asked.need("exch")?, &symbol)
        .filter(|contract| contract.kind != Kind::Index)
        .cloned()
        .ok_or_else(errors::invalid_input)
}

fn read_kind(word: &str) -> Result<OrderKind, Refused> {
    match word {
        "LMT" => Ok(OrderKind::Limit),
        "SL-LMT" => Ok(OrderKind::StopLimit),
        "MKT" | "SL-MKT" => Err(errors::kind_not_allowed(word)),
        _ => Err(errors::invalid_input()),
    }
}

fn read_validity(word: &str) -> Result<(Validity, BTreeMap<String, String>), Refused> {
    match word {
        "DAY" => Ok((Validity::Day, BTreeMap::new())),
        "IOC" => Ok((Validity::Ioc, BTreeMap::new())),
        END_OF_SESSION => {
            let extra = [(END_OF_SESSION.to_owned(), String::new())];
            Ok((Validity::Day, BTreeMap::from(extra)))
        }
        _ => Err(errors::invalid_input()),
    }
}

/// An order's validity in the broker's words.
pub(super) fn validity(order: &Order, validity: Validity) -> &'static str {
    match validity {
        Validity::Ioc => "IOC",
        Validity::Day if order.extra.contains_key(END_OF_SESSION) => END_OF_SESSION,
        Validity::Day => "DAY",
    }
}

fn read_price(asked: &Asked) -> Result<Paise, Refused> {
    let price: Paise = asked.need("prc")?.parse().map_err(|_| errors::invalid_input())?;
    if price.is_zero() {
        Err(errors::price_zero())
    } else if price < Paise::ZERO {
        Err(errors::invalid_input())
    } else {
        Ok(price)
    }
}

/// The trigger of a placement: on a limit order the official client sends `None` and others a zero, which say nothing.
fn placed_trigger(kind: OrderKind, asked: &Asked) -> Result<Paise, Refused> {
    let sent = asked.get("trgprc");
    if kind.has_trigger() {
        return needed_trigger(sent);
    }
    match sent {
        None | Some("None") => Ok(Paise::ZERO),
        Some(text) if text.parse() == Ok(Paise::ZERO) => Ok(Paise::ZERO),
        Some(text) => Err(errors::trigger_invalid(Some(text))),
    }
}

fn needed_trigger(sent: Option<&str>) -> Result<Paise, Refused> {
    sent.and_then(|text| text.parse().ok())
        .filter(|trigger| *trigger > Paise::ZERO)
        .ok_or_else(|| errors::trigger_invalid(sent))
}

pub(super) fn modify(world: &World, asked: &Asked) -> Outcome {
    for name in ["uid", "norenordno", "exch", "tsym", "qty", "prc"] {
        asked.need(name)?;
    }
    let symbol = asked.need_name("tsym")?;
    let order = world
        .order(asked.need("norenordno")?)
        .filter(|order| {
            let contract = &order.contract;
            asked.get("exch") == Some(contract.segment.flattrade()) && contract.names.flattrade == symbol
        })
        .ok_or_else(errors::order_not_found)?;
    let change = read_change(asked, &order)?;
    match world.modify(&order.id, &change) {
        Ok(order) => done(world, json!({ "result": order.id })),
        Err(Refusal::UnknownOrder | Refusal::NotOpen { .. }) => Err(errors::order_not_found()),
        Err(refusal) => Err(errors::at_once(&refusal, asked.get("trgprc")).unwrap_or_else(|| {
            let price = change.price.unwrap_or_default();
            errors::rejected(&words::reason(&refusal, &order.contract, price))
        })),
    }
}

/// The new terms. The official client sends neither validity nor disclosed quantity; side and product stay.
fn read_change(asked: &Asked, order: &Order) -> Result<Change, Refused> {
    let kind = asked.get("prctyp").map_or(Ok(order.terms.kind), read_kind)?;
    let validity = asked.get("ret").map(read_validity).transpose()?;
    let trigger = if kind.has_trigger() {
        let trigger = needed_trigger(asked.get("trgprc"))?;
        // A stop order that fired is not armed again by naming its trigger.
        (trigger != order.terms.trigger).then_some(trigger)
    } else if let Some(text) = asked.raw("trgprc") {
        // A zero too.
        return Err(errors::trigger_invalid(Some(text)));
    } else {
        None
    };
    Ok(Change {
        quantity: Some(asked.need_quantity("qty")?),
        price: Some(read_price(asked)?),
        trigger,
        kind: Some(kind),
        validity: validity.map(|(validity, _)| validity),
        disclosed: None,
    })
}

pub(super) fn cancel(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let order = world
        .cancel(asked.need("norenordno")?)
        .map_err(|_| errors::nothing_to_cancel())?;
    done(world, json!({ "result": order.id }))
}

/// Ends cover and bracket orders, of which there are none.
pub(super) fn exit(_world: &World, asked: &Asked) -> Outcome {
    for name in ["uid", "norenordno"] {
        asked.need(name)?;
    }
    match asked.need("prd")? {
        "H" | "B" => Err(errors::order_not_found()),
        _ => Err(errors::invalid_input()),
    }
}
