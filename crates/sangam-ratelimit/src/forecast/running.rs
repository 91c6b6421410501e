//! The score of answers, kept while they are given: how often an alarm was right, how many bursts were foreseen and how
//! long before. The same count serves the live figure and the traces. Constant memory.

use std::time::Duration;

/// What the answers were worth so far. `None` where there is nothing to divide by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Questions whose horizon has passed: one in each bin that was no burst itself.
    pub questions: u64,
    /// How many of them were followed by a burst within the horizon.
    pub positives: u64,
    /// Of the questions answered by an alarm, the share that a burst followed.
    pub precision: Option<f64>,
    /// Of the questions a burst followed, the share answered by an alarm.
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    pub f1: Option<f64>,
    /// The mean squared error of the probabilities.
    pub brier: Option<f64>,
    /// How much of the climatology's error they spare: 1 is perfect, 0 no better than always saying how often bursts follow
    /// at all, below 0 worse.
    pub brier_skill: Option<f64>,
    /// Bursts: bins above the burst level, with less than a horizon between them.
    pub bursts: u64,
    /// Bursts that an alarm preceded, within the horizon.
    pub bursts_foreseen: u64,
    /// How long before, on the mean over those foreseen.
    pub lead_time: Option<Duration>,
    /// Alarms that nothing followed within the horizon; one that stays counts again after each horizon. Per 24 hours
    /// of bins.
    pub false_alarms_a_day: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    probability: f64,
    alarm: bool,
}

/// Keeps a [`Score`]: one call a bin.
#[derive(Debug)]
pub struct RunningScore {
    bin: Duration,
    /// The answers of the last horizon, by bin.
    pending: Box<[Option<Answer>]>,
    climatology: Option<f64>,
    bins: u64,
    last_burst: Option<u64>,
    questions: u64,
    positives: u64,
    alarms: u64,
    right: u64,
    squared_error: f64,
    bursts: u64,
    foreseen: u64,
    lead_bins: u64,
    false_alarms: u64,
    /// Before this bin a false alarm is one with that counted last.
    false_again_at: u64,
    unobserved: u64,
}

impl RunningScore {
    /// For bins of this length and a horizon of this many, at least one. The climatology is how often a burst follows, as known
    /// from elsewhere; without it the skill is measured against how often it did in the end, the hardest constant to beat.
    #[must_use]
    pub fn new(bin: Duration, horizon_bins: u16, climatology: Option<f64>) -> Self {
        Self {
            bin,
            pending: vec![None; usize::from(horizon_bins.max(1))].into_boxed_slice(),
            climatology,
            bins: 0,
            last_burst: None,
            questions: 0,
            positives: 0,
            alarms: 0,
            right: 0,
            squared_error: 0.0,
            bursts: 0,
            foreseen: 0,
            lead_bins: 0,
            false_alarms: 0,
            false_again_at: 0,
            unobserved: 0,
        }
    }

    /// The next bin: whether it was above the burst level, and what was answered in it, a probability and whether
    /// that is an alarm. `None` where nothing was asked, in a burst for instance.
    pub fn bin(&mut self, burst: bool, answer: Option<(f64, bool)>) {
        let at = self.bins;
        self.bins = self.bins.saturating_add(1);
        let horizon = self.pending.len() as u64;
        if burst {
            if self
                .last_burst
                .is_none_or(|last| last.saturating_add(horizon) < at)
            {
                self.begins(at);
            }
            self.last_burst = Some(at);
        }
        // The answer of a horizon ago stands in the place the present one takes.
        let place = self.place(at);
        let answer = answer.map(|(probability, alarm)| Answer { probability, alarm });
        if let Some(known) = std::mem::replace(&mut self.pending[place], answer) {
            let asked_at = at.saturating_sub(horizon);
            self.known(
                asked_at,
                known,
                self.last_burst.is_some_and(|last| last > asked_at),
            );
        }
    }

    /// Bins nobody observed: what was asked before them is never known.
    pub fn skip(&mut self, bins: u64) {
        if bins == 0 {
            return;
        }
        self.pending.fill(None);
        self.bins = self.bins.saturating_add(bins);
        self.unobserved = self.unobserved.saturating_add(bins);
        self.last_burst = None;
    }

    fn place(&self, bin: u64) -> usize {
        usize::try_from(bin % self.pending.len() as u64).expect("an index")
    }

    fn begins(&mut self, at: u64) {
        self.bursts += 1;
        let horizon = self.pending.len() as u64;
        let first = (at.saturating_sub(horizon)..at)
            .find(|bin| self.pending[self.place(*bin)].is_some_and(|answer| answer.alarm));
        if let Some(first) = first {
            self.foreseen += 1;
            self.lead_bins += at - first;
        }
    }

    fn known(&mut self, asked_at: u64, answer: Answer, came: bool) {
        let Answer { probability, alarm } = answer;
        let miss = probability - f64::from(u8::from(came));
        self.squared_error += miss * miss;
        self.questions += 1;
        self.positives += u64::from(came);
        self.alarms += u64::from(alarm);
        self.right += u64::from(alarm && came);
        if alarm && !came && asked_at >= self.false_again_at {
            self.false_alarms += 1;
            self.false_again_at = asked_at.saturating_add(self.pending.len() as u64);
        }
    }

    /// The score of all answers whose horizon has passed.
    #[must_use]
    pub fn score(&self) -> Score {
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let [questions, positives, alarms, right] =
            [self.questions, self.positives, self.alarms, self.right].map(|count| count as f64);
        let rate = self.climatology.unwrap_or(positives / questions.max(1.0));
        let climatology_error =
            positives * (1.0 - rate) * (1.0 - rate) + (questions - positives) * rate * rate;
        let days = self.bins.saturating_sub(self.unobserved) as f64 * self.bin.as_secs_f64() / 86_400.0;
        let lead_bins = ratio(self.lead_bins as f64, self.foreseen as f64);
        Score {
            questions: self.questions,
            positives: self.positives,
            precision: ratio(right, alarms),
            recall: ratio(right, positives),
            f1: ratio(2.0 * right, alarms + positives),
            brier: ratio(self.squared_error, questions),
            brier_skill: ratio(self.squared_error, climatology_error).map(|share| 1.0 - share),
            bursts: self.bursts,
            bursts_foreseen: self.foreseen,
            lead_time: lead_bins.map(|bins| self.bin.mul_f64(bins)),
            false_alarms_a_day: ratio(self.false_alarms as f64, days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(is: Option<f64>, wanted: f64) {
        assert!(is.is_some_and(|is| (is - wanted).abs() < 1e-9), "{is:?} {wanted}");
    }

    #[test]
    fn counts_what_was_said_and_what_came() {
        let mut running = RunningScore::new(Duration::from_secs(10), 2, None);
        // Alarms in bins 2, 3 and 6; bursts in 4 and 5. Horizon of two bins.
        for bin in 0..10 {
            let burst = bin == 4 || bin == 5;
            let alarm = matches!(bin, 2 | 3 | 6);
            let said = if alarm { 0.8 } else { 0.1 };
            running.bin(burst, (!burst).then_some((said, alarm)));
        }
        let score = running.score();
        // Known are 0, 1, 2, 3, 6, 7: a burst followed 2 and 3.
        assert_eq!((score.questions, score.positives), (6, 2));
        close(score.precision, 2.0 / 3.0);
        close(score.recall, 1.0);
        close(score.f1, 0.8);
        close(score.brier, (2.0 * 0.04 + 0.64 + 3.0 * 0.01) / 6.0);
        close(score.brier_skill, 1.0 - 0.75 / (2.0 * (4.0 / 9.0) + 4.0 / 9.0));
        assert_eq!((score.bursts, score.bursts_foreseen), (1, 1));
        assert_eq!(score.lead_time, Some(Duration::from_secs(20)));
        close(score.false_alarms_a_day, 864.0);
    }

    #[test]
    fn nothing_known_is_no_score() {
        let mut running = RunningScore::new(Duration::from_secs(10), 6, None);
        running.skip(1_000);
        running.bin(false, Some((0.5, true)));
        let score = running.score();
        assert_eq!((score.questions, score.f1, score.brier_skill), (0, None, None));
        assert_eq!(score.lead_time, None);
    }
}
