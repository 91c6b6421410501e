//! Settings of the cache in Redis: as written, and the checks.

use std::fmt;
use std::time::Duration;

/// Settings of a cache in Redis or Valkey.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisCacheSettings {
    /// Where Redis or Valkey (6.2 or later) is: `redis://127.0.0.1:6379/0`, with TLS `rediss://`. May hold a password; it
    /// is not shown. Default: `redis://127.0.0.1:6379`.
    pub url: String,
    /// What keys begin with: letters, digits and `_ - . :`, no part between colons being `cache`. Programs with the same
    /// one share their entries. Default: `sangam`.
    pub key_prefix: String,
    /// How long an answer of Redis is waited for; a later one is a miss. 1 ms to 10 s, default 50 ms.
    pub patience: Duration,
    /// So many commands in a row without a useful answer, and Redis is left alone for a while. 1 to 1,000, default 3.
    pub failures_max: u32,
    /// Most bytes of one key and its value; larger ones are not kept. 1 KiB to 64 MiB, default 1 MiB.
    pub value_bytes_max: usize,
    /// Most bytes of commands under way; what goes beyond is not sent. At least `value_bytes_max`, at most 1 GiB, default
    /// 16 MiB.
    pub pending_bytes_max: usize,
}

impl Default for RedisCacheSettings {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".to_owned(),
            key_prefix: "sangam".to_owned(),
            patience: Duration::from_millis(50),
            failures_max: 3,
            value_bytes_max: 1 << 20,
            pending_bytes_max: 16 << 20,
        }
    }
}

impl fmt::Debug for RedisCacheSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCacheSettings")
            .field("key_prefix", &self.key_prefix)
            .field("patience", &self.patience)
            .field("failures_max", &self.failures_max)
            .finish_non_exhaustive()
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cache.{field} {problem}")]
pub struct RedisCacheError {
    /// Which.
    pub field: &'static str,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl RedisCacheSettings {
    /// Checks everything but the address, which is read where it is used.
    ///
    /// # Errors
    /// [`RedisCacheError`] naming the first field that cannot be.
    pub fn check(&self) -> Result<(), RedisCacheError> {
        let wrong = |field, problem: &str| {
            Err(RedisCacheError {
                field,
                problem: problem.to_owned(),
            })
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
        if self.key_prefix.is_empty() || self.key_prefix.len() > 128 || !self.key_prefix.chars().all(allowed)
        {
            return wrong("key_prefix", "must be 1 to 128 letters, digits and _ - . :");
        }
        // Or the keys of this prefix would lie among those of a shorter one, and be flushed with them.
        if self.key_prefix.split(':').any(|part| part == "cache") {
            return wrong("key_prefix", "must have no part `cache` between its colons");
        }
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&self.patience) {
            return wrong("patience", "must be 1 ms to 10 s");
        }
        if !(1..=1_000).contains(&self.failures_max) {
            return wrong("failures_max", "must be 1 to 1000");
        }
        if !(1 << 10..=64 << 20).contains(&self.value_bytes_max) {
            return wrong("value_bytes_max", "must be 1 KiB to 64 MiB");
        }
        if !(self.value_bytes_max..=1 << 30).contains(&self.pending_bytes_max) {
            return wrong("pending_bytes_max", "must be `value_bytes_max` to 1 GiB");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_what_cannot_be_is_named() {
        let settings = RedisCacheSettings::default;
        assert_eq!(settings().check(), Ok(()));
        let ms = Duration::from_millis;
        let prefix = |prefix: &str| RedisCacheSettings {
            key_prefix: prefix.to_owned(),
            ..settings()
        };
        for (field, wrong) in [
            ("key_prefix", prefix("")),
            ("key_prefix", prefix("a*")),
            ("key_prefix", prefix("a?b")),
            ("key_prefix", prefix("a[b]")),
            ("key_prefix", prefix("a:cache")),
            ("key_prefix", prefix("a:cache:v1:depth")),
            (
                "patience",
                RedisCacheSettings {
                    patience: ms(0),
                    ..settings()
                },
            ),
            (
                "patience",
                RedisCacheSettings {
                    patience: ms(10_001),
                    ..settings()
                },
            ),
            (
                "failures_max",
                RedisCacheSettings {
                    failures_max: 0,
                    ..settings()
                },
            ),
            (
                "value_bytes_max",
                RedisCacheSettings {
                    value_bytes_max: 0,
                    ..settings()
                },
            ),
            (
                "pending_bytes_max",
                RedisCacheSettings {
                    pending_bytes_max: 1,
                    ..settings()
                },
            ),
        ] {
            assert_eq!(wrong.check().expect_err("cannot be").field, field, "{wrong:?}");
        }
        assert_eq!(prefix("desk-1:caches_2.x").check(), Ok(()));
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = RedisCacheSettings {
            url: "redis://:test-token@x".to_owned(),
            ..RedisCacheSettings::default()
        };
        assert!(!format!("{settings:?}").contains("test-token"));
    }
}
