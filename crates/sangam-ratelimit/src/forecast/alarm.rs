//! From which probability on it is an alarm: where the F1 of the answers so far was best. The past answers are counted
//! in 64 grades of their log odds, and old ones fade.

use super::odds;
use super::rates::part;

const GRADES: usize = 64;
/// Log odds of the lowest grade and the width of all together: from 0.03 % to 98 %.
const LOWEST: f64 = -8.0;
const WIDTH: f64 = 12.0;
/// Where it stands before anything is known: an alarm is then worth four false ones.
pub(super) const START: f64 = 0.2;
/// It stays there until that many questions were followed by a burst.
const NEEDED: f64 = 30.0;
/// It never falls below: where nothing can be foreseen, F1 is best with an alarm that never ends.
const LEAST: f64 = 0.1;
/// Answers between two looks.
const LOOK_EVERY: u16 = 32;
/// What is kept from look to look; half is gone after some 44,000 answers, five days of ten seconds.
const KEPT: f64 = 0.9995;

/// The threshold.
#[derive(Debug)]
pub(super) struct Threshold {
    cases: [f64; GRADES],
    true_cases: [f64; GRADES],
    since_look: u16,
    at: f64,
    fixed: bool,
}

impl Threshold {
    /// At this probability for good, or learnt.
    pub(super) fn new(fixed: Option<f64>) -> Self {
        Self {
            cases: [0.0; GRADES],
            true_cases: [0.0; GRADES],
            since_look: 0,
            at: fixed.unwrap_or(START),
            fixed: fixed.is_some(),
        }
    }

    pub(super) fn get(&self) -> f64 {
        self.at
    }

    /// An answer given earlier, and what came.
    pub(super) fn learn(&mut self, probability: f64, came: bool) {
        if self.fixed {
            return;
        }
        let place = (odds::log_odds(probability) - LOWEST) / WIDTH;
        let grade = usize::from(part(place, GRADES as u16));
        self.cases[grade] += 1.0;
        self.true_cases[grade] += f64::from(u8::from(came));
        self.since_look += 1;
        if self.since_look == LOOK_EVERY {
            self.since_look = 0;
            self.look();
        }
    }

    fn look(&mut self) {
        let all_true: f64 = self.true_cases.iter().sum();
        let (mut alarms, mut right) = (0.0, 0.0);
        let (mut best, mut best_grade) = (0.0, GRADES - 1);
        for grade in (0..GRADES).rev() {
            alarms += self.cases[grade];
            right += self.true_cases[grade];
            let f1 = 2.0 * right / (alarms + all_true).max(1.0);
            if f1 > best {
                (best, best_grade) = (f1, grade);
            }
            self.cases[grade] *= KEPT;
            self.true_cases[grade] *= KEPT;
        }
        if all_true >= NEEDED {
            let best = odds::probability(LOWEST + WIDTH * best_grade as f64 / GRADES as f64);
            self.at = best.max(LEAST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_where_alarms_are_mostly_right() {
        let mut threshold = Threshold::new(None);
        for round in 0..20_000_u32 {
            // Right nine times in ten above a half, never below a tenth.
            threshold.learn(0.6, !round.is_multiple_of(10));
            threshold.learn(0.05, false);
            threshold.learn(0.001, false);
        }
        assert!((LEAST..=0.6).contains(&threshold.get()), "{}", threshold.get());
        let mut blind = Threshold::new(None);
        for round in 0..20_000_u32 {
            blind.learn(0.01, round.is_multiple_of(100));
        }
        assert!(blind.get() >= LEAST);
        let mut few = Threshold::new(None);
        for _ in 0..1_000 {
            few.learn(0.9, false);
        }
        assert!((few.get() - START).abs() < 1e-12);
    }

    #[test]
    fn a_fixed_one_stays() {
        let mut threshold = Threshold::new(Some(0.7));
        for _ in 0..1_000 {
            threshold.learn(0.1, true);
        }
        assert!((threshold.get() - 0.7).abs() < 1e-12);
    }
}
