//! Expiry days of the index contracts: weekday rules of 2026, moved to the previous trading day on a holiday.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::clock::{Instant64, MINUTE_US, trading_day_on_or_before};

/// One expiry of an underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The day of expiry after moving off a holiday.
    pub date: Date,
    /// The weekday rule's own day, before moving; stable, so tokens hang on it.
    pub nominal: Date,
    /// False for the last expiry of its calendar month, which bears the monthly name.
    pub weekly: bool,
}

impl Expiry {
    /// 15:30 IST on the day of expiry.
    #[must_use]
    pub fn closes(&self) -> Instant64 {
        Instant64::midnight(self.date).plus_us((15 * 60 + 30) * MINUTE_US)
    }
}

/// The next `weeklies` weekly and `monthlies` monthly expiries on or after `today`, in order of date.
///
/// The last `weekday` of a month is the monthly expiry and carries no weekly name.
#[must_use]
pub fn expiries(today: Date, weekday: Weekday, weeklies: usize, monthlies: usize) -> Vec<Expiry> {
    let mut found = Vec::new();
    let (mut weekly_left, mut monthly_left) = (weeklies, monthlies);
    let mut nominal = today;
    while weekly_left > 0 || monthly_left > 0 {
        if nominal.weekday() == weekday {
            let date = trading_day_on_or_before(nominal);
            let next_week = nominal
                .checked_add(7.days())
                .expect("a week ahead is within the calendar");
            let weekly = next_week.month() == nominal.month();
            let left = if weekly {
                &mut weekly_left
            } else {
                &mut monthly_left
            };
            if date >= today && *left > 0 {
                *left -= 1;
                found.push(Expiry {
                    date,
                    nominal,
                    weekly,
                });
            }
        }
        nominal = nominal.tomorrow().expect("a day ahead is within the calendar");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_holiday_moves_the_expiry_to_the_day_before() {
        // Tuesday 24 November 2026 is a holiday: the monthly expiry falls on Monday the 23rd.
        let nifty = expiries(date(2026, 11, 22), Weekday::Tuesday, 3, 3);
        let days: Vec<(Date, bool)> = nifty.iter().map(|e| (e.date, e.weekly)).collect();
        let expected = [
            (date(2026, 11, 23), false),
            (date(2026, 12, 1), true),
            (date(2026, 12, 8), true),
            (date(2026, 12, 15), true),
            (date(2026, 12, 29), false),
            (date(2027, 1, 26), false),
        ];
        assert_eq!(days, expected);
    }

    #[test]
    fn an_expiry_that_moved_into_the_past_is_gone() {
        let nifty = expiries(date(2026, 11, 24), Weekday::Tuesday, 1, 1);
        assert_eq!(nifty[0].date, date(2026, 12, 1));
        assert_eq!(nifty[1].date, date(2026, 12, 29));
    }
}
