//! What the experts look at: demand as a share of the burst level, bin by bin, smoothed, and at its highest of late.

/// Shares are cut off here: four times the burst level is as much of a burst as any more.
pub(super) const SHARE_MAX: f64 = 4.0;
/// Bins remembered one by one.
const REMEMBERED: usize = 30;

/// Demand up to the present bin.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    shares: [f64; REMEMBERED],
    /// Where the present bin stands in `shares`.
    at: usize,
    /// Smoothed over two bins or so, and over ten.
    pub(super) level: f64,
    pub(super) slow_level: f64,
    /// The share of bins over the burst level among some ten, and among some two hundred.
    pub(super) bursts: f64,
    pub(super) slow_bursts: f64,
    /// Bins since the last over the burst level.
    pub(super) since_burst: u32,
    started: bool,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self {
            shares: [0.0; REMEMBERED],
            at: 0,
            level: 0.0,
            slow_level: 0.0,
            bursts: 0.0,
            slow_bursts: 0.0,
            since_burst: 0,
            started: false,
        }
    }

    /// Bins are missing: what was read of late is no longer of late.
    pub(super) fn restart(&mut self) {
        self.started = false;
    }

    /// The next bin.
    pub(super) fn take(&mut self, share: f64) {
        if !self.started {
            self.started = true;
            self.shares = [share; REMEMBERED];
            (self.level, self.slow_level) = (share, share);
        }
        self.at = (self.at + 1) % REMEMBERED;
        self.shares[self.at] = share;
        self.level += 0.5 * (share - self.level);
        self.slow_level += 0.1 * (share - self.slow_level);
        let burst = share > 1.0;
        let one = f64::from(u8::from(burst));
        self.bursts += 0.1 * (one - self.bursts);
        self.slow_bursts += 0.005 * (one - self.slow_bursts);
        self.since_burst = if burst {
            0
        } else {
            self.since_burst.saturating_add(1)
        };
    }

    /// The share of the bin that many before the present one; 0 is the present. Below 30.
    pub(super) fn back(&self, bins: usize) -> f64 {
        self.shares[(self.at + REMEMBERED - bins) % REMEMBERED]
    }

    pub(super) fn present(&self) -> f64 {
        self.back(0)
    }

    /// The mean of the last three.
    pub(super) fn mean(&self) -> f64 {
        (self.back(0) + self.back(1) + self.back(2)) / 3.0
    }

    /// How much it rose over three bins.
    pub(super) fn rise(&self) -> f64 {
        self.present() - self.back(3)
    }

    /// The highest of the last six.
    pub(super) fn high(&self) -> f64 {
        (0..6).map(|bins| self.back(bins)).fold(0.0, f64::max)
    }

    /// The highest of all that are remembered.
    pub(super) fn long_high(&self) -> f64 {
        self.shares.iter().copied().fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_back_over_the_last_bins_only() {
        let mut reading = Reading::new();
        for share in 0..100_u8 {
            reading.take(f64::from(share) / 100.0);
        }
        assert!((reading.back(29) - 0.70).abs() < 1e-12);
        assert!((reading.rise() - 0.03).abs() < 1e-12);
        assert!((reading.mean() - 0.98).abs() < 1e-12);
        assert!((reading.long_high() - 0.99).abs() < 1e-12);
        reading.restart();
        reading.take(0.5);
        assert!((reading.high() - 0.5).abs() < 1e-12 && reading.rise().abs() < 1e-12);
    }
}
