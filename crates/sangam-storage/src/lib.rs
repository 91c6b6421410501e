#![doc = include_str!("../README.md")]

pub mod chain;
pub mod cost;
mod memory;
mod rules;
mod sql;

pub use cost::{
    Applied, CostError, CostMethod, FillPlace, KeptPosition, Lot, PositionKey, Posted, UnknownCostMethod,
};
pub use memory::MemoryLedger;
#[cfg(feature = "postgres")]
pub use sql::{PostgresSettings, PostgresUrlError};
pub use sql::{Rebuilt, SqlLedger, SqliteSettings};
