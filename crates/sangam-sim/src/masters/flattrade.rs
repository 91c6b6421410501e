//! Flattrade: CSV with a header, nine columns, no tick, no ISIN.
//!
//! Futures carry strike `-0.01` on the NFO and `0` on the BFO, with option type `XX`; strikes have two decimals on the
//! NFO only; expiry is `29-DEC-2026`.

use std::fmt::Write as _;

use crate::contracts::{Contract, Kind, Segment, Universe, month_code, plain};

const HEADER: &str = "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument,Expiry,Strike,Optiontype";

pub(super) fn csv(universe: &Universe, name: &str) -> Option<String> {
    let segments: &[Segment] = match name {
        "NSE_Equity" => &[Segment::NseIndex, Segment::NseCash],
        "BSE_Equity" => &[Segment::BseIndex, Segment::BseCash],
        "Nfo_Index_Derivatives" => &[Segment::NseFo],
        "Bfo_Index_Derivatives" => &[Segment::BseFo],
        "Nfo_Equity_Derivatives" | "Bfo_Equity_Derivatives" | "Currency_Derivatives" | "Commodity" => &[],
        _ => return None,
    };
    let mut text = format!("{HEADER}\n");
    for contract in universe
        .contracts()
        .iter()
        .filter(|contract| segments.contains(&contract.segment))
    {
        writeln!(text, "{}", row(contract)).expect("writing to a string does not fail");
    }
    Some(text)
}

fn row(contract: &Contract) -> String {
    let bse = contract.segment.is_bse();
    let (instrument, strike, option) = match contract.kind {
        Kind::Cash => (contract.series, "0".to_owned(), ""),
        Kind::Index if bse => ("UNDIND", "0".to_owned(), ""),
        Kind::Index => ("INDEX", "0".to_owned(), ""),
        Kind::Future if bse => ("FUTIDX", "0".to_owned(), "XX"),
        Kind::Future => ("FUTIDX", "-0.01".to_owned(), "XX"),
        Kind::Option { strike, right } if bse => ("OPTIDX", plain(strike), right.code()),
        Kind::Option { strike, right } => ("OPTIDX", strike.to_string(), right.code()),
    };
    let expiry = contract.expiry.as_ref().map_or_else(String::new, |expiry| {
        let date = expiry.date;
        format!("{:02}-{}-{}", date.day(), month_code(date.month()), date.year())
    });
    let names = &contract.names;
    format!(
        "{},{},{},{},{},{instrument},{expiry},{strike},{option}",
        contract.segment.flattrade(),
        contract.token,
        contract.lot.max(1),
        names.flattrade_symbol,
        names.flattrade,
    )
}
