//! `[shared]`: several gateway processes on the same accounts, with one budget between them.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::checked::{ConfigError, within, wrong};

/// `[shared]` as written. Absent: this process has its accounts for itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawShared {
    /// Where Redis or Valkey (6.2 or later) is: `redis://127.0.0.1:6379`, with TLS `rediss://`. May hold a password; better
    /// set as `SANGAM_SHARED_REDIS_URL` than written here.
    pub redis_url: Option<SecretString>,
    /// Processes that run on these accounts at the same time, 2 to 64; the same number in each.
    pub processes: u32,
    /// Which of them this is, from 0; another number in each.
    pub slot: u32,
    /// How much of each window the processes own by themselves, together, in percent; the rest is the pool in Redis.
    /// Default 50; 0 to 100, the same in each.
    #[serde(default = "half")]
    pub base_percent: u8,
    /// What keys begin with, the same in each. Default `sangam`.
    #[serde(default = "prefix")]
    pub key_prefix: String,
}

fn half() -> u8 {
    50
}

fn prefix() -> String {
    "sangam".to_owned()
}

/// The same after its checks.
#[derive(Debug, Clone)]
pub struct SharedConfig {
    /// Where Redis is.
    pub redis_url: SecretString,
    /// Processes on these accounts.
    pub processes: u32,
    /// Which of them this is.
    pub slot: u32,
    /// The share the processes own, in percent.
    pub base_percent: u8,
    /// What keys begin with.
    pub key_prefix: String,
}

pub(super) fn check(raw: RawShared) -> Result<SharedConfig, ConfigError> {
    let processes = within("shared.processes", raw.processes, 2, 64)?;
    if raw.slot >= processes {
        return wrong(
            "shared.slot",
            format!(
                "{} is not below processes ({processes}); slots count from 0",
                raw.slot
            ),
        );
    }
    let url = raw.redis_url.filter(|url| !url.expose_secret().trim().is_empty());
    let Some(redis_url) = url else {
        return wrong(
            "shared.redis_url",
            "is missing; write it like redis://127.0.0.1:6379, or set SANGAM_SHARED_REDIS_URL",
        );
    };
    if !is_redis(&redis_url) {
        // The value may hold a password and is not repeated.
        return wrong(
            "shared.redis_url",
            "is no address of Redis; write it like redis://127.0.0.1:6379",
        );
    }
    Ok(SharedConfig {
        redis_url,
        processes,
        slot: raw.slot,
        base_percent: within("shared.base_percent", raw.base_percent, 0, 100)?,
        key_prefix: raw.key_prefix,
    })
}

/// Whether it looks like an address of Redis.
pub(super) fn is_redis(url: &SecretString) -> bool {
    let scheme = url.expose_secret().split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("redis" | "rediss" | "valkey" | "valkeys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<SharedConfig, String> {
        let raw: RawShared = toml::from_str(text).map_err(|error| error.to_string())?;
        check(raw).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_right_passes_and_what_is_wrong_is_named_without_the_password() {
        let plain =
            checked("redis_url = \"redis://:test-token@127.0.0.1:6379\"\nprocesses = 4\nslot = 3").unwrap();
        assert_eq!((plain.base_percent, plain.key_prefix.as_str()), (50, "sangam"));
        assert!(!format!("{plain:?}").contains("test-token"));
        for (text, wanted) in [
            ("processes = 4\nslot = 0", "SANGAM_SHARED_REDIS_URL"),
            (
                "redis_url = \"redis://x\"\nprocesses = 1\nslot = 0",
                "shared.processes",
            ),
            (
                "redis_url = \"redis://x\"\nprocesses = 4\nslot = 4",
                "shared.slot",
            ),
            (
                "redis_url = \"redis://x\"\nprocesses = 4\nslot = 0\nbase_percent = 101",
                "shared.base_percent",
            ),
            (
                "redis_url = \"http://:test-token@x\"\nprocesses = 4\nslot = 0",
                "shared.redis_url: is no address",
            ),
            ("processes = 4", "slot"),
            (
                "redis_url = \"redis://x\"\nprocesses = 4\nslot = 0\nslots = 1",
                "unknown field",
            ),
        ] {
            let error = checked(text).map(|_| ()).expect_err(text);
            assert!(error.contains(wanted) && !error.contains("test-token"), "{error}");
        }
    }
}
