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
    failed: bool,
}

impl Pace {
    /// As after a doubt.
    pub(crate) const fn new() -> Self {
        Self {
            step: 0,
            failed: false,
        }
    }

    /// A doubt arose: begin anew.
    pub(crate) fn doubt(&mut self) {
        self.step = 0;
    }

    /// An order was acknowledged or changed: read again soon, unless the row is being run through already. A stream of
    /// orders so costs no more than one run after another.
    pub(crate) fn acked(&mut self) {
        if self.step == WAITS_MS.len() {
            self.step = AFTER_ACK;
        }
    }

    /// Work came up where there was none.
    pub(crate) fn woken(&mut self) {
        self.step = self.step.min(AFTER_ACK);
    }

    /// The books could not be read.
    pub(crate) fn failed(&mut self) {
        self.failed = true;
    }

    /// The books were read. The first good answer after failures begins anew when there are doubts to settle.
    pub(crate) fn read(&mut self, doubts: bool) {
        if std::mem::take(&mut self.failed) && doubts {
            self.step = 0;
        }
    }

    /// The wait before the next read.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(WAITS_MS.get(self.step).copied().unwrap_or(THEN_MS))
    }

    /// A wait is over: the next one is longer.
    pub(crate) fn waited(&mut self) {
        self.step = (self.step + 1).min(WAITS_MS.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pace: &mut Pace, count: usize) -> Vec<u128> {
        let mut at_ms = 0;
        let mut next = || {
            at_ms += pace.wait().as_millis();
            pace.waited();
            at_ms
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn reads_fall_at_the_documented_seconds_after_a_doubt() {
        let mut pace = Pace::new();
        let documented = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 90_000, 150_000];
        assert_eq!(waits(&mut pace, 9), documented);
        pace.acked();
        assert_eq!(waits(&mut pace, 2), [1_000, 3_000]);
        pace.acked();
        assert_eq!(
            pace.wait(),
            Duration::from_secs(4),
            "a run under way is not begun anew"
        );
        pace.doubt();
        assert_eq!(waits(&mut pace, 9), documented);
    }

    #[test]
    fn the_first_good_answer_begins_anew_for_doubts_only() {
        for (doubts, wait) in [(true, 500), (false, 60_000)] {
            let mut pace = Pace::new();
            waits(&mut pace, 7);
            pace.read(doubts);
            assert_eq!(pace.wait().as_millis(), 60_000, "nothing had failed");
            pace.failed();
            pace.read(doubts);
            assert_eq!(pace.wait().as_millis(), wait);
        }
    }
}
