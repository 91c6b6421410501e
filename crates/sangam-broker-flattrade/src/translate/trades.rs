//! `TradeBook`: one row a fill. The fill's own figures are `flqty` and `flprc`; `qty` and `fillshares` are the order's.

use sangam_core::ports::SymbolMap;
use sangam_core::{Error, Fill, Operation, TradeId};

use super::answer::{self, Place};
use super::orders_book::refuse_bare;
use super::{times, words};
use crate::wire::TradeRow;

const CALL: &str = "TradeBook";

/// Reads the day's trades.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read.
pub fn trades(status: u16, body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Fill>, Error> {
    refuse_bare(CALL, body)?;
    answer::rows::<TradeRow>(CALL, Operation::Trades, status, body)?
        .iter()
        .enumerate()
        .map(|(i, row)| fill(Place::row(CALL, i), row, symbols))
        .collect()
}

fn fill(place: Place, row: &TradeRow, symbols: &dyn SymbolMap) -> Result<Fill, Error> {
    Ok(Fill {
        order_id: place.order_id("norenordno", &row.norenordno)?,
        trade_id: TradeId::new(place.text("flid", &row.flid)?)
            .map_err(|_| place.fault("flid", "is no trade number"))?,
        instrument: place.instrument(symbols, &row.exch, &row.tsym, row.token.get())?,
        side: place.side("trantype", &row.trantype)?,
        product: row.prd.get().map(words::product_in),
        quantity: place.quantity("flqty", row.flqty)?,
        price: place.price("flprc", row.flprc)?,
        at: [&row.fltm, &row.exch_tm, &row.norentm]
            .into_iter()
            .filter_map(|text| text.get())
            .find_map(times::instant),
        tag: answer::tag(&row.remarks),
    })
}
