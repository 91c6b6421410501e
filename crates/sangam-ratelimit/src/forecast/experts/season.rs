//! How often a burst followed at this time of day. Without a calendar, or on a day that follows none, how often one
//! follows at all.

use super::super::calendar::{SLOTS, Slot};
use super::super::rates::{PRIOR_RATE, Rates};

/// One more for questions without a time of day.
const BUCKETS: usize = SLOTS + 1;
/// What the calendar's prior is worth, in questions: ten minutes of bins of ten seconds.
const PRIOR_CASES: f64 = 60.0;

#[derive(Debug)]
pub(super) struct Season(Rates<BUCKETS>);

/// The bucket.
pub(super) type Grounds = usize;

impl Season {
    pub(super) fn new() -> Self {
        Self(Rates::new())
    }

    pub(super) fn with_prior(prior: &[f64; SLOTS]) -> Self {
        let share = |slot: usize| prior.get(slot).copied().unwrap_or(PRIOR_RATE);
        Self(Rates::with_prior(PRIOR_CASES, share))
    }

    pub(super) fn ask(&self, slot: Option<Slot>) -> (f64, Grounds) {
        let bucket = slot.map_or(SLOTS, Slot::number);
        (self.0.probability(bucket), bucket)
    }

    pub(super) fn learn(&mut self, bucket: Grounds, came: bool) {
        self.0.learn(bucket, came);
    }

    pub(super) fn doubt(&mut self) {
        self.0.doubt();
    }
}
