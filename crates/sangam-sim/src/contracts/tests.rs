//! The contracts of a day: real ids, expiries moved off holidays, names and tokens unique.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::date;

use super::*;

fn universe(day: Date) -> Universe {
    Universe::of(day, |symbol| match symbol {
        "NIFTY" => Paise::rupees(26_012),
        "BANKNIFTY" => Paise::rupees(58_000),
        _ => Paise::rupees(85_000),
    })
}

#[test]
fn names_and_tokens_are_unique_on_every_day_of_a_year() {
    let mut day = date(2026, 1, 1);
    while day < date(2027, 1, 1) {
        let today = universe(day);
        let all = today.contracts();
        assert_eq!(today.by_key.len(), all.len(), "{day}");
        assert_eq!(today.by_flattrade.len(), all.len(), "{day}");
        assert_eq!(today.by_flattrade_token.len(), all.len(), "{day}");
        assert_eq!(today.by_fyers.len(), all.len(), "{day}");
        assert_eq!(today.by_fytoken.len(), all.len(), "{day}");
        assert_eq!(today.by_upstox.len(), all.len(), "{day}");
        day = day.checked_add(5.days()).unwrap();
    }
}

#[test]
fn a_contract_keeps_its_token_from_day_to_day() {
    let (monday, friday) = (universe(date(2026, 11, 30)), universe(date(2026, 12, 4)));
    let name = "NSE:NIFTY26DEC26000CE";
    assert_eq!(
        monday.by_fyers(name).unwrap().token,
        friday.by_fyers(name).unwrap().token
    );
}

#[test]
fn cash_and_index_names_match_the_published_ones() {
    let today = universe(date(2026, 11, 23));
    let tcs = today.by_flattrade("NSE", "TCS-EQ").unwrap();
    assert_eq!(
        (tcs.token, tcs.isin, tcs.tick),
        (11_536, Some("INE467B01029"), Paise(10))
    );
    assert_eq!(tcs.names.fyers, "NSE:TCS-EQ");
    assert_eq!(tcs.names.fytoken, "101000000011536");
    assert_eq!(tcs.names.upstox_key, "NSE_EQ|INE467B01029");
    assert_eq!(
        today.by_fyers("BSE:RELIANCE-A").unwrap().names.fytoken,
        "1210000000500325"
    );
    assert_eq!(
        today.by_flattrade_token("NSE", "26000").unwrap().names.fyers,
        "NSE:NIFTY50-INDEX"
    );
    assert_eq!(
        today.by_upstox("NSE_INDEX|Nifty Bank").unwrap().symbol,
        "BANKNIFTY"
    );
    assert_eq!(today.by_flattrade("NSE", "GOLDSTAR-SM").unwrap().lot, 11_250);
    assert!(today.by_flattrade("MCX", "GOLD05FEB26").is_none());
}

#[test]
fn derivative_names_follow_each_brokers_rule() {
    let today = universe(date(2026, 11, 23));
    let weekly = today.by_fyers("NSE:NIFTY26D0826000CE").unwrap();
    assert_eq!(weekly.names.flattrade, "NIFTY08DEC26C26000");
    assert_eq!(weekly.names.upstox_symbol, "NIFTY 26000 CE 08 DEC 26");
    assert_eq!(weekly.names.upstox_key, format!("NSE_FO|{}", weekly.token));
    assert_eq!(weekly.names.fytoken, format!("1011261208{}", weekly.token));
    assert_eq!((weekly.lot, weekly.freeze), (65, 1_755));
    let monthly = today.by_fyers("NSE:NIFTY26NOVFUT").unwrap();
    assert_eq!(
        monthly.expiry.unwrap().date,
        date(2026, 11, 23),
        "moved off the holiday of the 24th"
    );
    assert_eq!(monthly.names.flattrade, "NIFTY23NOV26F");
    let bse = today.by_fyers("BSE:SENSEX26NOV85000PE").unwrap();
    assert_eq!(bse.names.flattrade, "SENSEX26NOV85000PE");
    assert_eq!(bse.lot, 20);
}

#[test]
fn there_are_enough_expiries_and_strikes() {
    let today = universe(date(2026, 11, 23));
    for (und, weeklies) in [("NIFTY", 4), ("BANKNIFTY", 0), ("SENSEX", 4)] {
        let chain = today.chain(und);
        let dates = |weekly: bool| -> HashSet<Date> {
            chain
                .iter()
                .filter_map(|c| c.expiry.as_ref())
                .filter(|e| e.weekly == weekly)
                .map(|e| e.date)
                .collect()
        };
        assert_eq!(dates(true).len(), weeklies, "{und}");
        assert_eq!(dates(false).len(), 3, "{und}");
        assert_eq!(
            chain.iter().filter(|c| c.kind == Kind::Future).count(),
            3,
            "{und}"
        );
    }
    assert!(today.search("nifty 26000 ce").len() >= 7);
    assert!(today.search("").is_empty());
}
