//! Positions and holdings.

use sangam_core::ports::SymbolMap;
use sangam_core::{Holding, Position};
use serde_json::value::RawValue;

use super::rows::{ParseError, Place, list};
use super::words;
use crate::wire::{HoldingRow, PositionRow};

/// The positions of an answer's data, closed ones included.
pub(crate) fn positions(
    data: Option<&RawValue>,
    symbols: &dyn SymbolMap,
) -> Result<Vec<Position>, ParseError> {
    list("positions", data, |place: Place, row: PositionRow| {
        let instrument = place.instrument(&row.exchange, &row.instrument_token, symbols)?;
        let net = place.net_quantity("quantity", row.quantity)?;
        let sum = |what, today, carried| {
            let carried = place.quantity_or_zero(&format!("overnight_{what}"), carried)?;
            place
                .quantity_or_zero(&format!("day_{what}"), today)?
                .checked_add(carried)
                .map_err(|error| ParseError::new(place.to_string(), error.to_string()))
        };
        let buy_average = place.some_price("buy_price", row.buy_price)?;
        let sell_average = place.some_price("sell_price", row.sell_price)?;
        // The average is often null; then the price of the side that is open stands for it.
        let average_price = place
            .some_price("average_price", row.average_price)?
            .or(match net.units().signum() {
                1 => buy_average,
                -1 => sell_average,
                _ => None,
            })
            .filter(|_| !net.is_zero());
        Ok(Position {
            product: row
                .product
                .get()
                .map(|word| words::product_in(word, instrument.exchange)),
            instrument,
            net,
            average_price,
            bought: sum("buy_quantity", row.day_buy_quantity, row.overnight_buy_quantity)?,
            buy_average,
            sold: sum(
                "sell_quantity",
                row.day_sell_quantity,
                row.overnight_sell_quantity,
            )?,
            sell_average,
            last_price: place.some_price("last_price", row.last_price)?,
            realised: place.some_money("realised", row.realised)?,
            unrealised: place.some_money("unrealised", row.unrealised)?,
        })
    })
}

/// The holdings of an answer's data.
///
/// Whether `quantity` holds the undelivered units is not documented. It is read as holding them, and neither they nor
/// the units in open sales count as saleable: the reading that never sells what is not there. Where more units are
/// undelivered than there are, it plainly does not hold them, and they are added.
pub(crate) fn holdings(data: Option<&RawValue>, symbols: &dyn SymbolMap) -> Result<Vec<Holding>, ParseError> {
    list("holdings", data, |place: Place, row: HoldingRow| {
        let instrument = place.instrument(&row.exchange, &row.instrument_token, symbols)?;
        let stated = place.quantity("quantity", row.quantity)?;
        let undelivered = place.quantity_or_zero("t1_quantity", row.t1_quantity)?;
        let quantity = if undelivered > stated {
            stated
                .checked_add(undelivered)
                .map_err(|error| ParseError::new(place.to_string(), error.to_string()))?
        } else {
            stated
        };
        let in_sales = place.quantity_or_zero("cnc_used_quantity", row.cnc_used_quantity)?;
        Ok(Holding {
            instrument,
            isin: row.isin.into_option(),
            quantity,
            undelivered,
            saleable: quantity.saturating_sub(undelivered).saturating_sub(in_sales),
            average_price: place.some_price("average_price", row.average_price)?,
            last_price: place.some_price("last_price", row.last_price)?,
        })
    })
}
