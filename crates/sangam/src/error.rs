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
    /// Another system holds the data folder.
    #[error(
        "data folder {path} is in use by {by}; stop that one, or give this one a folder of its own with --data-dir"
    )]
    InUse {
        /// Which.
        path: String,
        /// Who has it.
        by: String,
    },
    /// The data folder was used with accounts of the other kind.
    #[error(
        "data folder {path} holds {holds} trading and these accounts are {ours}; keep the two apart: give these a folder \
         of their own with --data-dir or data_dir"
    )]
    OtherKind {
        /// Which.
        path: String,
        /// What it was used for.
        holds: String,
        /// What it was to be used for now.
        ours: &'static str,
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
    /// What was called cannot be read or written down.
    #[error("{0}")]
    Limits(String),
    /// A transport cannot be made.
    #[error(transparent)]
    Transport(#[from] Error),
}
