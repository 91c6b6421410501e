//! Upstox: a gzip-compressed JSON array, key sets by segment, tick in paise, expiry in epoch milliseconds at 23:59:59
//! IST.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::clock::{DAY_US, Instant64, SECOND_US};
use crate::contracts::{Contract, Kind, Universe};
use crate::money::Paise;

pub(super) fn json(universe: &Universe, name: &str) -> Option<String> {
    let wanted = |contract: &Contract| match name {
        "NSE" => !contract.segment.is_bse(),
        "BSE" => contract.segment.is_bse(),
        _ => true,
    };
    if !matches!(name, "complete" | "NSE" | "BSE") {
        return None;
    }
    let rows: Vec<Value> = universe
        .contracts()
        .iter()
        .filter(|contract| wanted(contract))
        .map(|contract| row(contract))
        .collect();
    Some(Value::Array(rows).to_string())
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

pub(super) fn row(contract: &Contract) -> Value {
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| {
        row.insert(key.to_owned(), value);
    };
    let names = &contract.names;
    put("segment", json!(contract.segment.upstox()));
    put("name", json!(contract.name));
    put(
        "exchange",
        json!(if contract.segment.is_bse() { "BSE" } else { "NSE" }),
    );
    put("instrument_key", json!(names.upstox_key));
    put("exchange_token", json!(contract.token.to_string()));
    put("trading_symbol", json!(names.upstox_symbol));
    match contract.kind {
        Kind::Index => put("instrument_type", json!("INDEX")),
        Kind::Cash => {
            put("instrument_type", json!(contract.series));
            put("isin", json!(contract.isin));
            put("short_name", json!(contract.name));
            put(
                "security_type",
                json!(if contract.series == "SM" { "SME" } else { "NORMAL" }),
            );
            put("qty_multiplier", json!(1.0));
            sizes(contract, &mut put);
        }
        Kind::Future => {
            put("instrument_type", json!("FUT"));
            put("strike_price", json!(0.0));
            derivative(contract, &mut put);
            sizes(contract, &mut put);
        }
        Kind::Option { strike, right } => {
            put("instrument_type", json!(right.code()));
            put("strike_price", strike.to_json_decimal());
            derivative(contract, &mut put);
            sizes(contract, &mut put);
        }
    }
    Value::Object(row)
}

fn sizes(contract: &Contract, put: &mut impl FnMut(&str, Value)) {
    put("lot_size", json!(contract.lot));
    put("freeze_quantity", whole_as_decimal(contract.freeze));
    put("tick_size", whole_as_decimal(contract.tick.0));
}

fn derivative(contract: &Contract, put: &mut impl FnMut(&str, Value)) {
    let (Some(underlying), Some(expiry)) = (&contract.underlying, &contract.expiry) else {
        return;
    };
    let end_of_day = Instant64::midnight(expiry.date).plus_us(DAY_US - SECOND_US);
    put("weekly", json!(expiry.weekly));
    put("expiry", json!(end_of_day.epoch_ms()));
    put("minimum_lot", json!(contract.lot));
    for prefix in ["asset", "underlying"] {
        put(&format!("{prefix}_symbol"), json!(underlying.symbol));
        put(&format!("{prefix}_key"), json!(underlying.upstox_key));
        put(&format!("{prefix}_type"), json!("INDEX"));
    }
    if !contract.segment.is_bse() {
        put("qty_multiplier", json!(1.0));
    }
}

/// A whole number written as the file writes it: `1755.0`.
fn whole_as_decimal(number: i64) -> Value {
    Paise::rupees(number).to_json_decimal()
}
