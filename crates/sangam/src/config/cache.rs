//! `[cache]`: how old prices may be, how much memory they take, and the Redis they are shared over.

use std::time::Duration;

use sangam_cache::{CachePlan, CacheSettings, RedisCacheSettings};
use secrecy::{ExposeSecret as _, SecretString};

use super::checked::{ConfigError, within, wrong};
use super::raw::RawCache;
use super::shared::is_redis;

/// The cache after its checks.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Oldest quote answered from the cache.
    pub quote_max_age: Duration,
    /// Oldest depth answered from the cache.
    pub depth_max_age: Duration,
    /// Times to live, and the bound of memory.
    pub plan: CachePlan,
    /// The Redis that gateways share prices over; `None`: each has its own in memory alone.
    pub redis: Option<CacheRedis>,
}

/// A Redis for the cache.
#[derive(Debug, Clone)]
pub struct CacheRedis {
    /// Where it is.
    pub url: SecretString,
    /// What keys begin with.
    pub key_prefix: String,
    /// How long an answer is waited for.
    pub patience: Duration,
}

impl CacheRedis {
    /// As the cache takes them; `kind` keeps real prices and simulated ones apart.
    pub(crate) fn settings(&self, kind: &str) -> RedisCacheSettings {
        RedisCacheSettings {
            url: self.url.expose_secret().to_owned(),
            key_prefix: format!("{}:{kind}", self.key_prefix),
            patience: self.patience,
            ..RedisCacheSettings::default()
        }
    }
}

pub(super) fn check(raw: &RawCache) -> Result<CacheConfig, ConfigError> {
    let age = |key, ms| within(key, ms, 0, 600_000).map(Duration::from_millis);
    let quote_max_age = age("cache.quote_max_age_ms", raw.quote_max_age_ms)?;
    let depth_max_age = age("cache.depth_max_age_ms", raw.depth_max_age_ms)?;
    let settings = CacheSettings {
        market_data_ttl: quote_max_age,
        depth_ttl: depth_max_age,
        bytes_max: raw.bytes_max,
        ..CacheSettings::default()
    };
    let plan = settings.check().or_else(|error| {
        let what = format!("{} is out of range; give {}", error.found, error.range);
        wrong(format!("cache.{}", error.field), what)
    })?;
    let patience = Duration::from_millis(within(
        "cache.redis_patience_ms",
        raw.redis_patience_ms,
        1,
        10_000,
    )?);
    let url = raw.redis_url.clone();
    let redis = match url.filter(|url| !url.expose_secret().trim().is_empty()) {
        None => None,
        Some(url) => {
            if !is_redis(&url) {
                // The value may hold a password and is not repeated.
                return wrong(
                    "cache.redis_url",
                    "is no address of Redis; write it like redis://127.0.0.1:6379",
                );
            }
            let redis = CacheRedis {
                url,
                key_prefix: raw.key_prefix.clone(),
                patience,
            };
            if let Err(error) = redis.settings("real").check() {
                return wrong(format!("cache.{}", error.field), error.problem);
            }
            Some(redis)
        }
    };
    Ok(CacheConfig {
        quote_max_age,
        depth_max_age,
        plan,
        redis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<CacheConfig, String> {
        let raw: RawCache = toml::from_str(text).map_err(|error| error.to_string())?;
        check(&raw).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_is_memory_alone() {
        let cache = checked("").unwrap();
        assert!(cache.redis.is_none());
        assert_eq!(cache.plan, CachePlan::default());
        assert_eq!(cache.quote_max_age, Duration::from_secs(1));
        assert!(checked("redis_url = \"\"").unwrap().redis.is_none());
    }

    #[test]
    fn what_is_right_passes_and_what_is_wrong_is_named_without_the_password() {
        let cache =
            checked("redis_url = \"rediss://u:test-token@127.0.0.1:6379/1\"\nkey_prefix = \"desk\"").unwrap();
        assert!(!format!("{cache:?}").contains("test-token"));
        let settings = cache.redis.unwrap().settings("sim");
        assert_eq!(
            (settings.key_prefix.as_str(), settings.patience.as_millis()),
            ("desk:sim", 50)
        );
        for (text, wanted) in [
            ("quote_max_age_ms = 600001", "cache.quote_max_age_ms"),
            ("depth_max_age_ms = 600001", "cache.depth_max_age_ms"),
            ("bytes_max = 1", "cache.bytes_max: 1 is out of range; give 65536"),
            ("redis_patience_ms = 0", "cache.redis_patience_ms"),
            (
                "redis_url = \"http://:test-token@x\"",
                "cache.redis_url: is no address",
            ),
            (
                "redis_url = \"redis://:test-token@x\"\nkey_prefix = \"a*\"",
                "cache.key_prefix: must",
            ),
            ("redis_urls = \"x\"", "unknown field"),
        ] {
            let error = checked(text).map(|_| ()).expect_err(text);
            assert!(error.contains(wanted) && !error.contains("test-token"), "{error}");
        }
    }
}
