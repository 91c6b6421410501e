//! Graded persistence: how often a burst followed so high a present use, by fiftieths of the burst level. Calibrated, as
//! a table follows a change slowly.

use super::super::logistic::Logistic;
use super::super::odds;
use super::super::rates::{Rates, part};
use super::super::reading::Reading;

/// Parts the burst level is cut into.
pub(in super::super) const GRADES: usize = 50;
/// How far the calibrator may wander per case at first: little, for the table is about right by itself.
const VARIANCE: f64 = 0.1;

#[derive(Debug)]
pub(super) struct Graded {
    rates: Rates<GRADES>,
    calibrator: Logistic<2>,
}

#[derive(Debug, Clone)]
pub(super) struct Grounds {
    grade: u16,
    pub(super) odds: f64,
}

/// Which part of the burst level a share lies in.
pub(in super::super) fn grade(share: f64) -> u16 {
    part(share, GRADES as u16)
}

impl Graded {
    pub(super) fn new() -> Self {
        Self {
            rates: Rates::new(),
            calibrator: Logistic::new([1.0, 0.0], VARIANCE),
        }
    }

    pub(super) fn ask(&self, reading: &Reading) -> (f64, Grounds) {
        let grade = grade(reading.present());
        let odds = odds::log_odds(self.rates.probability(grade.into()));
        (self.calibrator.probability(&[odds, 1.0]), Grounds { grade, odds })
    }

    pub(super) fn learn(&mut self, grounds: &Grounds, came: bool) {
        self.rates.learn(grounds.grade.into(), came);
        self.calibrator.learn(&[grounds.odds, 1.0], came);
    }

    pub(super) fn doubt(&mut self) {
        self.rates.doubt();
        self.calibrator.doubt();
    }
}
