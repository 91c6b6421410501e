//! Sealed days as a file that can be checked without the ledger: JSON Lines.
//!
//! A header, then for each day its entries and its seal, then a line with the counts and the SHA-256 of all lines before it.
//! Only whole sealed days are in an export, so that every one of them ends with its root. Both ways the days are checked:
//! a chain that is broken is not exported, and an export that was changed, cut or put together otherwise is not accepted.
//!
//! What it leaves out: opening, naming and syncing files.

mod error;
mod line;
mod lines;
mod read;
mod write;

pub use error::ExportError;
pub use read::verify_export;
pub use write::ExportWriter;
