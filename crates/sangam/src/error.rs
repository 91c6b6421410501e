//! Why the stack could not be put together.

use sangam_core::Error;
use sangam_core::ports::LedgerError;
use sangam_instruments::StoreError;

/// Why a [`System`](crate::System) did not start. Each names the thing and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("data folder {path}: {what}; make it writable or choose another with --data-dir or data_dir")]
    DataDir {
        /// Which.
        path: String,
        /// What the system said.
        what: String,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The masters' folder cannot be used.
    #[error(transparent)]
    Masters(#[from] StoreError),
    /// The cache's settings are out of range.
    #[error("{0}")]
    Cache(String),
    /// A transport cannot be made.
    #[error(transparent)]
    Transport(#[from] Error),
}
