//! Every cross-checked contract, written in each broker's layout, is joined and found by all its names.

use crate::support::{Known, mapping, masters, name_at, table};
use sangam_core::ports::SymbolMap;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange, InstrumentId, Segment, Symbol};
use sangam_instruments::{Table, openalgo_symbol};

/// The monthly options of months of which `mapping.csv` has weeklies only.
fn monthlies() -> [Known; 2] {
    let nifty = |date, token| Known::option("NIFTY", Exchange::Nfo, date, "25000", "CE", token);
    [
        nifty(Date::constant(2025, 8, 28), 1),
        nifty(Date::constant(2025, 11, 25), 2),
    ]
}

fn everything() -> (Vec<Known>, Table) {
    let known = mapping();
    let mut all = known.clone();
    all.extend(monthlies());
    (known, table(&masters(&all)))
}

#[test]
fn every_contract_is_found_by_each_of_its_names_and_has_them_all() {
    let (known, table) = everything();
    assert_eq!(known.len(), 63);
    for one in &known {
        let id = InstrumentId::new(
            one.exchange,
            Symbol::new(&one.canonical).expect("a canonical name"),
        );
        let entry = table
            .find(one.exchange, &one.canonical)
            .unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!(entry.expiry(), one.expiry, "{id}");
        for broker in BrokerName::ALL {
            let name = name_at(one, broker);
            let form = entry
                .broker_form(broker)
                .unwrap_or_else(|| panic!("{id} at {broker}"));
            assert_eq!(form.listing.order_symbol.as_ref(), name, "{id} at {broker}");
            assert_eq!(form.listing.token.as_ref(), one.token, "{id} at {broker}");
            let derived = broker == BrokerName::Fyers && one.fyers_derived;
            assert_eq!(form.derived, derived, "{id} at {broker}");
            // What no master lists cannot be traded, whatever its name would be.
            assert_eq!(table.listing(broker, &id).is_none(), derived, "{id} at {broker}");
            let back = table.by_order_symbol(broker, Some(one.exchange), name);
            assert_eq!(back, (!derived).then(|| id.clone()), "{id} by {name}");
            let by_token = table.by_token(broker, one.exchange, &one.token);
            assert_eq!(
                by_token,
                (!derived).then(|| id.clone()),
                "{id} by token at {broker}"
            );
        }
        if !one.fyers_derived {
            assert_eq!(entry.fytoken().as_deref(), Some(one.fytoken.as_str()), "{id}");
        }
        assert_eq!(
            table.by_contract(&entry.contract()).map(|found| found.id()),
            Some(id.clone())
        );
        let instrument = table.instrument(&id).expect("it was found above");
        let lot = if one.exchange == Exchange::Mcx {
            1
        } else {
            u64::from(one.lot.max(1))
        };
        assert_eq!(instrument.lot.units(), lot, "{id}");
        let alias = openalgo_symbol(&instrument);
        assert_eq!(alias, entry.openalgo_symbol());
        let resolved = table.resolve(one.exchange, &alias).map(|found| found.id());
        assert_eq!(resolved, Ok(id.clone()), "{alias}");
    }
}

#[test]
fn quote_keys_are_what_each_broker_takes() {
    let (_, table) = everything();
    let check = |exchange, name: &str, broker, key: &str| {
        let entry = table
            .find(exchange, name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(entry.quote_key(broker).as_deref(), Some(key), "{name}");
    };
    check(Exchange::NseIndex, "NIFTY", BrokerName::Flattrade, "NSE|26000");
    check(
        Exchange::NseIndex,
        "NIFTY",
        BrokerName::Upstox,
        "NSE_INDEX|Nifty 50",
    );
    check(Exchange::Nse, "M&M", BrokerName::Fyers, "NSE:M&M-EQ");
    check(Exchange::Nse, "M&M", BrokerName::Flattrade, "NSE|2031");
    let token = table.by_token(BrokerName::Flattrade, Exchange::Nse, "26000");
    assert_eq!(
        token.map(|id| id.to_string()).as_deref(),
        Some("NSE_INDEX:NIFTY"),
        "as Flattrade writes it"
    );
}

#[test]
fn a_listed_strike_resolves_and_one_that_is_not_listed_does_not() {
    let (_, table) = everything();
    assert!(table.resolve(Exchange::Nfo, "NIFTY25SEP25850CE").is_ok());
    let error = table
        .resolve(Exchange::Nfo, "NIFTY25SEP25840CE")
        .expect_err("25840 is no strike")
        .to_string();
    assert!(
        error.starts_with("unknown instrument \"NIFTY25SEP25840CE\" as of 2025-10-07"),
        "{error}"
    );
    let name = Symbol::new("NIFTY30SEP2525850CE").expect("a name");
    let alias = InstrumentId::new(Exchange::Nfo, name);
    assert!(
        table.instrument(&alias).is_none(),
        "the port takes canonical names only"
    );
}

#[test]
fn a_bare_name_on_two_exchanges_is_ambiguous_and_search_ranks() {
    let (_, table) = everything();
    let error = table
        .resolve_any("RELIANCE")
        .expect_err("NSE and BSE")
        .to_string();
    assert!(
        error.contains("write NSE:RELIANCE or BSE:RELIANCE instead"),
        "{error}"
    );
    assert_eq!(
        table.resolve_any("NSE:RELIANCE").map(|entry| entry.exchange()),
        Ok(Exchange::Nse)
    );
    assert_eq!(
        table.resolve_any("GOLD26FEBFUT").map(|entry| entry.exchange()),
        Ok(Exchange::Mcx)
    );
    let found = |query: &str, limit: usize| -> Vec<String> {
        table
            .search(query, limit)
            .iter()
            .map(|entry| entry.symbol().to_owned())
            .collect()
    };
    assert_eq!(found("nifty", 2)[0], "NIFTY", "the index first");
    assert_eq!(found("m&m fut", 5), ["M&M25OCTFUT"]);
    assert_eq!(
        found("nifty 25850 ce", 1),
        ["NIFTY25SEP25850CE"],
        "the near expiry first"
    );
    assert_eq!(found("bse reliance", 5), ["RELIANCE"]);
    assert!(found("", 5).is_empty() && found("reliance", 0).is_empty() && found("zzz", 5).is_empty());
}

#[test]
fn without_the_rest_of_the_month_a_weekly_takes_the_monthly_name() {
    let known = mapping();
    let alone: Vec<Known> = known
        .into_iter()
        .filter(|one| one.canonical == "NIFTY25N0425850CE")
        .collect();
    let table = table(&masters(&alone));
    assert_eq!(
        table.iter().map(|entry| entry.symbol()).collect::<Vec<_>>(),
        ["NIFTY25NOV25850CE"]
    );
}

#[test]
fn indices_and_segments_stay_apart() {
    let (known, table) = everything();
    let indices = known
        .iter()
        .filter(|one| one.exchange.segment() == Segment::Index)
        .count();
    assert_eq!(
        table.iter().filter(|entry| !entry.exchange().is_traded()).count(),
        indices
    );
}
