//! Historical and intraday candles, newest first, in the paths of both versions. No token is asked for.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Desk;
use super::errors::{self, Faults, success};
use crate::clock::{DAY_US, Instant64};
use crate::contracts::Contract;
use crate::market::{Candle, Interval};

type Desked = State<Arc<Desk>>;

pub(super) async fn intraday_v2(desk: Desked, Path((key, interval)): Path<(String, String)>) -> Response {
    answer(&desk, &key, old_length(&interval), None)
}

pub(super) async fn until_v2(
    desk: Desked,
    Path((key, interval, to)): Path<(String, String, String)>,
) -> Response {
    answer(&desk, &key, old_length(&interval), Some((&to, None)))
}

pub(super) async fn between_v2(
    desk: Desked,
    Path((key, interval, to, from)): Path<(String, String, String, String)>,
) -> Response {
    answer(&desk, &key, old_length(&interval), Some((&to, Some(&from))))
}

pub(super) async fn intraday_v3(
    desk: Desked,
    Path((key, unit, n)): Path<(String, String, String)>,
) -> Response {
    answer(&desk, &key, length(&unit, &n), None)
}

pub(super) async fn until_v3(
    desk: Desked,
    Path((key, unit, n, to)): Path<(String, String, String, String)>,
) -> Response {
    answer(&desk, &key, length(&unit, &n), Some((&to, None)))
}

pub(super) async fn between_v3(
    desk: Desked,
    Path((key, unit, n, to, from)): Path<(String, String, String, String, String)>,
) -> Response {
    answer(&desk, &key, length(&unit, &n), Some((&to, Some(&from))))
}

/// How long a candle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Minutes(u32),
    Day,
    Week,
    Month,
}

/// `minutes` 1 to 300, `hours` 1 to 5, `days`, `weeks` and `months` one at a time.
fn length(unit: &str, n: &str) -> Option<Length> {
    let n: u32 = n.parse().ok()?;
    match (unit, n) {
        ("minutes", 1..=300) => Some(Length::Minutes(n)),
        ("hours", 1..=5) => Some(Length::Minutes(60 * n)),
        ("days", 1) => Some(Length::Day),
        ("weeks", 1) => Some(Length::Week),
        ("months", 1) => Some(Length::Month),
        _ => None,
    }
}

/// The five intervals of the second version.
fn old_length(interval: &str) -> Option<Length> {
    match interval {
        "1minute" => Some(Length::Minutes(1)),
        "30minute" => Some(Length::Minutes(30)),
        "day" => Some(Length::Day),
        "week" => Some(Length::Week),
        "month" => Some(Length::Month),
        _ => None,
    }
}

/// Candles of today, or between two dates, the last of which comes first.
fn answer(desk: &Desk, key: &str, length: Option<Length>, dates: Option<(&str, Option<&str>)>) -> Response {
    match read(desk, key, length, dates) {
        Ok(candles) => success(&json!({ "candles": candles.iter().map(row).collect::<Vec<Value>>() })),
        Err(faults) => faults.into_response(),
    }
}

fn read(
    desk: &Desk,
    key: &str,
    length: Option<Length>,
    dates: Option<(&str, Option<&str>)>,
) -> Result<Vec<Candle>, Faults> {
    let universe = desk.world.universe();
    let contract = universe
        .by_upstox(key)
        .ok_or_else(|| errors::INSTRUMENT_INVALID.at("instrument_key", json!(key)))?;
    let length = length.ok_or(errors::INTERVAL_INVALID)?;
    let today = desk.world.now().date();
    let (from, to) = match dates {
        None => (today, today),
        Some((to, from)) => {
            let to = date("to_date", to)?;
            // Without a first date: a month of the short candles, a year of the long ones.
            let back = if matches!(length, Length::Minutes(_)) {
                1.month()
            } else {
                1.year()
            };
            let from = from.map_or_else(|| Ok(to.saturating_sub(back)), |from| date("from_date", from))?;
            (from, to)
        }
    };
    if from > to {
        return Err(errors::INPUT_INVALID
            .at("from_date", json!(from.to_string()))
            .into());
    }
    let mut candles = collect(desk, contract, length, (from, to));
    candles.reverse();
    Ok(candles)
}

fn date(name: &'static str, text: &str) -> Result<Date, Faults> {
    text.parse()
        .map_err(|_| errors::INPUT_INVALID.at(name, json!(text)).into())
}

/// Oldest first.
fn collect(desk: &Desk, contract: &Contract, length: Length, (from, to): (Date, Date)) -> Vec<Candle> {
    let (start, end) = (
        Instant64::midnight(from),
        Instant64::midnight(to).plus_us(DAY_US - 1),
    );
    let days = |interval| desk.world.candles(contract, interval, start, end);
    match length {
        Length::Minutes(minutes) => days(Interval::Minutes(minutes)),
        Length::Day => days(Interval::Day),
        Length::Week => together(&days(Interval::Day), |day| {
            let since_monday = day.weekday().to_monday_zero_offset();
            day.saturating_sub(i64::from(since_monday).days())
        }),
        Length::Month => together(&days(Interval::Day), Date::first_of_month),
    }
}

/// Joins day candles whose dates lead to the same first day.
fn together(days: &[Candle], first: impl Fn(Date) -> Date) -> Vec<Candle> {
    let mut joined: Vec<Candle> = Vec::new();
    for day in days {
        let start = Instant64::midnight(first(day.start.date()));
        match joined.last_mut().filter(|last| last.start == start) {
            Some(last) => {
                last.high = last.high.max(day.high);
                last.low = last.low.min(day.low);
                last.close = day.close;
                last.volume += day.volume;
                last.open_interest = day.open_interest;
            }
            None => joined.push(Candle { start, ..*day }),
        }
    }
    joined
}

/// Time, open, high, low, close, volume, open interest.
fn row(candle: &Candle) -> Value {
    json!([
        candle.start.format("%Y-%m-%dT%H:%M:%S%:z"),
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.open_interest,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Paise;
    use jiff::civil::date;

    #[test]
    fn lengths_of_both_versions() {
        assert_eq!(length("minutes", "5"), Some(Length::Minutes(5)));
        assert_eq!(length("hours", "2"), Some(Length::Minutes(120)));
        assert_eq!(
            (
                length("minutes", "301"),
                length("days", "2"),
                length("ticks", "1")
            ),
            (None, None, None)
        );
        assert_eq!(
            (old_length("30minute"), old_length("5minute")),
            (Some(Length::Minutes(30)), None)
        );
    }

    #[test]
    fn days_join_into_weeks() {
        let day = |dom: i8, open: i64, high: i64, low: i64, close: i64| Candle {
            start: Instant64::midnight(date(2026, 11, dom)),
            open: Paise(open),
            high: Paise(high),
            low: Paise(low),
            close: Paise(close),
            volume: 10,
            open_interest: i64::from(dom),
        };
        let days = [day(19, 5, 9, 4, 6), day(20, 6, 8, 2, 7), day(23, 7, 7, 7, 7)];
        let weeks = together(&days, |day| {
            day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
        });
        assert_eq!(weeks.len(), 2);
        let first = Candle {
            start: Instant64::midnight(date(2026, 11, 16)),
            volume: 20,
            ..day(20, 5, 9, 2, 7)
        };
        assert_eq!(weeks[0], first);
    }
}
