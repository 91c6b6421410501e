//! Positions and their conversion, holdings, limits.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors;
use super::request::Asked;
use super::words::{self, text};
use super::{ACCOUNT, Outcome, done, list};
use crate::account::{Holding, Leg, Order, Position, Product, Refusal, Side};
use crate::contracts::Contract;
use crate::money::Paise;
use crate::world::World;

pub(super) fn positions(world: &World, asked: &Asked) -> Outcome {
    for name in ["uid", "actid"] {
        asked.need(name)?;
    }
    let orders = world.orders();
    let rows = world
        .positions()
        .iter()
        .map(|position| position_row(position, &orders))
        .collect();
    list(rows)
}

fn position_row(position: &Position, orders: &[Order]) -> Value {
    let contract = &position.contract;
    let net_average = position.net_average();
    let mut row = json!({
        "stat": "Ok",
        "uid": ACCOUNT,
        "actid": ACCOUNT,
        "exch": contract.segment.flattrade(),
        "tsym": contract.names.flattrade,
        "token": text(contract.token),
        "prd": words::product(position.product),
        "instname": words::instrument(contract),
        "pp": "2",
        "ls": text(contract.lot),
        "ti": text(contract.tick),
        "mult": "1",
        "prcftr": "1.000000",
        "netqty": text(position.net()),
        "netavgprc": text(net_average),
        "lp": text(position.last),
        "urmtom": text(unrealised(position)),
        "rpnl": text(position.realised),
        "bep": text(net_average),
        "cforgavgprc": text(position.carried_buy.and(position.carried_sell).average()),
        "totsellavgprc": text(position.sell().average()),
    });
    for (name, leg) in [
        ("daybuy", position.day_buy),
        ("daysell", position.day_sell),
        ("cfbuy", position.carried_buy),
        ("cfsell", position.carried_sell),
        ("openbuy", working(position, Side::Buy, orders)),
        ("opensell", working(position, Side::Sell, orders)),
    ] {
        row[format!("{name}qty")] = text(leg.quantity);
        row[format!("{name}amt")] = text(leg.value);
        row[format!("{name}avgprc")] = text(leg.average());
    }
    row
}

/// By the documents' formula: net quantity times last price less average.
fn unrealised(position: &Position) -> Paise {
    (position.last - position.net_average()).times(position.net())
}

/// What open orders would add to a position.
fn working(position: &Position, side: Side, orders: &[Order]) -> Leg {
    orders
        .iter()
        .filter(|order| order.contract.key() == position.contract.key())
        .filter(|order| order.product == position.product && order.side == side)
        .map(pending)
        .fold(Leg::default(), Leg::and)
}

fn pending(order: &Order) -> Leg {
    Leg {
        quantity: order.pending(),
        value: order.terms.price.times(order.pending()),
    }
}

pub(super) fn convert(world: &World, asked: &Asked) -> Outcome {
    for name in [
        "uid", "actid", "exch", "tsym", "qty", "prd", "prevprd", "trantype", "postype",
    ] {
        asked.need(name)?;
    }
    let carried = match asked.need("postype")? {
        "Day" => false,
        "CF" => true,
        _ => return Err(errors::position_type()),
    };
    let product = |name: &str| words::read_product(asked.need(name)?).ok_or_else(errors::invalid_input);
    let products = (product("prevprd")?, product("prd")?);
    let side = words::read_side(asked.need("trantype")?).ok_or_else(errors::invalid_input)?;
    let quantity = asked.need_quantity("qty")?;
    let universe = world.universe();
    let contract = universe
        .by_flattrade(asked.need("exch")?, &asked.need_name("tsym")?)
        .ok_or_else(errors::invalid_input)?;
    let enough = world.positions().iter().any(|position| {
        position.contract.key() == contract.key()
            && position.product == products.0
            && leg(position, side, carried).quantity >= quantity
    });
    let converted = if enough {
        world.convert(contract.key(), products, side, quantity)
    } else {
        Err(Refusal::UnknownPosition)
    };
    match converted {
        Ok(()) => done(world, json!({})),
        Err(refusal) => Err(errors::at_once(&refusal, None)
            .unwrap_or_else(|| errors::rejected(&words::reason(&refusal, contract, Paise::ZERO)))),
    }
}

const fn leg(position: &Position, side: Side, carried: bool) -> Leg {
    match (side, carried) {
        (Side::Buy, false) => position.day_buy,
        (Side::Buy, true) => position.carried_buy,
        (Side::Sell, false) => position.day_sell,
        (Side::Sell, true) => position.carried_sell,
    }
}

/// One row a share, with its listings. Holdings are delivery: under another product there are none.
pub(super) fn holdings(world: &World, asked: &Asked) -> Outcome {
    let needed = ["uid", "actid", "prd"];
    if needed.iter().any(|name| asked.get(name).is_none()) {
        return Err(errors::holdings_of_whom());
    }
    let universe = world.universe();
    let held = if asked.get("prd") == Some("C") {
        world.holdings()
    } else {
        Vec::new()
    };
    let rows = held
        .iter()
        .map(|holding| {
            let listed = universe
                .contracts()
                .iter()
                .filter(|contract| contract.isin.is_some() && contract.isin == holding.contract.isin);
            holding_row(
                holding,
                &listed.map(|contract| listing(contract)).collect::<Vec<_>>(),
            )
        })
        .collect();
    list(rows)
}

fn listing(contract: &Contract) -> Value {
    json!({
        "exch": contract.segment.flattrade(),
        "token": text(contract.token),
        "tsym": contract.names.flattrade,
        "pp": "2",
        "ti": text(contract.tick),
        "ls": text(contract.lot),
    })
}

fn holding_row(holding: &Holding, listings: &[Value]) -> Value {
    json!({
        "stat": "Ok",
        "exch_tsym": listings,
        "holdqty": text(holding.quantity),
        "btstqty": text(holding.t1_quantity),
        "usedqty": text(holding.sold_today),
        "dpqty": "0",
        "npoadqty": "0",
        "colqty": "0",
        "benqty": "0",
        "unplgdqty": "0",
        "brkcolqty": "0",
        "btstcolqty": "0",
        "upldprc": text(holding.average),
    })
}

/// Money. What is free is `cash` and `payin` less `marginused`: realised losses are in the latter, realised profits
/// and the credit of delivery sales (`csc`) are shown beside it.
pub(super) fn limits(world: &World, asked: &Asked) -> Outcome {
    for name in ["uid", "actid"] {
        asked.need(name)?;
    }
    let funds = world.funds();
    let positions = world.positions();
    let turnover: Paise = world
        .fills()
        .iter()
        .map(|(_, fill)| fill.price.times(fill.quantity))
        .sum();
    let waiting: Paise = world.orders().iter().map(|order| pending(order).value).sum();
    let exposure: Paise = positions
        .iter()
        .map(|position| position.net_average().times(position.net().abs()))
        .sum();
    let loss = (-funds.realised).max(Paise::ZERO);
    let mut limits = json!({
        "actid": ACCOUNT,
        "prfname": "DEFAULT",
        "cash": text(funds.opening),
        "payin": "0.00",
        "payout": "0.00",
        "brkcollamt": "0.00",
        "unclearedcash": "0.00",
        "daycash": "0.00",
        "csc": text(funds.sale_credit),
        "turnoverlmt": "50000000000.00",
        "pendordvallmt": "2000000000.00",
        "turnover": text(turnover),
        "pendordval": text(waiting),
        "marginused": text(funds.used() + loss),
        "mtomcurper": "0.00",
        "rpnl": text(funds.realised),
        "urmtom": text(positions.iter().map(unrealised).sum::<Paise>()),
        "grexpo": text(exposure),
    });
    for (name, amount) in unrealised_by_component(&positions) {
        limits[name] = text(amount);
    }
    done(world, limits)
}

/// `uzpnl_e_i` and its like; what is not there is zero.
fn unrealised_by_component(positions: &[Position]) -> BTreeMap<String, Paise> {
    let mut components: BTreeMap<String, Paise> = BTreeMap::new();
    for position in positions {
        let segment = if position.contract.segment.is_derivative() {
            "d"
        } else {
            "e"
        };
        let product = match position.product {
            Product::Delivery => "c",
            Product::Intraday => "i",
            Product::CarryForward => "m",
            // The pattern has no letter for it.
            Product::MarginFunded => continue,
        };
        let amount = components
            .entry(format!("uzpnl_{segment}_{product}"))
            .or_default();
        *amount = *amount + unrealised(position);
    }
    components.retain(|_, amount| !amount.is_zero());
    components
}
