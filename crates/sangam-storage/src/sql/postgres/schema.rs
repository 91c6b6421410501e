//! The versions of the tables, forward only. Tables of a newer version are refused before anything in them is touched.

use sangam_core::ports::LedgerError;
use sqlx::PgPool;
use sqlx::migrate::MigrateError;

use crate::chain::ChainHead;
use crate::sql::failure::Fault;
use crate::sql::migrations::{self, Version};

/// Each version with its name and its statements; numbered as those of SQLite. Add to the end; never edit what was
/// released.
const VERSIONS: [Version; 2] = [
    (
        2,
        "full books",
        include_str!("../../../migrations/postgres/0002_full_books.sql"),
    ),
    (
        3,
        "stops",
        include_str!("../../../migrations/postgres/0003_stops.sql"),
    ),
];

/// The newest version this program knows.
const NEWEST: i64 = VERSIONS[VERSIONS.len() - 1].0;

/// Brings the tables to the newest version.
pub(super) async fn bring_up(pool: &PgPool, name: &str) -> Result<(), Fault> {
    refuse_foreign(pool, name).await?;
    let found = version(pool).await?;
    if found > NEWEST {
        return Err(LedgerError::NewerSchema { found, known: NEWEST }.into());
    }
    if found < NEWEST {
        migrations::of(&VERSIONS)
            .run(pool)
            .await
            .map_err(|error| match error {
                MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => Fault::Sql(cause),
                other => Fault::Ledger(LedgerError::NotWritten {
                    what: format!("{name} cannot be brought to schema version {NEWEST}: restore a backup"),
                    source: Box::new(other),
                }),
            })?;
    }
    // Where there is a head already, a writer may have it locked: opening does not wait for that.
    let first = "insert into audit_head (id, sequence, hash) select 1, 0, $1 \
                 where not exists (select from audit_head) and not exists (select from audit) on conflict do nothing";
    sqlx::query(first)
        .bind(ChainHead::EMPTY.hash.as_bytes().to_vec())
        .execute(pool)
        .await?;
    Ok(())
}

/// A schema that has tables, but not the first of ours, belongs to somebody else.
async fn refuse_foreign(pool: &PgPool, name: &str) -> Result<(), Fault> {
    let (tables, ours): (i64, bool) = sqlx::query_as(
        "select count(*), coalesce(bool_or(table_name = 'audit_head'), false) from information_schema.tables \
         where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations'",
    )
    .fetch_one(pool)
    .await?;
    if tables == 0 || ours {
        return Ok(());
    }
    Err(LedgerError::NotWritten {
        what: format!("{name} holds another program's tables: choose an empty database"),
        source: format!("{tables} tables, none of them a ledger's").into(),
    }
    .into())
}

/// The version the tables are of; nought for none.
async fn version(pool: &PgPool) -> Result<i64, Fault> {
    let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(pool)
        .await?;
    if !there {
        return Ok(0);
    }
    let version: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(pool)
        .await?;
    Ok(version.unwrap_or(0))
}
