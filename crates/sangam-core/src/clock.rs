//! Time as a port: wall time labels events, monotonic time measures waits, and tests own both.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::timestamp::Timestamp;

/// A reading of a clock that never goes back, from an origin of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// A reading so long after the clock's origin.
    #[must_use]
    pub const fn from_origin(since: Duration) -> Self {
        Self(since)
    }

    /// The time since an earlier reading; nought if that one is later.
    #[must_use]
    pub fn since(self, earlier: Monotonic) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The reading so much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Monotonic {
        Monotonic(self.0.saturating_add(wait))
    }
}

/// Where the program reads the time.
///
/// An implementation owes: `monotonic` never decreases across threads; `now` may step when the machine's clock is set.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall time.
    fn now(&self) -> Timestamp;

    /// The monotonic time.
    fn monotonic(&self) -> Monotonic;
}

/// A clock that moves only when told to, for tests and simulations.
///
/// ```
/// use std::time::Duration;
/// use sangam_core::{Clock, ManualClock};
/// let clock = ManualClock::at("2026-11-23T03:45:00Z".parse().unwrap());
/// let before = clock.monotonic();
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.monotonic().since(before), Duration::from_secs(2));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    wall_us: AtomicI64,
    since_origin_us: AtomicU64,
}

impl ManualClock {
    /// A clock that shows this instant until it is moved.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            wall_us: AtomicI64::new(now.as_microsecond()),
            since_origin_us: AtomicU64::new(0),
        }
    }

    /// Moves both readings forward, to the microsecond.
    pub fn advance(&self, by: Duration) {
        let us = u64::try_from(by.as_micros()).unwrap_or(u64::MAX / 2);
        self.since_origin_us.fetch_add(us, Ordering::SeqCst);
        self.wall_us
            .fetch_add(i64::try_from(us).unwrap_or(i64::MAX / 2), Ordering::SeqCst);
    }

    /// Sets the wall time alone, as an administrator or a time server would.
    pub fn step_to(&self, now: Timestamp) {
        self.wall_us.store(now.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.wall_us.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(Duration::from_micros(self.since_origin_us.load(Ordering::SeqCst)))
    }
}
