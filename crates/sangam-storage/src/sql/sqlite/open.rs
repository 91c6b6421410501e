//! Connecting to the file, and what must be true of connections before anything is written.

use std::path::Path;

use sangam_core::ports::LedgerError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::session::SqliteSession;
use super::settings::SqliteSettings;
use super::{file, schema};
use crate::sql::failure::{self, Fault, Place};

/// Rows the driver's thread reads before it waits for us to take them: each wait costs a change of threads.
const ROWS_AHEAD: usize = 1_024;

/// The connection that writes, on a file of the newest schema.
pub(crate) async fn writer(path: &Path, settings: &SqliteSettings) -> Result<SqliteSession, LedgerError> {
    if !file::make(path)? {
        file::is_whole(path, settings.busy_timeout).await?;
    }
    let place = Place::File(path.to_path_buf());
    match connect(path, settings).await {
        Ok(connection) => Ok(SqliteSession::of(connection)),
        Err(fault) => Err(fault.before_commit("opening", &place)),
    }
}

async fn connect(path: &Path, settings: &SqliteSettings) -> Result<SqliteConnection, Fault> {
    let mut options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(settings.busy_timeout)
        // Where the system's own flush stops at the drive's cache; without meaning elsewhere.
        .pragma("fullfsync", "on")
        .pragma("temp_store", "memory");
    if let Some(pages) = settings.pages_max {
        options = options.pragma("max_page_count", pages.to_string());
    }
    // A pool of one, as only a pool can be migrated from a future that moves between threads; its one connection is kept.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(options)
        .await?;
    let ready = async {
        schema::bring_up(&pool, path, settings.busy_timeout).await?;
        let mut connection = pool.acquire().await?.detach();
        check(&mut connection, path).await?;
        Ok(connection)
    };
    let ready = ready.await;
    // Also where it failed: whoever is told so finds the file free.
    pool.close().await;
    ready
}

/// A file system without shared memory leaves the write-ahead log off without an error: better no ledger than one that
/// promises what it does not hold.
async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<(), Fault> {
    let journal: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(&mut *connection)
        .await?;
    let synchronous: i64 = sqlx::query_scalar("pragma synchronous")
        .fetch_one(&mut *connection)
        .await?;
    let foreign_keys: i64 = sqlx::query_scalar("pragma foreign_keys")
        .fetch_one(&mut *connection)
        .await?;
    if (journal.as_str(), synchronous, foreign_keys) == ("wal", 2, 1) {
        return Ok(());
    }
    let found = format!("journal {journal}, synchronous {synchronous}, foreign keys {foreign_keys}");
    Err(LedgerError::NotWritten {
        what: format!(
            "{} cannot keep a durable write-ahead log here: put the data folder on a local disk",
            path.display()
        ),
        source: found.into(),
    }
    .into())
}

/// A connection that reads and refuses to write.
pub(crate) async fn reader(path: &Path, settings: &SqliteSettings) -> sqlx::Result<SqliteSession> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(settings.busy_timeout)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("query_only", "on");
    options.connect().await.map(SqliteSession::of)
}

/// Makes a file readable by its owner alone.
pub(crate) fn private(path: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let only_owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, only_owner).map_err(|error| failure::no_file(path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_writer_syncs_every_commit_and_readers_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        let settings = SqliteSettings::default();
        let mut writer = writer(&path, &settings).await.expect("opens").connection;
        check(&mut writer, &path).await.expect("wal, full, foreign keys");
        let strict: i64 = sqlx::query_scalar(
            "select count(*) from pragma_table_list where strict = 1 and name in
             ('orders', 'attempts', 'fills', 'positions', 'audit', 'kept_positions', 'lots', 'postings', 'holdings', 'leases', 'stops')",
        )
        .fetch_one(&mut writer)
        .await
        .expect("tables");
        assert_eq!(strict, 11);

        let refused = sqlx::query("delete from orders")
            .execute(&mut reader(&path, &settings).await.expect("opens").connection)
            .await;
        assert!(refused.expect_err("read only").to_string().contains("readonly"));
    }

    #[tokio::test]
    async fn the_audit_log_refuses_edits() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        let mut writer = writer(&path, &SqliteSettings::default())
            .await
            .expect("opens")
            .connection;
        sqlx::query("insert into audit values (1, '2026-11-23', 1, 'a', 'b', 'c', 'd', zeroblob(32))")
            .execute(&mut writer)
            .await
            .expect("appends");
        for edit in ["update audit set detail = 'e'", "delete from audit"] {
            let refused = sqlx::query(edit).execute(&mut writer).await;
            assert!(refused.expect_err(edit).to_string().contains("append-only"));
        }
    }
}
