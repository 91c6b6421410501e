#![doc = include_str!("../README.md")]

pub mod samples;
mod script;
mod scripted_broker;

pub use sangam_core::ManualClock;
pub use script::{Held, Script};
pub use scripted_broker::ScriptedBroker;
