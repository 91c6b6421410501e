//! `SearchScrip`: instruments by part of their name, in the broker's words. Strikes are not among them: names and tokens
//! here are for people; trading looks instruments up in the symbol table.

use sangam_core::ports::SymbolMap;
use sangam_core::{BookInstrument, Error, Operation, Price, Quantity};

use super::answer::{self, Place};
use crate::error;
use crate::wire::SearchBody;

/// One hit of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// What, by the broker's name, and ours where it is in the symbol table.
    pub instrument: BookInstrument,
    /// The exchange token.
    pub token: String,
    /// The name for people: company, or underlying with expiry and strike.
    pub title: Option<String>,
    /// The broker's kind of instrument (`EQ`, `OPTIDX`).
    pub kind: Option<String>,
    /// Units in a lot, where told.
    pub lot: Option<Quantity>,
    /// Price grid, where told.
    pub tick: Option<Price>,
}

const CALL: &str = "SearchScrip";

/// Reads the hits of a search; none when the broker says nothing matched.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] naming the row and field that cannot be read.
pub fn hits(status: u16, body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<SearchHit>, Error> {
    if error::is_no_data(status, body) {
        return Ok(Vec::new());
    }
    let found: SearchBody = answer::success(CALL, Operation::Quotes, status, body)?;
    let rows = found
        .values
        .ok_or_else(|| Place::whole(CALL).fault("values", "is missing"))?;
    rows.iter()
        .enumerate()
        .map(|(i, row)| {
            let place = Place::row(CALL, i);
            let title = [&row.dname, &row.cname, &row.symname]
                .into_iter()
                .find_map(|text| text.get());
            Ok(SearchHit {
                instrument: place.instrument(symbols, &row.exch, &row.tsym, row.token.get())?,
                token: place.text("token", &row.token)?,
                title: title.map(str::to_owned),
                kind: row.instname.get().map(str::to_owned),
                lot: place.count("ls", row.ls)?,
                tick: place.some_price("ti", row.ti)?,
            })
        })
        .collect()
}
