//! The last price seen of each instrument, however old: what a portfolio shows where no newer one is to be had.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::{InstrumentId, Price, Quote};
use sangam_orders::checks::KnownPrice;
use sangam_storage::portfolio::SeenPrice;

use crate::system::System;

/// Instruments remembered before the table is begun anew: forgetting costs a call, not a mistake.
const INSTRUMENTS_MAX: usize = 16_384;
/// A price this young is not asked for again: a screen that shows hundreds of lines and is drawn every second would use up
/// what the brokers allow.
const YOUNG: Duration = Duration::from_secs(5);
/// Longest a portfolio waits for prices; budgets of calls may be used up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last price of each instrument.
#[derive(Debug, Default)]
pub(crate) struct KnownPrices(Mutex<HashMap<InstrumentId, Known>>);

/// A price, with the lowest and highest the exchange takes that day where the quote told them.
#[derive(Debug, Clone, Copy)]
struct Known {
    seen: SeenPrice,
    circuits: [Option<Price>; 2],
}

impl KnownPrices {
    /// Notes a quote, unless a newer one is known.
    pub(crate) fn note(&self, quote: &Quote) {
        let seen = Known {
            seen: SeenPrice {
                price: quote.last,
                made_at: quote.received_at,
            },
            circuits: [quote.lower_circuit, quote.upper_circuit],
        };
        let mut known = self.0.lock();
        if known.len() >= INSTRUMENTS_MAX && !known.contains_key(&quote.instrument) {
            known.clear();
        }
        let kept = known.entry(quote.instrument.clone()).or_insert(seen);
        if kept.seen.made_at < seen.seen.made_at {
            *kept = seen;
        }
    }

    fn of(&self, ids: &[InstrumentId]) -> HashMap<InstrumentId, SeenPrice> {
        let known = self.0.lock();
        ids.iter()
            .filter_map(|id| Some((id.clone(), known.get(id)?.seen)))
            .collect()
    }

    /// One of them, for the checks before an order.
    pub(crate) fn one(&self, id: &InstrumentId) -> Option<KnownPrice> {
        let known = *self.0.lock().get(id)?;
        let [lower_circuit, upper_circuit] = known.circuits;
        Some(KnownPrice {
            last: known.seen.price,
            lower_circuit,
            upper_circuit,
            at: known.seen.made_at,
        })
    }
}

impl System {
    /// Prices for a portfolio: young ones as they are known, the others in batches from the brokers as far as the budgets of
    /// calls let them come in time, and the last one known where none came.
    pub(crate) async fn known_prices(&self, ids: &[InstrumentId]) -> HashMap<InstrumentId, SeenPrice> {
        let known = self.inner.known.of(ids);
        let now = self.now();
        let young = |seen: &SeenPrice| {
            Duration::try_from(now.duration_since(seen.made_at)).unwrap_or(Duration::ZERO) <= YOUNG
        };
        let wanted: Vec<_> = ids
            .iter()
            .filter(|id| !known.get(*id).is_some_and(young))
            .cloned()
            .collect();
        if wanted.is_empty() {
            return known;
        }
        match tokio::time::timeout(PATIENCE, self.quotes(&wanted)).await {
            Ok(told) => {
                for quote in told.iter().filter_map(|(_, told)| told.as_ref().ok()) {
                    self.inner.known.note(&quote.value);
                }
            }
            // Those that came in time were noted as they came.
            Err(_) => tracing::debug!(instruments = wanted.len(), "not all prices came in time"),
        }
        self.inner.known.of(ids)
    }
}
