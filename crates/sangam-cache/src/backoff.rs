//! How long a Redis that does not answer is left alone: longer each time, and not all processes at the same moment.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The waits between attempts, from a seed.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    chance: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            chance: seed,
        }
    }

    /// How long to wait now, and whether it is the first failure since a success.
    pub(crate) fn failed(&mut self) -> (Duration, bool) {
        let full = (FIRST * 2_u32.pow(self.failures.min(16))).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Half of it for sure, the rest by chance (SplitMix64).
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = u32::try_from((mixed ^ (mixed >> 31)) % 1_001).expect("below 1,001");
        (full / 2 + full / 2 * part / 1_000, self.failures == 1)
    }

    /// It answers again; whether it had failed before.
    pub(crate) fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ_by_seed() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..12).map(|_| backoff.failed().0).collect::<Vec<_>>()
        };
        assert_ne!(waits(1), waits(2));
        assert_eq!(waits(3), waits(3));
        for wait in waits(4) {
            assert!((FIRST / 2..=LONGEST).contains(&wait), "{wait:?}");
        }
        assert!(waits(5)[11] >= LONGEST / 2);
        let mut backoff = Backoff::new(0);
        assert!(!backoff.succeeded());
        assert!(backoff.failed().1);
        assert!(!backoff.failed().1);
        assert!(backoff.succeeded());
        assert!(backoff.failed().1);
    }
}
