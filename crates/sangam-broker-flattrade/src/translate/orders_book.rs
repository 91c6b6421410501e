//! `OrderBook` rows and `SingleOrdHist` events, which have one shape.

use sangam_core::ports::SymbolMap;
use sangam_core::{BrokerOrder, BrokerOrderId, Error, Operation, OrderKind};

use super::answer::{self, Place, unexpected};
use super::{times, words};
use crate::error;
use crate::wire::OrderRow;

/// Reads the order book.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read. Only
/// the broker's own "no data" is an empty book; an empty list is not an answer it documents.
pub fn order_book(status: u16, body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<BrokerOrder>, Error> {
    const CALL: &str = "OrderBook";
    refuse_bare(CALL, body)?;
    answer::rows::<OrderRow>(CALL, Operation::Orders, status, body)?
        .iter()
        .enumerate()
        .map(|(i, row)| order(Place::row(CALL, i), row, symbols))
        .collect()
}

/// Reads what happened to one order, oldest first; the broker sends the newest first.
///
/// # Errors
/// As [`order_book`]; an order the broker does not know is [`sangam_core::ErrorKind::NotFound`].
pub fn order_history(
    status: u16,
    body: &[u8],
    asked: &BrokerOrderId,
    symbols: &dyn SymbolMap,
) -> Result<Vec<BrokerOrder>, Error> {
    const CALL: &str = "SingleOrdHist";
    let mut rows = answer::rows::<OrderRow>(CALL, Operation::Orders, status, body)?;
    if rows.is_empty() {
        return Err(error::no_data(Operation::Orders, &format!("order {asked}")));
    }
    rows.reverse();
    let count = rows.len();
    rows.iter()
        .enumerate()
        .map(|(i, row)| {
            let place = Place::row(CALL, count - 1 - i);
            let event = order(place, row, symbols)?;
            if event.id == *asked {
                Ok(event)
            } else {
                Err(place.fault("norenordno", "names another order than the one asked about"))
            }
        })
        .collect()
}

/// Refuses an empty list: the broker says "no data" when there is nothing.
pub(super) fn refuse_bare(call: &str, body: &[u8]) -> Result<(), Error> {
    let mut bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    if (bytes.next(), bytes.next(), bytes.next()) == (Some(&b'['), Some(&b']'), None) {
        return Err(unexpected(format!(
            "the answer to {call} is an empty list; the broker says no data when there is nothing"
        )));
    }
    Ok(())
}

fn order(place: Place, row: &OrderRow, symbols: &dyn SymbolMap) -> Result<BrokerOrder, Error> {
    let status_word = place.text("status", &row.status)?;
    let kind = row.prctyp.get().and_then(words::kind_in);
    let price = match place.some_price("prc", row.prc)? {
        Some(price) => Some(price),
        // Some rows carry a nought here and the price beside it.
        None if matches!(kind, Some(OrderKind::Limit | OrderKind::StopLossLimit)) => {
            place.some_price("rprc", row.rprc)?
        }
        None => None,
    };
    Ok(BrokerOrder {
        id: place.order_id("norenordno", &row.norenordno)?,
        exchange_order_id: row.exchordid.get().map(str::to_owned),
        instrument: place.instrument(symbols, &row.exch, &row.tsym, row.token.get())?,
        side: place.side("trantype", &row.trantype)?,
        kind,
        product: row.prd.get().map(words::product_in),
        validity: row.ret.get().and_then(words::validity_in),
        quantity: place.quantity("qty", row.qty)?,
        filled: place.count_or_nought("fillshares", row.fillshares)?,
        price,
        trigger_price: place.some_price("trgprc", row.trgprc)?,
        average_price: place.some_price("avgprc", row.avgprc)?,
        disclosed: place.count_or_nought("dscqty", row.dscqty)?,
        status: words::status_in(&status_word),
        status_word,
        message: row.rejreason.get().map(str::to_owned),
        tag: answer::tag(&row.remarks),
        placed_at: first_time([&row.ordenttm, &row.orddttm, &row.norentm]),
        updated_at: first_time([&row.exch_tm, &row.extm]),
        after_market: row.amo.0,
    })
}

fn first_time<const N: usize>(texts: [&sangam_broker::Text; N]) -> Option<sangam_core::Timestamp> {
    texts
        .into_iter()
        .filter_map(|text| text.get())
        .find_map(times::instant)
}
