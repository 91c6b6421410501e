//! `Holdings`: one row a security, with its listings. What is owned and what can be sold follow the broker's formulas
//! (Pi documents v2.0, Holdings): owned = btst + hold + brkcol + unplgd + ben + max(npoad, dp) - used; saleable = btst +
//! hold + unplgd + ben + dp - used. Absent counts are nought.

use sangam_broker::Number;
use sangam_core::ports::SymbolMap;
use sangam_core::{BookInstrument, Error, Exchange, Holding, Operation, Quantity};

use super::answer::{self, Place};
use super::orders_book::refuse_bare;
use crate::wire::HoldingRow;

const CALL: &str = "Holdings";

/// Reads the holdings.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read.
pub fn holdings(status: u16, body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Holding>, Error> {
    refuse_bare(CALL, body)?;
    answer::rows::<HoldingRow>(CALL, Operation::Holdings, status, body)?
        .iter()
        .enumerate()
        .map(|(i, row)| holding(Place::row(CALL, i), row, symbols))
        .collect()
}

fn holding(place: Place, row: &HoldingRow, symbols: &dyn SymbolMap) -> Result<Holding, Error> {
    let count = |field, number| place.count_or_nought(field, number);
    let sum = |fields: &[(&'static str, Number)]| {
        fields.iter().try_fold(Quantity::ZERO, |sum, (field, number)| {
            sum.checked_add(count(field, *number)?)
                .map_err(|_| place.fault(field, "is out of range"))
        })
    };
    let undelivered = count("btstqty", row.btstqty)?;
    let used = count("usedqty", row.usedqty)?;
    let dp = count("dpqty", row.dpqty)?;
    let deposited = dp.max(count("npoadqty", row.npoadqty)?);
    let brokered = count("brkcolqty", row.brkcolqty)?;
    let common = sum(&[
        ("btstqty", row.btstqty),
        ("holdqty", row.holdqty),
        ("unplgdqty", row.unplgdqty),
        ("benqty", row.benqty),
    ])?;
    let out_of_range = |_| place.fault("holdqty", "is out of range with the counts beside it");
    let owned = common
        .checked_add(brokered)
        .and_then(|sum| sum.checked_add(deposited))
        .map_err(out_of_range)?;
    let saleable = common.checked_add(dp).map_err(out_of_range)?;
    Ok(Holding {
        instrument: listing(place, row, symbols)?,
        isin: None,
        quantity: owned.saturating_sub(used),
        undelivered,
        saleable: saleable.saturating_sub(used),
        average_price: place.some_price("upldprc", row.upldprc)?,
        last_price: None,
    })
}

/// The listing a holding goes by: NSE where there is one, else the first.
fn listing(place: Place, row: &HoldingRow, symbols: &dyn SymbolMap) -> Result<BookInstrument, Error> {
    let listings = row.exch_tsym.as_deref().unwrap_or_default();
    let chosen = listings
        .iter()
        .find(|listing| listing.exch.get() == Some(Exchange::Nse.as_str()))
        .or_else(|| listings.first())
        .ok_or_else(|| place.fault("exch_tsym", "is missing"))?;
    place.instrument(symbols, &chosen.exch, &chosen.tsym, chosen.token.get())
}
