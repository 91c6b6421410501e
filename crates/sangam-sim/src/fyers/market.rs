//! Quotes, depth and the status of the market.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::errors::{self, Outcome, input, success};
use super::fields::{self, Fields};
use crate::clock::{DAY_US, Instant64, MINUTE_US, Phase, SECOND_US, SESSION_CLOSE_US};
use crate::contracts::{Contract, Kind};
use crate::market::{Level, Quote};
use crate::money::Paise;
use crate::world::World;

/// Symbols of one call.
const SYMBOLS_MAX: usize = 50;

type Asked = Query<HashMap<String, String>>;

pub(super) async fn quotes(State(world): State<Arc<World>>, Query(asked): Asked) -> Outcome {
    let list = asked
        .get("symbols")
        .filter(|list| !list.is_empty())
        .ok_or_else(|| input("symbols is required"))?;
    rows(&world, &list.split(',').collect::<Vec<_>>())
}

/// The other form, with a list in the body. The documents do not show its answer; it is taken to be the same.
pub(super) async fn quotes_by_post(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let list = Fields::of(&value)?.raw("symbols").and_then(Value::as_array);
    let symbols: Option<Vec<&str>> = list.and_then(|list| list.iter().map(Value::as_str).collect());
    let symbols = symbols.filter(|symbols| !symbols.is_empty());
    rows(
        &world,
        &symbols.ok_or_else(|| input("symbols must be a list of texts"))?,
    )
}

/// One row for each symbol; a wrong one fails alone unless all are wrong.
fn rows(world: &World, symbols: &[&str]) -> Outcome {
    if symbols.len() > SYMBOLS_MAX {
        return Err(input(format_args!("at most {SYMBOLS_MAX} symbols")));
    }
    let universe = world.universe();
    if symbols.iter().all(|symbol| universe.by_fyers(symbol).is_none()) {
        return Err(errors::SYMBOL);
    }
    let row = |symbol: &&str| match universe.by_fyers(symbol) {
        Some(contract) => {
            json!({ "n": symbol, "s": "ok", "v": values(contract, &world.quote(contract)) })
        }
        None => {
            json!({ "n": symbol, "s": "error", "v": { "code": -300, "errmsg": "Invalid symbol provided" } })
        }
    };
    Ok(success(
        json!({ "d": symbols.iter().map(row).collect::<Vec<_>>() }),
    ))
}

/// An index has neither bid nor ask nor volume; its `tt` is a number, that of the others a text.
fn values(contract: &Contract, quote: &Quote) -> Value {
    let symbol = contract.names.fyers.as_str();
    let (exchange, short) = symbol.split_once(':').expect("every symbol names its exchange");
    let best = |level: Option<Level>| level.map(|level| level.price).unwrap_or_default();
    let (bid, ask) = (best(quote.bid()), best(quote.ask()));
    let day = day_stamp(quote.at);
    json!({
        "ch": quote.change(),
        "chp": Paise(quote.change_bp()),
        "lp": quote.last,
        "spread": ask - bid,
        "ask": ask,
        "bid": bid,
        "open_price": quote.open,
        "high_price": quote.high,
        "low_price": quote.low,
        "prev_close_price": quote.previous_close,
        "atp": quote.average,
        "volume": quote.volume,
        "short_name": short,
        "exchange": exchange,
        "description": symbol,
        "original_name": symbol,
        "symbol": symbol,
        "fyToken": contract.names.fytoken,
        "tt": if contract.kind == Kind::Index { json!(day) } else { json!(day.to_string()) },
    })
}

/// The broker stamps a day with 00:00 UTC of its date: daily candles, and the `tt` of a quote.
pub(super) const fn day_stamp(at: Instant64) -> i64 {
    at.day_number() * (DAY_US / SECOND_US)
}

/// The five levels of one symbol; the day's figures only when `ohlcv_flag` is 1.
pub(super) async fn depth(State(world): State<Arc<World>>, Query(asked): Asked) -> Outcome {
    let symbol = asked
        .get("symbol")
        .filter(|symbol| !symbol.is_empty())
        .ok_or_else(|| input("symbol is required"))?;
    let flag = asked.get("ohlcv_flag").map_or("0", String::as_str);
    if !matches!(flag, "0" | "1") {
        return Err(input("ohlcv_flag must be 0 or 1"));
    }
    let universe = world.universe();
    let contract = universe.by_fyers(symbol).ok_or(errors::SYMBOL)?;
    let quote = world.quote(contract);
    let mut book = json!({
        "totalbuyqty": quote.total_buy,
        "totalsellqty": quote.total_sell,
        "bids": levels(&quote.depth.bids),
        "ask": levels(&quote.depth.asks),
    });
    if flag == "1"
        && let (Value::Object(book), Value::Object(figures)) = (&mut book, figures(contract, &quote))
    {
        book.extend(figures);
    }
    let by_symbol = Map::from_iter([(symbol.clone(), book)]);
    Ok(Json(json!({ "s": "ok", "d": by_symbol, "message": "" })).into_response())
}

fn levels(levels: &[Level]) -> Vec<Value> {
    let shown = levels.iter();
    shown
        .map(|level| json!({ "price": level.price, "volume": level.quantity, "ord": level.orders }))
        .collect()
}

fn figures(contract: &Contract, quote: &Quote) -> Value {
    let before = quote.previous_open_interest;
    let grown = if before == 0 {
        0
    } else {
        (quote.open_interest - before) * 10_000 / before
    };
    let expiry = contract
        .fyers_expiry()
        .map(|at| at.epoch_s().to_string())
        .unwrap_or_default();
    json!({
        "o": quote.open,
        "h": quote.high,
        "l": quote.low,
        "c": quote.previous_close,
        "v": quote.volume,
        "ltp": quote.last,
        "ltq": quote.last_quantity,
        "ltt": quote.last_trade_at.epoch_s(),
        "atp": quote.average,
        "ch": quote.change(),
        "chp": Paise(quote.change_bp()),
        "tick_Size": contract.tick,
        "lower_ckt": quote.lower_circuit,
        "upper_ckt": quote.upper_circuit,
        "expiry": expiry,
        "oi": quote.open_interest,
        "oiflag": contract.segment.is_derivative(),
        "pdoi": before,
        "oipercent": Paise(grown).to_json_decimal(),
    })
}

/// Cash and equity derivatives by the clock of the session; what is not simulated is closed.
pub(super) async fn status(State(world): State<Arc<World>>) -> Response {
    let phase = world.phase();
    let (cash, derivatives) = (
        cash_status(phase, world.now().since_midnight_us()),
        open_or_closed(phase),
    );
    let rows = [
        (10, 10, "NORMAL", cash),
        (10, 11, "NORMAL", derivatives),
        (10, 12, "NORMAL", "CLOSED"),
        (10, 10, "AUCTION", "CLOSED"),
        (11, 20, "NORMAL", "CLOSED"),
        (12, 10, "NORMAL", cash),
        (12, 11, "NORMAL", derivatives),
    ];
    let row = |(exchange, segment, market_type, status): (u64, u64, &str, &str)| json!({ "exchange": exchange, "market_type": market_type, "segment": segment, "status": status });
    success(json!({ "marketStatus": rows.map(row) }))
}

const fn open_or_closed(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "OPEN",
        Phase::BeforeOpen | Phase::Closed => "CLOSED",
    }
}

/// The cash market has a session before the open and one after the close.
const fn cash_status(phase: Phase, clock_us: i64) -> &'static str {
    const PRE_OPEN_US: i64 = 9 * 60 * MINUTE_US;
    const PRE_OPEN_END_US: i64 = PRE_OPEN_US + 8 * MINUTE_US;
    const POST_CLOSE_US: i64 = SESSION_CLOSE_US + 10 * MINUTE_US;
    const POST_CLOSE_END_US: i64 = SESSION_CLOSE_US + 30 * MINUTE_US;
    match phase {
        Phase::BeforeOpen if clock_us >= PRE_OPEN_END_US => "PREOPEN_CLOSED",
        Phase::BeforeOpen if clock_us >= PRE_OPEN_US => "PREOPEN",
        Phase::Closed if clock_us >= POST_CLOSE_US && clock_us < POST_CLOSE_END_US => "POSTCLOSE_START",
        Phase::Closed if clock_us >= POST_CLOSE_END_US => "POSTCLOSE_CLOSED",
        other => open_or_closed(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_cash_market_runs_through_its_statuses() {
        let at = |hour: i64, minute: i64| (hour * 60 + minute) * MINUTE_US;
        for (phase, hour, minute, expected) in [
            (Phase::BeforeOpen, 8, 0, "CLOSED"),
            (Phase::BeforeOpen, 9, 1, "PREOPEN"),
            (Phase::BeforeOpen, 9, 10, "PREOPEN_CLOSED"),
            (Phase::Open, 9, 15, "OPEN"),
            (Phase::Closed, 15, 31, "CLOSED"),
            (Phase::Closed, 15, 45, "POSTCLOSE_START"),
            (Phase::Closed, 20, 0, "POSTCLOSE_CLOSED"),
        ] {
            assert_eq!(cash_status(phase, at(hour, minute)), expected, "{hour}:{minute}");
        }
    }

    #[test]
    fn a_day_is_stamped_with_midnight_utc() {
        for hour in [0, 3, 23] {
            assert_eq!(
                day_stamp(Instant64::at(date(2025, 9, 26).at(hour, 59, 0, 0))),
                1_758_844_800
            );
        }
    }
}
