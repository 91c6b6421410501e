//! Books moved to another place: copied, verified, and noted in both.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sangam_core::Timestamp;
use sangam_core::ports::{AuditEntry, Ledger as _, LedgerError};
use sangam_storage::{Copied, CopyStep, PostgresSettings, SqlLedger};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{BooksError, BooksPlace, connect};
use crate::data_dir;

/// Where books are moved to. A password in it is never shown.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(SecretString),
}

/// A text that is no place for books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no place for books: write postgres://user:password@host:5432/database, or the path of a file that is not there"
)]
pub struct NoDestination;

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if PostgresSettings::of_url(text).is_ok() {
            return Ok(Self::Postgres(SecretString::from(text)));
        }
        let path = text.strip_prefix("sqlite://").unwrap_or(text);
        // What looks like an address is none that was understood; it may hold a password and is not repeated.
        if path.is_empty() || path.contains("://") || path.starts_with("postgres") {
            return Err(NoDestination);
        }
        Ok(Self::File(PathBuf::from(path)))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => match PostgresSettings::of_url(url.expose_secret()) {
                Ok(settings) => f.write_str(&settings.name()),
                Err(error) => error.fmt(f),
            },
        }
    }
}

/// Books that are in two places now: the old one stays as it was, up to a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// What was copied and compared.
    pub copied: Copied,
    /// Where they were.
    pub from: String,
    /// Where they are now.
    pub to: String,
}

/// Copies the books to another place, verifies the copy row for row and its audit chain, and notes the move as
/// `ledger.migrated` in both, after what was copied.
///
/// # Errors
/// [`BooksError::Folder`] while a gateway runs on the data folder, [`BooksError::Led`] while one elsewhere trades by the
/// books, [`BooksError::WentOn`] when somebody wrote all the same, [`BooksError::FileThere`], or [`BooksError::Ledger`] when
/// something cannot be read or written or differs: the other place is empty then.
pub async fn migrate(
    place: &BooksPlace,
    to: &Destination,
    by: &str,
    at: Timestamp,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<Migrated, BooksError> {
    place.there()?;
    let held = place.hold()?;
    let source = place.open_existing().await?;
    let migrated = to_another(place, &source, to, by, at, watch).await;
    source.close().await;
    held.release();
    migrated
}

async fn to_another(
    place: &BooksPlace,
    source: &SqlLedger,
    to: &Destination,
    by: &str,
    at: Timestamp,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<Migrated, BooksError> {
    refuse_led(place, source).await?;
    let copied = match to {
        Destination::File(path) if path.exists() => {
            return Err(BooksError::FileThere { path: path.clone() });
        }
        Destination::File(path) => source.back_up(path, watch).await?,
        Destination::Postgres(url) => source.copy_to(connect(url, None).await?, watch).await?,
    };
    let migrated = Migrated {
        from: source.place(),
        to: to.to_string(),
        copied,
    };
    let head = source.chain_head().await?;
    if head != migrated.copied.head {
        return Err(BooksError::WentOn {
            place: migrated.from,
            target: migrated.to,
            copied: migrated.copied.head.sequence,
            now: head.sequence,
        });
    }
    let note = migrated.note(by, at);
    let target = open(to).await?;
    let noted = target.commit(&[], &note).await;
    target.close().await;
    noted?;
    // The old books are whole without it.
    if let Err(error) = source.commit(&[], &note).await {
        tracing::warn!(%error, "the move is noted in the new books only");
    }
    Ok(migrated)
}

async fn open(to: &Destination) -> Result<SqlLedger, LedgerError> {
    match to {
        Destination::File(path) => SqlLedger::open(path).await,
        Destination::Postgres(url) => connect(url, None).await,
    }
}

/// What a gateway writes after the copy would be missing. Our own lease may be left from a crash: the data folder is ours.
pub(super) async fn refuse_led(place: &BooksPlace, source: &SqlLedger) -> Result<(), BooksError> {
    let ours = data_dir::installation(&place.data_dir)?;
    let status = source.status().await?;
    let led = status.running().find(|lease| lease.holder != ours);
    match led {
        None => Ok(()),
        Some(lease) => Err(BooksError::Led {
            place: status.place.clone(),
            group: lease.group.clone(),
            holder: lease.holder.clone(),
        }),
    }
}

impl Migrated {
    fn note(&self, by: &str, at: Timestamp) -> AuditEntry {
        AuditEntry {
            at,
            actor: by.to_owned(),
            event: "ledger.migrated".to_owned(),
            subject: "ledger".to_owned(),
            detail: json!({
                "from": self.from,
                "to": self.to,
                "rows": self.copied.rows(),
                "sequence": self.copied.head.sequence,
                "hash": self.copied.head.hash.to_string(),
            })
            .to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_path_and_its_password_is_not_shown() {
        let server: Destination = "postgres://asha:test-password@db.example/books"
            .parse()
            .expect("an address");
        assert_eq!(server.to_string(), "postgres://asha@db.example:5432/books");
        assert!(!format!("{server:?}").contains("test-password"));
        let file: Destination = "old books.sqlite".parse().expect("a path");
        assert_eq!(file.to_string(), "old books.sqlite");
        for text in [
            "",
            "postgres://asha:test-password@db",
            "mysql://asha:test-password@db/x",
        ] {
            let error = text.parse::<Destination>().expect_err(text);
            assert!(!error.to_string().contains("test-password"));
        }
    }
}
