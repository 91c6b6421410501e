//! What the checks have to know about the market and cannot find out by themselves.

use std::fmt::Debug;

use sangam_core::{InstrumentId, Price, Quote, Timestamp};

/// A price seen somewhere in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPrice {
    /// Last traded price.
    pub last: Price,
    /// Lowest price the exchange takes today, where told.
    pub lower_circuit: Option<Price>,
    /// Highest price the exchange takes today, where told.
    pub upper_circuit: Option<Price>,
    /// When it was told.
    pub at: Timestamp,
}

impl From<&Quote> for KnownPrice {
    fn from(quote: &Quote) -> Self {
        Self {
            last: quote.last,
            lower_circuit: quote.lower_circuit,
            upper_circuit: quote.upper_circuit,
            at: quote.received_at,
        }
    }
}

/// The market as the rest of the program knows it.
///
/// An implementation owes: every answer from memory, without waiting.
pub trait MarketFacts: Send + Sync + Debug {
    /// What time the market has when our clock shows `now`; `None` where it is in session at any hour, as a simulated one
    /// may be. Days begin and end by it too.
    fn time(&self, now: Timestamp) -> Option<Timestamp>;

    /// Whether a share has derivatives, and so closes in an auction; `None` where that is not known.
    fn has_derivatives(&self, instrument: &InstrumentId) -> Option<bool>;

    /// The last price seen of an instrument.
    fn price(&self, instrument: &InstrumentId) -> Option<KnownPrice>;

    /// A quote that was asked for on the way.
    fn note(&self, quote: &Quote);
}

/// A market in session at any hour, of which nothing else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlwaysInSession;

impl MarketFacts for AlwaysInSession {
    fn time(&self, _: Timestamp) -> Option<Timestamp> {
        None
    }

    fn has_derivatives(&self, _: &InstrumentId) -> Option<bool> {
        None
    }

    fn price(&self, _: &InstrumentId) -> Option<KnownPrice> {
        None
    }

    fn note(&self, _: &Quote) {}
}
