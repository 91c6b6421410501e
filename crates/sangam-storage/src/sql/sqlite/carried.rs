//! A ledger as a file that is carried about: told from other files before it is opened, and made whole in itself, without a
//! write-ahead log beside it.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sangam_core::ports::LedgerError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};

use super::schema;
use crate::sql::failure::{self, Fault, Place};

/// SQLite's header (sqlite.org/fileformat.html, 1.3).
const HEADER: usize = 100;

/// Refuses what is no whole file of a ledger, without opening it as a database: that would make one of an empty file.
///
/// What is damaged within is found by [`sound`].
pub(crate) fn look(path: &Path) -> Result<(), LedgerError> {
    let place = path.display();
    let refuse = |why: String, source: String| LedgerError::NotWritten {
        what: format!("{place} {why}: name another backup"),
        source: source.into(),
    };
    let mut file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => refuse("is not there".to_owned(), error.to_string()),
        _ => failure::no_file(path, error),
    })?;
    let length = file
        .metadata()
        .map_err(|error| failure::no_file(path, error))?
        .len();
    let mut head = [0; HEADER];
    if let Err(error) = file.read_exact(&mut head) {
        return Err(refuse(
            format!("has {length} bytes, too few for a ledger"),
            error.to_string(),
        ));
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let mark = i64::from(number(68));
    if !head.starts_with(b"SQLite format 3\0") || mark != schema::APPLICATION_ID {
        return Err(refuse(
            "is no ledger of Sangam".to_owned(),
            format!("application id {mark:#x}"),
        ));
    }
    // A page of 65,536 bytes is written as 1. The count of pages holds when both counters of changes are the same.
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        page => u64::from(page),
    };
    let whole = page * u64::from(number(28));
    if number(24) == number(92) && length < whole {
        return Err(refuse(
            format!("was cut off: it has {length} bytes of {whole}"),
            "the copy was not finished".to_owned(),
        ));
    }
    Ok(())
}

/// Has SQLite read every page, every row and every index of a file that nobody has open, and check what they say.
pub(crate) async fn sound(path: &Path) -> Result<(), LedgerError> {
    let place = Place::File(path.to_path_buf());
    let found: sqlx::Result<String> = async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
        let found: Vec<String> = sqlx::query_scalar("pragma integrity_check(1)")
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        Ok(found.join("; "))
    }
    .await;
    match found.map_err(|error| Fault::Sql(error).before_commit("reading", &place))? {
        found if found == "ok" => Ok(()),
        found => Err(LedgerError::NotWritten {
            what: format!("{place} is damaged: name another backup"),
            source: found.into(),
        }),
    }
}

/// Takes the write-ahead log of a closed ledger into its file, so that the file can be moved and kept by itself.
pub(crate) async fn alone(path: &Path) -> Result<(), LedgerError> {
    let place = Place::File(path.to_path_buf());
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Delete);
    let done: sqlx::Result<()> = async { options.connect().await?.close().await }.await;
    done.map_err(|error| Fault::Sql(error).before_commit("writing to", &place))?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| failure::no_file(path, error))
}

/// The files of a ledger: its own and those SQLite keeps beside it.
pub(crate) fn all_of(path: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Removes a ledger that was begun and is not wanted, as far as it is there.
pub(crate) fn remove(path: &Path) -> Result<(), LedgerError> {
    for file in all_of(path) {
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failure::no_file(&file, error)),
        }
    }
    Ok(())
}

/// Gives a file its final name, for good: a crash leaves the one before or this one.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), LedgerError> {
    let refuse = |error| failure::no_file(to, error);
    std::fs::rename(from, to).map_err(refuse)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(refuse)?;
    folder.sync_all().map_err(refuse)
}
