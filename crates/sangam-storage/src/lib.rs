#![doc = include_str!("../README.md")]

pub mod chain;
pub mod cost;
mod memory;
pub mod portfolio;
mod rules;
mod sql;

pub use cost::{
    Applied, CostError, CostMethod, FillPlace, KeptPosition, Lot, PositionKey, Posted, UnknownCostMethod,
};
pub use memory::MemoryLedger;
pub use portfolio::{
    AccountBook, BookRead, Portfolio, PortfolioBooks, PortfolioError, PortfolioInputs, SeenPrice,
};
pub use sql::{
    AuditError, AuditFilter, AuditProgress, BooksStatus, Copied, CopyStep, Rebuilt, SqlLedger,
    SqliteSettings, put_in_place, remove_file,
};
#[cfg(feature = "postgres")]
pub use sql::{PostgresSettings, PostgresUrlError};
