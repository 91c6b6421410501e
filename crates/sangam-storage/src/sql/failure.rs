//! From a database's errors to words a person can act on. Core's ledger errors have no field for the place, so the texts
//! name it; a password is never in it.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sangam_core::ports::LedgerError;

/// Where a ledger is, as it is called in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file.
    File(PathBuf),
    /// A database: `postgres://user@host:port/name`, without its password.
    Server(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(name) => f.write_str(name),
        }
    }
}

/// What went wrong inside: a refusal by the rules of the ledger, or the database's own failure that still lacks its place.
#[derive(Debug)]
pub(crate) enum Fault {
    Ledger(LedgerError),
    Sql(sqlx::Error),
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The error when nothing can have been committed.
    pub(crate) fn before_commit(self, doing: &str, place: &Place) -> LedgerError {
        match self {
            Self::Ledger(error) => error,
            Self::Sql(error) => LedgerError::NotWritten {
                what: explain(doing, place, &error),
                source: Box::new(error),
            },
        }
    }

    /// The error of a read.
    pub(crate) fn while_reading(self, place: &Place) -> LedgerError {
        match self {
            Self::Ledger(error) => error,
            Self::Sql(error) => LedgerError::Store {
                what: explain("reading", place, &error),
                source: Box::new(error),
            },
        }
    }
}

impl Fault {
    /// Whether it would meet every commit of a group alike, so that trying each by itself only costs its patience again:
    /// a store that is away, locked, broken or not ours to write.
    pub(crate) fn is_of_the_store(&self) -> bool {
        let Self::Sql(error) = self else {
            return false;
        };
        if is_gone(error) {
            return true;
        }
        match error.as_database_error().and_then(|error| error.code()) {
            // PostgreSQL's codes have five characters, SQLite's are numbers.
            Some(code) if code.len() == 5 => {
                matches!(&*code, "55P03" | "57014" | "53300" | "25006") || code.starts_with("XX")
            }
            _ => matches!(primary_code(error), Some(5 | 6 | 8 | 10 | 11 | 14 | 26)),
        }
    }
}

/// One failure that several callers have to hear of.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    what: String,
    cause: Arc<dyn StdError + Send + Sync>,
}

impl Shared {
    /// Of a group of which nothing was written.
    pub(crate) fn of(error: LedgerError) -> Self {
        Self {
            what: error.to_string().trim_start_matches("ledger: ").to_owned(),
            cause: Arc::new(error),
        }
    }

    /// The error for one that was certainly not written.
    pub(crate) fn not_written(&self) -> LedgerError {
        LedgerError::NotWritten {
            what: self.what.clone(),
            source: Box::new(Arc::clone(&self.cause)),
        }
    }

    /// The error for one that may have been written.
    pub(crate) fn unknown(&self) -> LedgerError {
        LedgerError::Store {
            what: self.what.clone(),
            source: Box::new(Arc::clone(&self.cause)),
        }
    }
}

/// The error of a commit that failed in its last step: it may have taken effect.
pub(crate) fn in_commit(place: &Place, error: sqlx::Error) -> LedgerError {
    LedgerError::Store {
        what: format!(
            "{}; whether the change was kept is not known",
            explain("committing to", place, &error)
        ),
        source: Box::new(error),
    }
}

/// The error of a folder or file that cannot be made or opened.
pub(crate) fn no_file(path: &Path, error: std::io::Error) -> LedgerError {
    use std::io::ErrorKind as K;
    let path = path.display();
    let what = match error.kind() {
        K::PermissionDenied | K::ReadOnlyFilesystem => format!(
            "{path} cannot be written: give this user write access to the folder, or choose another data folder"
        ),
        K::StorageFull | K::QuotaExceeded => {
            format!("there is no space left for {path}: free some and start again")
        }
        K::IsADirectory => format!("{path} is a folder: name the ledger's file"),
        K::NotADirectory | K::AlreadyExists => {
            format!("{path} cannot be made: a part of the path is a file, choose another data folder")
        }
        _ => format!("{path} cannot be opened: check the path and its permissions"),
    };
    LedgerError::NotWritten {
        what,
        source: Box::new(error),
    }
}

/// The error of a ledger that was closed, or whose writer is gone.
pub(crate) fn closed(place: &Place) -> LedgerError {
    LedgerError::NotWritten {
        what: format!("{place} is closed: open it again"),
        source: "the writer has ended".into(),
    }
}

/// The error of a writer that went away with a commit in its hands.
pub(crate) fn lost(place: &Place, error: impl StdError + Send + Sync + 'static) -> LedgerError {
    LedgerError::Store {
        what: format!(
            "the writer of {place} ended during the commit; whether the change was kept is not known: read it back"
        ),
        source: Box::new(error),
    }
}

/// What happened and the way out.
fn explain(doing: &str, place: &Place, error: &sqlx::Error) -> String {
    match place {
        Place::File(_) => of_sqlite(doing, place, error),
        Place::Server(_) => of_postgres(doing, place, error),
    }
}

/// By SQLite's primary result code (sqlite.org/rescode.html).
fn of_sqlite(doing: &str, place: &Place, error: &sqlx::Error) -> String {
    match primary_code(error) {
        Some(5 | 6) => format!("{place} is locked by another process: stop it, or wait until it is done"),
        Some(8) => format!("{place} cannot be written: check who owns it and its permissions"),
        Some(10) => format!("{doing} {place} failed: check the disk that holds it"),
        Some(11) => format!("{place} is damaged: restore a backup"),
        Some(13) => format!("the disk that holds {place} is full: free some space"),
        Some(14) => format!("{place} cannot be opened: its folder must exist and be writable"),
        Some(26) => format!("{place} is no SQLite file: choose another path, or restore a backup"),
        _ => format!("{doing} {place} failed"),
    }
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// By PostgreSQL's error codes (postgresql.org/docs, appendix A).
fn of_postgres(doing: &str, place: &Place, error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some("28P01" | "28000") => {
            format!("{place} refused the log-in: check user and password of the ledger's url")
        }
        Some("3D000") => format!("{place} does not exist: create the database, or correct the ledger's url"),
        Some("42501") => format!("{place} does not let this user {doing} it: grant the rights on its schema"),
        Some("53100") => format!("the disk of {place} is full: free some space"),
        Some("53300") => format!("{place} has no connection left: raise max_connections or close others"),
        Some("55P03" | "57014") => {
            format!("{place} is locked by another process: stop it, or wait until it is done")
        }
        Some("25006") => format!("{place} can only be read: name the primary server in the ledger's url"),
        Some(code) if code.starts_with("57P") => format!("{place} is shutting down or starting: try again"),
        Some(code) if code.starts_with("XX") => format!("{place} is damaged: restore a backup"),
        Some(_) => format!("{doing} {place} failed"),
        None if is_gone(error) => {
            format!("{place} cannot be reached: check that the server runs and the ledger's url")
        }
        None => format!("{doing} {place} failed"),
    }
}

/// Whether a statement of SQLite that is a transaction by itself failed where nothing of it can be in the file. It is judged by
/// what its last step can fail with: an I/O error, which a failed sync is too, or lack of memory. A full disk is told before
/// the end of the transaction is on it.
pub(crate) fn is_before_the_end(error: &sqlx::Error) -> bool {
    !is_gone(error) && primary_code(error).is_some_and(comes_before_the_end)
}

/// As above, of the code of an error of SQLite (sqlite.org/rescode.html).
fn comes_before_the_end(code: u32) -> bool {
    const NO_MEMORY: u32 = 7;
    const INPUT_OUTPUT: u32 = 10;
    !matches!(code, NO_MEMORY | INPUT_OUTPUT)
}

/// Whether the connection itself failed, or its server ended it.
pub(crate) fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Busy, constraint, full disk, a trigger's refusal: nothing is in the file. A failed sync may have left all of it there.
    #[test]
    fn what_may_be_in_the_file_is_not_told_to_be_out_of_it() {
        let extended_ioerr_fsync = 10 | (4 << 8);
        for code in [7, 10, extended_ioerr_fsync] {
            assert!(!comes_before_the_end(code & 0xff), "{code}");
        }
        for code in [1, 5, 13, 19, 1811 & 0xff] {
            assert!(comes_before_the_end(code), "{code}");
        }
        let no_code = [sqlx::Error::WorkerCrashed, sqlx::Error::RowNotFound];
        assert!(!no_code.iter().any(is_before_the_end), "no code, no verdict");
    }
}
