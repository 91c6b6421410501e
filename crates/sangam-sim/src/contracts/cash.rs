//! Shares, funds, bonds and indices with their real exchange tokens, ISINs, series, lots and ticks.
//!
//! Facts read from the brokers' own masters of 2025-10 (GATECHDVR, SGBSEP28VI) and 2026-08 (all else).

use super::names::{cash_names, index_names};
use super::{Contract, Kind, Segment};
use crate::money::Paise;

struct Share {
    symbol: &'static str,
    name: &'static str,
    isin: &'static str,
    /// Token, series, lot, tick in paise.
    nse: (u32, &'static str, i64, i64),
    /// Token, group, tick in paise.
    bse: Option<(u32, &'static str, i64)>,
}

const fn eq(
    symbol: &'static str,
    name: &'static str,
    isin: &'static str,
    nse: (u32, i64),
    bse: (u32, &'static str, i64),
) -> Share {
    Share {
        symbol,
        name,
        isin,
        nse: (nse.0, "EQ", 1, nse.1),
        bse: Some(bse),
    }
}

const SHARES: [Share; 16] = [
    eq(
        "RELIANCE",
        "RELIANCE INDUSTRIES LTD",
        "INE002A01018",
        (2885, 10),
        (500_325, "A", 5),
    ),
    eq(
        "TCS",
        "TATA CONSULTANCY SERV LT",
        "INE467B01029",
        (11_536, 10),
        (532_540, "A", 5),
    ),
    eq(
        "INFY",
        "INFOSYS LIMITED",
        "INE009A01021",
        (1594, 10),
        (500_209, "A", 5),
    ),
    eq(
        "SBIN",
        "STATE BANK OF INDIA",
        "INE062A01020",
        (3045, 10),
        (500_112, "A", 5),
    ),
    eq(
        "M&M",
        "MAHINDRA & MAHINDRA LTD",
        "INE101A01026",
        (2031, 10),
        (500_520, "A", 5),
    ),
    eq(
        "BAJAJ-AUTO",
        "BAJAJ AUTO LIMITED",
        "INE917I01010",
        (16_669, 100),
        (532_977, "A", 5),
    ),
    eq(
        "J&KBANK",
        "J & K BANK LTD.",
        "INE168A01041",
        (5633, 1),
        (532_209, "A", 5),
    ),
    eq(
        "M&MFIN",
        "M&M FIN. SERVICES LTD",
        "INE774D01024",
        (13_285, 5),
        (532_720, "A", 5),
    ),
    eq(
        "NIFTYBEES",
        "NIP IND ETF NIFTY BEES",
        "INF204KB14I2",
        (10_576, 1),
        (590_103, "B", 1),
    ),
    eq(
        "IDEA",
        "VODAFONE IDEA LIMITED",
        "INE669E01016",
        (14_366, 1),
        (532_822, "A", 1),
    ),
    eq(
        "UNITDSPR",
        "UNITED SPIRITS LIMITED",
        "INE854D01024",
        (10_447, 10),
        (532_432, "A", 5),
    ),
    eq(
        "360ONE",
        "360 ONE WAM LIMITED",
        "INE466L01038",
        (13_061, 10),
        (542_772, "A", 5),
    ),
    Share {
        symbol: "GATECHDVR",
        name: "GACM TECHNOLOGIES LIMITED",
        isin: "INE224E01036",
        nse: (27, "BE", 1, 1),
        bse: Some((570_005, "T", 1)),
    },
    Share {
        symbol: "GOLDSTAR",
        name: "GOLDSTAR POWER LIMITED",
        isin: "INE405Y01021",
        nse: (1, "SM", 11_250, 5),
        bse: None,
    },
    Share {
        symbol: "SGBSEP28VI",
        name: "2.50%GOLDBONDS2028SR-VI",
        isin: "IN0020200195",
        nse: (149, "GB", 1, 1),
        bse: None,
    },
    eq(
        "YESBANK",
        "YES BANK LIMITED",
        "INE528G01035",
        (11_915, 1),
        (532_648, "A", 1),
    ),
];

/// Segment, token, short name, name in words, tick in paise, Flattrade symbol and tsym, Fyers name, Upstox key name.
type IndexRow = (
    Segment,
    u32,
    &'static str,
    &'static str,
    i64,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const INDICES: [IndexRow; 7] = [
    (
        Segment::NseIndex,
        26_000,
        "NIFTY",
        "Nifty 50",
        5,
        "NIFTY",
        "Nifty 50",
        "NIFTY50",
        "Nifty 50",
    ),
    (
        Segment::NseIndex,
        26_009,
        "BANKNIFTY",
        "Nifty Bank",
        5,
        "BANKNIFTY",
        "Nifty Bank",
        "NIFTYBANK",
        "Nifty Bank",
    ),
    (
        Segment::NseIndex,
        26_037,
        "FINNIFTY",
        "Nifty Fin Service",
        5,
        "FINNIFTY",
        "Nifty Fin",
        "FINNIFTY",
        "Nifty Fin Service",
    ),
    (
        Segment::NseIndex,
        26_074,
        "MIDCPNIFTY",
        "NIFTY MID SELECT",
        5,
        "NIFTY MID SELECT",
        "NIFTY MID SELECT",
        "MIDCPNIFTY",
        "NIFTY MID SELECT",
    ),
    (
        Segment::NseIndex,
        26_017,
        "INDIAVIX",
        "India VIX",
        1,
        "INDIAVIX",
        "INDIAVIX",
        "INDIAVIX",
        "India VIX",
    ),
    (
        Segment::BseIndex,
        1,
        "SENSEX",
        "BSE SENSEX",
        1,
        "BSXOPT",
        "SENSEX",
        "SENSEX",
        "SENSEX",
    ),
    (
        Segment::BseIndex,
        12,
        "BANKEX",
        "BSE BANKEX",
        1,
        "BKXOPT",
        "BANKEX",
        "BANKEX",
        "BANKEX",
    ),
];

/// Freeze quantity of a cash contract, as the Upstox master states it.
const CASH_FREEZE: i64 = 100_000;

pub(super) fn contracts() -> Vec<Contract> {
    let mut contracts = Vec::with_capacity(40);
    for share in &SHARES {
        let (token, series, lot, tick) = share.nse;
        contracts.push(cash(share, Segment::NseCash, token, series, lot, tick));
    }
    for share in &SHARES {
        if let Some((token, group, tick)) = share.bse {
            contracts.push(cash(share, Segment::BseCash, token, group, 1, tick));
        }
    }
    contracts.extend(INDICES.iter().map(index));
    contracts
}

fn cash(share: &Share, segment: Segment, token: u32, series: &'static str, lot: i64, tick: i64) -> Contract {
    Contract {
        segment,
        token,
        kind: Kind::Cash,
        symbol: share.symbol,
        name: share.name,
        isin: Some(share.isin),
        series,
        underlying: None,
        expiry: None,
        lot,
        tick: Paise(tick),
        freeze: CASH_FREEZE,
        names: cash_names(segment, token, share.symbol, series, share.isin),
    }
}

fn index(row: &IndexRow) -> Contract {
    let &(segment, token, symbol, name, tick, flattrade_symbol, flattrade, fyers, upstox) = row;
    Contract {
        segment,
        token,
        kind: Kind::Index,
        symbol,
        name,
        isin: None,
        series: "",
        underlying: None,
        expiry: None,
        lot: 0,
        tick: Paise(tick),
        freeze: 0,
        names: index_names(segment, token, symbol, flattrade_symbol, flattrade, fyers, upstox),
    }
}
