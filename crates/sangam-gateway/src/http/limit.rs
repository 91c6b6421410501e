//! Limits on calls to the gateway itself, one bucket per API key. Brokers' own limits are kept elsewhere, exactly; this
//! one only keeps a runaway client from drowning the others.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// The inbound limiter.
pub(crate) struct Inbound {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    per_second: u32,
}

impl Inbound {
    /// So many calls a second, so many at once; both at least one.
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            per_second,
        }
    }

    /// Admits a call, or says in how many milliseconds the next may come.
    pub(crate) fn admit(&self, key: &str) -> Result<(), u64> {
        self.limiter.check_key(&key.to_owned()).map_err(|until| {
            u64::try_from(until.wait_time_from(self.clock.now()).as_millis()).unwrap_or(u64::MAX)
        })
    }

    /// The rule in words, as OpenAlgo writes it.
    pub(crate) fn rule(&self) -> String {
        format!("{} per 1 second", self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_runs_dry_and_another_does_not() {
        let inbound = Inbound::new(1, 3);
        let admitted = (0..10).filter(|_| inbound.admit("a").is_ok()).count();
        assert!((3..=4).contains(&admitted), "{admitted}");
        assert!(inbound.admit("b").is_ok());
        assert!(inbound.admit("a").expect_err("dry") <= 1_000);
    }
}
