//! Candles.

use sangam_broker::Text;
use sangam_core::{Candle, CandleInterval};
use serde_json::value::RawValue;

use super::rows::{ParseError, Place, row};
use super::time;
use crate::wire::{CandleRow, Candles};

/// The unit and count of an interval on the wire.
pub(crate) fn unit(interval: CandleInterval) -> (&'static str, u16) {
    match interval {
        CandleInterval::Minutes(minutes) => ("minutes", minutes),
        CandleInterval::Day => ("days", 1),
    }
}

/// The candles of an answer's data, in the broker's order.
pub(crate) fn candles(data: Option<&RawValue>) -> Result<Vec<Candle>, ParseError> {
    let whole = Place {
        list: "candles",
        row: 0,
    };
    let Some(data) = data else {
        return Err(ParseError::new("candles", "no data in it"));
    };
    let found: Candles<'_> = serde_json::from_str(data.get())
        .map_err(|error| ParseError::new(whole.to_string(), format!("cannot be read: {error}")))?;
    let rows = found
        .candles
        .ok_or_else(|| ParseError::new("candles", "field candles is missing"))?;
    rows.into_iter()
        .enumerate()
        .map(|(i, raw)| {
            let place = Place {
                list: "candles",
                row: i + 1,
            };
            let CandleRow(start, open, high, low, close, volume, interest) = row(place, raw)?;
            Ok(Candle {
                start: start_of(place, &start)?,
                open: place.price("open", open)?,
                high: place.price("high", high)?,
                low: place.price("low", low)?,
                close: place.price("close", close)?,
                volume: place.quantity_or_zero("volume", volume)?,
                open_interest: place.some_quantity("open interest", interest)?,
            })
        })
        .collect()
}

fn start_of(place: Place, start: &Text) -> Result<sangam_core::Timestamp, ParseError> {
    let text = place.text("start", start)?;
    time::instant(text)
        .ok_or_else(|| ParseError::new(place.to_string(), format!("field start is no date: {text:?}")))
}
