//! What a forecast has to beat: simple rules that answer the same question of the same bins, each learning as late as the
//! forecaster does.

use super::calendar::{SLOTS, Slot};
use super::experts::{GRADES, grade};
use super::rates::Rates;

/// The demand of a trace and what is known of each bin.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    pub(super) counts: &'a [u64],
    /// In the counts' unit.
    pub(super) burst_level: f64,
    /// In bins.
    pub(super) horizon: usize,
    /// Seconds of a bin.
    pub(super) bin_s: f64,
}

impl Trace<'_> {
    pub(super) fn share(&self, bin: usize) -> f64 {
        self.counts[bin] as f64 / self.burst_level
    }

    pub(super) fn is_burst(&self, bin: usize) -> bool {
        self.share(bin) > 1.0
    }

    /// A burst within the horizon after this bin; bins after the end hold none.
    pub(super) fn comes(&self, bin: usize) -> bool {
        let end = (bin + 1 + self.horizon).min(self.counts.len());
        (bin + 1..end).any(|ahead| self.is_burst(ahead))
    }

    /// The time of day, taking the trace to start at midnight.
    pub(super) fn slot(&self, bin: usize) -> Slot {
        // Seconds of a trace in memory fit.
        Slot::of_day((bin as f64 * self.bin_s) as u64)
    }

    /// Asks `answer` in every bin that is no burst; before it, `learn` is told what came of the question a horizon ago.
    fn walk<S>(
        &self,
        mut state: S,
        learn: impl Fn(&mut S, usize, bool),
        answer: impl Fn(&S, usize) -> f64,
    ) -> Vec<Option<f64>> {
        let one = |bin: usize| {
            if let Some(asked) = bin.checked_sub(self.horizon)
                && !self.is_burst(asked)
            {
                learn(&mut state, asked, self.comes(asked));
            }
            (!self.is_burst(bin)).then(|| answer(&state, bin))
        };
        (0..self.counts.len()).map(one).collect()
    }

    fn each(&self, answer: impl Fn(usize) -> f64) -> Vec<Option<f64>> {
        self.walk((), |(), _, _| {}, |(), bin| answer(bin))
    }
}

/// Persistence: the next minute will be like this bin, so near the burst level it is an alarm. How near is chosen like any threshold;
/// the answer is yes or no.
pub(super) fn persistence(trace: &Trace<'_>) -> Vec<Option<f64>> {
    trace.each(|bin| trace.share(bin))
}

/// The horizon ahead will be like the one behind: an alarm if it held a burst.
pub(super) fn window_persistence(trace: &Trace<'_>) -> Vec<Option<f64>> {
    trace.each(|bin| {
        let start = (bin + 1).saturating_sub(trace.horizon);
        f64::from(u8::from((start..=bin).any(|behind| trace.is_burst(behind))))
    })
}

/// Graded persistence alone: how often a burst followed so high a present use.
pub(super) fn graded_persistence(trace: &Trace<'_>) -> Vec<Option<f64>> {
    let bucket = |bin| usize::from(grade(trace.share(bin)));
    trace.walk(
        Rates::<GRADES>::new(),
        |rates, bin, came| rates.learn(bucket(bin), came),
        |rates, bin| rates.probability(bucket(bin)),
    )
}

/// Always how often a burst follows at all, as the first half had it.
pub(super) fn climatology(trace: &Trace<'_>, rate: f64) -> Vec<Option<f64>> {
    trace.each(|_| rate)
}

/// How often a burst followed in this quarter of an hour of the day.
pub(super) fn slot_climatology(trace: &Trace<'_>) -> Vec<Option<f64>> {
    let bucket = |bin| trace.slot(bin).number();
    trace.walk(
        Rates::<SLOTS>::new(),
        |rates, bin, came| rates.learn(bucket(bin), came),
        |rates, bin| rates.probability(bucket(bin)),
    )
}

/// Uses the seed's rule looks at.
const LOOKED_AT: usize = 5;
/// Its least rise over them.
const TREND: f64 = 0.1;

/// The seed's rule: a spike is coming when the last five uses spread wider than such fives do on average, and rise by
/// more than 0.1 from the first to the last. It looks only when something was called and keeps what it said until then.
pub(super) fn seed_rule(trace: &Trace<'_>) -> Vec<Option<f64>> {
    let mut last = [0.0; LOOKED_AT];
    let (mut seen, mut spreads, mut sum) = (0_usize, 0.0, 0.0);
    let mut says = false;
    let one = |bin: usize| {
        if trace.counts[bin] > 0 {
            last.rotate_left(1);
            last[LOOKED_AT - 1] = trace.share(bin);
            seen += 1;
            if seen >= LOOKED_AT {
                let spread = variance(&last);
                spreads += 1.0;
                sum += spread;
                says = spread > sum / spreads && last[LOOKED_AT - 1] - last[0] > TREND;
            }
        }
        (!trace.is_burst(bin)).then(|| f64::from(u8::from(says)))
    };
    (0..trace.counts.len()).map(one).collect()
}

fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>()
        / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(counts: &[u64]) -> Trace<'_> {
        Trace {
            counts,
            burst_level: 10.0,
            horizon: 2,
            bin_s: 10.0,
        }
    }

    #[test]
    fn the_rules_say_what_they_are_called() {
        let counts = [5, 5, 5, 5, 5, 6, 8, 11, 9, 3, 0, 0];
        let trace = trace(&counts);
        let says = |answers: Vec<Option<f64>>| -> Vec<Option<bool>> {
            answers.iter().map(|answer| answer.map(|p| p > 0.5)).collect()
        };
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(
            says(window_persistence(&trace)),
            [no, no, no, no, no, no, no, None, yes, no, no, no]
        );
        // It said so while demand rose; the fall ends it, or else nothing would.
        assert_eq!(
            says(seed_rule(&trace)),
            [no, no, no, no, no, no, yes, None, yes, no, no, no]
        );
        assert!(
            (0..12)
                .map(|bin| trace.comes(bin))
                .eq((0..12).map(|bin| bin == 5 || bin == 6))
        );
    }

    #[test]
    fn what_is_learnt_is_learnt_when_the_horizon_has_passed() {
        let counts = [5, 5, 5, 11, 5, 5, 5];
        let answers = graded_persistence(&trace(&counts));
        // Of the questions in bins 0 to 2, those of 1 and 2 came true; they are known in 2, 3 and 4.
        let known = |bin: usize| answers[bin].unwrap();
        assert!((known(1) - 0.02).abs() < 1e-12);
        assert!((known(2) - 0.01).abs() < 1e-12);
        assert!((known(4) - 2.02 / 4.0).abs() < 1e-12);
    }
}
