//! What a forecast is made from. Plain fields; what they must not be is said by [`Settings::check`], which names the
//! field that is wrong.

use std::time::Duration;

use crate::rules::{RulesError, Window};

/// The longest horizon, in bins; it bounds what is remembered.
const HORIZON_BINS_MAX: u128 = 360;

/// Settings of a [`Forecaster`](super::Forecaster).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Calls that fit into one bin: what the tightest window lets through in that time. Above 0.
    pub capacity: f64,
    /// The share of the capacity above which a bin is a burst. Above 0; above 1 asks about demand that cannot be served. Default: 0.8.
    pub burst_share: f64,
    /// The length of a bin. Default: 10 s.
    pub bin: Duration,
    /// How far ahead bursts are forecast: a whole number of bins, 1 to 360. Default: 60 s.
    pub horizon: Duration,
    /// The probability from which on a burst is expected, above 0 and below 1. `None`: where the F1 of the answers so far was best, but not
    /// below 0.1; 0.2 until 30 questions were followed by a burst. Default: `None`.
    pub threshold: Option<f64>,
    /// Whether what was learnt is doubted when bursts begin to come more or less often than said. Default: true.
    pub follow_changes: bool,
}

impl Settings {
    /// So many calls a bin, everything else as by default.
    #[must_use]
    pub fn for_capacity(capacity: f64) -> Self {
        Self {
            capacity,
            burst_share: 0.8,
            bin: Duration::from_secs(10),
            horizon: Duration::from_secs(60),
            threshold: None,
            follow_changes: true,
        }
    }

    /// The capacity of a scope: what the tightest of its windows lets through in ten seconds, over and over. Everything else as
    /// by default. Without windows the capacity is infinite, which [`Forecaster::new`](super::Forecaster::new) refuses.
    #[must_use]
    pub fn for_windows(windows: &[Window]) -> Self {
        let mut settings = Self::for_capacity(f64::INFINITY);
        let bin_s = settings.bin.as_secs_f64();
        settings.capacity = windows
            .iter()
            .map(|window| f64::from(window.count) * bin_s / window.length.as_secs_f64())
            .fold(f64::INFINITY, f64::min);
        settings
    }

    /// Turns the settings into what cannot be wrong.
    pub(super) fn check(&self) -> Result<Checked, RulesError> {
        let Self {
            capacity,
            burst_share,
            bin,
            horizon,
            threshold,
            follow_changes,
        } = *self;
        let wrong = |field: &str, problem: String| {
            Err(RulesError {
                field: field.to_owned(),
                problem,
            })
        };
        if !(capacity.is_finite() && capacity > 0.0) {
            return wrong(
                "capacity",
                format!("{capacity} calls a bin; give a number above 0"),
            );
        }
        if !(burst_share.is_finite() && burst_share > 0.0) {
            return wrong(
                "burst_share",
                format!("{burst_share}; give a number above 0, 0.8 for 80 %"),
            );
        }
        let burst_level = capacity * burst_share;
        if !burst_level.is_normal() {
            return wrong(
                "burst_share",
                format!("{burst_share} of {capacity} is beyond reckoning"),
            );
        }
        if bin.is_zero() {
            return wrong("bin", "a bin of no length; 10 s is usual".to_owned());
        }
        let bins = horizon.as_nanos() / bin.as_nanos();
        if horizon.is_zero() || !horizon.as_nanos().is_multiple_of(bin.as_nanos()) {
            return wrong(
                "horizon",
                format!("{horizon:?} is not a whole number of bins of {bin:?}, at least one"),
            );
        }
        if bins > HORIZON_BINS_MAX {
            return wrong(
                "horizon",
                format!("{bins} bins; at most {HORIZON_BINS_MAX} ({:?})", bin * 360),
            );
        }
        if let Some(threshold) = threshold
            && !(threshold > 0.0 && threshold < 1.0)
        {
            return wrong(
                "threshold",
                format!("{threshold}; give a probability above 0 and below 1"),
            );
        }
        Ok(Checked {
            burst_level,
            bin,
            horizon: u16::try_from(bins).expect("at most 360"),
            threshold,
            follow_changes,
        })
    }
}

/// Settings that were checked.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) burst_level: f64,
    pub(super) bin: Duration,
    /// In bins.
    pub(super) horizon: u16,
    pub(super) threshold: Option<f64>,
    pub(super) follow_changes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, change: impl Fn(&mut Settings)) {
        let mut settings = Settings::for_capacity(100.0);
        change(&mut settings);
        let refused = settings.check().map(|_| ()).map_err(|error| error.field);
        assert_eq!(refused, Err(field.to_owned()), "{settings:?}");
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        for capacity in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            check("capacity", |s| s.capacity = capacity);
            check("burst_share", |s| s.burst_share = capacity);
        }
        check("burst_share", |s| {
            (s.capacity, s.burst_share) = (f64::MAX, f64::MAX);
        });
        check("bin", |s| s.bin = Duration::ZERO);
        check("horizon", |s| s.horizon = Duration::ZERO);
        check("horizon", |s| s.horizon = Duration::from_secs(15));
        check("horizon", |s| s.horizon = Duration::from_secs(3_610));
        check("horizon", |s| s.horizon = Duration::MAX);
        for threshold in [0.0, 1.0, f64::NAN] {
            check("threshold", |s| s.threshold = Some(threshold));
        }
        let unbounded = Settings::for_windows(&[]);
        assert_eq!(
            unbounded.check().map_err(|error| error.field).err().as_deref(),
            Some("capacity")
        );
    }

    #[test]
    fn the_tightest_window_is_the_capacity() {
        let windows = [Window::per_second(9), Window::per_minute(100)];
        let settings = Settings::for_windows(&windows);
        assert!((settings.capacity - 100.0 / 6.0).abs() < 1e-9);
        let checked = settings.check().unwrap();
        assert!((checked.burst_level - 80.0 / 6.0).abs() < 1e-9);
        assert_eq!(checked.horizon, 6);
    }
}
