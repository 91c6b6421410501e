//! Whatever the bytes, reading ends with a master or an error; whatever the contracts, names mean what they say.

use crate::support::{Known, masters, table};
use proptest::prelude::*;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{Master, ResolveError, Source, Table};

fn contract() -> impl Strategy<Value = Known> {
    let names = prop::sample::select(vec![
        "NIFTY",
        "NIFTYNXT50",
        "M&M",
        "BAJAJ-AUTO",
        "SENSEX50",
        "360ONE",
        "A1",
    ]);
    let rights = prop::sample::select(vec!["CE", "PE"]);
    (
        names,
        0_i64..500,
        1_u32..30_000,
        0_u32..4,
        rights,
        1_u32..1_000_000,
    )
        .prop_map(|(name, days, strike, quarters, right, token)| {
            let date = Date::constant(2025, 1, 1).saturating_add(jiff::Span::new().days(days));
            let strike = match quarters {
                0 => strike.to_string(),
                1 => format!("{strike}.5"),
                2 => format!("{strike}.25"),
                _ => format!("{strike}.75"),
            };
            Known::option(name, Exchange::Nfo, date, &strike, right, token)
        })
}

/// A well-formed master to damage.
fn samples() -> Vec<Vec<u8>> {
    let known = crate::support::mapping();
    let csv = "\"instrument_key\",\"exchange_token\",\"tradingsymbol\",\"name\",\"last_price\",\"expiry\",\"strike\",\"tick_size\",\"lot_size\",\"instrument_type\",\"option_type\",\"exchange\"\n\
        \"NSE_EQ|INE224E01036\",\"27\",\"GATECHDVR\",\"X\",\"1\",\"\",\"\",\"0.01\",\"1\",\"EQUITY\",\"\",\"NSE_EQ\"\n\
        \"BSE_FO|859975\",\"859975\",\"SENSEX25DEC76000CE\",\"SENSEX\",\"0\",\"2025-12-24\",\"76000.0\",\"0.05\",\"20\",\"OPTIDX\",\"CE\",\"BSE_FO\"\n";
    [
        crate::support::noren(&known),
        crate::support::fyers(&known),
        crate::support::upstox(&known),
        csv.to_owned(),
    ]
    .map(String::into_bytes)
    .into()
}

fn read_and_build(bytes: &[u8]) {
    if let Ok(master) = Master::read(&Source::new("x", bytes)) {
        let (table, _) =
            Table::build(Date::constant(2025, 10, 7), &[master]).expect("a master has instruments");
        for entry in table.iter() {
            let found = table
                .find(entry.exchange(), entry.symbol())
                .expect("every name finds its contract");
            assert_eq!(found.contract(), entry.contract());
            let _fine = (entry.id(), entry.instrument(), entry.openalgo_symbol());
            for broker in BrokerName::ALL {
                let _fine = (entry.broker_form(broker), entry.quote_key(broker));
            }
        }
        assert!(table.search("nifty 2", 5).len() <= 5);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn property_arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read_and_build(&bytes);
    }

    #[test]
    fn property_damaged_masters_never_panic(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = samples().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_and_build(&bytes);
    }

    #[test]
    fn property_names_lead_back_to_their_contracts(known in prop::collection::vec(contract(), 1..40)) {
        let table = table(&masters(&known));
        for entry in table.iter() {
            let contract = entry.contract();
            let same = |found: Option<sangam_core::Contract>| found.as_ref() == Some(&contract);
            prop_assert!(same(table.find(entry.exchange(), entry.symbol()).map(|found| found.contract())));
            prop_assert!(same(table.by_contract(&contract).map(|found| found.contract())));
            for broker in BrokerName::ALL {
                if let Some(listing) = entry.listing(broker) {
                    let by_name = table.by_order_name(broker, Some(entry.exchange()), &listing.order_symbol);
                    prop_assert!(same(by_name.map(|found| found.contract())));
                    let token = listing.token.parse().expect("a token is a number");
                    let by_token = table.by_exchange_token(broker, entry.exchange(), token);
                    prop_assert!(same(by_token.map(|found| found.contract())));
                }
            }
            // An alias means its contract, or is refused because it is another contract's canonical name.
            match table.resolve(entry.exchange(), &entry.openalgo_symbol()) {
                Ok(found) => prop_assert_eq!(found.contract(), contract),
                Err(ResolveError::Ambiguous { .. }) => {
                    let other = table.find(entry.exchange(), &entry.openalgo_symbol());
                    prop_assert!(other.is_some_and(|other| other.contract() != contract));
                }
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
