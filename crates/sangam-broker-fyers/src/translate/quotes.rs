//! Quotes and depth.

use std::cmp::Reverse;
use std::collections::HashMap;

use sangam_core::ports::QuoteResult;
use sangam_core::{
    BrokerName, Depth, DepthLevel, Error, ErrorKind, InstrumentId, Operation, Outcome, Quote, Result,
    Timestamp,
};

use super::fault::{Fault, Row, expect_ok, shape};
use super::times;
use crate::error;
use crate::wire::field::Field;
use crate::wire::market::{
    DepthReply, DepthRow, DepthValues, QuoteRefusal, QuoteRow, QuoteValues, QuotesReply,
};

const QUOTES: &str = "quotes";
const DEPTH: &str = "depth";

/// The quotes asked for by the broker's symbols, in the order asked. The broker answers in any order and may leave
/// symbols out or refuse them one by one.
///
/// # Errors
/// [`Fault`] when the answer is no list of quotes or an entry names no symbol.
pub fn quotes(
    body: &[u8],
    asked: &[(InstrumentId, Box<str>)],
    received_at: Timestamp,
) -> Result<Vec<QuoteResult>, Fault> {
    let reply: QuotesReply<'_> = shape(QUOTES, body)?;
    expect_ok(QUOTES, reply.s)?;
    let rows = reply.quotes.rows().ok_or(Fault::Absent { what: QUOTES })?;
    let mut by_symbol = HashMap::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let symbol = Row::new(QUOTES, i).required("n", row.symbol.text())?;
        by_symbol.entry(symbol).or_insert((i, row));
    }
    let answer = |(instrument, symbol): &(InstrumentId, Box<str>)| {
        let result = match by_symbol.get(symbol.as_ref()) {
            Some(&(i, row)) => quote(Row::new(QUOTES, i), row, instrument, received_at),
            None => Err(missing(symbol)),
        };
        (instrument.clone(), result)
    };
    Ok(asked.iter().map(answer).collect())
}

fn quote(at: Row, row: &QuoteRow<'_>, instrument: &InstrumentId, received_at: Timestamp) -> Result<Quote> {
    let values = row.values.raw().unwrap_or("null");
    if expect_ok(QUOTES, row.s).is_err() {
        let refusal: QuoteRefusal<'_> = serde_json::from_str(values).unwrap_or_default();
        return Err(refused(&refusal, instrument));
    }
    serde_json::from_str::<Option<QuoteValues<'_>>>(values)
        .ok()
        .flatten()
        .ok_or_else(|| at.fault("v", "is missing"))
        .and_then(|values| quote_values(at, &values, instrument, received_at))
        .map_err(Fault::into_error)
}

fn quote_values(
    at: Row,
    values: &QuoteValues<'_>,
    instrument: &InstrumentId,
    received_at: Timestamp,
) -> Result<Quote, Fault> {
    Ok(Quote {
        instrument: instrument.clone(),
        last: at.required("lp", at.price("lp", values.last)?)?,
        bid: at.some_price("bid", values.bid)?,
        ask: at.some_price("ask", values.ask)?,
        open: at.some_price("open_price", values.open)?,
        high: at.some_price("high_price", values.high)?,
        low: at.some_price("low_price", values.low)?,
        previous_close: at.some_price("prev_close_price", values.previous_close)?,
        volume: at.quantity("volume", values.volume)?,
        open_interest: None,
        lower_circuit: None,
        upper_circuit: None,
        tick: None,
        exchange_time: exchange_time(values.at),
        received_at,
    })
}

fn refused(refusal: &QuoteRefusal<'_>, instrument: &InstrumentId) -> Error {
    let code = refusal.code.integer();
    let text = refusal.errmsg.text().or_else(|| refusal.message.text());
    match code {
        Some(code) => error::refusal(code, text.as_deref(), 200, Operation::Quotes),
        None => Error::new(
            ErrorKind::UnexpectedAnswer,
            Outcome::Rejected,
            format!(
                "no quote for {instrument}: {}",
                text.as_deref().unwrap_or("no reason given")
            ),
        )
        .at(BrokerName::Fyers),
    }
}

fn missing(symbol: &str) -> Error {
    Error::new(
        ErrorKind::UnknownInstrument,
        Outcome::Rejected,
        format!("the answer leaves out {symbol}"),
    )
    .at(BrokerName::Fyers)
}

/// The depth asked for by the broker's symbol, with the quote that comes with it. The outer result is the answer's, the
/// inner the symbol's: an answer that says ok and leaves the symbol out means the symbol is unknown.
///
/// # Errors
/// [`Fault`] when the answer is no depth.
pub fn depth(
    body: &[u8],
    instrument: &InstrumentId,
    symbol: &str,
    received_at: Timestamp,
) -> Result<Result<Depth>, Fault> {
    let reply: DepthReply<'_> = shape(DEPTH, body)?;
    expect_ok(DEPTH, reply.s)?;
    let of_symbols = reply.d.ok_or(Fault::Absent { what: DEPTH })?;
    let Some(values) = of_symbols.get(symbol) else {
        return Ok(Err(missing(symbol)));
    };
    depth_values(values, instrument, received_at).map(Ok)
}

fn depth_values(
    values: &DepthValues<'_>,
    instrument: &InstrumentId,
    received_at: Timestamp,
) -> Result<Depth, Fault> {
    let at = Row::new(DEPTH, 0);
    let open_interest = at.quantity("oi", values.open_interest)?;
    let quote = Quote {
        instrument: instrument.clone(),
        last: at.required("ltp", at.price("ltp", values.last)?)?,
        bid: None,
        ask: None,
        open: at.some_price("o", values.open)?,
        high: at.some_price("h", values.high)?,
        low: at.some_price("l", values.low)?,
        previous_close: at.some_price("c", values.previous_close)?,
        volume: at.quantity("v", values.volume)?,
        open_interest: open_interest.filter(|oi| values.has_open_interest.flag() || !oi.is_zero()),
        lower_circuit: at.some_price("lower_ckt", values.lower_circuit)?,
        upper_circuit: at.some_price("upper_ckt", values.upper_circuit)?,
        tick: None,
        exchange_time: exchange_time(values.at),
        received_at,
    };
    let mut bids = levels("bids", values.bids.as_slice())?;
    bids.sort_by_key(|level| Reverse(level.price));
    let mut asks = levels("ask", values.ask.as_slice())?;
    asks.sort_by_key(|level| level.price);
    Ok(Depth {
        quote: Quote {
            bid: bids.first().map(|level| level.price),
            ask: asks.first().map(|level| level.price),
            ..quote
        },
        bids,
        asks,
        last_quantity: at.quantity("ltq", values.last_quantity)?,
        total_bid: at.quantity("totalbuyqty", values.total_bid)?,
        total_ask: at.quantity("totalsellqty", values.total_ask)?,
    })
}

/// The levels that hold something.
fn levels(side: &'static str, rows: &[DepthRow<'_>]) -> Result<Vec<DepthLevel>, Fault> {
    let mut levels = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let at = Row::new(side, i);
        let price = at.required("price", at.price("price", row.price)?)?;
        let quantity = at.required("volume", at.quantity("volume", row.quantity)?)?;
        let orders = at
            .integer("ord", row.orders)?
            .and_then(|orders| u32::try_from(orders).ok());
        if !price.is_zero() && !quantity.is_zero() {
            levels.push(DepthLevel {
                price,
                quantity,
                orders,
            });
        }
    }
    Ok(levels)
}

fn exchange_time(field: Field<'_>) -> Option<Timestamp> {
    field.text().as_deref().and_then(times::instant)
}
