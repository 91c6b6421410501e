//! Opening the books where the configuration says they are.

use sangam_core::ports::LedgerError;
use sangam_storage::{PostgresSettings, SqlLedger, SqliteSettings};
use secrecy::ExposeSecret as _;

use crate::config::Config;

/// The file of the books in a data folder.
pub const FILE: &str = "ledger.sqlite";

/// Opens the books of a configuration: the database `ledger.url` names, else the file in the data folder.
///
/// Works while a gateway runs on them; what is written then it sees.
///
/// # Errors
/// [`LedgerError`] naming the place and what to do.
pub async fn open(config: &Config) -> Result<SqlLedger, LedgerError> {
    let cost_method = config.ledger.cost_method;
    match &config.ledger.url {
        Some(url) => {
            let settings = PostgresSettings::of_url(url.expose_secret());
            let mut settings = settings.map_err(|error| LedgerError::NotWritten {
                what: error.to_string(),
                source: Box::new(error),
            })?;
            settings.cost_method = cost_method;
            SqlLedger::connect(settings).await
        }
        None => {
            let settings = SqliteSettings {
                cost_method,
                ..SqliteSettings::default()
            };
            SqlLedger::open_with(config.data_dir.join(FILE), &settings).await
        }
    }
}
