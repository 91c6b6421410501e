//! Logistic regression learnt one case at a time, by Newton's steps: weights with their covariance, updated like a Kalman
//! filter's. No step size to choose, and a weight that few cases spoke of stays near where it began.
//!
//! Old cases fade slowly. Where nothing new is said for long, the fading alone would blow the covariance up; it therefore
//! stops where it began.

use super::odds;

/// How much of what was learnt is kept from case to case: a case a week old (60,000 bins of ten seconds) weighs half.
const KEPT: f64 = 1.0 - 1e-5;
/// A case's information, p (1 - p), is not taken for less; it bounds a step where the model is sure.
const INFORMATION_MIN: f64 = 1e-3;
/// Bounds the surprise of one case, in log odds.
const SURPRISE_MAX: f64 = 20.0;

/// When it is doubted, this share of the variance at the start comes back.
const DOUBTED: f64 = 0.01;

/// Weights of `D` inputs.
#[derive(Debug, Clone)]
pub(super) struct Logistic<const D: usize> {
    weights: [f64; D],
    covariance: [[f64; D]; D],
    variance: f64,
}

impl<const D: usize> Logistic<D> {
    /// From these weights, each believed with this variance.
    pub(super) fn new(weights: [f64; D], variance: f64) -> Self {
        Self {
            weights,
            covariance: Self::apart(variance),
            variance,
        }
    }

    fn apart(variance: f64) -> [[f64; D]; D] {
        std::array::from_fn(|row| std::array::from_fn(|column| if row == column { variance } else { 0.0 }))
    }

    fn odds(&self, inputs: &[f64; D]) -> f64 {
        dot(&self.weights, inputs)
    }

    pub(super) fn probability(&self, inputs: &[f64; D]) -> f64 {
        odds::probability(self.odds(inputs))
    }

    /// Keeps the weights and believes them less, so that the next cases move them further.
    pub(super) fn doubt(&mut self) {
        for i in 0..D {
            self.covariance[i][i] += DOUBTED * self.variance;
        }
    }

    /// One more case.
    pub(super) fn learn(&mut self, inputs: &[f64; D], came: bool) {
        let p = self.probability(inputs);
        let information = (p * (1.0 - p)).max(INFORMATION_MIN);
        let spread: [f64; D] = std::array::from_fn(|row| dot(&self.covariance[row], inputs));
        let total = 1.0 / information + dot(&spread, inputs);
        let surprise = (f64::from(u8::from(came)) - p) / information;
        let step = surprise.clamp(-SURPRISE_MAX, SURPRISE_MAX) / total;
        let known: f64 = (0..D).map(|i| self.covariance[i][i]).sum();
        let fade = if known < self.variance * D as f64 {
            1.0 / KEPT
        } else {
            1.0
        };
        for (row, spread_row) in spread.iter().enumerate() {
            self.weights[row] += spread_row * step;
            let gain = spread_row / total;
            for (cell, spread_column) in self.covariance[row].iter_mut().zip(&spread) {
                *cell = (*cell - gain * spread_column) * fade;
            }
        }
        // Rounding may make it lose its meaning after very long; then it is learnt again from where the weights are.
        let sound = |i: usize| self.covariance[i][i].is_finite() && self.covariance[i][i] > 0.0;
        if !(0..D).all(sound) {
            self.covariance = Self::apart(self.variance);
        }
    }
}

fn dot<const D: usize>(a: &[f64; D], b: &[f64; D]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_odds_that_made_the_cases() {
        let mut model = Logistic::new([0.0; 2], 10.0);
        let mut state = 1_u64;
        let mut chance = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for _ in 0..20_000 {
            let x = chance() * 4.0 - 2.0;
            let came = chance() < odds::probability(1.5 * x - 1.0);
            model.learn(&[1.0, x], came);
        }
        assert!((model.weights[0] + 1.0).abs() < 0.15, "{:?}", model.weights);
        assert!((model.weights[1] - 1.5).abs() < 0.15, "{:?}", model.weights);
    }

    #[test]
    fn silence_for_months_leaves_it_able_to_learn() {
        let mut model = Logistic::new([-4.0, 0.0], 10.0);
        for _ in 0..3_000_000 {
            model.learn(&[1.0, 0.0], false);
        }
        for _ in 0..50 {
            model.learn(&[1.0, 1.0], true);
        }
        assert!(model.probability(&[1.0, 1.0]) > 0.8);
        assert!(model.probability(&[1.0, 0.0]) < 0.1);
    }
}
