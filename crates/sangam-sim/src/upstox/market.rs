//! Quotes in their three sizes and two versions, and the status of the market.
//!
//! An answer is a map whose keys are not the keys asked for; rows are told apart by `instrument_token`. A key that is
//! well formed but has no data is left out.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Desk;
use super::errors::{self, Faults, Known, success};
use super::words;
use crate::clock::{DAY_US, Instant64, MINUTE_US, Phase, SESSION_CLOSE_US, SESSION_OPEN_US};
use crate::contracts::{Contract, Kind};
use crate::market::{Candle, Interval, Level, Quote};
use crate::money::Paise;

/// Keys of one call.
const KEYS_MAX: usize = 500;
/// Segments a key may begin with.
const SEGMENTS: [&str; 13] = [
    "NSE_EQ",
    "BSE_EQ",
    "NSE_INDEX",
    "BSE_INDEX",
    "NSE_FO",
    "BSE_FO",
    "NCD_FO",
    "BCD_FO",
    "MCX_FO",
    "NSE_COM",
    "MCX_INDEX",
    "GLOBAL_INDEX",
    "GLOBAL_INDICATOR",
];

type Asked = Query<HashMap<String, String>>;

pub(super) async fn full_v2(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    rows(&desk, &query, errors::QUOTE_KEYS_TOO_MANY, |contract| {
        full(contract, &desk.world.quote(contract))
    })
}

pub(super) async fn full_v3(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    rows(&desk, &query, errors::QUOTE_KEYS_TOO_MANY, |contract| {
        fuller(contract, &desk.world.quote(contract))
    })
}

pub(super) async fn ltp_v2(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    rows(
        &desk,
        &query,
        errors::LTP_KEYS_TOO_MANY,
        |contract| json!({ "last_price": desk.world.quote(contract).last, "instrument_token": contract.names.upstox_key }),
    )
}

pub(super) async fn ltp_v3(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    rows(&desk, &query, errors::LTP_KEYS_TOO_MANY, |contract| {
        let quote = desk.world.quote(contract);
        json!({
            "last_price": quote.last,
            "instrument_token": contract.names.upstox_key,
            "ltq": quote.last_quantity,
            "volume": quote.volume,
            "cp": quote.previous_close,
        })
    })
}

pub(super) async fn ohlc_v2(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    bars(&desk, &query, |contract, last, (_, live)| {
        let ohlc =
            live.map(|bar| json!({ "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close }));
        json!({ "ohlc": ohlc, "last_price": last, "instrument_token": contract.names.upstox_key })
    })
}

pub(super) async fn ohlc_v3(State(desk): State<Arc<Desk>>, query: Asked) -> Response {
    bars(&desk, &query, |contract, last, (previous, live)| {
        json!({
            "last_price": last,
            "instrument_token": contract.names.upstox_key,
            "prev_ohlc": previous.as_ref().map(bar),
            "live_ohlc": live.as_ref().map(bar),
        })
    })
}

/// The previous candle and the running one.
type Bars = (Option<Candle>, Option<Candle>);

fn bars(
    desk: &Desk,
    query: &HashMap<String, String>,
    row: impl Fn(&Contract, Paise, Bars) -> Value,
) -> Response {
    let interval = match query.get("interval").map(String::as_str) {
        None | Some("") => return errors::INTERVAL_MISSING.into_response(),
        Some("1d") => Interval::Day,
        Some("I1") => Interval::Minutes(1),
        Some("I30") => Interval::Minutes(30),
        Some(other) => {
            return errors::INTERVAL_INVALID
                .at("interval", json!(other))
                .into_response();
        }
    };
    rows(desk, query, errors::LTP_KEYS_TOO_MANY, |contract| {
        let quote = desk.world.quote(contract);
        row(contract, quote.last, two_bars(desk, contract, interval, &quote))
    })
}

fn two_bars(desk: &Desk, contract: &Contract, interval: Interval, quote: &Quote) -> Bars {
    let now = desk.world.now();
    // A week reaches over any run of holidays; two hours over any break inside a session.
    let back = match interval {
        Interval::Day => 7 * DAY_US,
        Interval::Minutes(_) => 120 * MINUTE_US,
    };
    let mut candles = desk.world.candles(contract, interval, now.plus_us(-back), now);
    let running = candles.pop();
    let live = match interval {
        // The day so far is the quote's own range.
        Interval::Day => running.map(|bar| Candle {
            open: quote.open,
            high: quote.high,
            low: quote.low,
            close: quote.last,
            ..bar
        }),
        Interval::Minutes(_) => running,
    };
    (candles.pop(), live)
}

fn bar(candle: &Candle) -> Value {
    json!({
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
        "ts": candle.start.epoch_ms(),
    })
}

/// One row for each key that has data.
fn rows(
    desk: &Desk,
    query: &HashMap<String, String>,
    too_many: Known,
    row: impl Fn(&Contract) -> Value,
) -> Response {
    let keys = match keys(query, too_many) {
        Ok(keys) => keys,
        Err(faults) => return faults.into_response(),
    };
    let universe = desk.world.universe();
    let found = keys.iter().filter_map(|key| universe.by_upstox(key));
    let data: Map<String, Value> = found
        .map(|contract| (contract.names.upstox_quote_key.clone(), row(contract)))
        .collect();
    success(&Value::Object(data))
}

/// The keys asked for, under the documented name or the one the official client uses.
fn keys(query: &HashMap<String, String>, too_many: Known) -> Result<Vec<&str>, Faults> {
    let given = |name: &str| query.get(name).filter(|keys| !keys.is_empty());
    let list = given("instrument_key")
        .or_else(|| given("symbol"))
        .ok_or(errors::QUOTE_KEY_MISSING)?;
    let keys: Vec<&str> = list.split(',').collect();
    if keys.len() > KEYS_MAX {
        return Err(too_many.into());
    }
    for key in &keys {
        match key.split_once('|') {
            Some((segment, id)) if SEGMENTS.contains(&segment) && !id.is_empty() => {}
            Some(_) => return Err(errors::QUOTE_KEY_INVALID.at("instrument_key", json!(key)).into()),
            None => {
                return Err(errors::QUOTE_KEY_MALFORMED
                    .at("instrument_key", json!(key))
                    .into());
            }
        }
    }
    Ok(keys)
}

/// The full row. An index has no depth, circuits or volume: zeros, nulls and a symbol `NA`.
fn full(contract: &Contract, quote: &Quote) -> Value {
    let index = contract.kind == Kind::Index;
    let interest = |extreme: fn(i64, i64) -> i64| extreme(quote.open_interest, quote.previous_open_interest);
    json!({
        "ohlc": { "open": quote.open, "high": quote.high, "low": quote.low, "close": quote.last },
        "depth": { "buy": levels(&quote.depth.bids), "sell": levels(&quote.depth.asks) },
        "timestamp": quote.at.format("%Y-%m-%dT%H:%M:%S%.3f%:z"),
        "instrument_token": contract.names.upstox_key,
        "symbol": if index { "NA" } else { words::quote_symbol(contract) },
        "last_price": single_precision(quote.last),
        "volume": (!index).then_some(quote.volume),
        "average_price": (!index).then_some(quote.average),
        "oi": quote.open_interest,
        "net_change": quote.change(),
        "total_buy_quantity": quote.total_buy,
        "total_sell_quantity": quote.total_sell,
        "lower_circuit_limit": quote.lower_circuit,
        "upper_circuit_limit": quote.upper_circuit,
        "last_trade_time": quote.last_trade_at.epoch_ms().to_string(),
        "oi_day_high": interest(i64::max),
        "oi_day_low": interest(i64::min),
    })
}

/// The third version: clean prices, the day's bar with volume and time, the year's range. The fields of the call
/// auction have values during the auction only.
fn fuller(contract: &Contract, quote: &Quote) -> Value {
    let mut row = full(contract, quote);
    row["last_price"] = quote.last.to_json();
    let midnight = quote.at.plus_us(-quote.at.since_midnight_us());
    row["ohlc"]["volume"] = json!(quote.volume);
    row["ohlc"]["ts"] = json!(midnight.epoch_ms());
    row["prev_close_price"] = quote.previous_close.to_json();
    row["year_high"] = quote.year_high.to_json();
    row["year_low"] = quote.year_low.to_json();
    row["previous_oi"] = json!(quote.previous_open_interest);
    row
}

/// Five levels, padded with zeros.
fn levels(levels: &[Level]) -> Vec<Value> {
    let shown = levels
        .iter()
        .map(|level| json!({ "quantity": level.quantity, "price": level.price, "orders": level.orders }));
    let empty = json!({ "quantity": 0, "price": 0, "orders": 0 });
    shown.chain(std::iter::repeat(empty)).take(5).collect()
}

/// The second version's last price bears the noise of a single-precision number, as the documents' sample does.
fn single_precision(price: Paise) -> Value {
    let single: f32 = price.to_string().parse().expect("a decimal is a number");
    json!(f64::from(single))
}

/// The status of an exchange by the clock of the session.
pub(super) async fn status(State(desk): State<Arc<Desk>>, Path(exchange): Path<String>) -> Response {
    const EXCHANGES: [&str; 4] = ["NSE", "NFO", "BSE", "BFO"];
    if !EXCHANGES.contains(&exchange.as_str()) {
        return errors::INPUT_INVALID
            .at("exchange", json!(exchange))
            .into_response();
    }
    let now = desk.world.now();
    let midnight = now.plus_us(-now.since_midnight_us());
    let (status, since_us) = session(
        desk.world.phase(),
        desk.world.config().always_open,
        now.since_midnight_us(),
    );
    success(&json!({
        "exchange": exchange,
        "status": status,
        "last_updated": Instant64(midnight.0 + since_us).epoch_ms(),
    }))
}

/// The status and when it began, counted from midnight.
const fn session(phase: Phase, always_open: bool, clock_us: i64) -> (&'static str, i64) {
    const PRE_OPEN_US: i64 = 9 * 60 * MINUTE_US;
    const PRE_OPEN_END_US: i64 = PRE_OPEN_US + 8 * MINUTE_US;
    const CLOSING_START_US: i64 = SESSION_CLOSE_US + 10 * MINUTE_US;
    const CLOSING_END_US: i64 = SESSION_CLOSE_US + 30 * MINUTE_US;
    match phase {
        Phase::Open if always_open => ("NORMAL_OPEN", 0),
        Phase::Open => ("NORMAL_OPEN", SESSION_OPEN_US),
        Phase::BeforeOpen if clock_us >= PRE_OPEN_END_US => ("PRE_OPEN_END", PRE_OPEN_END_US),
        Phase::BeforeOpen if clock_us >= PRE_OPEN_US => ("PRE_OPEN_START", PRE_OPEN_US),
        Phase::Closed if clock_us >= SESSION_CLOSE_US && clock_us < CLOSING_START_US => {
            ("NORMAL_CLOSE", SESSION_CLOSE_US)
        }
        Phase::Closed if clock_us >= SESSION_CLOSE_US && clock_us < CLOSING_END_US => {
            ("CLOSING_START", CLOSING_START_US)
        }
        // Since yesterday, before the close of today.
        Phase::BeforeOpen | Phase::Closed if clock_us < CLOSING_END_US => {
            ("CLOSING_END", CLOSING_END_US - DAY_US)
        }
        Phase::BeforeOpen | Phase::Closed => ("CLOSING_END", CLOSING_END_US),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_noise_is_that_of_the_documents() {
        assert_eq!(single_precision(Paise(5_205)).to_string(), "52.04999923706055");
        assert_eq!(single_precision(Paise(142_540)).to_string(), "1425.4000244140625");
    }

    #[test]
    fn keys_are_checked_before_they_are_looked_up() {
        let asked = |keys: &str| HashMap::from([("instrument_key".to_owned(), keys.to_owned())]);
        let code = |keys: &str| match super::keys(&asked(keys), errors::QUOTE_KEYS_TOO_MANY) {
            Ok(keys) => keys.len().to_string(),
            Err(faults) => faults.0[0].entry()["error_code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        assert_eq!(code("NSE_EQ|INE002A01018,NSE_INDEX|Nifty 50"), "2");
        assert_eq!(code(""), "UDAPI1009");
        assert_eq!(code("RELIANCE"), "UDAPI1011");
        assert_eq!(code("NYSE|IBM"), "UDAPI1087");
        assert_eq!(code(&vec!["NSE_FO|1"; 501].join(",")), "UDAPI100042");
    }

    #[test]
    fn the_day_runs_through_its_statuses() {
        let at = |hour: i64, minute: i64| (hour * 60 + minute) * MINUTE_US;
        for (phase, hour, minute, expected) in [
            (Phase::BeforeOpen, 3, 0, "CLOSING_END"),
            (Phase::BeforeOpen, 9, 1, "PRE_OPEN_START"),
            (Phase::BeforeOpen, 9, 10, "PRE_OPEN_END"),
            (Phase::Open, 9, 15, "NORMAL_OPEN"),
            (Phase::Closed, 15, 31, "NORMAL_CLOSE"),
            (Phase::Closed, 15, 45, "CLOSING_START"),
            (Phase::Closed, 20, 0, "CLOSING_END"),
        ] {
            let (status, since_us) = session(phase, false, at(hour, minute));
            assert_eq!(status, expected, "{hour}:{minute}");
            assert!(since_us <= at(hour, minute));
        }
    }
}
