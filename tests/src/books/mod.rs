//! Books that are killed while they are written: what is written, the writer, the kill, and what must be there afterwards.

mod check;
mod compare;
mod killing;
mod story;
mod writer;

pub use check::{Acknowledged, Checked, Heard, check};
pub use killing::{Killed, Killing, Report};
pub use story::Step;
pub use writer::write;

use anyhow::{Context as _, Result};
use sangam_storage::{PostgresSettings, SqlLedger};

/// Which database books are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Database {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Opens the books at a path, or at a `postgres://` url.
///
/// # Errors
/// As the ledger's opening.
pub async fn open(place: &str) -> Result<SqlLedger> {
    let opened = if place.starts_with("postgres://") {
        SqlLedger::connect(PostgresSettings::of_url(place)?).await
    } else {
        SqlLedger::open(place).await
    };
    opened.context("open the books")
}
