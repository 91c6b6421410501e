//! Probabilities and their log odds, kept away from certainty so that one surprise cannot make a score infinite.

/// No probability is below this or above one less this.
const LEAST: f64 = 1e-5;
/// Beyond these log odds nothing changes any more.
const ODDS_MAX: f64 = 30.0;

/// A probability that is certain of nothing.
pub(super) fn doubt(p: f64) -> f64 {
    p.clamp(LEAST, 1.0 - LEAST)
}

/// Log odds of a probability.
pub(super) fn log_odds(p: f64) -> f64 {
    let p = doubt(p);
    (p / (1.0 - p)).ln()
}

/// The probability of log odds.
pub(super) fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds.clamp(-ODDS_MAX, ODDS_MAX)).exp())
}

/// How much of a normal distribution lies above `z` deviations. Abramowitz and Stegun, formula 26.2.17; the error is below 1e-7.
pub(super) fn normal_tail(z: f64) -> f64 {
    const A: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = A.iter().rev().fold(0.0, |sum, a| (sum + a) * t);
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let tail = density * sum;
    if z < 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        for (z, tail) in [(0.0, 0.5), (1.0, 0.158_655), (1.96, 0.024_998), (-1.0, 0.841_345)] {
            assert!((normal_tail(z) - tail).abs() < 1e-5, "{z}");
        }
        assert!(normal_tail(f64::MAX) >= 0.0 && normal_tail(-f64::MAX) <= 1.0);
    }

    #[test]
    fn odds_and_back() {
        for p in [0.001, 0.2, 0.5, 0.93] {
            assert!((probability(log_odds(p)) - p).abs() < 1e-12);
        }
        assert!(log_odds(0.0).is_finite() && log_odds(1.0).is_finite());
    }
}
