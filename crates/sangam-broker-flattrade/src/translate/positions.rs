//! `PositionBook`: the day's side and the carried side put together. Rows closed today stay in the list.

use rust_decimal::Decimal;
use sangam_broker::Number;
use sangam_core::ports::SymbolMap;
use sangam_core::{Error, Operation, Position, Price, Quantity};

use super::answer::{self, Place};
use super::orders_book::refuse_bare;
use super::words;
use crate::wire::PositionRow;

const CALL: &str = "PositionBook";

/// Reads the positions.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read. Only
/// the broker's own "no data" means flat.
pub fn positions(status: u16, body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Position>, Error> {
    refuse_bare(CALL, body)?;
    answer::rows::<PositionRow>(CALL, Operation::Positions, status, body)?
        .iter()
        .enumerate()
        .map(|(i, row)| position(Place::row(CALL, i), row, symbols))
        .collect()
}

fn position(place: Place, row: &PositionRow, symbols: &dyn SymbolMap) -> Result<Position, Error> {
    let (bought, buy_average) = both(
        place,
        ("daybuyqty", row.daybuyqty, "daybuyavgprc", row.daybuyavgprc),
        ("cfbuyqty", row.cfbuyqty, "cfbuyavgprc", row.cfbuyavgprc),
    )?;
    let (sold, sell_average) = both(
        place,
        ("daysellqty", row.daysellqty, "daysellavgprc", row.daysellavgprc),
        ("cfsellqty", row.cfsellqty, "cfsellavgprc", row.cfsellavgprc),
    )?;
    let net = place.net("netqty", row.netqty)?;
    Ok(Position {
        instrument: place.instrument(symbols, &row.exch, &row.tsym, row.token.get())?,
        product: row.prd.get().or(row.prarr.get()).map(words::product_in),
        net,
        average_price: place
            .some_price("netavgprc", row.netavgprc)?
            .filter(|_| !net.is_zero()),
        bought,
        buy_average,
        sold,
        sell_average,
        last_price: place.some_price("lp", row.lp)?,
        realised: place.money("rpnl", row.rpnl)?,
        unrealised: place.money("urmtom", row.urmtom)?,
    })
}

type Leg = (&'static str, Number, &'static str, Number);

/// Units of two legs and their average by units; no average where a leg with units tells none.
fn both(place: Place, day: Leg, carried: Leg) -> Result<(Quantity, Option<Price>), Error> {
    let mut units = Quantity::ZERO;
    let mut value = Some(Decimal::ZERO);
    for (quantity_name, quantity, price_name, price) in [day, carried] {
        let quantity = place.count_or_nought(quantity_name, quantity)?;
        let price = place.some_price(price_name, price)?;
        if quantity.is_zero() {
            continue;
        }
        units = units
            .checked_add(quantity)
            .map_err(|_| place.fault(quantity_name, "is out of range"))?;
        value = value.zip(price).and_then(|(value, price)| {
            let leg = price.decimal().checked_mul(Decimal::from(quantity.units()))?;
            value.checked_add(leg)
        });
    }
    let average = value
        .filter(|_| !units.is_zero())
        .and_then(|value| value.checked_div(Decimal::from(units.units())))
        .and_then(|average| Price::rounded(average).ok());
    Ok((units, average))
}
