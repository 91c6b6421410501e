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
pub use sql::{SqlLedger, SqliteSettings};
