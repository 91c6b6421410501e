//! Logistic regression on what the others say: sharper than any of them where they agree for different reasons. The mix
//! only averages.

use super::super::logistic::Logistic;
use super::super::odds;

/// The others and a constant.
const INPUTS: usize = super::EXPERTS;
/// How far a weight may wander.
const VARIANCE: f64 = 0.05;

#[derive(Debug)]
pub(super) struct Blend(Logistic<INPUTS>);

/// The inputs.
pub(super) type Grounds = [f64; INPUTS];

impl Blend {
    pub(super) fn new() -> Self {
        let mut weights = [1.0 / (INPUTS - 1) as f64; INPUTS];
        weights[INPUTS - 1] = 0.0;
        Self(Logistic::new(weights, VARIANCE))
    }

    pub(super) fn ask(&self, others: &[f64; INPUTS - 1]) -> (f64, Grounds) {
        let inputs = std::array::from_fn(|i| others.get(i).map_or(1.0, |p| odds::log_odds(*p)));
        (self.0.probability(&inputs), inputs)
    }

    pub(super) fn learn(&mut self, inputs: &Grounds, came: bool) {
        self.0.learn(inputs, came);
    }

    pub(super) fn doubt(&mut self) {
        self.0.doubt();
    }
}
