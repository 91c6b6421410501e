//! The versions of the file, forward only. A file of a newer version is refused before anything in it is touched.

use std::path::Path;
use std::time::Duration;

use sangam_core::ports::LedgerError;
use sqlx::SqlitePool;
use sqlx::migrate::MigrateError;

use super::{file, open};
use crate::chain::ChainHead;
use crate::sql::failure::Fault;
use crate::sql::migrations::{self, Version};

/// Marks a SQLite file as a ledger of Sangam: `SNGM` in ASCII, in the header field meant for it.
pub(super) const APPLICATION_ID: i64 = 0x534e_474d;

/// Each version with its name and its statements. Add to the end; never edit what was released.
const VERSIONS: [Version; 3] = [
    (
        1,
        "books",
        include_str!("../../../migrations/sqlite/0001_books.sql"),
    ),
    (
        2,
        "full books",
        include_str!("../../../migrations/sqlite/0002_full_books.sql"),
    ),
    (
        3,
        "stops",
        include_str!("../../../migrations/sqlite/0003_stops.sql"),
    ),
];

/// The newest version this program knows.
pub(crate) const NEWEST: i64 = VERSIONS[VERSIONS.len() - 1].0;

/// Brings the file to the newest version. A file of an older one is copied beside itself before.
pub(super) async fn bring_up(pool: &SqlitePool, path: &Path, patience: Duration) -> Result<(), Fault> {
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_schema where type = 'table'")
        .fetch_one(pool)
        .await?;
    if tables > 0 {
        refuse_foreign(pool, path).await?;
    }
    let found = version(pool).await?;
    if found > NEWEST {
        return Err(LedgerError::NewerSchema { found, known: NEWEST }.into());
    }
    if found < NEWEST {
        // Only one at a time, in this process or another: what one has half made must not be taken for an old file.
        let making = file::alone_in_folder(path, patience).await?;
        let found = version(pool).await?;
        if found > 0 && found < NEWEST {
            back_up(pool, path, found).await?;
        }
        if found < NEWEST {
            migrate(pool, path).await?;
        }
        drop(making);
    }
    begin_chain(pool).await
}

/// Runs what is missing.
async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), Fault> {
    migrations::of(&VERSIONS)
        .run(pool)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => Fault::Sql(cause),
            other => Fault::Ledger(LedgerError::NotWritten {
                what: format!(
                    "{} cannot be brought to schema version {NEWEST}: restore a backup",
                    path.display()
                ),
                source: Box::new(other),
            }),
        })
}

/// The head of an empty chain, where there is none yet: also after a stop between making the tables and this. It is asked
/// first, as opening does not wait for a writer.
async fn begin_chain(pool: &SqlitePool) -> Result<(), Fault> {
    let unbegun: bool = sqlx::query_scalar(
        "select not exists (select 1 from audit_head) and not exists (select 1 from audit)",
    )
    .fetch_one(pool)
    .await?;
    if unbegun {
        sqlx::query("insert into audit_head (id, sequence, hash) values (1, 0, ?) on conflict do nothing")
            .bind(ChainHead::EMPTY.hash.as_bytes().to_vec())
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// Copies the file as it is to `NAME.v1`, or with a number behind it where that is taken.
async fn back_up(pool: &SqlitePool, path: &Path, version: i64) -> Result<(), Fault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free = (0..)
        .map(|place| match place {
            0 => path.with_file_name(format!("{name}.v{version}")),
            place => path.with_file_name(format!("{name}.v{version}.{place}")),
        })
        .find(|copy| !copy.exists());
    let Some(copy) = free else {
        return Ok(());
    };
    sqlx::query("vacuum into ?")
        .bind(copy.to_string_lossy().into_owned())
        .execute(pool)
        .await?;
    open::private(&copy)?;
    tracing::info!(copy = %copy.display(), "kept a copy of the ledger before bringing it to a newer version");
    Ok(())
}

/// A file that has tables but not our mark was made by somebody else.
async fn refuse_foreign(pool: &SqlitePool, path: &Path) -> Result<(), Fault> {
    let mark: i64 = sqlx::query_scalar("pragma application_id")
        .fetch_one(pool)
        .await?;
    if mark == APPLICATION_ID {
        return Ok(());
    }
    Err(LedgerError::NotWritten {
        what: format!(
            "{} is another program's database: choose another path",
            path.display()
        ),
        source: format!("application id {mark:#x} instead of {APPLICATION_ID:#x}").into(),
    }
    .into())
}

/// The version the file is of; nought for a new one.
async fn version(pool: &SqlitePool) -> Result<i64, Fault> {
    let there: i64 = sqlx::query_scalar("select count(*) from sqlite_schema where name = '_sqlx_migrations'")
        .fetch_one(pool)
        .await?;
    if there == 0 {
        sqlx::query("pragma application_id = 0x534e474d")
            .execute(pool)
            .await?;
        return Ok(0);
    }
    let version: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(pool)
        .await?;
    Ok(version.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_grow() {
        assert!(VERSIONS.is_sorted_by(|one, next| one.0 < next.0));
    }
}
