//! The port to the symbol table.

use std::fmt::Debug;
use std::sync::Arc;

use crate::broker::BrokerName;
use crate::instrument::{Exchange, Instrument, InstrumentId, Listing};

/// Names in both directions, as of one trading date.
///
/// An implementation owes: answers from memory without waiting; a name built by rule and seen in no master has no
/// listing; the same answer for the same table however many threads ask.
pub trait SymbolMap: Send + Sync + Debug {
    /// The instrument of a canonical name, alias names not included.
    fn instrument(&self, id: &InstrumentId) -> Option<Arc<Instrument>>;

    /// How a broker lists it.
    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing>;

    /// What a broker's order name means; the exchange narrows it where the broker's names are unique only within one.
    fn by_order_symbol(
        &self,
        broker: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId>;

    /// What a broker's exchange token means.
    fn by_token(&self, broker: BrokerName, exchange: Exchange, token: &str) -> Option<InstrumentId>;
}
