//! Candles: the broker's words for intervals, the spans one call may cover, and the rows that come back.

use sangam_broker::date_spans;
use sangam_core::timestamp::Date;
use sangam_core::{Candle, CandleInterval, CandleQuery, Error, ErrorKind, IST, Quantity, Result, Timestamp};

use super::fault::{Fault, Row, expect_ok, shape};
use super::times;
use crate::wire::field::Field;
use crate::wire::market::CandlesReply;

const WHAT: &str = "candles";

/// Minutes the broker has candles of (official API v3 documentation, export of 2026-07-09; 45 and 180 in its text on
/// limits only).
const MINUTES: [u16; 13] = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 120, 180, 240];
/// Days one call may cover with candles of minutes, same source.
const DAYS_OF_MINUTES: i32 = 100;
/// Days one call may cover with candles of days, same source.
const DAYS_OF_DAYS: i32 = 366;
/// Most calls one question is cut into.
pub(crate) const CALLS_MAX: usize = 40;

/// The broker's word for an interval.
///
/// # Errors
/// [`ErrorKind::NotOffered`] for minutes it has no candles of.
pub fn resolution(interval: CandleInterval) -> Result<String> {
    match interval {
        CandleInterval::Day => Ok("1D".to_owned()),
        CandleInterval::Minutes(minutes) if MINUTES.contains(&minutes) => Ok(minutes.to_string()),
        CandleInterval::Minutes(minutes) => Err(Error::refused(
            ErrorKind::NotOffered,
            format!(
                "Fyers has no candles of {minutes} minutes; there are {}",
                MINUTES.map(|m| m.to_string()).join(", ")
            ),
        )),
    }
}

/// The dates of a query cut into spans one call may cover, oldest first, ends included.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for dates in the wrong order or more than forty calls.
pub fn chunks(query: &CandleQuery) -> Result<Vec<(Date, Date)>> {
    let refuse = |why: String| Err(Error::refused(ErrorKind::InvalidRequest, why));
    if query.from > query.to {
        return refuse(format!("from {} lies after to {}", query.from, query.to));
    }
    let days = match query.interval {
        CandleInterval::Day => DAYS_OF_DAYS,
        CandleInterval::Minutes(_) => DAYS_OF_MINUTES,
    };
    match date_spans(query.from, query.to, days, CALLS_MAX) {
        Some(spans) => Ok(spans),
        None => refuse(format!(
            "{} to {} would take more than {CALLS_MAX} calls of {days} days; ask for less",
            query.from, query.to
        )),
    }
}

/// The candles of one answer that begin on the dates from `from` to `to`, oldest first. An answer of `no_data` holds
/// none.
///
/// # Errors
/// [`Fault`] when the answer is no list of candles or a row lacks a figure.
pub fn candles(
    body: &[u8],
    interval: CandleInterval,
    (from, to): (Date, Date),
) -> Result<Vec<Candle>, Fault> {
    let reply: CandlesReply<'_> = shape(WHAT, body)?;
    let rows = reply.candles.rows();
    if reply.s.text().is_some_and(|s| s.eq_ignore_ascii_case("no_data")) {
        return match rows {
            Some(rows) if !rows.is_empty() => Err(Fault::NotOk { what: WHAT }),
            _ => Ok(Vec::new()),
        };
    }
    expect_ok(WHAT, reply.s)?;
    let rows = rows.ok_or(Fault::Absent { what: WHAT })?;
    let mut candles = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let candle = candle(Row::new(WHAT, i), row, interval)?;
        let date = IST::date(candle.start);
        if (from..=to).contains(&date) {
            candles.push(candle);
        }
    }
    candles.sort_by_key(|candle| candle.start);
    candles.dedup_by_key(|candle| candle.start);
    Ok(candles)
}

fn candle(at: Row, row: &[Field<'_>], interval: CandleInterval) -> Result<Candle, Fault> {
    let field = |i: usize| row.get(i).copied().unwrap_or_default();
    let price = |name, i| at.required(name, at.price(name, field(i))?);
    let epoch = at.required("time", at.integer("time", field(0))?)?;
    let start = times::epoch_instant(epoch)
        .and_then(|at| start(at, interval))
        .ok_or_else(|| at.fault("time", "is not a time"))?;
    Ok(Candle {
        start,
        open: price("open", 1)?,
        high: price("high", 2)?,
        low: price("low", 3)?,
        close: price("close", 4)?,
        volume: at.quantity("volume", field(5))?.unwrap_or(Quantity::ZERO),
        open_interest: at.quantity("open interest", field(6))?,
    })
}

/// When a candle begins. Stamps of days are seen at 00:00 UTC and at 00:00 IST: only their date in India is taken.
fn start(at: Timestamp, interval: CandleInterval) -> Option<Timestamp> {
    match interval {
        CandleInterval::Minutes(_) => Some(at),
        CandleInterval::Day => IST::instant(IST::date(at).to_datetime(jiff::civil::Time::midnight())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(interval: CandleInterval, from: &str, to: &str) -> CandleQuery {
        CandleQuery {
            instrument: "NSE:SBIN".parse().unwrap(),
            interval,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn spans_fit_one_call_and_leave_no_day_out() {
        let spans = chunks(&query(CandleInterval::Minutes(5), "2025-01-01", "2025-08-29")).unwrap();
        let shown: Vec<_> = spans.iter().map(|(a, b)| format!("{a} {b}")).collect();
        assert_eq!(
            shown,
            [
                "2025-01-01 2025-04-10",
                "2025-04-11 2025-07-19",
                "2025-07-20 2025-08-29"
            ]
        );
        let one = chunks(&query(CandleInterval::Day, "2024-01-01", "2024-12-31")).unwrap();
        assert_eq!(one.len(), 1);
        assert_eq!(
            chunks(&query(CandleInterval::Day, "2024-01-01", "2025-01-01"))
                .unwrap()
                .len(),
            2
        );
        assert!(chunks(&query(CandleInterval::Day, "2025-01-02", "2025-01-01")).is_err());
        assert!(chunks(&query(CandleInterval::Minutes(1), "2000-01-01", "2025-01-01")).is_err());
        assert!(chunks(&query(CandleInterval::Day, "9999-12-30", "9999-12-31")).is_ok());
    }

    #[test]
    fn a_days_candle_begins_at_midnight_in_india_whatever_its_hour() {
        let span = ("2025-09-26".parse().unwrap(), "2025-09-26".parse().unwrap());
        for epoch in [1_758_844_800_i64, 1_758_825_000] {
            let body = format!(r#"{{"s":"ok","candles":[[{epoch},810.0,818.9,806.3,812.3,8123450]]}}"#);
            let candles = candles(body.as_bytes(), CandleInterval::Day, span).unwrap();
            assert_eq!(candles[0].start.to_string(), "2025-09-25T18:30:00Z");
            assert_eq!(candles[0].open_interest, None);
        }
    }

    #[test]
    fn rows_outside_the_dates_are_left_out() {
        let span = ("2025-09-27".parse().unwrap(), "2025-09-28".parse().unwrap());
        let body = br#"{"s":"ok","candles":[[1758844800,1,1,1,1,1]]}"#;
        assert_eq!(candles(body, CandleInterval::Day, span).unwrap(), []);
        let body = br#"{"s":"ok","candles":[[1758844800,1,1]]}"#;
        let fault = candles(body, CandleInterval::Day, span).unwrap_err();
        assert_eq!(fault.to_string(), "candles row 1: low is missing");
    }

    #[test]
    fn only_minutes_the_broker_has() {
        assert_eq!(resolution(CandleInterval::Minutes(240)).unwrap(), "240");
        assert_eq!(resolution(CandleInterval::Day).unwrap(), "1D");
        assert_eq!(
            resolution(CandleInterval::Minutes(7)).unwrap_err().kind(),
            ErrorKind::NotOffered
        );
    }
}
