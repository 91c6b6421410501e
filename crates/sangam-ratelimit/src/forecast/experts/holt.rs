//! Damped Holt: a level and a trend that dies out, with a normal tail of the errors it makes one bin ahead. Knows nothing of
//! bursts and so has an opinion from the first bins on; its calibrator teaches it what errors further ahead are like.

use super::super::logistic::Logistic;
use super::super::odds;

/// Smoothing of the level and of the trend, and what is left of the trend from bin to bin.
const LEVEL: f64 = 0.3;
const TREND: f64 = 0.1;
const DAMPING: f64 = 0.9;
/// Smoothing of the squared error, its start, and the least deviation that is believed.
const VARIANCE: f64 = 0.02;
const VARIANCE_AT_START: f64 = 0.01;
const DEVIATION_MIN: f64 = 1e-4;
/// How far the calibrator may wander at first.
const CALIBRATOR_VARIANCE: f64 = 10.0;

#[derive(Debug)]
pub(super) struct Holt {
    level: Option<f64>,
    trend: f64,
    variance: f64,
    /// How many of the present trend come together until the horizon.
    trends: f64,
    calibrator: Logistic<2>,
}

/// Log odds before calibration.
pub(super) type Grounds = f64;

impl Holt {
    pub(super) fn new(horizon: u16) -> Self {
        Self {
            level: None,
            trend: 0.0,
            variance: VARIANCE_AT_START,
            trends: DAMPING * (1.0 - DAMPING.powi(horizon.into())) / (1.0 - DAMPING),
            calibrator: Logistic::new([1.0, 0.0], CALIBRATOR_VARIANCE),
        }
    }

    pub(super) fn restart(&mut self) {
        self.level = None;
        self.trend = 0.0;
    }

    pub(super) fn take(&mut self, share: f64) {
        let before = self.level.unwrap_or(share);
        let expected = before + DAMPING * self.trend;
        let error = share - expected;
        self.variance += VARIANCE * (error * error - self.variance);
        let level = expected + LEVEL * error;
        self.trend = TREND * (level - before) + (1.0 - TREND) * DAMPING * self.trend;
        self.level = Some(level);
    }

    /// The deviation of its errors one bin ahead.
    pub(super) fn deviation(&self) -> f64 {
        self.variance.sqrt().max(DEVIATION_MIN)
    }

    /// The highest bin it expects: the last of a rise, the first of a fall.
    fn high(&self) -> f64 {
        let trends = if self.trend > 0.0 { self.trends } else { DAMPING };
        self.level.unwrap_or(0.0) + trends * self.trend
    }

    pub(super) fn ask(&self) -> (f64, Grounds) {
        let grounds = odds::log_odds(odds::normal_tail((1.0 - self.high()) / self.deviation()));
        (self.calibrator.probability(&[grounds, 1.0]), grounds)
    }

    pub(super) fn learn(&mut self, grounds: &Grounds, came: bool) {
        self.calibrator.learn(&[*grounds, 1.0], came);
    }

    pub(super) fn doubt(&mut self) {
        self.calibrator.doubt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expects_a_rise_to_go_on_and_a_fall_too() {
        let trended = |step: f64| {
            let mut holt = Holt::new(6);
            (0..30_u8).for_each(|bins| holt.take(1.0 + step * f64::from(bins)));
            (holt.high(), holt.level.unwrap())
        };
        let (high, level) = trended(0.02);
        assert!(high > level + 0.03, "{high} {level}");
        let (high, level) = trended(-0.02);
        assert!(high < level, "{high} {level}");
    }
}
