//! Reading `sangam.toml` and the environment: the one place of the program that does. A file that is half written or has
//! an unknown key is refused with its line; secrets may come from the environment alone.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use config::{Environment, File, FileFormat};
use sangam::config::{RawConfig, env_name};
use secrecy::SecretString;

use crate::cli::args::Common;

/// Variables that are settings of the file.
const KEYS: [&str; 26] = [
    "SANGAM_LISTEN",
    "SANGAM_DATA_DIR",
    "SANGAM_HEALTH_INTERVAL_S",
    "SANGAM_ORDERS__DEADLINE_MS",
    "SANGAM_ORDERS__SLIPPAGE_BP",
    "SANGAM_ORDERS__QUOTE_AGE_MAX_MS",
    "SANGAM_CHECKS__MARKET_HOURS",
    "SANGAM_CHECKS__ORDER_VALUE_MAX",
    "SANGAM_CHECKS__DAY_VALUE_MAX",
    "SANGAM_CHECKS__QUANTITY_MAX",
    "SANGAM_CHECKS__PRICE_BAND_PERCENT",
    "SANGAM_CHECKS__PRICE_BAND_BOTH_SIDES",
    "SANGAM_CHECKS__PRICE_ASK",
    "SANGAM_CHECKS__PRICE_AGE_MAX_S",
    "SANGAM_CHECKS__TRADE_RATIO_WARNING",
    "SANGAM_CHECKS__TRADE_RATIO_MAX",
    "SANGAM_CACHE__QUOTE_MAX_AGE_MS",
    "SANGAM_CACHE__DEPTH_MAX_AGE_MS",
    "SANGAM_CACHE__BYTES_MAX",
    "SANGAM_CACHE__REDIS_URL",
    "SANGAM_CACHE__KEY_PREFIX",
    "SANGAM_CACHE__REDIS_PATIENCE_MS",
    "SANGAM_INBOUND__PER_SECOND",
    "SANGAM_INBOUND__BURST",
    "SANGAM_LEDGER__COST_METHOD",
    "SANGAM_LEDGER__LEASE_S",
];
/// Variables that are something else: flags, the log, a secret of a block that need not be there.
const OTHERS: [&str; 7] = [
    "SANGAM_CONFIG",
    "SANGAM_URL",
    "SANGAM_API_KEY",
    "SANGAM_LOG",
    "SANGAM_SHARED_REDIS_URL",
    "SANGAM_LEDGER_URL",
    "SANGAM_MIGRATE_TO",
];

/// The file looked for in the present folder.
const DEFAULT_FILE: &str = "sangam.toml";

/// The configuration as written, environment on top, flags not yet applied.
pub(crate) fn load(common: &Common) -> Result<RawConfig> {
    let mut builder = config::Config::builder();
    if let Some(path) = file(common) {
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "read the configuration {}; check that it is there and readable",
                path.display()
            )
        })?;
        // Read once by itself first: its errors name line and column, those of the merged whole do not.
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        config::Config::builder()
            .add_source(File::from_str(&text, FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize::<RawConfig>)
            .with_context(|| {
                format!(
                    "configuration {}; see sangam.example.toml for every key",
                    path.display()
                )
            })?;
    }
    let mut raw: RawConfig = builder
        .add_source(
            Environment::with_prefix("SANGAM")
                .prefix_separator("_")
                .separator("__")
                .source(Some(settings())),
        )
        .build()
        .and_then(config::Config::try_deserialize)
        .context("configuration from SANGAM_... variables; write them like SANGAM_ORDERS__SLIPPAGE_BP=50")?;
    for account in &mut raw.account {
        let variable =
            |suffix: &str| variable(&format!("SANGAM_ACCOUNT_{}_{suffix}", env_name(&account.name)));
        if let Some(secret) = variable("API_SECRET") {
            account.api_secret = Some(SecretString::from(secret));
        }
        if let Some(key) = variable("API_KEY") {
            account.api_key = Some(key);
        }
    }
    if let Some(url) = variable("SANGAM_LEDGER_URL") {
        raw.ledger.url = Some(SecretString::from(url));
    }
    if let (Some(shared), Some(url)) = (&mut raw.shared, variable("SANGAM_SHARED_REDIS_URL")) {
        shared.redis_url = Some(SecretString::from(url));
    }
    if let Some(data_dir) = &common.data_dir {
        raw.data_dir.clone_from(data_dir);
    }
    Ok(raw)
}

/// The data folder alone, for commands that need nothing else.
pub(crate) fn data_dir(common: &Common) -> Result<PathBuf> {
    match &common.data_dir {
        Some(path) => Ok(path.clone()),
        None => Ok(load(common)?.data_dir),
    }
}

/// The file a running gateway writes its address to.
pub(crate) fn address_file(data_dir: &Path) -> PathBuf {
    data_dir.join("address")
}

/// The configuration file in use, if any.
pub(crate) fn file(common: &Common) -> Option<PathBuf> {
    match &common.config {
        Some(path) if !path.as_os_str().is_empty() => Some(path.clone()),
        _ => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the program that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Variables that are settings of the file; the rest (flags' own, secrets, logging) would be unknown keys.
fn settings() -> config::Map<String, String> {
    // Variables that are no text are none of ours.
    let vars = || {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
    };
    for (name, _) in vars().filter(|(name, _)| name.starts_with("SANGAM_")) {
        let known = KEYS.contains(&name.as_str())
            || OTHERS.contains(&name.as_str())
            || name.starts_with("SANGAM_ACCOUNT_");
        if !known {
            tracing::warn!(
                "{name} is no setting and has no effect; known are {}",
                KEYS.join(", ")
            );
        }
    }
    vars()
        .filter(|(name, value)| KEYS.contains(&name.as_str()) && !value.is_empty())
        .collect()
}
