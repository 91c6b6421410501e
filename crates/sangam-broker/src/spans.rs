//! A long span of dates cut into pieces one call may cover, as brokers ask for candles.

use jiff::ToSpan as _;
use sangam_core::timestamp::Date;

/// The dates from one to another, ends included, in pieces of so many days, oldest first; the last piece may be shorter.
/// Empty where `from` lies after `to`; `None` where it would take more than `pieces_max`.
///
/// ```
/// # use sangam_broker::date_spans;
/// let day = |d| jiff::civil::date(2026, 11, d);
/// assert_eq!(date_spans(day(1), day(5), 3, 40), Some(vec![(day(1), day(3)), (day(4), day(5))]));
/// assert_eq!(date_spans(day(1), day(5), 3, 1), None);
/// ```
///
/// # Panics
/// If `days` is not above 0.
#[must_use]
pub fn date_spans(from: Date, to: Date, days: i32, pieces_max: usize) -> Option<Vec<(Date, Date)>> {
    assert!(days > 0, "a call covers at least a day");
    let mut pieces = Vec::new();
    let mut next = (from <= to).then_some(from);
    while let Some(start) = next {
        if pieces.len() == pieces_max {
            return None;
        }
        // Beyond the calendar's end only the last date is left.
        let end = start.checked_add((days - 1).days()).map_or(to, |end| end.min(to));
        pieces.push((start, end));
        next = end.tomorrow().ok().filter(|_| end < to);
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(day: i32) -> Date {
        Date::constant(2026, 1, 1).saturating_add(day.days())
    }

    #[test]
    fn one_day_no_day_and_the_end_of_the_calendar() {
        assert_eq!(date_spans(at(1), at(1), 100, 40), Some(vec![(at(1), at(1))]));
        assert_eq!(date_spans(at(2), at(1), 100, 40), Some(Vec::new()));
        assert_eq!(date_spans(at(1), at(1), 1, 0), None);
        let last = Date::MAX;
        let before = last.yesterday().expect("a day before the last");
        assert_eq!(date_spans(before, last, 3_650, 40), Some(vec![(before, last)]));
    }

    proptest! {
        #[test]
        fn property_pieces_join_without_gap_and_none_is_too_long(from in 0..4_000_i32, length in 0..4_000_i32, days in 1..400_i32) {
            let (first, last) = (at(from), at(from + length));
            let pieces = date_spans(first, last, days, usize::MAX).expect("as many as it takes");
            prop_assert_eq!(pieces.first().map(|piece| piece.0), Some(first));
            prop_assert_eq!(pieces.last().map(|piece| piece.1), Some(last));
            for (from, to) in &pieces {
                let covered = (*to - *from).get_days() + 1;
                prop_assert!((1..=days).contains(&covered));
            }
            for pair in pieces.windows(2) {
                prop_assert_eq!(pair[0].1.tomorrow().ok(), Some(pair[1].0));
            }
        }
    }
}
