//! Why something was not done with the books.

use std::path::PathBuf;

use sangam_core::GroupId;
use sangam_core::ports::LedgerError;

use crate::error::StartError;

/// Why something was not done with the books. Each names the thing and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BooksError {
    /// The books cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The data folder cannot be used, or a gateway runs on it.
    #[error(transparent)]
    Folder(#[from] StartError),
    /// There are none.
    #[error("there are no books at {}: name the data folder with --data-dir, or the database with SANGAM_LEDGER_URL", place.display())]
    NoBooks {
        /// Where they should be.
        place: PathBuf,
    },
    /// There are books where others were to be put.
    #[error("{place} holds books already: {way_out}")]
    NotEmpty {
        /// Where.
        place: String,
        /// What to do.
        way_out: &'static str,
    },
    /// Another gateway trades by them.
    #[error(
        "gateway {holder} trades for group {group} by the books at {place}: stop it first; a lease left by one that crashed \
         ends by itself"
    )]
    Led {
        /// Where.
        place: String,
        /// The group.
        group: GroupId,
        /// Who.
        holder: String,
    },
    /// Somebody wrote while they were copied.
    #[error(
        "the books at {place} went on to entry {now} while they were copied up to entry {copied}: stop whoever writes to \
         them, empty {target} and do it again"
    )]
    WentOn {
        /// Where.
        place: String,
        /// The copy.
        target: String,
        /// The last entry that was copied.
        copied: u64,
        /// The last entry there is.
        now: u64,
    },
    /// A file is in the way.
    #[error("{} is there already: name another file", path.display())]
    FileThere {
        /// Which.
        path: PathBuf,
    },
}
