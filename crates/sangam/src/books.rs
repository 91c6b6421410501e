//! The books: opened where the configuration says they are, kept as a file, moved to another place.

mod backup;
mod error;
mod migrate;
mod upkeep;

use std::path::{Path, PathBuf};

use sangam_core::ports::LedgerError;
use sangam_storage::{PostgresSettings, SqliteSettings};
use secrecy::{ExposeSecret as _, SecretString};

pub use backup::{Restored, back_up, restore};
pub use error::BooksError;
pub use migrate::{Destination, Migrated, NoDestination, migrate};
pub use sangam_storage::{
    BooksStatus, Copied, CopyStep, CostMethod, Rebuilt, SqlLedger, UnknownCostMethod, chain,
};
pub use upkeep::{accept_clock, check_positions, rebuild, status};

use crate::config::{Config, ConfigError, LedgerConfig, RawConfig};
use crate::data_dir::DataDir;

/// The file of the books in a data folder.
pub const FILE: &str = "ledger.sqlite";

/// Opens the books of a configuration: the database `ledger.url` names, else the file in the data folder.
///
/// Works while a gateway runs on them; what is written then it sees.
///
/// # Errors
/// [`LedgerError`] naming the place and what to do.
pub async fn open(config: &Config) -> Result<SqlLedger, LedgerError> {
    let place = BooksPlace {
        data_dir: config.data_dir.clone(),
        ledger: config.ledger.clone(),
    };
    place.open().await
}

/// Where books are, as a configuration says; the accounts in it do not matter.
#[derive(Debug, Clone)]
pub struct BooksPlace {
    data_dir: PathBuf,
    ledger: LedgerConfig,
}

impl BooksPlace {
    /// Of a configuration as written.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key of `[ledger]` that is wrong.
    pub fn of(raw: &RawConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            data_dir: raw.data_dir.clone(),
            ledger: crate::config::check_ledger(raw.ledger.clone())?,
        })
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The file of books that are not in a server's database.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &self.ledger.url {
            Some(_) => None,
            None => Some(self.data_dir.join(FILE)),
        }
    }

    async fn open(&self) -> Result<SqlLedger, LedgerError> {
        self.open_by(self.ledger.cost_method).await
    }

    /// Opens them by whatever method they tell profit from cost.
    async fn open_as_they_are(&self) -> Result<SqlLedger, LedgerError> {
        self.open_by(None).await
    }

    /// Opens books that must be there, by whatever method they tell profit from cost: a command must not make new ones where a
    /// path was mistyped.
    ///
    /// # Errors
    /// [`BooksError`] when there are none, or they cannot be opened.
    pub async fn open_existing(&self) -> Result<SqlLedger, BooksError> {
        self.there()?;
        Ok(self.open_as_they_are().await?)
    }

    fn there(&self) -> Result<(), BooksError> {
        match self.file() {
            Some(file) if !file.exists() => Err(BooksError::NoBooks { place: file }),
            Some(_) | None => Ok(()),
        }
    }

    async fn open_by(&self, cost_method: Option<CostMethod>) -> Result<SqlLedger, LedgerError> {
        match &self.ledger.url {
            Some(url) => connect(url, cost_method).await,
            None => {
                let settings = SqliteSettings {
                    cost_method,
                    ..SqliteSettings::default()
                };
                SqlLedger::open_with(self.data_dir.join(FILE), &settings).await
            }
        }
    }

    /// Takes the data folder, so that no gateway starts on it meanwhile.
    fn hold(&self) -> Result<DataDir, BooksError> {
        Ok(DataDir::hold(&self.data_dir)?)
    }
}

async fn connect(url: &SecretString, cost_method: Option<CostMethod>) -> Result<SqlLedger, LedgerError> {
    let settings = PostgresSettings::of_url(url.expose_secret());
    let mut settings = settings.map_err(|error| LedgerError::NotWritten {
        what: error.to_string(),
        source: Box::new(error),
    })?;
    settings.cost_method = cost_method;
    SqlLedger::connect(settings).await
}
