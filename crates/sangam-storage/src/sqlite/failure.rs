//! From SQLite's errors to words a person can act on. Core's ledger errors have no field for a path, so the texts name it.

use std::error::Error as StdError;
use std::path::Path;

use sangam_core::ports::LedgerError;

/// What went wrong inside: a refusal by the rules of the ledger, or SQLite's own failure that still lacks its place.
#[derive(Debug)]
pub(super) enum Fault {
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
    pub(super) fn before_commit(self, doing: &str, path: &Path) -> LedgerError {
        match self {
            Self::Ledger(error) => error,
            Self::Sql(error) => LedgerError::NotWritten {
                what: explain(doing, path, &error),
                source: Box::new(error),
            },
        }
    }

    /// The error of a read.
    pub(super) fn while_reading(self, path: &Path) -> LedgerError {
        match self {
            Self::Ledger(error) => error,
            Self::Sql(error) => LedgerError::Store {
                what: explain("reading", path, &error),
                source: Box::new(error),
            },
        }
    }
}

/// The error of a commit that failed in its last step: it may have taken effect.
pub(super) fn in_commit(path: &Path, error: sqlx::Error) -> LedgerError {
    LedgerError::Store {
        what: format!(
            "{}; whether the change was kept is not known",
            explain("committing to", path, &error)
        ),
        source: Box::new(error),
    }
}

/// The error of a folder or file that cannot be made or opened.
pub(super) fn no_file(path: &Path, error: std::io::Error) -> LedgerError {
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
pub(super) fn closed(path: &Path) -> LedgerError {
    LedgerError::NotWritten {
        what: format!("{} is closed: open it again", path.display()),
        source: "the writer has ended".into(),
    }
}

/// The error of a writer that went away with a commit in its hands.
pub(super) fn lost(path: &Path, error: impl StdError + Send + Sync + 'static) -> LedgerError {
    LedgerError::Store {
        what: format!(
            "the writer of {} ended during the commit; whether the change was kept is not known: read it back",
            path.display()
        ),
        source: Box::new(error),
    }
}

/// What happened and the way out, by SQLite's primary result code (sqlite.org/rescode.html).
fn explain(doing: &str, path: &Path, error: &sqlx::Error) -> String {
    let path = path.display();
    match primary_code(error) {
        Some(5 | 6) => format!("{path} is locked by another process: stop it, or wait until it is done"),
        Some(8) => format!("{path} cannot be written: check who owns it and its permissions"),
        Some(10) => format!("{doing} {path} failed: check the disk that holds it"),
        Some(11) => format!("{path} is damaged: restore a backup"),
        Some(13) => format!("the disk that holds {path} is full: free some space"),
        Some(14) => format!("{path} cannot be opened: its folder must exist and be writable"),
        Some(26) => format!("{path} is no SQLite file: choose another path, or restore a backup"),
        _ => format!("{doing} {path} failed"),
    }
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
