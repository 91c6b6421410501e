#![doc = include_str!("../README.md")]

mod ledger_suite;
pub mod samples;
mod script;
mod scripted_broker;
pub mod strategies;

pub use ledger_suite::ledger_conformance;
pub use sangam_core::ManualClock;
pub use script::{Held, Script};
pub use scripted_broker::ScriptedBroker;
