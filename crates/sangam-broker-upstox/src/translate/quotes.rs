//! Quotes and depth.

use std::fmt;

use rust_decimal::Decimal;
use sangam_broker::Number;
use sangam_core::{Depth, DepthLevel, Exchange, InstrumentId, Price, Quote, Rounding, Segment, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::rows::{ParseError, Place, row};
use super::time;
use crate::wire::{DepthSide, Ohlc, QuoteRow};

/// Most decimals of a real price. The broker sends some prices as nearest 32-bit floats, whose noise goes beyond.
const DECIMALS_MAX: u32 = 4;

/// The rows of an answer, by the instrument key inside each. The outer keys (`NSE_EQ:RELIANCE`) are not the keys asked
/// for, and some occur twice.
#[derive(Debug)]
pub(crate) struct QuoteRows<'a>(Vec<(String, &'a RawValue)>);

/// The values of a JSON object without its keys, so that none is lost where two keys are equal.
struct Values<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Values<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;

        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of quotes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
                let mut values = Vec::new();
                while let Some((_, value)) = map.next_entry::<serde::de::IgnoredAny, &'de RawValue>()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_map(ValuesVisitor)
    }
}

/// The key alone, read before the rest of a row so that a row that cannot be read spoils no other.
#[derive(Deserialize)]
struct KeyOnly {
    #[serde(default)]
    instrument_token: sangam_broker::Text,
}

impl<'a> QuoteRows<'a> {
    /// The rows of an answer's data; null stands for none.
    pub(crate) fn read(data: Option<&'a RawValue>) -> Result<Self, ParseError> {
        let Some(data) = data else {
            return Ok(Self(Vec::new()));
        };
        let Values(values) = serde_json::from_str(data.get())
            .map_err(|error| ParseError::new("quotes", format!("cannot be read: {error}")))?;
        values
            .into_iter()
            .enumerate()
            .map(|(i, raw)| {
                let place = Place {
                    list: "quotes",
                    row: i + 1,
                };
                let found: KeyOnly = row(place, raw)?;
                let key = place
                    .text("instrument_token", &found.instrument_token)?
                    .to_owned();
                Ok((key, raw))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The row of a key; `None` where the broker sent none.
    pub(crate) fn row(&self, key: &str) -> Option<Result<QuoteRow, ParseError>> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        let place = Place {
            list: "quotes",
            row: at + 1,
        };
        Some(row(place, self.0[at].1))
    }
}

/// What is needed beside the row to make a quote of it.
#[derive(Debug, Clone)]
pub(crate) struct QuoteContext<'a> {
    pub(crate) instrument: &'a InstrumentId,
    /// The price grid, where known.
    pub(crate) tick: Option<Price>,
    pub(crate) received_at: Timestamp,
}

impl QuoteContext<'_> {
    fn wrong(&self, what: &str) -> ParseError {
        ParseError::new(format!("quote of {}", self.instrument), what)
    }

    /// A price freed of float noise; `None` where there is none.
    fn price(&self, field: &str, number: Number) -> Result<Option<Price>, ParseError> {
        let Some(value) = number.get() else {
            return Ok(None);
        };
        self.clean(value)
            .map(Some)
            .ok_or_else(|| self.wrong(&format!("field {field} is no price: {value}")))
    }

    /// A price where nought stands for none.
    fn some_price(&self, field: &str, number: Number) -> Result<Option<Price>, ParseError> {
        Ok(self.price(field, number)?.filter(|price| !price.is_zero()))
    }

    fn clean(&self, value: Decimal) -> Option<Price> {
        if value.normalize().scale() <= DECIMALS_MAX {
            return Price::new(value).ok();
        }
        match self.tick.filter(|tick| tick.is_positive()) {
            Some(tick) => Price::rounded(value).ok()?.to_tick(tick, Rounding::Nearest).ok(),
            None => Price::new(value.round_dp(decimals(self.instrument.exchange))).ok(),
        }
    }

    fn quantity(&self, field: &str, number: Number) -> Result<Option<sangam_core::Quantity>, ParseError> {
        match (number.get(), number.quantity()) {
            (Some(value), None) => Err(self.wrong(&format!("field {field} is no quantity: {value}"))),
            (_, quantity) => Ok(quantity),
        }
    }

    fn levels(&self, side: &DepthSide) -> Result<Vec<DepthLevel>, ParseError> {
        let mut levels = Vec::new();
        for level in side.iter().flatten() {
            let price = self.some_price("depth price", level.price)?;
            let quantity = self.quantity("depth quantity", level.quantity)?;
            if let (Some(price), Some(quantity)) = (price, quantity)
                && !quantity.is_zero()
            {
                let orders = level
                    .orders
                    .integer()
                    .and_then(|orders| u32::try_from(orders).ok());
                levels.push(DepthLevel {
                    price,
                    quantity,
                    orders,
                });
            }
        }
        Ok(levels)
    }
}

/// Decimals of the prices of an exchange: currencies move in ticks of 0.0025, everything else in paise.
fn decimals(exchange: Exchange) -> u32 {
    if exchange.segment() == Segment::Currency {
        4
    } else {
        2
    }
}

/// A quote of a row.
pub(crate) fn quote(context: &QuoteContext<'_>, row: &QuoteRow) -> Result<Quote, ParseError> {
    depth(context, row).map(|depth| depth.quote)
}

/// A quote of a row with the levels behind it.
pub(crate) fn depth(context: &QuoteContext<'_>, row: &QuoteRow) -> Result<Depth, ParseError> {
    let last = context
        .price("last_price", row.last_price)?
        .ok_or_else(|| context.wrong("field last_price is missing"))?;
    let none = Ohlc::default();
    let day = row.ohlc.as_ref().or(row.live_ohlc.as_ref()).unwrap_or(&none);
    let before = row.prev_ohlc.as_ref().unwrap_or(&none);
    let sides = row.depth.as_ref();
    let bids = sides.map_or_else(|| Ok(Vec::new()), |sides| context.levels(&sides.buy))?;
    let asks = sides.map_or_else(|| Ok(Vec::new()), |sides| context.levels(&sides.sell))?;
    let stated = |number: Number| number.get().is_some();
    let previous_close = if stated(row.cp) {
        context.some_price("cp", row.cp)?
    } else if stated(before.close) {
        context.some_price("prev_ohlc.close", before.close)?
    } else {
        // The full quote's `ohlc.close` has two readings; the net change has one: last price less previous close.
        let close = |change: Decimal| {
            last.decimal()
                .checked_sub(change)
                .and_then(|close| context.clean(close))
                .filter(|close| close.is_positive())
        };
        row.net_change.get().and_then(close)
    };
    let volume = if stated(row.volume) {
        row.volume
    } else {
        day.volume
    };
    let instant = |text: &sangam_broker::Text| text.get().and_then(time::instant);
    Ok(Depth {
        quote: Quote {
            instrument: context.instrument.clone(),
            last,
            bid: bids.first().map(|level| level.price),
            ask: asks.first().map(|level| level.price),
            open: context.some_price("open", day.open)?,
            high: context.some_price("high", day.high)?,
            low: context.some_price("low", day.low)?,
            previous_close,
            volume: context.quantity("volume", volume)?,
            open_interest: context.quantity("oi", row.oi)?,
            lower_circuit: context.some_price("lower_circuit_limit", row.lower_circuit_limit)?,
            upper_circuit: context.some_price("upper_circuit_limit", row.upper_circuit_limit)?,
            tick: None,
            exchange_time: instant(&row.last_trade_time).or_else(|| instant(&row.timestamp)),
            received_at: context.received_at,
        },
        bids,
        asks,
        last_quantity: context.quantity("ltq", row.ltq)?,
        total_bid: context.quantity("total_buy_quantity", row.total_buy_quantity)?,
        total_ask: context.quantity("total_sell_quantity", row.total_sell_quantity)?,
    })
}
