//! Doubles of core's ports made by mockall, for unit tests that say which calls they expect. Where a test needs a
//! sequence of answers or a call held back, [`ScriptedBroker`](crate::ScriptedBroker) is easier to read.

mod broker;
mod cache;
mod ledger;
mod selector;

pub use broker::MockBroker;
pub use cache::MockCache;
pub use ledger::MockLedger;
pub use selector::MockSelector;
