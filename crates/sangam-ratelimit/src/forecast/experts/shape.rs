//! Logistic regression on the shape of the last minutes: levels, steps, how high it was, how long since a burst. Finds combinations
//! no table has buckets for.

use super::super::logistic::Logistic;
use super::super::reading::Reading;

const INPUTS: usize = 14;
/// What it takes for granted before it learnt anything: bursts are rare, and come where demand is high and rises. Places in
/// the inputs and weights.
const START: [(usize, f64); 3] = [(0, -5.0), (1, 3.0), (7, 8.0)];
/// How far a weight may wander.
const VARIANCE: f64 = 1.0;
/// Highs count up to here.
const HIGH_MAX: f64 = 1.5;

#[derive(Debug)]
pub(super) struct Shape(Logistic<INPUTS>);

/// The inputs.
pub(super) type Grounds = [f64; INPUTS];

impl Shape {
    pub(super) fn new() -> Self {
        let mut weights = [0.0; INPUTS];
        for (place, weight) in START {
            weights[place] = weight;
        }
        Self(Logistic::new(weights, VARIANCE))
    }

    /// `graded_odds` are graded persistence's, `deviation` that of Holt's errors.
    pub(super) fn ask(&self, reading: &Reading, graded_odds: f64, deviation: f64) -> (f64, Grounds) {
        // Factors bring all to the size of one, so that one variance suits all.
        let inputs = [
            1.0,
            reading.present(),
            reading.level,
            reading.slow_level,
            reading.high().min(HIGH_MAX),
            reading.long_high().min(HIGH_MAX),
            (reading.present() - reading.back(1)) * 2.0,
            reading.rise(),
            graded_odds * 0.3,
            ((1.0 - reading.level) / deviation).clamp(-10.0, 10.0) * 0.2,
            reading.bursts,
            reading.slow_bursts * 5.0,
            f64::from(reading.since_burst).ln_1p() * 0.3,
            reading.back(1) - reading.back(2),
        ];
        (self.0.probability(&inputs), inputs)
    }

    pub(super) fn learn(&mut self, inputs: &Grounds, came: bool) {
        self.0.learn(inputs, came);
    }

    pub(super) fn doubt(&mut self) {
        self.0.doubt();
    }
}
