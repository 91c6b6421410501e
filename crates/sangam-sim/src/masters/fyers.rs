//! Fyers: CSV without a header, 21 columns, tick in rupees, expiry in epoch seconds at the close of trading.

use std::fmt::Write as _;

use crate::clock::{Instant64, MINUTE_US};
use crate::contracts::{Contract, Kind, Segment, Universe};
use crate::money::Paise;

/// Trading hours as printed since August 2026 for derivatives, and for the cash market.
const SESSION_FO: &str = "0915-1540|1815-1915:";
const SESSION_CM: &str = "0915-1530|1815-1915:";

pub(super) fn csv(universe: &Universe, name: &str) -> Option<String> {
    let segments: &[Segment] = match name {
        "NSE_CM" => &[Segment::NseCash, Segment::NseIndex],
        "BSE_CM" => &[Segment::BseCash, Segment::BseIndex],
        "NSE_FO" => &[Segment::NseFo],
        "BSE_FO" => &[Segment::BseFo],
        _ => return None,
    };
    let day = universe.date().to_string();
    let mut text = String::new();
    for contract in universe
        .contracts()
        .iter()
        .filter(|contract| segments.contains(&contract.segment))
    {
        writeln!(text, "{}", row(contract, &day)).expect("writing to a string does not fail");
    }
    Some(text)
}

fn row(contract: &Contract, day: &str) -> String {
    let names = &contract.names;
    let underlying = contract.underlying.as_ref();
    let (strike, option) = match contract.kind {
        Kind::Option { strike, right } => (decimal(strike), right.code()),
        // BSE futures leave the option type empty.
        Kind::Future if contract.segment.is_bse() => ("-1.0".to_owned(), ""),
        _ => ("-1.0".to_owned(), "XX"),
    };
    let mtf = contract.segment == Segment::NseCash && contract.series == "EQ";
    let columns = [
        names.fytoken.clone(),
        description(contract),
        contract.fyers_instrument().to_string(),
        contract.lot.to_string(),
        decimal(contract.tick),
        contract.isin.unwrap_or("").to_owned(),
        if contract.segment.is_derivative() {
            SESSION_FO
        } else {
            SESSION_CM
        }
        .to_owned(),
        day.to_owned(),
        expiry_epoch(contract),
        names.fyers.clone(),
        contract.segment.fyers_exchange().to_string(),
        contract.segment.fyers_segment().to_string(),
        contract.token.to_string(),
        contract.symbol.to_owned(),
        underlying.map_or(contract.token, |on| on.token).to_string(),
        strike,
        option.to_owned(),
        underlying.map_or_else(|| names.fytoken.clone(), |on| on.fytoken.clone()),
        "None".to_owned(),
        if mtf { "1" } else { "0" }.to_owned(),
        if mtf { "3.7" } else { "0.0" }.to_owned(),
    ];
    columns.join(",")
}

/// `NIFTY 29 Dec 26 26000 CE`, `NIFTY 29 Dec 26 FUT` (with a trailing blank on the BSE), the name, or the index.
fn description(contract: &Contract) -> String {
    let day = contract
        .expiry
        .as_ref()
        .map(|expiry| expiry.date.strftime("%d %b %y").to_string())
        .unwrap_or_default();
    match contract.kind {
        Kind::Cash => contract.name.to_owned(),
        Kind::Index => contract
            .names
            .fyers
            .split(':')
            .nth(1)
            .unwrap_or_default()
            .to_owned(),
        Kind::Future => format!(
            "{} {day} FUT{}",
            contract.symbol,
            if contract.segment.is_bse() { " " } else { "" }
        ),
        Kind::Option { strike, right } => {
            format!(
                "{} {day} {} {}",
                contract.symbol,
                crate::contracts::plain(strike),
                right.code()
            )
        }
    }
}

impl Contract {
    /// Fyers' instrument type.
    pub(crate) fn fyers_instrument(&self) -> u32 {
        match self.kind {
            Kind::Index => 10,
            Kind::Future => 11,
            Kind::Option { .. } => 14,
            Kind::Cash if self.symbol == "NIFTYBEES" && self.segment.is_bse() => 50,
            Kind::Cash if self.symbol == "NIFTYBEES" => 9,
            Kind::Cash if self.series == "GB" => 2,
            Kind::Cash => 0,
        }
    }

    /// Fyers' instant of expiry, 15:40 IST.
    pub(crate) fn fyers_expiry(&self) -> Option<Instant64> {
        let expiry = self.expiry.as_ref()?;
        Some(expiry.closes().plus_us(10 * MINUTE_US))
    }
}

/// Epoch seconds of the expiry; empty in cash.
fn expiry_epoch(contract: &Contract) -> String {
    contract
        .fyers_expiry()
        .map(|at| at.epoch_s().to_string())
        .unwrap_or_default()
}

/// At least one decimal: `0.05`, `0.1`, `26000.0`.
fn decimal(price: Paise) -> String {
    price.to_json_decimal().to_string()
}
