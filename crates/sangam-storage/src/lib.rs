#![doc = include_str!("../README.md")]

mod memory;
mod sqlite;

pub use memory::MemoryLedger;
pub use sqlite::{SqliteLedger, SqliteSettings};
