//! Where the limiter reads the time. It measures with a monotonic clock and never looks at the date, but for one
//! question: how long the broker's day still lasts, which only a rule that blocks for the day asks.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::nanos::{Nanos, ns};

/// A monotonic clock.
///
/// An implementation owes: readings do not decrease. If they do, the limiter stands still until the clock has caught up,
/// which costs time and never a permit too many.
pub trait TimeSource: Send + Sync + Debug {
    /// The present reading.
    fn now(&self) -> Nanos;

    /// How long the broker's day still lasts. `None` where no calendar is at hand: a day is then taken to end 24 hours
    /// after the first event that is counted in it.
    fn until_midnight(&self) -> Option<Duration> {
        None
    }

    /// The wall clock, in seconds since 1970; `None` where none is at hand. Only a journal that outlived its machine's start
    /// asks, to leave out what is older than a day.
    fn unix_seconds(&self) -> Option<u64> {
        None
    }
}

/// The machine's monotonic clock, from the moment this was made.
#[derive(Debug, Clone, Copy)]
pub struct MachineTime(Instant);

impl MachineTime {
    /// Starts at nought.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation that reads the machine's clock"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl TimeSource for MachineTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation that reads the machine's clock"
    )]
    fn now(&self) -> Nanos {
        Nanos::new(ns(Instant::now().duration_since(self.0)))
    }
}

/// A clock that moves only when told to, for tests and simulations. Midnight is every 24 hours from its origin.
#[derive(Debug, Default)]
pub struct ManualTime(AtomicU64);

impl ManualTime {
    /// Moves the clock to a reading, back or forth.
    pub fn set(&self, now: Nanos) {
        self.0.store(now.get(), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(ns(by), Ordering::SeqCst);
    }
}

impl TimeSource for ManualTime {
    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::SeqCst))
    }

    fn until_midnight(&self) -> Option<Duration> {
        const DAY_NS: u64 = 86_400_000_000_000;
        Some(Duration::from_nanos(DAY_NS - self.now().get() % DAY_NS))
    }
}
