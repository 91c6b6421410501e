//! Quotes, security details, search, option chain.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{self, Refused};
use super::request::Asked;
use super::words::{self, text};
use super::{Outcome, done};
use crate::contracts::{Contract, Kind};
use crate::market::Quote;
use crate::money::Paise;
use crate::world::World;

/// Levels of depth on each side.
const LEVELS: usize = 5;
/// Strikes on each side of an option chain, unless asked for otherwise.
const STRIKES: usize = 2;
/// What the exchange and the clearing house ask of a share, roughly; only shown.
const SHARE_MARGIN: &str = "20.00";

/// The contract by exchange and token; indices have tokens too.
pub(super) fn by_token(world: &World, asked: &Asked) -> Result<Arc<Contract>, Refused> {
    asked.need("uid")?;
    let (exchange, token) = (asked.need("exch")?, asked.need("token")?);
    world
        .universe()
        .by_flattrade_token(exchange, token)
        .cloned()
        .ok_or_else(errors::no_data)
}

/// One instrument; there is no call for many.
pub(super) fn quote(world: &World, asked: &Asked) -> Outcome {
    let contract = by_token(world, asked)?;
    let quote = world.quote(&contract);
    let mut row = identity(&contract);
    for (name, value) in [
        ("lp", text(quote.last)),
        ("o", text(quote.open)),
        ("h", text(quote.high)),
        ("l", text(quote.low)),
        ("c", text(quote.previous_close)),
        ("ltt", json!(quote.last_trade_at.format("%H:%M:%S"))),
        ("ltd", json!(quote.last_trade_at.format("%d-%m-%Y"))),
    ] {
        row[name] = value;
    }
    if contract.kind != Kind::Index {
        add_trading(&mut row, &quote);
    }
    if let Some(underlying) = &contract.underlying {
        row["und_exch"] = json!(underlying.segment.flattrade());
        row["und_tk"] = text(underlying.token);
        row["oi"] = text(quote.open_interest);
    }
    done(world, row)
}

/// What an index lacks: circuits, volume, depth. A level nobody quotes at is zero.
fn add_trading(row: &mut Value, quote: &Quote) {
    row["uc"] = text(quote.upper_circuit);
    row["lc"] = text(quote.lower_circuit);
    row["v"] = text(quote.volume);
    row["ltq"] = text(quote.last_quantity);
    for (letter, levels) in [("b", &quote.depth.bids), ("s", &quote.depth.asks)] {
        for at in 0..LEVELS {
            let level = levels.get(at);
            let number = at + 1;
            let price = level.map_or(Paise::ZERO, |level| level.price);
            row[format!("{letter}p{number}")] = text(price);
            row[format!("{letter}q{number}")] = text(level.map_or(0, |level| level.quantity));
            row[format!("{letter}o{number}")] = text(level.map_or(0, |level| level.orders));
        }
    }
}

/// What quotes and security details say about a contract itself.
fn identity(contract: &Contract) -> Value {
    let segment = match contract.kind {
        Kind::Cash => "EQT",
        Kind::Index => "IDX",
        Kind::Future | Kind::Option { .. } => "DER",
    };
    let mut row = json!({
        "exch": contract.segment.flattrade(),
        "tsym": contract.names.flattrade,
        "token": text(contract.token),
        "cname": contract.name,
        "symname": words::short_name(contract),
        "seg": segment,
        "instname": words::instrument(contract),
        "pp": "2",
        "ls": text(contract.lot.max(1)),
        "ti": text(contract.tick),
        "mult": "1",
        "prcftr_d": "(1 / 1 ) * (1 / 1)",
    });
    if let Some(isin) = contract.isin {
        row["isin"] = json!(isin);
    }
    row
}

pub(super) fn security(world: &World, asked: &Asked) -> Outcome {
    let contract = by_token(world, asked)?;
    let mut row = identity(&contract);
    row["trdunt"] = json!("");
    row["delunt"] = json!(contract.symbol);
    if contract.kind == Kind::Cash {
        row["varmrg"] = json!(SHARE_MARGIN);
    }
    done(world, row)
}

/// Contracts that hold every word of the text, those named so first.
pub(super) fn search(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let wanted = asked.need_name("stext")?;
    let universe = world.universe();
    let mut found = universe.search(&wanted);
    if let Some(exchange) = asked.get("exch") {
        found.retain(|contract| contract.segment.flattrade() == exchange);
    }
    if found.is_empty() {
        return Err(errors::no_match());
    }
    found.sort_by_key(|contract| !contract.symbol.eq_ignore_ascii_case(wanted.trim()));
    let values: Vec<Value> = found.iter().map(|contract| found_row(contract)).collect();
    // This answer bears no time.
    Ok(super::Reply::Json(json!({ "stat": "Ok", "values": values })))
}

fn found_row(contract: &Contract) -> Value {
    let mut row = json!({
        "exch": contract.segment.flattrade(),
        "token": text(contract.token),
        "tsym": contract.names.flattrade,
        "pp": "2",
        "ti": text(contract.tick),
        "ls": text(contract.lot.max(1)),
        "instname": words::instrument(contract),
        "symname": words::short_name(contract),
    });
    if let Some(expiry) = words::expiry(contract) {
        row["exd"] = json!(expiry);
        row["dname"] = json!(words::display_name(contract));
        row["optt"] = json!(contract.right().map_or("XX", |right| right.code()));
    } else {
        row["cname"] = json!(contract.name);
    }
    row
}

/// Calls and puts of the expiry of the named contract: so many strikes up to a price, and as many above it.
pub(super) fn option_chain(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let universe = world.universe();
    let symbol = asked.need_name("tsym")?;
    let middle: Paise = asked
        .need("strprc")?
        .parse()
        .map_err(|_| errors::invalid_input())?;
    let count = match asked.get("cnt") {
        None => STRIKES,
        Some(digits) => digits.parse().map_err(|_| errors::invalid_input())?,
    };
    let named = universe
        .by_flattrade(asked.need("exch")?, &symbol)
        .filter(|contract| contract.segment.is_derivative())
        .ok_or_else(errors::no_data)?;
    let options: Vec<&Arc<Contract>> = universe
        .chain(named.symbol)
        .into_iter()
        .filter(|contract| contract.right().is_some() && contract.expiry == named.expiry)
        .collect();
    let strikes: BTreeSet<Paise> = options.iter().filter_map(|contract| contract.strike()).collect();
    let shown: BTreeSet<Paise> = strikes
        .range(..=middle)
        .rev()
        .take(count)
        .chain(strikes.iter().filter(|strike| **strike > middle).take(count))
        .copied()
        .collect();
    let values: Vec<Value> = options
        .iter()
        .filter_map(|contract| {
            let strike = contract.strike().filter(|strike| shown.contains(strike))?;
            Some(chain_row(contract, strike))
        })
        .collect();
    if values.is_empty() {
        return Err(errors::no_data());
    }
    done(world, json!({ "values": values }))
}

fn chain_row(contract: &Contract, strike: Paise) -> Value {
    json!({
        "exch": contract.segment.flattrade(),
        "token": text(contract.token),
        "tsym": contract.names.flattrade,
        "optt": contract.right().map(|right| right.code()),
        "strprc": text(strike),
        "pp": "2",
        "ti": text(contract.tick),
        "ls": text(contract.lot),
    })
}
