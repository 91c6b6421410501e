//! `[ledger]`: where the books are and how they tell profit from cost.

use std::time::Duration;

use sangam_storage::{CostMethod, PostgresSettings};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::checked::{ConfigError, within, wrong};

/// Seconds a lease lasts when nothing else is said.
const LEASE_S: u64 = 15;

/// `[ledger]` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLedger {
    /// A PostgreSQL database: `postgres://user:password@host:port/database`. Absent: the file `ledger.sqlite` in `data_dir`.
    /// May hold a password; better set as `SANGAM_LEDGER_URL` than written here.
    pub url: Option<SecretString>,
    /// Which units leave a position first: `fifo` or `average`. Absent: as the books have it, `fifo` for new ones.
    pub cost_method: Option<String>,
    /// Seconds a gateway's right to trade for a group lasts without being renewed, 1 to 300: so long another one waits after
    /// it has crashed. Absent: 15.
    pub lease_s: Option<u64>,
}

/// The same after its checks.
#[derive(Debug, Clone)]
pub struct LedgerConfig {
    /// The database, `None` for the file in the data folder.
    pub url: Option<SecretString>,
    /// Which units leave a position first, `None` for as the books have it.
    pub cost_method: Option<CostMethod>,
    /// How long a lease lasts without being renewed.
    pub lease: Duration,
}

pub(crate) fn check(raw: RawLedger) -> Result<LedgerConfig, ConfigError> {
    let url = raw.url.filter(|url| !url.expose_secret().trim().is_empty());
    if let Some(url) = &url
        && PostgresSettings::of_url(url.expose_secret()).is_err()
    {
        // The value may hold a password and is not repeated.
        return wrong(
            "ledger.url",
            "is no address of a PostgreSQL database; write it like postgres://user:password@host:5432/database",
        );
    }
    let cost_method = match raw.cost_method.map(|method| method.parse()).transpose() {
        Ok(method) => method,
        Err(error) => return wrong("ledger.cost_method", format!("{error}")),
    };
    let lease = within("ledger.lease_s", raw.lease_s.unwrap_or(LEASE_S), 1, 300)?;
    Ok(LedgerConfig {
        url,
        cost_method,
        lease: Duration::from_secs(lease),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<LedgerConfig, String> {
        let raw: RawLedger = toml::from_str(text).map_err(|error| error.to_string())?;
        check(raw).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_right_passes_and_what_is_wrong_is_named_without_the_password() {
        let plain = checked("").expect("nothing is needed");
        assert!(plain.url.is_none() && plain.cost_method.is_none());
        assert_eq!(plain.lease, Duration::from_secs(15));
        let full = checked("url = \"postgres://me:test-token@127.0.0.1/books\"\ncost_method = \"average\"")
            .expect("both are right");
        assert_eq!(full.cost_method, Some(CostMethod::Average));
        assert!(!format!("{full:?}").contains("test-token"));
        for (text, wanted) in [
            ("url = \"http://:test-token@x\"", "ledger.url"),
            ("url = \"books.db\"", "ledger.url"),
            ("cost_method = \"lifo\"", "ledger.cost_method"),
            ("path = \"x\"", "unknown field"),
            ("lease_s = 0", "ledger.lease_s"),
        ] {
            let error = checked(text).map(|_| ()).expect_err(text);
            assert!(error.contains(wanted) && !error.contains("test-token"), "{error}");
        }
    }
}
