//! The versions of the tables as sqlx runs them.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A version with its name and its statements.
pub(super) type Version = (i64, &'static str, &'static str);

/// What brings books through these versions.
pub(super) fn of(versions: &[Version]) -> Migrator {
    let migrations = versions.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
