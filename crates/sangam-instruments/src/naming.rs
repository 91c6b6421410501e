//! How contracts are spelled: the canonical name, and each broker's form of it where a rule gives it. A name is only
//! written here; reading one is a look-up in the table, because no grammar tells `NIFTY25SEP25840CE` apart.

use sangam_core::{Exchange, OptionRight};

use crate::master::Kind;
use crate::scan::{self, MONTHS};

/// The month character of a weekly name: 1 to 9, then O, N, D.
const WEEKLY_MONTHS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "O", "N", "D"];
/// Ten-thousandths of a rupee in a rupee.
const STRIKE_UNIT: i64 = 10_000;

/// What a derivative's name is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) exchange: Exchange,
    pub(crate) underlying: &'a str,
    pub(crate) kind: Kind,
    pub(crate) expiry: i32,
    pub(crate) strike: i64,
}

/// `NIFTY25OCTFUT`, `NIFTY25SEP25850CE`, `NIFTY25O1424900PE`.
pub(crate) fn canonical(out: &mut String, parts: &Parts<'_>, monthly: bool) {
    let (year, month, day) = scan::civil(parts.expiry);
    out.push_str(parts.underlying);
    two_digits(out, year.rem_euclid(100).unsigned_abs());
    if monthly {
        out.push_str(month_name(&MONTHS, month));
    } else {
        out.push_str(month_name(&WEEKLY_MONTHS, month));
        two_digits(out, day);
    }
    ending(out, parts);
}

/// `NIFTY28OCT25FUT`, `NIFTY28OCT2525850CE`: OpenAlgo's form.
pub(crate) fn openalgo(out: &mut String, parts: &Parts<'_>) {
    out.push_str(parts.underlying);
    full_date(out, parts.expiry);
    ending(out, parts);
}

/// Flattrade's `tsym` of a derivative by rule; `None` on exchanges whose form was never seen.
pub(crate) fn flattrade(out: &mut String, parts: &Parts<'_>, canonical: &str) -> Option<()> {
    match parts.exchange {
        Exchange::Bfo => out.push_str(canonical),
        Exchange::Nfo | Exchange::Mcx | Exchange::Cds => {
            out.push_str(parts.underlying);
            full_date(out, parts.expiry);
            match parts.kind {
                Kind::Call => out.push('C'),
                Kind::Put => out.push('P'),
                // MCX futures end with the date.
                _ if parts.exchange != Exchange::Mcx => out.push('F'),
                _ => {}
            }
            if parts.kind.is_option() {
                strike(out, parts.strike);
            }
        }
        _ => return None,
    }
    Some(())
}

/// Fyers' symbol of a derivative by rule: a prefix and the canonical name; currency strikes lose a leading nought.
pub(crate) fn fyers(out: &mut String, parts: &Parts<'_>, canonical: &str) {
    out.push_str(fyers_prefix(parts.exchange));
    let below_one = parts.kind.is_option() && parts.strike < STRIKE_UNIT;
    let is_currency = matches!(parts.exchange, Exchange::Cds | Exchange::Bcd);
    let mut text = String::new();
    strike(&mut text, parts.strike);
    match canonical.rsplit_once(text.as_str()) {
        Some((head, tail)) if below_one && is_currency => {
            out.push_str(head);
            out.push_str(text.trim_start_matches('0'));
            out.push_str(tail);
        }
        _ => out.push_str(canonical),
    }
}

/// `NSE:`, `BSE:` or `MCX:`.
pub(crate) fn fyers_prefix(exchange: Exchange) -> &'static str {
    match exchange {
        Exchange::Nse | Exchange::Nfo | Exchange::Cds | Exchange::Nco | Exchange::NseIndex => "NSE:",
        Exchange::Bse | Exchange::Bfo | Exchange::Bcd | Exchange::BseIndex => "BSE:",
        Exchange::Mcx => "MCX:",
    }
}

/// Fyers' fytoken by rule: exchange, segment, date (noughts in cash) and token, unpadded.
pub(crate) fn fytoken(exchange: Exchange, expiry: i32, token: u32) -> String {
    let (venue, segment) = match exchange {
        Exchange::Nse | Exchange::NseIndex => (10, 10),
        Exchange::Bse | Exchange::BseIndex => (12, 10),
        Exchange::Nfo => (10, 11),
        Exchange::Bfo => (12, 11),
        Exchange::Cds => (10, 12),
        Exchange::Bcd => (12, 12),
        Exchange::Mcx => (11, 20),
        Exchange::Nco => (10, 20),
    };
    if exchange.segment() == sangam_core::Segment::Cash || !exchange.is_traded() {
        return format!("{venue}{segment}000000{token}");
    }
    let (year, month, day) = scan::civil(expiry);
    format!(
        "{venue}{segment}{:02}{month:02}{day:02}{token}",
        year.rem_euclid(100)
    )
}

/// Upstox' name of a segment, the first half of an instrument key.
pub(crate) fn upstox_segment(exchange: Exchange) -> &'static str {
    match exchange {
        Exchange::Nse => "NSE_EQ",
        Exchange::Bse => "BSE_EQ",
        Exchange::Nfo => "NSE_FO",
        Exchange::Bfo => "BSE_FO",
        Exchange::Mcx => "MCX_FO",
        Exchange::Cds => "NCD_FO",
        Exchange::Bcd => "BCD_FO",
        Exchange::Nco => "NSE_COM",
        Exchange::NseIndex => "NSE_INDEX",
        Exchange::BseIndex => "BSE_INDEX",
    }
}

/// No trailing noughts, a point only for a fraction.
pub(crate) fn strike(out: &mut String, ten_thousandths: i64) {
    use std::fmt::Write as _;
    let whole = ten_thousandths / STRIKE_UNIT;
    let mut rest = ten_thousandths % STRIKE_UNIT;
    write!(out, "{whole}").expect("writing to a string cannot fail");
    if rest == 0 {
        return;
    }
    let mut width = 4;
    while rest % 10 == 0 {
        rest /= 10;
        width -= 1;
    }
    write!(out, ".{rest:0width$}").expect("writing to a string cannot fail");
}

fn ending(out: &mut String, parts: &Parts<'_>) {
    let right = match parts.kind {
        Kind::Call => "CE",
        Kind::Put => "PE",
        _ => return out.push_str("FUT"),
    };
    strike(out, parts.strike);
    out.push_str(right);
}

fn full_date(out: &mut String, day: i32) {
    let (year, month, date) = scan::civil(day);
    two_digits(out, date);
    out.push_str(month_name(&MONTHS, month));
    two_digits(out, year.rem_euclid(100).unsigned_abs());
}

fn month_name(names: &[&'static str; 12], month: u32) -> &'static str {
    usize::try_from(month)
        .ok()
        .and_then(|month| names.get(month.wrapping_sub(1)).copied())
        .expect("a civil month is one to twelve")
}

fn two_digits(out: &mut String, number: u32) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from_digit(digit, 10).expect("a remainder of ten is one digit"));
    }
}

/// Whether a trading symbol is this underlying followed by a spelling of this expiry.
pub(crate) fn begins_with(trading_symbol: &str, underlying: &str, expiry: i32) -> bool {
    !underlying.is_empty()
        && trading_symbol
            .strip_prefix(underlying)
            .is_some_and(|rest| date_length(rest, expiry).is_some())
}

/// The underlying of a broker's trading symbol whose expiry, strike and right are known from other columns.
///
/// Nothing is guessed: what follows the underlying must be exactly the date and the ending of that contract.
pub(crate) fn underlying(
    trading_symbol: &str,
    expiry: i32,
    option: Option<(i64, OptionRight)>,
) -> Option<&str> {
    let mut price = String::new();
    if let Some((ten_thousandths, _)) = option {
        strike(&mut price, ten_thousandths);
    }
    let fits = |rest: &str| match option {
        None => matches!(rest, "" | "F" | "FUT"),
        Some((_, right)) => {
            let letter = if right == OptionRight::Call { 'C' } else { 'P' };
            rest.strip_suffix(right.as_str())
                .or_else(|| rest.strip_prefix(letter))
                .is_some_and(|text| text == price || text == price.trim_start_matches('0'))
        }
    };
    (1..trading_symbol.len()).find_map(|at| {
        let (head, rest) = trading_symbol.split_at_checked(at)?;
        date_lengths(rest, expiry)
            .into_iter()
            .flatten()
            .any(|length| rest.get(length..).is_some_and(fits))
            .then_some(head)
    })
}

fn date_length(rest: &str, expiry: i32) -> Option<usize> {
    date_lengths(rest, expiry).into_iter().flatten().next()
}

/// How long the spelling of the date at the front is: `28OCT25`, `25OCT` or `25O28`.
fn date_lengths(rest: &str, expiry: i32) -> [Option<usize>; 3] {
    if !rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return [None; 3];
    }
    let (year, month, day) = scan::civil(expiry);
    let year = year.rem_euclid(100).unsigned_abs();
    let bytes = rest.as_bytes();
    let number = |at: usize| match bytes.get(at..at + 2) {
        Some([tens, ones]) if tens.is_ascii_digit() && ones.is_ascii_digit() => {
            Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
        }
        _ => None,
    };
    let named = |at: usize| bytes.get(at..at + 3) == Some(month_name(&MONTHS, month).as_bytes());
    let full = number(0) == Some(day) && named(2) && number(5) == Some(year);
    let monthly = number(0) == Some(year) && named(2);
    let weekly = number(0) == Some(year)
        && bytes.get(2..3) == Some(month_name(&WEEKLY_MONTHS, month).as_bytes())
        && number(3) == Some(day);
    [full.then_some(7), monthly.then_some(5), weekly.then_some(5)]
}

/// Which expiry of one month carries the monthly name, given that month's expiries of one underlying in order.
///
/// It is the last one, except for currency pairs: their monthly falls two working days before the month's end and a
/// Friday weekly may follow it (USDINR of October 2025: monthly Wednesday 29, weekly Friday 31).
pub(crate) fn monthly(exchange: Exchange, underlying: &str, days: &[i32]) -> Option<i32> {
    let last = *days.last()?;
    let is_pair = matches!(exchange, Exchange::Cds | Exchange::Bcd)
        && underlying.len() == 6
        && ["INR", "USD", "JPY"]
            .iter()
            .any(|quote| underlying.ends_with(quote));
    if !is_pair {
        return Some(last);
    }
    let limit = currency_monthly_at_latest(last);
    days.iter()
        .rev()
        .find(|day| **day <= limit)
        .copied()
        .filter(|day| {
            // A lone expiry weeks before the month's end is a weekly whose monthly is not listed.
            limit - day < 7
        })
}

/// Two working days before the last working day of the month, holidays apart (they only move it forward).
fn currency_monthly_at_latest(day: i32) -> i32 {
    let (year, month, _) = scan::civil(day);
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    let mut at = scan::day(next_year, next_month, 1).unwrap_or(day + 1) - 1;
    let mut working_days = 0;
    loop {
        if scan::weekday(at) < 5 {
            working_days += 1;
            if working_days == 3 {
                return at;
            }
        }
        at -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: u32, day: u32) -> i32 {
        scan::day(year, month, day).expect("a date of the test")
    }

    #[test]
    fn currency_monthlies_follow_their_own_calendar() {
        let days: Vec<i32> = [3, 10, 17, 24, 29, 31].map(|day| at(2025, 10, day)).into();
        assert_eq!(monthly(Exchange::Cds, "USDINR", &days), Some(at(2025, 10, 29)));
        assert_eq!(
            monthly(Exchange::Cds, "USDINR", &[at(2025, 10, 31)]),
            None,
            "the monthly of the 29th has gone, the weekly stays a weekly"
        );
        let september = [12, 19, 26].map(|day| at(2025, 9, day));
        assert_eq!(
            monthly(Exchange::Cds, "EURINR", &september),
            Some(at(2025, 9, 26))
        );
        assert_eq!(
            monthly(Exchange::Cds, "91DTB", &[at(2025, 12, 31)]),
            Some(at(2025, 12, 31)),
            "rates have no weeklies"
        );
        assert_eq!(monthly(Exchange::Nfo, "NIFTY", &days), Some(at(2025, 10, 31)));
    }

    #[test]
    fn underlyings_that_end_in_digits_are_read_whole() {
        let march = at(2025, 3, 25);
        let call = Some((264_500_000, OptionRight::Call));
        let put = Some((264_500_000, OptionRight::Put));
        assert_eq!(underlying("SENSEX5025MAR26450PE", march, put), Some("SENSEX50"));
        assert_eq!(
            underlying("SENSEX5025MAR26450CE", march, put),
            None,
            "another right"
        );
        assert_eq!(underlying("SENSEX5025325", march, None), Some("SENSEX50"));
        assert_eq!(
            underlying("NIFTYNXT5025MAR25C26450", march, call),
            Some("NIFTYNXT50")
        );
        assert_eq!(underlying("CRUDEOIL25MAR25", march, None), Some("CRUDEOIL"));
        assert_eq!(
            underlying("EURUSD25MAR.92CE", march, Some((9_200, OptionRight::Call))),
            Some("EURUSD")
        );
        assert!(!begins_with("NIFTYNXT5025MAR25F", "NIFTY", march));
        assert!(begins_with("NIFTY25MAR25F", "NIFTY", march));
    }

    #[test]
    fn each_broker_spells_by_its_rule() {
        let parts = Parts {
            exchange: Exchange::Cds,
            underlying: "EURUSD",
            kind: Kind::Call,
            expiry: at(2025, 9, 26),
            strike: 9_200,
        };
        let mut name = String::new();
        canonical(&mut name, &parts, true);
        assert_eq!(name, "EURUSD25SEP0.92CE");
        let mut symbol = String::new();
        fyers(&mut symbol, &parts, &name);
        assert_eq!(symbol, "NSE:EURUSD25SEP.92CE");
        let mut alias = String::new();
        openalgo(&mut alias, &parts);
        assert_eq!(alias, "EURUSD26SEP250.92CE");
        assert_eq!(
            fytoken(Exchange::Nfo, at(2025, 10, 14), 42_670),
            "101125101442670"
        );
        assert_eq!(fytoken(Exchange::Nse, 0, 2_885), "10100000002885");
    }
}
