//! From an entry of the symbol table to what a search shows.

use sangam_core::BrokerName;
use sangam_instruments::Entry;

use crate::view::Found;

impl From<Entry<'_>> for Found {
    fn from(entry: Entry<'_>) -> Self {
        let instrument = entry.instrument();
        Self {
            instrument: instrument.id.to_string(),
            openalgo_symbol: entry.openalgo_symbol(),
            name: entry.title().to_owned(),
            expiry: entry.expiry().map(|expiry| expiry.to_string()),
            lot: instrument.lot.units(),
            tick: instrument.tick.to_string(),
            brokers: BrokerName::ALL
                .into_iter()
                .filter(|broker| entry.listing(*broker).is_some())
                .collect(),
        }
    }
}
