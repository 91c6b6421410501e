//! `GetQuotes`: quote and five levels of depth in one answer, for one instrument.

use sangam_core::{Depth, DepthLevel, Error, InstrumentId, Operation, Quote, Timestamp};

use super::answer::{self, Place};
use super::times;
use crate::error;
use crate::wire::QuoteBody;

const CALL: &str = "GetQuotes";

/// Reads the quote of an instrument asked for by its token.
///
/// # Errors
/// The broker's refusal ([`sangam_core::ErrorKind::UnknownInstrument`] for "no data"), or
/// [`sangam_core::ErrorKind::UnexpectedAnswer`] when there is no price or the answer is about another token.
pub fn quote(
    status: u16,
    body: &[u8],
    instrument: &InstrumentId,
    token: &str,
    received_at: Timestamp,
) -> Result<Quote, Error> {
    let body = read(Operation::Quotes, status, body, instrument, token)?;
    quote_of(&body, instrument, received_at)
}

/// Reads the depth of an instrument; empty levels are left out.
///
/// # Errors
/// As [`quote`].
pub fn depth(
    status: u16,
    body: &[u8],
    instrument: &InstrumentId,
    token: &str,
    received_at: Timestamp,
) -> Result<Depth, Error> {
    let place = Place::whole(CALL);
    let body = read(Operation::Depth, status, body, instrument, token)?;
    Ok(Depth {
        quote: quote_of(&body, instrument, received_at)?,
        bids: levels(body.bids())?,
        asks: levels(body.asks())?,
        last_quantity: place.count("ltq", body.ltq)?,
        total_bid: place.count("tbq", body.tbq)?,
        total_ask: place.count("tsq", body.tsq)?,
    })
}

fn read(
    operation: Operation,
    status: u16,
    body: &[u8],
    instrument: &InstrumentId,
    token: &str,
) -> Result<QuoteBody, Error> {
    if error::is_no_data(status, body) {
        return Err(error::no_data(operation, &format!("quote of {instrument}")));
    }
    let quote: QuoteBody = answer::success(CALL, operation, status, body)?;
    match quote.token.get() {
        Some(told) if told != token => Err(Place::whole(CALL).fault("token", "is not the one asked for")),
        _ => Ok(quote),
    }
}

fn quote_of(body: &QuoteBody, instrument: &InstrumentId, received_at: Timestamp) -> Result<Quote, Error> {
    let place = Place::whole(CALL);
    let exchange_time = match (body.ltd.get(), body.ltt.get()) {
        (Some(day), Some(clock)) => times::together(day, clock),
        _ => None,
    };
    let ([bid, ..], [ask, ..]) = (body.bids(), body.asks());
    Ok(Quote {
        instrument: instrument.clone(),
        last: place.price("lp", body.lp)?,
        bid: place.some_price("bp1", bid.0)?,
        ask: place.some_price("sp1", ask.0)?,
        open: place.some_price("o", body.o)?,
        high: place.some_price("h", body.h)?,
        low: place.some_price("l", body.l)?,
        previous_close: place.some_price("c", body.c)?,
        volume: place.count("v", body.v)?,
        open_interest: place.count("oi", body.oi)?,
        lower_circuit: place.some_price("lc", body.lc)?,
        upper_circuit: place.some_price("uc", body.uc)?,
        tick: place.some_price("ti", body.ti)?.filter(|tick| tick.is_positive()),
        exchange_time,
        received_at,
    })
}

fn levels(sent: [crate::wire::Level; 5]) -> Result<Vec<DepthLevel>, Error> {
    let place = Place::whole(CALL);
    let mut levels = Vec::with_capacity(sent.len());
    for (price, quantity, orders, price_name, quantity_name) in sent {
        let price = place.some_price(price_name, price)?;
        let quantity = place.count_or_nought(quantity_name, quantity)?;
        if let Some(price) = price.filter(|_| !quantity.is_zero()) {
            levels.push(DepthLevel {
                price,
                quantity,
                orders: orders.integer().and_then(|count| u32::try_from(count).ok()),
            });
        }
    }
    Ok(levels)
}
