//! Mixes the experts by exponentiated weights on log loss: each is believed as far as it was right. A little is always
//! shared out among all, so that one that was wrong for long can come back.

use super::odds;

/// What is shared out at each step.
const SHARED: f64 = 2e-4;
/// What is shared out when all that was learnt is doubted.
const DOUBTED: f64 = 0.3;

/// Weights of `N` experts, adding up to one.
#[derive(Debug, Clone)]
pub(super) struct Mix<const N: usize> {
    weights: [f64; N],
    rate: f64,
}

impl<const N: usize> Mix<N> {
    /// Answers of one horizon share what comes, so a step is one over the horizon: together they count once.
    pub(super) fn new(weights: [f64; N], horizon: u16) -> Self {
        Self {
            weights,
            rate: 1.0 / f64::from(horizon),
        }
    }

    pub(super) fn probability(&self, opinions: &[f64; N]) -> f64 {
        odds::doubt(self.weights.iter().zip(opinions).map(|(w, p)| w * p).sum())
    }

    /// What came, after these opinions.
    pub(super) fn learn(&mut self, opinions: &[f64; N], came: bool) {
        for (believed, opinion) in self.weights.iter_mut().zip(opinions) {
            let p = odds::doubt(*opinion);
            let likely = if came { p } else { 1.0 - p };
            *believed *= (self.rate * likely.ln()).exp();
        }
        let total: f64 = self.weights.iter().sum();
        for believed in &mut self.weights {
            *believed = *believed / total * (1.0 - SHARED) + SHARED / N as f64;
        }
    }

    /// Believes all a little more alike.
    pub(super) fn doubt(&mut self) {
        for believed in &mut self.weights {
            *believed = *believed * (1.0 - DOUBTED) + DOUBTED / N as f64;
        }
    }

    pub(super) fn weights(&self) -> [f64; N] {
        self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_who_was_right_and_lets_the_other_come_back() {
        let mut mix = Mix::new([0.5; 2], 1);
        for _ in 0..100_000 {
            mix.learn(&[0.9, 0.1], true);
        }
        assert!(mix.weights()[0] > 0.99);
        for _ in 0..20 {
            mix.learn(&[0.9, 0.1], false);
        }
        assert!(mix.weights()[1] > 0.99);
    }
}
