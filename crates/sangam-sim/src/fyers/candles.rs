//! Candles. The resolutions in seconds are refused: the engine's candles start at a minute.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::errors::{self, Fault, Outcome, input};
use super::market::day_stamp;
use crate::clock::{DAY_US, Instant64, SECOND_US};
use crate::contracts::Contract;
use crate::market::{Candle, Interval};
use crate::world::World;

/// Days that one call may span: minutes, and days or more.
const DAYS_OF_MINUTES: i64 = 100;
const DAYS_OF_DAYS: i64 = 366;
/// Epoch seconds up to the year 2100 are taken.
const LAST_SECOND: i64 = 4_102_444_800;

/// The length of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    Minutes(u32),
    Day,
    Week,
    Month,
}

impl Resolution {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "D" | "1D" => Self::Day,
            "1W" => Self::Week,
            "1M" => Self::Month,
            "1" | "2" | "3" | "5" | "10" | "15" | "20" | "30" | "45" | "60" | "120" | "180" | "240" => {
                Self::Minutes(word.parse().ok()?)
            }
            _ => return None,
        })
    }
}

pub(super) async fn history(
    State(world): State<Arc<World>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Outcome {
    let sent = |name: &str| {
        let value = asked
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty());
        value.ok_or_else(|| input(format_args!("{name} is required")))
    };
    let symbol = sent("symbol")?;
    let resolution = sent("resolution")?;
    let resolution = Resolution::read(resolution)
        .ok_or_else(|| input(format_args!("resolution {resolution} is not available")))?;
    let (from, to) = range(sent("date_format")?, sent("range_from")?, sent("range_to")?)?;
    let with_interest = flag(&asked, "oi_flag")?;
    flag(&asked, "cont_flag")?;
    let days = match resolution {
        Resolution::Minutes(_) => DAYS_OF_MINUTES,
        _ => DAYS_OF_DAYS,
    };
    if to < from || to.day_number() - from.day_number() > days {
        return Err(input(format_args!(
            "range_from to range_to must span 0 to {days} days"
        )));
    }
    let universe = world.universe();
    let contract = universe.by_fyers(symbol).ok_or(errors::SYMBOL)?;
    let rows: Vec<Value> = candles(&world, contract, resolution, from, to)
        .iter()
        .map(|candle| row(candle, resolution, with_interest))
        .collect();
    let s = if rows.is_empty() { "no_data" } else { "ok" };
    Ok(Json(json!({ "s": s, "candles": rows })).into_response())
}

fn flag(asked: &HashMap<String, String>, name: &str) -> Result<bool, Fault> {
    match asked.get(name).map(String::as_str) {
        None | Some("" | "0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(input(format_args!("{name} must be 0 or 1"))),
    }
}

/// The first and the last instant asked for; a date at the end means the whole day.
fn range(format: &str, from: &str, to: &str) -> Result<(Instant64, Instant64), Fault> {
    let epoch = |name: &str, text: &str| {
        let second = text
            .parse::<i64>()
            .ok()
            .filter(|second| (0..=LAST_SECOND).contains(second));
        second
            .map(|second| Instant64(second * SECOND_US))
            .ok_or_else(|| input(format_args!("{name} must be epoch seconds")))
    };
    let day = |name: &str, text: &str| {
        let date = Date::strptime("%Y-%m-%d", text)
            .ok()
            .filter(|date| (1970..2100).contains(&date.year()));
        date.map(Instant64::midnight)
            .ok_or_else(|| input(format_args!("{name} must be a date like 2026-11-20")))
    };
    match format {
        "0" => Ok((epoch("range_from", from)?, epoch("range_to", to)?)),
        "1" => Ok((day("range_from", from)?, day("range_to", to)?.plus_us(DAY_US - 1))),
        _ => Err(input("date_format must be 0 or 1")),
    }
}

fn candles(
    world: &World,
    contract: &Contract,
    resolution: Resolution,
    from: Instant64,
    to: Instant64,
) -> Vec<Candle> {
    /// The engine makes a few thousand candles at a time: this many days of minutes fit.
    const DAYS_AT_ONCE: i64 = 3;
    let days = || world.candles(contract, Interval::Day, from, to);
    match resolution {
        Resolution::Day => days(),
        Resolution::Week => merged(days(), |date| date.weekday().to_monday_zero_offset()),
        Resolution::Month => merged(days(), |date| date.day() - 1),
        Resolution::Minutes(minutes) => {
            let mut found = Vec::new();
            let mut start = from;
            while start <= to {
                let end = start.plus_us(DAYS_AT_ONCE * DAY_US - 1).min(to);
                found.extend(world.candles(contract, Interval::Minutes(minutes), start, end));
                start = end.plus_us(1);
            }
            found
        }
    }
}

/// Joins days into periods; `place` is the number of the day in its period, from 0.
fn merged(days: Vec<Candle>, place: impl Fn(Date) -> i8) -> Vec<Candle> {
    let mut periods: Vec<Candle> = Vec::new();
    for day in days {
        let since_start = place(day.start.date());
        let start = day.start.plus_us(-i64::from(since_start) * DAY_US);
        match periods.last_mut().filter(|period| period.start == start) {
            Some(period) => {
                period.high = period.high.max(day.high);
                period.low = period.low.min(day.low);
                period.close = day.close;
                period.volume += day.volume;
                period.open_interest = day.open_interest;
            }
            None => periods.push(Candle { start, ..day }),
        }
    }
    periods
}

fn row(candle: &Candle, resolution: Resolution, with_interest: bool) -> Value {
    let stamp = match resolution {
        Resolution::Minutes(_) => candle.start.epoch_s(),
        _ => day_stamp(candle.start),
    };
    let mut row = vec![
        json!(stamp),
        json!(candle.open),
        json!(candle.high),
        json!(candle.low),
        json!(candle.close),
        json!(candle.volume),
    ];
    if with_interest {
        row.push(json!(candle.open_interest));
    }
    Value::Array(row)
}
