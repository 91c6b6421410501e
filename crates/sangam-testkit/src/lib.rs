#![doc = include_str!("../README.md")]

mod cache_suite;
pub mod doubles;
mod faulty_ledger;
mod keeper;
mod ledger_suite;
mod postgres_server;
mod redis_server;
pub mod samples;
mod script;
mod scripted_broker;
pub mod strategies;
mod unlimited;

pub use cache_suite::cache_conformance;
pub use faulty_ledger::{CommitFault, FaultyLedger};
pub use ledger_suite::ledger_conformance;
pub use postgres_server::{PostgresDatabase, PostgresServer};
pub use redis_server::RedisServer;
pub use sangam_core::ManualClock;
pub use script::{Held, Script};
pub use scripted_broker::ScriptedBroker;
pub use unlimited::Unlimited;
