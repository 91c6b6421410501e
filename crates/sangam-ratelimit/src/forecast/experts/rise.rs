//! How often a burst followed so high a mean of the last three bins with such a rise over them. Grades are finer towards the
//! burst level, where it matters.

use super::super::odds;
use super::super::rates::{Rates, part};
use super::super::reading::Reading;

const HEIGHTS: u16 = 24;
const RISES: u16 = 12;
/// Rises and falls told apart, in shares of the burst level: from -0.3 to 0.3.
const RISE_SPAN: f64 = 0.6;
/// What is taken for granted about each bucket, as that many cases.
const PRIOR_CASES: f64 = 1.0;
/// How far off that is.
const DEVIATION_AT_START: f64 = 0.15;
const BUCKETS: usize = HEIGHTS as usize * RISES as usize;

#[derive(Debug)]
pub(super) struct Rise(Rates<BUCKETS>);

/// The bucket.
pub(super) type Grounds = u16;

impl Rise {
    /// Before there are cases a rise is taken to go on for three more bins.
    pub(super) fn new() -> Self {
        let share = |bucket: usize| {
            let [height, rise] = [bucket / usize::from(RISES), bucket % usize::from(RISES)].map(|i| i as f64);
            let left = 1.0 - (height + 0.5) / f64::from(HEIGHTS);
            let rise = (rise + 0.5) / f64::from(RISES) * RISE_SPAN - RISE_SPAN / 2.0;
            // From the mean to the present bin is a third of the rise.
            let still_missing = left * left - rise / 3.0 - rise;
            odds::doubt(odds::normal_tail(still_missing / DEVIATION_AT_START))
        };
        Self(Rates::with_prior(PRIOR_CASES, share))
    }

    pub(super) fn ask(&self, reading: &Reading) -> (f64, Grounds) {
        let left = (1.0 - reading.mean()).clamp(0.0, 1.0);
        let height = part(1.0 - left.sqrt(), HEIGHTS);
        let rise = part(reading.rise() / RISE_SPAN + 0.5, RISES);
        let bucket = height * RISES + rise;
        (self.0.probability(bucket.into()), bucket)
    }

    pub(super) fn learn(&mut self, bucket: Grounds, came: bool) {
        self.0.learn(bucket.into(), came);
    }

    pub(super) fn doubt(&mut self) {
        self.0.doubt();
    }
}
