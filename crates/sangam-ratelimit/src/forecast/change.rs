//! Page and Hinkley's test on what the answers missed by: notices that bursts come more or less often than they are
//! said to. A burst itself is no change; being wrong about bursts for long is.

/// Missing by less than this on average is no change.
const TOLERATED: f64 = 0.005;
/// How many whole misses in one direction, more than tolerated, make a change; one horizon's answers miss together, so
/// it is multiplied by the horizon.
const MISSES: f64 = 8.0;

/// Sums of misses, up and down.
#[derive(Debug, Clone)]
pub(super) struct ChangeTest {
    more: f64,
    fewer: f64,
    alarm_at: f64,
}

impl ChangeTest {
    pub(super) fn new(horizon: u16) -> Self {
        Self {
            more: 0.0,
            fewer: 0.0,
            alarm_at: MISSES * f64::from(horizon),
        }
    }

    /// Takes one answer and what came; true when something has changed.
    pub(super) fn changed(&mut self, probability: f64, came: bool) -> bool {
        let miss = f64::from(u8::from(came)) - probability;
        self.more = (self.more + miss - TOLERATED).max(0.0);
        self.fewer = (self.fewer - miss - TOLERATED).max(0.0);
        let changed = self.more.max(self.fewer) > self.alarm_at;
        if changed {
            (self.more, self.fewer) = (0.0, 0.0);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_odds_are_no_change_and_wrong_ones_are_soon() {
        let mut test = ChangeTest::new(6);
        let came = |round: u32| round.is_multiple_of(10);
        assert!(!(0..100_000).any(|round| test.changed(0.1, came(round))));
        let noticed = (0..10_000).position(|round| test.changed(0.01, came(round)));
        assert!(noticed.is_some_and(|at| at < 900), "{noticed:?}");
        let noticed = (0..10_000).position(|round| test.changed(0.2, came(round)));
        assert!(noticed.is_some_and(|at| at < 900), "{noticed:?}");
    }
}
