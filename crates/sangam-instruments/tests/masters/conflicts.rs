//! Rows that contradict each other, names that mean two contracts, and what changes from day to day.

use crate::support::{Known, masters, read, table};
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{Change, ConflictKind, Diff, Master, ResolveError, Store, StoreError, Table};

const NOREN: &str = "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument,Expiry,Strike,Optiontype\n";

fn built(masters: &[Master]) -> (Table, sangam_instruments::BuildReport) {
    Table::build(Date::constant(2025, 10, 7), masters).expect("there are instruments")
}

fn share(key: &str, token: u32, symbol: &str, series: &str) -> String {
    format!(
        r#"{{"segment":"NSE_EQ","instrument_key":"NSE_EQ|{key}","isin":"{key}","exchange_token":"{token}","trading_symbol":"{symbol}","instrument_type":"{series}","lot_size":1,"tick_size":5.0}}"#
    )
}

#[test]
fn of_an_old_and_a_new_name_the_one_another_broker_uses_is_kept() {
    let twice = format!(
        "{NOREN}NSE,10447,1,UNITDSPR,UNITDSPR-EQ,EQ,,0,\nNSE,10447,1,MCDOWELL-N,MCDOWELL-N-EQ,EQ,,0,\n"
    );
    let (alone, report) = built(&[read("f.csv", &twice)]);
    assert!(
        alone.find(Exchange::Nse, "MCDOWELL-N").is_some(),
        "alone, the later row"
    );
    assert_eq!(report.count(ConflictKind::ListedTwice), 1);
    let upstox = format!("[{}]", share("INE854D01024", 10_447, "UNITDSPR", "EQ"));
    let (joined, report) = built(&[read("f.csv", &twice), read("u.json", &upstox)]);
    let entry = joined
        .find(Exchange::Nse, "UNITDSPR")
        .expect("both brokers know it");
    assert_eq!(
        entry
            .listing(BrokerName::Flattrade)
            .expect("listed")
            .order_symbol
            .as_ref(),
        "UNITDSPR-EQ"
    );
    assert_eq!(joined.len(), 1);
    assert!(
        report.conflicts()[0]
            .detail
            .contains("f.csv line 3 with \"MCDOWELL-N-EQ\""),
        "{:?}",
        report.conflicts()
    );
}

#[test]
fn a_shared_token_alone_joins_nothing() {
    let noren = format!("{NOREN}NSE,77,1,OLDCO,OLDCO-BE,EQ,,0,\nNSE,78,1,SELAN,SELAN-EQ,EQ,,0,\n");
    let upstox = format!(
        "[{},{}]",
        share("INE000A01011", 77, "NEWCO", "EQ"),
        share("INE000B01019", 78, "ANTELOPUS", "EQ")
    );
    let (table, report) = built(&[read("f.csv", &noren), read("u.json", &upstox)]);
    let newco = table.find(Exchange::Nse, "NEWCO").expect("Upstox lists it");
    assert!(
        newco.listing(BrokerName::Flattrade).is_none(),
        "neither name nor series agree"
    );
    assert_eq!(report.count(ConflictKind::Disputed), 1);
    let renamed = table.find(Exchange::Nse, "ANTELOPUS").expect("Upstox lists it");
    assert_eq!(
        renamed
            .listing(BrokerName::Flattrade)
            .expect("series agrees")
            .order_symbol
            .as_ref(),
        "SELAN-EQ"
    );
    assert_eq!(report.count(ConflictKind::NamedDifferently), 1);
}

#[test]
fn a_token_reused_goes_to_the_contract_most_brokers_give_it() {
    let gail = Date::constant(2025, 10, 28);
    let nifty = Date::constant(2025, 10, 14);
    let fresh = Known::option("GAIL", Exchange::Nfo, gail, "200", "PE", 500);
    let stale = Known::option("NIFTY", Exchange::Nfo, nifty, "27550", "PE", 500);
    let noren = read("n.txt", &crate::support::noren(&[stale, fresh.clone()]));
    let upstox = read("u.json", &crate::support::upstox(&[fresh]));
    let (table, report) = built(&[noren, upstox]);
    assert_eq!(report.count(ConflictKind::TokenReused), 1);
    assert_eq!(
        table.iter().map(|entry| entry.symbol()).collect::<Vec<_>>(),
        ["GAIL25OCT200PE"]
    );
}

#[test]
fn lots_that_differ_are_told_and_upstox_is_believed() {
    let mut one = Known::option(
        "NIFTY",
        Exchange::Nfo,
        Date::constant(2025, 10, 28),
        "25850",
        "CE",
        5,
    );
    let upstox = read("u.json", &crate::support::upstox(std::slice::from_ref(&one)));
    one.lot = 50;
    let (table, report) = built(&[read("n.txt", &crate::support::noren(&[one])), upstox]);
    assert_eq!(report.count(ConflictKind::LotDiffers), 1);
    let lot = table
        .find(Exchange::Nfo, "NIFTY25OCT25850CE")
        .map(|entry| entry.instrument().lot.units());
    assert_eq!(lot, Some(75));
}

#[test]
fn a_name_that_is_two_contracts_is_refused_with_both_named() {
    // The monthly of September 2025 at strike 25840, and 25 September 2025 at strike 840.
    let monthly = Known::option(
        "NIFTY",
        Exchange::Nfo,
        Date::constant(2025, 9, 30),
        "25840",
        "CE",
        1,
    );
    let by_day = Known::option(
        "NIFTY",
        Exchange::Nfo,
        Date::constant(2025, 9, 25),
        "840",
        "CE",
        2,
    );
    let table = table(&masters(&[monthly.clone(), by_day.clone()]));
    match table.resolve(Exchange::Nfo, "NIFTY25SEP25840CE") {
        Err(error @ ResolveError::Ambiguous { .. }) => {
            let text = error.to_string();
            assert!(
                text.contains("NIFTY 25840 CE of 2025-09-30") && text.contains("NIFTY 840 CE of 2025-09-25"),
                "{text}"
            );
            assert!(
                text.contains("write NIFTY30SEP2525840CE or NIFTY25925840CE instead"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(
        table.find(Exchange::Nfo, "NIFTY25SEP25840CE").is_some(),
        "by its canonical name it is one contract"
    );
    let other_only = crate::support::table(&masters(&[
        by_day,
        Known {
            strike: "25850".into(),
            ..monthly
        },
    ]));
    let alias = other_only
        .resolve(Exchange::Nfo, "NIFTY25SEP25840CE")
        .map(|entry| entry.symbol());
    assert_eq!(
        alias,
        Ok("NIFTY25925840CE"),
        "with one reading left it is that one"
    );
}

#[test]
fn a_diff_tells_what_came_went_moved_and_changed() {
    let october = Date::constant(2025, 10, 28);
    let option = |strike: &str, date, token| Known::option("NIFTY", Exchange::Nfo, date, strike, "CE", token);
    let before = table(&masters(&[
        option("25000", october, 1),
        option("25100", october, 2),
        option("25200", october, 3),
    ]));
    let mut other_lot = option("25000", october, 1);
    other_lot.lot = 65;
    let moved = option("25100", Date::constant(2025, 10, 30), 2);
    // Token 3 is used again for another strike, so that contract went and another came.
    let mut after = masters(&[other_lot, moved, option("26000", october, 3)]);
    after.remove(0);
    let after = table(&after);
    let diff = Diff::between(&before, &after);
    assert_eq!(
        diff.added.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["NFO:NIFTY25O2826000CE"]
    );
    assert_eq!(
        diff.removed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["NFO:NIFTY25OCT25200CE"]
    );
    let changes = |name: &str| {
        let found = diff
            .changed
            .iter()
            .find(|changed| changed.id.symbol.as_str() == name);
        found
            .unwrap_or_else(|| panic!("{name} in {diff}"))
            .changes
            .clone()
    };
    let renamed = changes("NIFTY25O2825000CE");
    assert!(
        renamed
            .iter()
            .any(|change| matches!(change, Change::Renamed { .. })),
        "the monthly became a weekly"
    );
    assert!(renamed.iter().any(|change| matches!(change, Change::Lot { .. })));
    assert!(renamed.contains(&Change::Lost(BrokerName::Flattrade)));
    let moved = changes("NIFTY25OCT25100CE");
    assert!(
        moved.iter().any(|change| matches!(change, Change::Expiry { .. })),
        "the name stayed, the day moved"
    );
    assert!(
        diff.to_string()
            .contains("1 added, 1 removed, 2 changed, 0 the same"),
        "{diff}"
    );
    assert!(Diff::between(&after, &after).is_empty());
}

#[test]
fn the_store_keeps_what_is_good_and_falls_back_to_an_older_date() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let store = Store::open(dir.path().join("instruments")).expect("it is made");
    assert!(store.load_latest().expect("an empty store is no error").is_none());
    let monday = Date::constant(2025, 10, 6);
    let tuesday = Date::constant(2025, 10, 7);
    let text = format!("{NOREN}NSE,2885,1,RELIANCE,RELIANCE-EQ,EQ,,0,\n");
    store
        .save(monday, BrokerName::Flattrade, "NSE_Equity.csv", text.as_bytes())
        .expect("it is stored");
    let saved = |broker, name: &str, bytes: &[u8]| store.save(tuesday, broker, name, bytes).map(|_| ());
    assert!(matches!(
        saved(BrokerName::Fyers, "NSE.csv", text.as_bytes()),
        Err(StoreError::OtherBroker { .. })
    ));
    assert!(matches!(
        saved(BrokerName::Flattrade, "NSE.csv", b"<html>"),
        Err(StoreError::Master(_))
    ));
    assert!(matches!(
        saved(BrokerName::Flattrade, "../up.csv", text.as_bytes()),
        Err(StoreError::Name { .. })
    ));
    assert_eq!(
        store.dates().expect("the folder is there"),
        [monday],
        "nothing of tuesday was stored"
    );

    // A damaged file of a later date does not hide the good one of before.
    let folder = dir.path().join("instruments/2025-10-07/upstox");
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("NSE.json.gz"), b"\x1f\x8b\x08broken").expect("a file for the test");
    let loaded = store
        .load_latest()
        .expect("it falls back")
        .expect("monday is there");
    assert_eq!((loaded.table.date(), loaded.table.len()), (monday, 1));
    assert_eq!(
        (loaded.report.passed_over.as_slice(), loaded.report.refused.len()),
        ([tuesday].as_slice(), 1)
    );
    assert!(store.load(tuesday).is_err());
    assert_eq!(store.keep_latest(1).expect("the older goes"), [monday]);
}
