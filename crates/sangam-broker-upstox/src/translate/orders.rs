//! Orders, their history, and trades.

use std::collections::HashMap;

use sangam_broker::Text;
use sangam_core::ports::SymbolMap;
use sangam_core::{BrokerOrder, BrokerOrderId, BrokerOrderStatus, Fill, Operation, Result, Tag, Timestamp};
use serde_json::value::RawValue;

use super::rows::{ParseError, Place, list, row};
use super::{time, words};
use crate::error;
use crate::wire::{Envelope, OrderRow, TradeRow};

/// The order book from the bytes of a whole answer with status 200.
///
/// # Errors
/// [`ErrorKind::UnexpectedAnswer`](sangam_core::ErrorKind) when the bytes are not a success with a list of orders; a row
/// that cannot be read fails the whole and is named with its field.
pub fn order_book(bytes: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<BrokerOrder>> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|error| {
        error::unexpected(Operation::Orders, "the order book is not the broker's JSON").with_source(error)
    })?;
    if !envelope
        .status
        .get()
        .is_some_and(|status| status.eq_ignore_ascii_case("success"))
    {
        return Err(error::unexpected(
            Operation::Orders,
            "the order book is no success",
        ));
    }
    orders(envelope.data, symbols).map_err(|error| error.into_error(Operation::Orders))
}

/// The orders of an answer's data; null stands for none.
///
/// # Errors
/// When a row cannot be read: which one, and which field.
pub fn orders(data: Option<&RawValue>, symbols: &dyn SymbolMap) -> Result<Vec<BrokerOrder>, ParseError> {
    list("order book", data, |place, row| broker_order(place, row, symbols))
}

/// The one order of an answer's data.
pub(crate) fn order(data: Option<&RawValue>, symbols: &dyn SymbolMap) -> Result<BrokerOrder, ParseError> {
    let place = Place {
        list: "order details",
        row: 0,
    };
    let data = data.ok_or_else(|| ParseError::new("order details", "no order in it"))?;
    broker_order(place, row(place, data)?, symbols)
}

/// The events of an order, or of all orders with a tag, oldest first. The broker's order of rows is not documented; rows
/// of one second keep it.
pub(crate) fn history(
    data: Option<&RawValue>,
    symbols: &dyn SymbolMap,
) -> Result<Vec<BrokerOrder>, ParseError> {
    let mut events = list("order history", data, |place, row| {
        broker_order(place, row, symbols)
    })?;
    events.sort_by_key(when);
    Ok(events)
}

fn when(order: &BrokerOrder) -> Option<Timestamp> {
    order.placed_at.max(order.updated_at)
}

/// The last state of each order in a history: a final one over a live one, then the later, then the one with more filled,
/// then the one further along.
pub(crate) fn latest_by_order(events: Vec<BrokerOrder>) -> Vec<BrokerOrder> {
    let mut latest: Vec<BrokerOrder> = Vec::new();
    let mut places: HashMap<BrokerOrderId, usize> = HashMap::new();
    for event in events {
        match places.get(&event.id) {
            Some(&at) => {
                if standing(&event) >= standing(&latest[at]) {
                    latest[at] = event;
                }
            }
            None => {
                places.insert(event.id.clone(), latest.len());
                latest.push(event);
            }
        }
    }
    latest
}

fn standing(order: &BrokerOrder) -> (bool, Option<Timestamp>, u64, u8) {
    let further = match order.status {
        BrokerOrderStatus::Pending | BrokerOrderStatus::AfterMarket => 0,
        BrokerOrderStatus::TriggerPending => 1,
        BrokerOrderStatus::Open | BrokerOrderStatus::Unknown(_) => 2,
        _ => 3,
    };
    (
        order.status.is_final(),
        when(order),
        order.filled.units(),
        further,
    )
}

fn broker_order(place: Place, row: OrderRow, symbols: &dyn SymbolMap) -> Result<BrokerOrder, ParseError> {
    let instrument = place.instrument(&row.exchange, &row.instrument_token, symbols)?;
    let status_word = place.text("status", &row.status)?.to_owned();
    Ok(BrokerOrder {
        id: place.id("order_id", &row.order_id)?,
        exchange_order_id: row.exchange_order_id.into_option(),
        side: place.side(&row.transaction_type)?,
        kind: row.order_type.get().and_then(words::kind),
        product: row
            .product
            .get()
            .map(|word| words::product_in(word, instrument.exchange)),
        instrument,
        validity: row.validity.get().and_then(words::validity),
        quantity: place.quantity("quantity", row.quantity)?,
        filled: place.quantity("filled_quantity", row.filled_quantity)?,
        price: place.some_price("price", row.price)?,
        trigger_price: place.some_price("trigger_price", row.trigger_price)?,
        average_price: place.some_price("average_price", row.average_price)?,
        disclosed: place.quantity_or_zero("disclosed_quantity", row.disclosed_quantity)?,
        status: words::status(&status_word),
        status_word,
        message: row
            .status_message
            .into_option()
            .or_else(|| row.status_message_raw.into_option()),
        tag: row.tag.into_option().and_then(|tag| Tag::new(tag).ok()),
        placed_at: instant(&row.order_timestamp),
        updated_at: instant(&row.exchange_timestamp),
        after_market: row.is_amo.0,
    })
}

/// The trades of an answer's data.
pub(crate) fn trades(data: Option<&RawValue>, symbols: &dyn SymbolMap) -> Result<Vec<Fill>, ParseError> {
    list("trades", data, |place: Place, row: TradeRow| {
        let instrument = place.instrument(&row.exchange, &row.instrument_token, symbols)?;
        Ok(Fill {
            order_id: place.id("order_id", &row.order_id)?,
            trade_id: place.id("trade_id", &row.trade_id)?,
            side: place.side(&row.transaction_type)?,
            product: row
                .product
                .get()
                .map(|word| words::product_in(word, instrument.exchange)),
            instrument,
            quantity: place.quantity("quantity", row.quantity)?,
            price: place.price("average_price", row.average_price)?,
            at: instant(&row.exchange_timestamp).or_else(|| instant(&row.order_timestamp)),
            tag: None,
        })
    })
}

fn instant(text: &Text) -> Option<Timestamp> {
    text.get().and_then(time::instant)
}
