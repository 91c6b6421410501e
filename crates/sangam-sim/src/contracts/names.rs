//! Each broker's names of a contract, by the rules the brokers publish.

use jiff::civil::Date;

use super::{Expiry, Kind, Right, Segment};
use crate::money::Paise;

/// The three brokers' names of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerNames {
    /// Flattrade's `tsym` (`RELIANCE-EQ`, `NIFTY29DEC26C26000`, `SENSEX26DEC85000CE`).
    pub flattrade: String,
    /// Flattrade's `Symbol` column (`RELIANCE`, `NIFTY`, `BSXOPT`).
    pub flattrade_symbol: String,
    /// Fyers' order symbol (`NSE:RELIANCE-EQ`).
    pub fyers: String,
    /// Fyers' token (`10100000002885`).
    pub fytoken: String,
    /// Upstox's instrument key (`NSE_EQ|INE002A01018`).
    pub upstox_key: String,
    /// Upstox's trading symbol (`RELIANCE`, `NIFTY 26000 CE 29 DEC 26`).
    pub upstox_symbol: String,
    /// The compact form used as the key of an Upstox quote (`NSE_FO:NIFTY26DEC26000CE`).
    pub upstox_quote_key: String,
}

/// The three-letter month in capitals.
#[must_use]
pub fn month_code(month: i8) -> &'static str {
    const MONTHS: [&str; 12] = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let at = usize::try_from(month - 1).expect("months count from one");
    MONTHS[at]
}

/// Fyers' token: exchange, segment, YYMMDD or zeros, token.
fn fytoken(segment: Segment, expiry: Option<Date>, token: u32) -> String {
    let day = expiry.map_or_else(
        || "000000".to_owned(),
        |date| format!("{:02}{:02}{:02}", date.year() % 100, date.month(), date.day()),
    );
    format!(
        "{}{}{day}{token}",
        segment.fyers_exchange(),
        segment.fyers_segment()
    )
}

const fn fyers_prefix(segment: Segment) -> &'static str {
    if segment.is_bse() { "BSE" } else { "NSE" }
}

pub(super) fn cash_names(
    segment: Segment,
    token: u32,
    symbol: &str,
    series: &str,
    isin: &str,
) -> BrokerNames {
    BrokerNames {
        flattrade: if segment.is_bse() {
            symbol.to_owned()
        } else {
            format!("{symbol}-{series}")
        },
        flattrade_symbol: symbol.to_owned(),
        fyers: format!("{}:{symbol}-{series}", fyers_prefix(segment)),
        fytoken: fytoken(segment, None, token),
        upstox_key: format!("{}|{isin}", segment.upstox()),
        upstox_symbol: symbol.to_owned(),
        upstox_quote_key: format!("{}:{symbol}", segment.upstox()),
    }
}

pub(super) fn index_names(
    segment: Segment,
    token: u32,
    symbol: &str,
    flattrade_symbol: &str,
    flattrade: &str,
    fyers: &str,
    upstox: &str,
) -> BrokerNames {
    BrokerNames {
        flattrade: flattrade.to_owned(),
        flattrade_symbol: flattrade_symbol.to_owned(),
        fyers: format!("{}:{fyers}-INDEX", fyers_prefix(segment)),
        fytoken: fytoken(segment, None, token),
        upstox_key: format!("{}|{upstox}", segment.upstox()),
        // The file calls it INDIA VIX and every other index by its short name.
        upstox_symbol: if symbol == "INDIAVIX" {
            "INDIA VIX".to_owned()
        } else {
            symbol.to_owned()
        },
        upstox_quote_key: format!("{}:{upstox}", segment.upstox()),
    }
}

pub(super) fn derivative_names(
    segment: Segment,
    token: u32,
    und: &str,
    expiry: &Expiry,
    kind: Kind,
) -> BrokerNames {
    let compact = compact(und, expiry, kind);
    let flattrade = if segment.is_bse() {
        compact.clone()
    } else {
        noren(und, expiry.date, kind)
    };
    BrokerNames {
        flattrade,
        flattrade_symbol: und.to_owned(),
        fyers: format!("{}:{compact}", fyers_prefix(segment)),
        fytoken: fytoken(segment, Some(expiry.date), token),
        upstox_key: format!("{}|{token}", segment.upstox()),
        upstox_symbol: spaced(und, expiry.date, kind),
        upstox_quote_key: format!("{}:{compact}", segment.upstox()),
    }
}

/// `NIFTY26DECFUT`, `NIFTY26DEC26000CE`, `NIFTY26D0826000CE`.
fn compact(und: &str, expiry: &Expiry, kind: Kind) -> String {
    let year = expiry.date.year() % 100;
    let when = if expiry.weekly {
        format!(
            "{year:02}{}{:02}",
            week_letter(expiry.date.month()),
            expiry.date.day()
        )
    } else {
        format!("{year:02}{}", month_code(expiry.date.month()))
    };
    match kind {
        Kind::Option { strike, right } => format!("{und}{when}{}{}", plain(strike), right.code()),
        _ => format!("{und}{when}FUT"),
    }
}

/// 1 to 9, then O, N, D.
fn week_letter(month: i8) -> String {
    match month {
        10 => "O".to_owned(),
        11 => "N".to_owned(),
        12 => "D".to_owned(),
        other => other.to_string(),
    }
}

/// `NIFTY29DEC26F`, `NIFTY29DEC26C26000`.
fn noren(und: &str, date: Date, kind: Kind) -> String {
    let day = format!(
        "{:02}{}{:02}",
        date.day(),
        month_code(date.month()),
        date.year() % 100
    );
    match kind {
        Kind::Option {
            strike,
            right: Right::Call,
        } => format!("{und}{day}C{}", plain(strike)),
        Kind::Option {
            strike,
            right: Right::Put,
        } => format!("{und}{day}P{}", plain(strike)),
        _ => format!("{und}{day}F"),
    }
}

/// `NIFTY FUT 29 DEC 26`, `NIFTY 26000 CE 29 DEC 26`.
fn spaced(und: &str, date: Date, kind: Kind) -> String {
    let day = format!(
        "{:02} {} {:02}",
        date.day(),
        month_code(date.month()),
        date.year() % 100
    );
    match kind {
        Kind::Option { strike, right } => format!("{und} {} {} {day}", plain(strike), right.code()),
        _ => format!("{und} FUT {day}"),
    }
}

/// A strike without trailing zeros: `26000`, `397.5`.
pub(crate) fn plain(strike: Paise) -> String {
    let text = strike.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
