//! When to read an account's books next: soon after a doubt, then ever more rarely, then once a minute.

use std::time::Duration;

/// Waits between reads after a doubt, in milliseconds (`docs/outcomes.md`).
const WAITS_MS: [u64; 7] = [500, 500, 1_000, 2_000, 4_000, 7_000, 15_000];
/// The wait after those.
const THEN_MS: u64 = 60_000;
/// Where an acknowledged order re-enters the row: its next read is a second away.
const AFTER_ACK: usize = 2;

/// The pace of one account's reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    step: usize,
}

impl Pace {
    /// As after a doubt.
    pub(crate) const fn new() -> Self {
        Self { step: 0 }
    }

    /// A doubt arose: begin anew.
    pub(crate) fn doubt(&mut self) {
        self.step = 0;
    }

    /// An order was acknowledged: read again soon, but not as urgently as after a doubt.
    pub(crate) fn acked(&mut self) {
        self.step = self.step.min(AFTER_ACK);
    }

    /// The wait before the next read; each call moves one step on.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let wait = WAITS_MS.get(self.step).copied().unwrap_or(THEN_MS);
        self.step = (self.step + 1).min(WAITS_MS.len());
        Duration::from_millis(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fall_at_the_documented_seconds_after_a_doubt() {
        let mut pace = Pace::new();
        let mut at_ms = 0;
        let mut reads = Vec::new();
        for _ in 0..9 {
            at_ms += u64::try_from(pace.next_wait().as_millis()).expect("small");
            reads.push(at_ms);
        }
        assert_eq!(
            reads,
            [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 90_000, 150_000]
        );
        pace.acked();
        assert_eq!(pace.next_wait(), Duration::from_secs(1));
        pace.doubt();
        assert_eq!(pace.next_wait(), Duration::from_millis(500));
    }
}
