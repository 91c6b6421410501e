//! Candles of minutes, and of days as texts within text; both newest first.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::errors::{self, Refused};
use super::market::by_token;
use super::request::Asked;
use super::words::{self, text};
use super::{Outcome, Reply, list};
use crate::clock::{Instant64, MINUTE_US, SECOND_US};
use crate::contracts::month_code;
use crate::market::{Candle, Interval};
use crate::money::Paise;
use crate::world::World;

/// Minutes a candle may have.
const INTERVALS: [u32; 9] = [1, 3, 5, 10, 15, 30, 60, 120, 240];
/// The last instant that is asked about; later ones are cut to it.
const LAST_SECOND: i64 = 4_102_444_800;

pub(super) fn minutes(world: &World, asked: &Asked) -> Outcome {
    let contract = by_token(world, asked)?;
    let minutes = match asked.get("intrv") {
        None => 1,
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|minutes| INTERVALS.contains(minutes))
            .ok_or_else(errors::invalid_input)?,
    };
    let now = world.now();
    let from = instant(asked, "st")?.unwrap_or_else(|| midnight(now));
    let to = instant(asked, "et")?.unwrap_or(now);
    if from > to {
        return Err(errors::no_data());
    }
    // The day's volume up to a candle needs the day from its beginning.
    let candles = world.candles(&contract, Interval::Minutes(minutes), midnight(from), to);
    let mut volumes: HashMap<i64, i64> = HashMap::new();
    let mut rows = Vec::new();
    let mut interest = candles.first().map_or(0, |candle| candle.open_interest);
    for candle in &candles {
        let volume = volumes.entry(candle.start.day_number()).or_default();
        *volume += candle.volume;
        if candle.start >= from {
            rows.push(minute_row(candle, *volume, candle.open_interest - interest));
        }
        interest = candle.open_interest;
    }
    rows.reverse();
    list(rows)
}

fn minute_row(candle: &Candle, day_volume: i64, interest_change: i64) -> Value {
    let middle = Paise((candle.open.0 + candle.high.0 + candle.low.0 + candle.close.0) / 4);
    json!({
        "stat": "Ok",
        "time": words::date_time(candle.start),
        "ssboe": text(candle.start.epoch_s()),
        "into": text(candle.open),
        "inth": text(candle.high),
        "intl": text(candle.low),
        "intc": text(candle.close),
        "intvwap": text(middle),
        "intv": text(candle.volume),
        "intoi": text(interest_change),
        "v": text(day_volume),
        "oi": text(candle.open_interest),
    })
}

/// Days of `EXCH:TSYM`. Without data the body is empty.
pub(super) fn days(world: &World, asked: &Asked) -> Outcome {
    let name = asked.need_name("sym")?;
    let universe = world.universe();
    let contract = name
        .split_once(':')
        .and_then(|(exchange, symbol)| universe.by_flattrade(exchange, symbol));
    let (Some(from), Some(to)) = (instant(asked, "from")?, instant(asked, "to")?) else {
        return Err(errors::missing("from or to"));
    };
    let Some(contract) = contract.filter(|_| from <= to) else {
        return Ok(Reply::Blank);
    };
    let rows: Vec<Value> = world
        .candles(contract, Interval::Day, from, to)
        .iter()
        .rev()
        .map(|candle| json!(day_row(candle).to_string()))
        .collect();
    Ok(if rows.is_empty() {
        Reply::Blank
    } else {
        Reply::Json(Value::Array(rows))
    })
}

fn day_row(candle: &Candle) -> Value {
    let date = candle.start.date();
    // Midnight of that date in UTC, when it is half past five in India.
    let utc = candle.start.plus_us(330 * MINUTE_US).epoch_s();
    json!({
        "time": format!("{:02}-{}-{}", date.day(), month_code(date.month()), date.year()),
        "into": text(candle.open),
        "inth": text(candle.high),
        "intl": text(candle.low),
        "intc": text(candle.close),
        "ssboe": text(utc),
        "intv": format!("{}.00", candle.volume),
    })
}

/// Seconds since the epoch as text; the official client's own defaults have a fraction.
fn instant(asked: &Asked, name: &str) -> Result<Option<Instant64>, Refused> {
    let Some(sent) = asked.get(name) else {
        return Ok(None);
    };
    let (whole, fraction) = sent.split_once('.').unwrap_or((sent, ""));
    let seconds: i64 = whole.parse().map_err(|_| errors::invalid_input())?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(errors::invalid_input());
    }
    Ok(Some(Instant64(seconds.clamp(0, LAST_SECOND) * SECOND_US)))
}

const fn midnight(at: Instant64) -> Instant64 {
    at.plus_us(-at.since_midnight_us())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_is_stamped_with_midnight_of_its_date_in_utc() {
        let candle = Candle {
            start: Instant64::midnight(date(2026, 9, 21)),
            open: Paise(249_675),
            high: Paise(253_300),
            low: Paise(249_500),
            close: Paise(250_975),
            volume: 4_249_172,
            open_interest: 0,
        };
        let expected = json!({
            "time": "21-SEP-2026", "into": "2496.75", "inth": "2533.00", "intl": "2495.00", "intc": "2509.75",
            "ssboe": "1789948800", "intv": "4249172.00",
        });
        assert_eq!(day_row(&candle), expected);
    }

    #[test]
    fn instants_may_have_a_fraction() {
        let read = |text: &str| {
            let body = format!("jData={{\"st\": \"{text}\"}}");
            instant(&Asked::read(body.as_bytes()).expect("it is read"), "st")
        };
        assert_eq!(
            read("1796010300.0"),
            Ok(Some(Instant64(1_796_010_300 * SECOND_US)))
        );
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("01-12-2026"), Err(errors::invalid_input()));
    }
}
