//! The licensed price series, as deviations from their mean in parts per billion, one knot a minute.
//!
//! Overnight gaps are taken out (each day continues where the one before ended) and the series is walked forward and
//! back again without end, so replay has no seam and no jump at any hour.

use std::sync::OnceLock;

use crate::clock::MINUTE_US;

/// Parts per billion in one.
pub(super) const ONE_PPB: i64 = 1_000_000_000;

/// Which real series a price is replayed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// NIFTY 50, one-minute bars of 1 to 4 January 2019.
    Nifty50,
    /// YESBANK, one-minute bars of 9 to 11 July 2019.
    Yesbank,
}

impl Source {
    /// The name under which the data folder lists it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nifty50 => "nifty50_1min",
            Self::Yesbank => "yesbank_1min",
        }
    }

    fn knots(self) -> &'static [i64] {
        static NIFTY: OnceLock<Vec<i64>> = OnceLock::new();
        static YESBANK: OnceLock<Vec<i64>> = OnceLock::new();
        match self {
            Self::Nifty50 => NIFTY.get_or_init(|| knots(include_str!("../../data/nifty50_1min.csv"))),
            Self::Yesbank => YESBANK.get_or_init(|| knots(include_str!("../../data/yesbank_1min.csv"))),
        }
    }

    /// Deviation at an instant, shifted by a phase in minutes.
    pub(super) fn deviation_ppb(self, at_us: i64, phase_min: i64) -> i64 {
        let knots = self.knots();
        let last = i64::try_from(knots.len() - 1).expect("a few thousand knots");
        let minute = at_us.div_euclid(MINUTE_US) + phase_min;
        let within = at_us.rem_euclid(MINUTE_US);
        let (from, to) = (mirrored(minute, last), mirrored(minute + 1, last));
        knots[from] + (knots[to] - knots[from]) * within / MINUTE_US
    }
}

/// Index of a knot when the series is walked to its end and back for ever.
fn mirrored(minute: i64, last: i64) -> usize {
    let place = minute.rem_euclid(2 * last);
    let index = if place <= last { place } else { 2 * last - place };
    usize::try_from(index).expect("a remainder is not negative")
}

fn knots(csv: &str) -> Vec<i64> {
    let mut levels = vec![ONE_PPB];
    let mut day = "";
    let mut before = 0_i64;
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [time, open, _, _, close, _] = fields[..] else {
            continue;
        };
        // The 09:07 row is the pre-open print.
        if time.get(11..16).is_none_or(|clock| clock < "09:15") {
            continue;
        }
        let today = &time[..10];
        if today != day {
            day = today;
            before = paise(open);
        }
        let close = paise(close);
        let level =
            i128::from(*levels.last().expect("starts with one")) * i128::from(close) / i128::from(before);
        levels.push(i64::try_from(level).expect("prices do not grow a billionfold"));
        before = close;
    }
    let count = i64::try_from(levels.len()).expect("a few thousand knots");
    let mean = levels.iter().sum::<i64>() / count;
    levels.iter().map(|level| level - mean).collect()
}

fn paise(rupees: &str) -> i64 {
    rupees
        .parse::<crate::money::Paise>()
        .expect("the shipped series hold decimal prices")
        .0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_series_are_read_whole() {
        assert_eq!(Source::Nifty50.knots().len(), 1_506);
        assert_eq!(Source::Yesbank.knots().len(), 1_131);
    }

    #[test]
    fn replay_has_no_seam() {
        for source in [Source::Nifty50, Source::Yesbank] {
            let mut before = source.deviation_ppb(0, 0);
            for minute in 1..6_000 {
                let now = source.deviation_ppb(minute * MINUTE_US, 0);
                assert!((now - before).abs() < ONE_PPB / 50, "{source:?} {minute}");
                before = now;
            }
        }
    }
}
