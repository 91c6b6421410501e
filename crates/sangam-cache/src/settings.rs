//! How long each kind of entry lives and how much memory all may take: as written, and as checked.

use std::time::Duration;

use sangam_core::ports::CacheKind;

const DAY: Duration = Duration::from_secs(86_400);
/// Longest time to live: nothing about a market is worth more than a week's keeping.
const TTL_MAX: Duration = DAY.saturating_mul(7);
/// Least memory: below it one depth answer would push out the next.
const BYTES_MIN: u64 = 64 << 10;
/// Most memory: beyond it a number is a slip of the pen.
const BYTES_MAX: u64 = 64 << 30;

/// Settings of a cache as they are written. A time to live of nought keeps nothing of that kind.
///
/// ```
/// use std::time::Duration;
/// use sangam_cache::CacheSettings;
/// let settings = CacheSettings { depth_ttl: Duration::from_secs(864_000), ..CacheSettings::default() };
/// let error = settings.check().unwrap_err();
/// assert_eq!(error.to_string(), "cache.depth_ttl is 864000 s: give 0 to 604800 s");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Quotes. Default 1 s: brokers' own snapshots are that old.
    pub market_data_ttl: Duration,
    /// Market depth. Default 1 s.
    pub depth_ttl: Duration,
    /// Positions of an account. Default 2 s, and forgotten when an order of ours fills.
    pub positions_ttl: Duration,
    /// Holdings of an account. Default 60 s: they change by settlement, overnight.
    pub holdings_ttl: Duration,
    /// Funds of an account. Default 5 s.
    pub funds_ttl: Duration,
    /// Symbol tables. Default 24 h: masters are made once a day.
    pub instruments_ttl: Duration,
    /// What was found out about sessions. Default 60 s; a session itself is no cache entry.
    pub sessions_ttl: Duration,
    /// Most bytes of keys and values together. Default 32 MiB.
    pub bytes_max: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            market_data_ttl: Duration::from_secs(1),
            depth_ttl: Duration::from_secs(1),
            positions_ttl: Duration::from_secs(2),
            holdings_ttl: Duration::from_secs(60),
            funds_ttl: Duration::from_secs(5),
            instruments_ttl: DAY,
            sessions_ttl: Duration::from_secs(60),
            bytes_max: 32 << 20,
        }
    }
}

impl CacheSettings {
    /// Checks the values.
    ///
    /// # Errors
    /// [`CacheSettingsError`] naming the first field that is out of range.
    pub fn check(self) -> Result<CachePlan, CacheSettingsError> {
        let times = [
            ("market_data_ttl", self.market_data_ttl),
            ("depth_ttl", self.depth_ttl),
            ("positions_ttl", self.positions_ttl),
            ("holdings_ttl", self.holdings_ttl),
            ("funds_ttl", self.funds_ttl),
            ("instruments_ttl", self.instruments_ttl),
            ("sessions_ttl", self.sessions_ttl),
        ];
        if let Some((field, ttl)) = times.into_iter().find(|(_, ttl)| *ttl > TTL_MAX) {
            return Err(CacheSettingsError {
                field,
                found: format!("{} s", ttl.as_secs()),
                range: format!("0 to {} s", TTL_MAX.as_secs()),
            });
        }
        if !(BYTES_MIN..=BYTES_MAX).contains(&self.bytes_max) {
            return Err(CacheSettingsError {
                field: "bytes_max",
                found: self.bytes_max.to_string(),
                range: format!("{BYTES_MIN} to {BYTES_MAX}"),
            });
        }
        Ok(CachePlan(self))
    }
}

/// A setting that is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cache.{field} is {found}: give {range}")]
pub struct CacheSettingsError {
    /// Which.
    pub field: &'static str,
    /// What it is.
    pub found: String,
    /// What it may be.
    pub range: String,
}

/// Checked settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePlan(CacheSettings);

impl CachePlan {
    /// How long entries of a kind live.
    #[must_use]
    pub fn ttl(&self, kind: CacheKind) -> Duration {
        match kind {
            CacheKind::MarketData => self.0.market_data_ttl,
            CacheKind::Depth => self.0.depth_ttl,
            CacheKind::Positions => self.0.positions_ttl,
            CacheKind::Holdings => self.0.holdings_ttl,
            CacheKind::Funds => self.0.funds_ttl,
            CacheKind::Instruments => self.0.instruments_ttl,
            CacheKind::Sessions => self.0.sessions_ttl,
            // A kind added to core without a setting here is safe when it is not kept.
            _ => Duration::ZERO,
        }
    }

    /// Most bytes of keys and values together.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.0.bytes_max
    }
}

#[cfg(feature = "redis")]
impl CachePlan {
    /// The same with so much of the bytes.
    pub(crate) fn with_bytes_of(&self, percent: u64) -> Self {
        let mut settings = self.0.clone();
        settings.bytes_max = settings.bytes_max / 100 * percent;
        Self(settings)
    }
}

impl Default for CachePlan {
    /// The default settings, which are in range.
    fn default() -> Self {
        Self(CacheSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(CacheSettings::default().check(), Ok(CachePlan::default()));
    }

    #[test]
    fn memory_must_be_sensible() {
        for bytes_max in [0, BYTES_MIN - 1, BYTES_MAX + 1] {
            let settings = CacheSettings {
                bytes_max,
                ..CacheSettings::default()
            };
            assert_eq!(settings.check().expect_err("out of range").field, "bytes_max");
        }
    }
}
