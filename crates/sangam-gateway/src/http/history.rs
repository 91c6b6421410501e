//! history and intervals: candles in OpenAlgo's form.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sangam::core::timestamp::Date;
use sangam::core::{Candle, CandleInterval, CandleQuery, IST, Quantity};
use serde::Serialize;

use super::body::RawBody;
use super::fields::{Faults, Fields};
use super::num::Num;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::{EXCHANGES, INTERVALS};

#[derive(Serialize)]
struct Row {
    timestamp: i64,
    open: Num,
    high: Num,
    low: Num,
    close: Num,
    volume: u64,
    oi: u64,
}

/// Candles, oldest first.
pub(crate) async fn history(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(history_inner(&gateway, &body).await)
}

async fn history_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let symbol = fields.text("symbol");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let word = fields.one_of("interval", &INTERVALS, None);
    let from = date(&mut fields, "start_date");
    let to = date(&mut fields, "end_date");
    fields.one_of("source", &["api", "db"], Some("api"));
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let id = gateway.instrument(
        exchange.unwrap_or_default(),
        symbol.as_deref().unwrap_or_default(),
    )?;
    let word = word.unwrap_or_default();
    let Some(interval) = interval(word) else {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("interval {word} is not offered here; use minutes, hours up to 4h, or D"),
        ));
    };
    let (Some(from), Some(to)) = (from, to) else {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "start_date and end_date are needed as YYYY-MM-DD",
        ));
    };
    if to < from {
        let fault = Faults::one("end_date", "Must not be before start_date.");
        return Err(Refusal::faults_object(&fault));
    }
    let query = CandleQuery {
        instrument: id,
        interval,
        from,
        to,
    };
    let seen = gateway
        .system()
        .candles(&query)
        .await
        .map_err(|error| reply::broker_refusal(&error))?;
    Ok(gateway.data(
        seen.value
            .iter()
            .map(|candle| row(candle, interval))
            .collect::<Vec<_>>(),
    ))
}

fn date(fields: &mut Fields<'_>, name: &'static str) -> Option<Date> {
    let text = fields.text(name)?;
    let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    if date.is_none() {
        fields.fault(name, "Not a valid date.");
    }
    date
}

fn interval(word: &str) -> Option<CandleInterval> {
    if word == "D" {
        return Some(CandleInterval::Day);
    }
    let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
    let number: u16 = number.parse().ok()?;
    match unit {
        "m" => Some(CandleInterval::Minutes(number)),
        "h" => Some(CandleInterval::Minutes(number * 60)),
        _ => None,
    }
}

fn row(candle: &Candle, interval: CandleInterval) -> Row {
    let timestamp = match interval {
        CandleInterval::Minutes(_) => candle.start.as_second(),
        // A day is its date at 00:00 as if in UTC: what clients expect of OpenAlgo.
        CandleInterval::Day => {
            IST::instant(IST::date(candle.start).to_datetime(sangam::core::timestamp::Time::midnight()))
                .map_or(0, |midnight| midnight.as_second() + i64::from(IST::SECONDS))
        }
    };
    Row {
        timestamp,
        open: Num(candle.open.decimal()),
        high: Num(candle.high.decimal()),
        low: Num(candle.low.decimal()),
        close: Num(candle.close.decimal()),
        volume: candle.volume.units(),
        oi: candle.open_interest.map_or(0, Quantity::units),
    }
}

/// The intervals there are.
pub(crate) async fn intervals(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    #[derive(Serialize)]
    struct Intervals {
        seconds: [&'static str; 0],
        minutes: [&'static str; 8],
        hours: [&'static str; 4],
        days: [&'static str; 1],
        weeks: [&'static str; 0],
        months: [&'static str; 0],
    }
    answer(super::account::key_only(&gateway, &body).map(|()| {
        gateway.data(Intervals {
            seconds: [],
            minutes: ["1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m"],
            hours: ["1h", "2h", "3h", "4h"],
            days: ["D"],
            weeks: [],
            months: [],
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_in_minutes_and_days_and_none_that_no_broker_has() {
        for (word, minutes) in [("1m", 1), ("30m", 30), ("1h", 60), ("4h", 240)] {
            assert_eq!(interval(word), Some(CandleInterval::Minutes(minutes)), "{word}");
        }
        assert_eq!(interval("D"), Some(CandleInterval::Day));
        for word in ["1s", "45s", "W", "M", "Q", "Y", ""] {
            assert_eq!(interval(word), None, "{word}");
        }
        // Whatever is offered is also understood.
        for word in INTERVALS {
            assert!(
                interval(word).is_some() || !word.ends_with(['m', 'h', 'D']),
                "{word}"
            );
        }
    }

    #[test]
    fn a_day_is_its_date_as_if_in_utc_and_a_minute_its_instant() {
        let one: sangam::core::Price = "1".parse().expect("a price");
        let candle = |start: &str| Candle {
            start: start.parse().expect("an instant"),
            open: one,
            high: one,
            low: one,
            close: one,
            volume: Quantity::ZERO,
            open_interest: None,
        };
        // 19 November 2026, 00:00 in India: the contract's own figure.
        assert_eq!(
            row(&candle("2026-11-18T18:30:00Z"), CandleInterval::Day).timestamp,
            1_795_046_400
        );
        let minute = row(&candle("2026-11-19T03:45:00Z"), CandleInterval::Minutes(1));
        assert_eq!(minute.timestamp, 1_795_059_900);
    }
}
