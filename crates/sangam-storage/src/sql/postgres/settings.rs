//! What may be set about the database, each with its default and its reason.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::cost::CostMethod;

/// Settings of a [`SqlLedger`](crate::SqlLedger) in a PostgreSQL database. A password in the url is never shown.
#[derive(Clone)]
pub struct PostgresSettings {
    pub(super) options: PgConnectOptions,
    /// How long a commit waits for another process that is writing before it is refused. Default 5 s.
    pub lock_timeout: Duration,
    /// How long an answer of the server may take before its connection is given up. Default 20 s.
    pub patience: Duration,
    /// Most connections that read at once; they are made when needed. Nought counts as 1. Default 4.
    pub readers_max: u32,
    /// How profit is told from cost: as for [`SqliteSettings`](crate::SqliteSettings).
    pub cost_method: Option<CostMethod>,
}

impl PostgresSettings {
    /// The usual settings for a database: `postgres://user:password@host:port/database`, with `?sslmode=require` (or
    /// `verify-full`) for a server elsewhere.
    ///
    /// # Errors
    /// [`PostgresUrlError`] for a text that is no such url; it does not repeat the text, which may hold a password.
    pub fn of_url(url: &str) -> Result<Self, PostgresUrlError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(PostgresUrlError);
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| PostgresUrlError)?;
        if options.get_database().is_none() {
            return Err(PostgresUrlError);
        }
        Ok(Self {
            options: options.application_name("sangam"),
            lock_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(20),
            readers_max: 4,
            cost_method: None,
        })
    }

    /// The address as it may be shown: without the password.
    #[must_use]
    pub fn name(&self) -> String {
        format!(
            "postgres://{}@{}:{}/{}",
            self.options.get_username(),
            self.options.get_host(),
            self.options.get_port(),
            self.options.get_database().unwrap_or_default()
        )
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("name", &self.name())
            .field("lock_timeout", &self.lock_timeout)
            .field("patience", &self.patience)
            .field("readers_max", &self.readers_max)
            .field("cost_method", &self.cost_method)
            .finish_non_exhaustive()
    }
}

/// A text that is no address of a PostgreSQL database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the ledger's url is no address of a PostgreSQL database: give postgres://user:password@host:port/database"
)]
pub struct PostgresUrlError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        let settings = PostgresSettings::of_url("postgres://asha:test-password@db.example:5433/books")
            .expect("an address");
        assert_eq!(settings.name(), "postgres://asha@db.example:5433/books");
        assert!(!format!("{settings:?}").contains("test-password"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "books.db",
            "mysql://asha:test-password@db/books",
            "postgres://asha:test-password@db",
        ] {
            let error = PostgresSettings::of_url(text).expect_err(text);
            assert!(!error.to_string().contains("test-password"));
        }
    }
}
