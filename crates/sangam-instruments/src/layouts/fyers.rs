//! Fyers' CSV: no header, twenty-one columns, fields by position. The description is never read for meaning: its
//! order of words changed between 2025 and 2026.

use std::borrow::Cow;

use sangam_core::Exchange;

use crate::fault::Skip;
use crate::layouts::columns::{Fields, each_row};
use crate::master::{Draft, Kind, Master};
use crate::scan;

const DESCRIPTION: usize = 1;
const INSTRUMENT_TYPE: usize = 2;
const LOT: usize = 3;
const TICK: usize = 4;
const ISIN: usize = 5;
const UPDATED: usize = 7;
const EXPIRY: usize = 8;
const SYMBOL: usize = 9;
const EXCHANGE: usize = 10;
const SEGMENT: usize = 11;
const TOKEN: usize = 12;
const UNDERLYING: usize = 13;
const STRIKE: usize = 15;
const RIGHT: usize = 16;
/// Columns up to the option type are needed; those behind it are not read.
const COLUMNS_MIN: usize = 17;

pub(crate) fn read(content: &[u8], master: &mut Master) -> Result<(), u64> {
    let mut updated = 0;
    let read = each_row(
        content,
        false,
        |_| (),
        |(), number, fields| {
            master.take(number, draft(fields));
            updated = updated.max(scan::iso_date(fields.get(Some(UPDATED))).unwrap_or(0));
        },
    );
    master.set_data_date(scan::date_of(updated).filter(|_| updated > 0));
    read
}

fn draft<'a>(fields: &Fields<'a>) -> Result<Draft<'a>, Skip> {
    if fields.len() < COLUMNS_MIN {
        return Err(Skip::Malformed(format!(
            "{} columns instead of at least {COLUMNS_MIN}",
            fields.len()
        )));
    }
    let text = |column: usize| fields.get(Some(column));
    let bad = |name: &str, column: usize| Skip::field(name, text(column));
    let order = text(SYMBOL);
    let name = order.split_once(':').map(|(_, name)| name);
    let name = name.ok_or_else(|| bad("symbol", SYMBOL))?;
    let is_index = text(INSTRUMENT_TYPE) == "10";
    let exchange = exchange(text(EXCHANGE), text(SEGMENT), is_index).ok_or_else(|| {
        Skip::field(
            "exchange and segment",
            &format!("{} {}", text(EXCHANGE), text(SEGMENT)),
        )
    })?;
    let tick = scan::fixed(text(TICK), 6).and_then(|tick| u32::try_from(tick).ok());
    let mut draft = Draft {
        exchange,
        kind: Kind::Cash,
        token: scan::token(text(TOKEN)).ok_or_else(|| bad("token", TOKEN))?,
        ticker: Cow::Borrowed(name),
        series: "",
        order,
        isin: text(ISIN),
        title: "",
        expiry: 0,
        strike: 0,
        lot: scan::whole(text(LOT)).ok_or_else(|| bad("lot size", LOT))?,
        tick: Some(tick.ok_or_else(|| bad("tick size", TICK))?),
        freeze: None,
        multiplier: None,
    };
    match exchange {
        Exchange::NseIndex | Exchange::BseIndex => {
            let ticker = name.strip_suffix("-INDEX").unwrap_or(name);
            draft.ticker = Cow::Borrowed(ticker);
            draft.kind = Kind::Index;
            draft.title = text(DESCRIPTION).trim_end_matches("-INDEX");
            draft.tick = None;
        }
        Exchange::Nse | Exchange::Bse => {
            let (ticker, series) = name.rsplit_once('-').ok_or_else(|| bad("symbol", SYMBOL))?;
            draft.ticker = Cow::Borrowed(ticker);
            draft.series = series;
            draft.title = text(DESCRIPTION);
        }
        _ => {
            draft.ticker = Cow::Borrowed(text(UNDERLYING));
            draft.expiry = scan::epoch_seconds(text(EXPIRY)).ok_or_else(|| bad("expiry", EXPIRY))?;
            // Futures say `XX`, on BSE nothing.
            draft.kind = match text(RIGHT) {
                "CE" => Kind::Call,
                "PE" => Kind::Put,
                "XX" | "" => Kind::Future,
                _ => return Err(bad("option type", RIGHT)),
            };
            if draft.kind.is_option() {
                let strike = scan::fixed(text(STRIKE), 4).filter(|strike| *strike > 0);
                draft.strike = strike.ok_or_else(|| bad("strike", STRIKE))?;
            }
            if matches!(exchange, Exchange::Nfo | Exchange::Bfo) {
                draft.multiplier = Some(1_000);
            }
        }
    }
    Ok(draft)
}

fn exchange(exchange: &str, segment: &str, is_index: bool) -> Option<Exchange> {
    Some(match (exchange, segment) {
        ("10", "10") if is_index => Exchange::NseIndex,
        ("12", "10") if is_index => Exchange::BseIndex,
        ("10", "10") => Exchange::Nse,
        ("12", "10") => Exchange::Bse,
        ("10", "11") => Exchange::Nfo,
        ("12", "11") => Exchange::Bfo,
        ("10", "12") => Exchange::Cds,
        ("12", "12") => Exchange::Bcd,
        ("10", "17" | "20") => Exchange::Nco,
        ("11", "20") => Exchange::Mcx,
        _ => return None,
    })
}
