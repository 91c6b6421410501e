//! Candles: `TPSeries` for minutes, `EODChartData` for days, where each row is a JSON document inside a string. Both come
//! newest first and leave oldest first. "No data" is no candles: days without trades are usual.

use sangam_core::timestamp::Time;
use sangam_core::{Candle, Error, IST, Operation, Timestamp};
use serde_json::value::RawValue;

use super::answer::{self, Place};
use super::times;
use crate::error;
use crate::wire::{DayRow, MinuteRow};

/// Reads candles of some minutes, oldest first.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read.
pub fn minutes(status: u16, body: &[u8]) -> Result<Vec<Candle>, Error> {
    const CALL: &str = "TPSeries";
    let candles = answer::rows::<MinuteRow>(CALL, Operation::Candles, status, body)?
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let place = Place::row(CALL, i);
            let start = [&row.time, &row.ssboe]
                .into_iter()
                .filter_map(|text| text.get())
                .find_map(times::instant)
                .ok_or_else(|| place.fault("time", "is no date and time"))?;
            Ok(Candle {
                start,
                open: place.price("into", row.into)?,
                high: place.price("inth", row.inth)?,
                low: place.price("intl", row.intl)?,
                close: place.price("intc", row.intc)?,
                volume: place.count_or_nought("intv", row.intv)?,
                open_interest: place.count("oi", row.oi)?,
            })
        })
        .collect::<Result<Vec<Candle>, Error>>()?;
    Ok(oldest_first(candles))
}

/// Reads candles of a day, oldest first. An empty body is no candles.
///
/// # Errors
/// As [`minutes`].
pub fn days(status: u16, body: &[u8]) -> Result<Vec<Candle>, Error> {
    const CALL: &str = "EODChartData";
    if status == 200 && body.iter().all(u8::is_ascii_whitespace) || error::is_no_data(status, body) {
        return Ok(Vec::new());
    }
    let listed = (200..300).contains(&status);
    let rows: Vec<&RawValue> = match serde_json::from_slice(body) {
        Ok(rows) if listed => rows,
        _ => return Err(error::failure(Operation::Candles, status, body)),
    };
    let candles = rows
        .iter()
        .enumerate()
        .map(|(i, raw)| {
            let place = Place::row(CALL, i);
            let row: DayRow = answer::inner(raw)
                .map_err(|cause| place.fault("document", &format!("cannot be read: {cause}")))?;
            let start = row
                .time
                .get()
                .and_then(times::date)
                .and_then(|day| IST::instant(day.to_datetime(Time::midnight())))
                .ok_or_else(|| place.fault("time", "is no date"))?;
            Ok(Candle {
                start,
                open: place.price("into", row.into)?,
                high: place.price("inth", row.inth)?,
                low: place.price("intl", row.intl)?,
                close: place.price("intc", row.intc)?,
                volume: place.count_or_nought("intv", row.intv)?,
                open_interest: None,
            })
        })
        .collect::<Result<Vec<Candle>, Error>>()?;
    Ok(oldest_first(candles))
}

fn oldest_first(mut candles: Vec<Candle>) -> Vec<Candle> {
    candles.sort_by_key(|candle| candle.start);
    candles
}

/// The candles that begin within a span, both ends included.
pub(crate) fn within(mut candles: Vec<Candle>, span: (Timestamp, Timestamp)) -> Vec<Candle> {
    candles.retain(|candle| (span.0..=span.1).contains(&candle.start));
    candles
}
