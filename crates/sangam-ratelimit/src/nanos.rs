//! An instant as the limiter counts it: nanoseconds since an origin of the clock's own. Eight bytes, so that a thousand
//! of them are eight kilobytes.

use std::time::Duration;

/// A reading of a monotonic clock, in nanoseconds from an origin of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(u64);

impl Nanos {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// Later than anything that is waited for.
    pub const NEVER: Self = Self(u64::MAX);

    /// A reading so many nanoseconds after the origin.
    #[must_use]
    pub const fn new(since_origin: u64) -> Self {
        Self(since_origin)
    }

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The reading so much later, or [`NEVER`](Self::NEVER) beyond the last.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        self.plus(ns(wait))
    }

    /// The time since an earlier reading; nought if that one is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) const fn plus(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }
}

/// A length in nanoseconds, cut at what fits (584 years).
pub(crate) fn ns(length: Duration) -> u64 {
    length
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(length.subsec_nanos()))
}
