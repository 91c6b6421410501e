//! Quotes, depth and candles against what the adapter made of them.

use rust_decimal::Decimal;
use sangam_broker_upstox::{ApiVersion, QuoteSource};
use sangam_core::ports::MarketData as _;
use sangam_core::{
    CandleInterval, CandleQuery, Depth, DepthLevel, Exchange, InstrumentId, Price, Quantity, Quote,
};
use serde_json::Value;

use super::responses::block;
use super::rows::time;
use super::setup::{Setup, answering, exchange_of};
use crate::vectors::compare::{Differences, decimal};

/// The keys that were asked for: the item's own list, else those of its rows.
fn keys_of(item: &Value) -> Vec<String> {
    match item["request_keys"].as_array() {
        Some(keys) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => rows(item)
            .filter_map(|row| row["instrument_token"].as_str())
            .map(str::to_owned)
            .collect(),
    }
}

fn rows(item: &Value) -> impl Iterator<Item = &Value> {
    item["body"]["data"]
        .as_object()
        .into_iter()
        .flat_map(|rows| rows.values())
}

pub(super) fn quotes(source: QuoteSource, status: u16, item: &Value, out: &mut Differences) {
    let mut setup = Setup::new();
    setup.config.quotes = source;
    let keys = keys_of(item);
    let ids: Vec<InstrumentId> = keys
        .iter()
        .map(|key| setup.symbols.add(exchange_of(key), key, ""))
        .collect();
    let account = setup.over(&answering(status, item));
    let quotes = match block(account.quotes(&ids)) {
        Ok(quotes) => quotes,
        Err(error) => return out.say("quotes", format!("a success was read as a failure: {error}")),
    };
    if quotes.len() != ids.len() {
        out.note("quotes", Some(ids.len().into()), Some(quotes.len().into()));
    }
    for ((key, asked), (id, quote_found)) in keys.iter().zip(&ids).zip(quotes) {
        out.check_text(
            format!("{key} name"),
            Some(&asked.to_string()),
            Some(&id.to_string()),
        );
        let row = rows(item).find(|row| row["instrument_token"] == key.as_str());
        match (row, quote_found) {
            (None, Err(error)) => {
                out.check_text(
                    format!("{key} kind"),
                    Some("not_found"),
                    Some(error.kind().as_str()),
                );
            }
            (None, Ok(_)) => out.say(key, "has a quote that no row tells"),
            (Some(_), Err(error)) => out.say(key, format!("has a row and no quote: {error}")),
            (Some(row), Ok(found)) => {
                quote(key, row, &found, out);
                if source == QuoteSource::Full(ApiVersion::V2) {
                    match block(account.depth(asked)) {
                        Ok(found) => depth(key, row, &found, out),
                        Err(error) => out.say(key, format!("has a row and no depth: {error}")),
                    }
                }
            }
        }
    }
}

/// A price, freed of the noise of 32-bit floats where it has any.
fn check_price(at: String, expected: Option<Decimal>, found: Option<Price>, out: &mut Differences) {
    let noisy = expected.is_some_and(|price| price.scale() > 4);
    check_near(at, expected, found, noisy, out);
}

/// A price that may be half a paisa off when what it comes from has noise.
fn check_near(
    at: String,
    expected: Option<Decimal>,
    found: Option<Price>,
    noisy: bool,
    out: &mut Differences,
) {
    let found = found.map(|price| price.decimal().normalize());
    let near = match (expected, found) {
        (Some(expected), Some(found)) if noisy => (expected - found).abs() < Decimal::new(5, 3),
        (expected, found) => expected == found,
    };
    if !near {
        out.check_number(at, expected, found);
    }
}

fn some(value: &Value) -> Option<Decimal> {
    decimal(value).filter(|number| !number.is_zero())
}

fn units(quantity: Option<Quantity>) -> Option<Decimal> {
    quantity.map(|quantity| Decimal::from(quantity.units()))
}

fn quote(key: &str, row: &Value, found: &Quote, out: &mut Differences) {
    let at = |field: &str| format!("{key}.{field}");
    let last = decimal(&row["last_price"]);
    check_price(at("last_price"), last, Some(found.last), out);
    let day = if row["ohlc"].is_object() {
        &row["ohlc"]
    } else {
        &row["live_ohlc"]
    };
    check_price(at("open"), some(&day["open"]), found.open, out);
    check_price(at("high"), some(&day["high"]), found.high, out);
    check_price(at("low"), some(&day["low"]), found.low, out);
    let stated = some(&row["cp"]).or_else(|| some(&row["prev_ohlc"]["close"]));
    match (stated, last, decimal(&row["net_change"])) {
        (None, Some(last), Some(change)) => {
            let noisy = last.scale() > 4 || change.scale() > 4;
            let close = Some((last - change).normalize());
            check_near(at("previous close"), close, found.previous_close, noisy, out);
        }
        (stated, ..) => check_price(at("previous close"), stated, found.previous_close, out),
    }
    let volume = decimal(&row["volume"]).or_else(|| decimal(&day["volume"]));
    out.check_number(at("volume"), volume, units(found.volume));
    out.check_number(at("oi"), decimal(&row["oi"]), units(found.open_interest));
    check_price(
        at("lower_circuit_limit"),
        some(&row["lower_circuit_limit"]),
        found.lower_circuit,
        out,
    );
    check_price(
        at("upper_circuit_limit"),
        some(&row["upper_circuit_limit"]),
        found.upper_circuit,
        out,
    );
    let best = |side: &str| levels(&row["depth"][side]).first().map(|level| level.0);
    check_price(at("bid"), best("buy"), found.bid, out);
    check_price(at("ask"), best("sell"), found.ask, out);
    let traded = row["last_trade_time"]
        .as_str()
        .and_then(|ms| ms.parse().ok())
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .or_else(|| row["timestamp"].as_str().and_then(|text| text.parse().ok()));
    out.check_text(
        at("last_trade_time"),
        traded.map(|at| at.to_string()).as_deref(),
        found.exchange_time.map(|at| at.to_string()).as_deref(),
    );
}

/// Price, quantity and orders of the levels that are not padding.
fn levels(side: &Value) -> Vec<(Decimal, Decimal, Option<Decimal>)> {
    side.as_array()
        .into_iter()
        .flatten()
        .filter_map(|level| {
            Some((
                some(&level["price"])?,
                some(&level["quantity"])?,
                decimal(&level["orders"]),
            ))
        })
        .collect()
}

fn depth(key: &str, row: &Value, found: &Depth, out: &mut Differences) {
    quote(key, row, &found.quote, out);
    for (side, found) in [("buy", &found.bids), ("sell", &found.asks)] {
        let expected = levels(&row["depth"][side]);
        let shown = |level: &DepthLevel| {
            (
                level.price.decimal().normalize(),
                Decimal::from(level.quantity.units()),
                level.orders.map(Decimal::from),
            )
        };
        let found: Vec<_> = found.iter().map(shown).collect();
        if expected != found {
            out.check_text(
                format!("{key}.depth.{side}"),
                Some(&format!("{expected:?}")),
                Some(&format!("{found:?}")),
            );
        }
    }
    for (name, value) in [
        ("total_buy_quantity", found.total_bid),
        ("total_sell_quantity", found.total_ask),
    ] {
        out.check_number(format!("{key}.{name}"), decimal(&row[name]), units(value));
    }
}

/// Candles come as `[start, open, high, low, close, volume, open interest]`, newest first; they must be read oldest first.
pub(super) fn candles(status: u16, item: &Value, out: &mut Differences) {
    let mut expected: Vec<(jiff::Timestamp, Vec<Option<Decimal>>)> = item["body"]["data"]["candles"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| {
            let start = row[0].as_str()?;
            let start = start.parse().ok().or_else(|| time(start))?;
            Some((start, (1..7).map(|i| decimal(&row[i])).collect()))
        })
        .collect();
    expected.sort_by_key(|candle| candle.0);
    let (Some(first), Some(last)) = (expected.first(), expected.last()) else {
        return out.say("candles", "the vector has none");
    };
    let date = |at: jiff::Timestamp| sangam_core::IST::date(at);
    let mut setup = Setup::new();
    let instrument = setup.symbols.add(Exchange::Nse, "NSE_EQ|SHARE", "");
    let query = CandleQuery {
        instrument,
        interval: CandleInterval::Day,
        from: date(first.0),
        to: date(last.0),
    };
    setup.now = last.0 + jiff::SignedDuration::from_hours(48);
    let found = match block(setup.over(&answering(status, item)).candles(&query)) {
        Ok(found) => found,
        Err(error) => return out.say("candles", format!("a success was read as a failure: {error}")),
    };
    let found: Vec<_> = found
        .iter()
        .map(|candle| {
            let price = |price: Price| Some(price.decimal().normalize());
            (
                candle.start,
                vec![
                    price(candle.open),
                    price(candle.high),
                    price(candle.low),
                    price(candle.close),
                    units(Some(candle.volume)),
                    units(candle.open_interest),
                ],
            )
        })
        .collect();
    if expected != found {
        out.check_text(
            "candles",
            Some(&format!("{expected:?}")),
            Some(&format!("{found:?}")),
        );
    }
}
