//! The time of day, as whoever knows the date tells it: quarters of an hour, and how likely a burst is in each before
//! anything was seen. What a trading day is, and whether today is one, is the caller's to know.

use std::fmt;

use super::rates::PRIOR_RATE;

/// Quarters of an hour in a day.
pub const SLOTS: usize = 96;

/// A quarter of an hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The quarter that holds this second after midnight; a day's seconds come round.
    #[must_use]
    pub const fn of_day(second: u64) -> Self {
        // Below 96.
        Self((second % 86_400 / 900) as u8)
    }

    /// Its number, from 0 at midnight.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}

/// How likely a burst within the horizon is in each quarter of a trading day in India, before anything was seen: likely as
/// the market opens (09:15) and before it closes (15:30) and intraday positions are squared off. Assumed, not measured; what is seen
/// outweighs it after some minutes.
pub const INDIAN_SESSION: [f64; SLOTS] = {
    let mut prior = [PRIOR_RATE; SLOTS];
    prior[Slot::of_day(9 * 3_600).number()] = 0.1;
    prior[Slot::of_day(9 * 3_600 + 900).number()] = 0.3;
    prior[Slot::of_day(15 * 3_600).number()] = 0.1;
    prior[Slot::of_day(15 * 3_600 + 900).number()] = 0.2;
    prior
};

type SlotOf = Box<dyn Fn(u64) -> Option<Slot> + Send + Sync>;

/// Which slot of the day each bin is.
pub struct Calendar {
    slot_of: SlotOf,
    pub(super) prior: [f64; SLOTS],
}

impl Calendar {
    /// `slot_of` is asked with the number of the bin, counted from 0 by what the forecaster observed and skipped. `None`
    /// where bursts follow no time of day, on a holiday for instance.
    #[must_use]
    pub fn new(slot_of: impl Fn(u64) -> Option<Slot> + Send + Sync + 'static) -> Self {
        Self {
            slot_of: Box::new(slot_of),
            prior: [PRIOR_RATE; SLOTS],
        }
    }

    /// How likely a burst is in each slot before anything was seen; what is no probability is taken for the nearest.
    #[must_use]
    pub fn with_prior(mut self, prior: &[f64; SLOTS]) -> Self {
        self.prior = prior.map(super::odds::doubt);
        self
    }

    pub(super) fn slot(&self, bin: u64) -> Option<Slot> {
        (self.slot_of)(bin).filter(|slot| slot.number() < SLOTS)
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_its_quarters() {
        assert_eq!(Slot::of_day(0).number(), 0);
        assert_eq!(Slot::of_day(86_399).number(), SLOTS - 1);
        assert_eq!(Slot::of_day(86_400).number(), 0);
    }
}
