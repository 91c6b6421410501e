//! Which days may leave the ledger: a rule, without the deleting.

use std::ops::RangeInclusive;

use sangam_core::timestamp::Date;

use super::SealedDay;

/// How long an audit trail is kept, in years: what the rules for retail algorithmic trading ask that are in force since
/// 1 April 2026 (SEBI's circular of 4 February 2025 and the exchanges' standards for it).
pub const YEARS_KEPT: i16 = 5;

/// Days that may be pruned, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prunable {
    /// From the oldest that is kept.
    pub days: RangeInclusive<Date>,
    /// The numbers of their entries.
    pub entries: RangeInclusive<u64>,
}

/// Why no day may be pruned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyNot {
    /// Days that have to be kept were asked for.
    #[error(
        "entries are kept {YEARS_KEPT} years: only days before {keep_from} may be pruned, not all before {before}"
    )]
    TooYoung {
        /// As asked.
        before: Date,
        /// The oldest day that has to be kept.
        keep_from: Date,
    },
    /// There is none so old.
    #[error("there is no day before {before} to prune")]
    Nothing {
        /// As asked.
        before: Date,
    },
    /// A day was never exported.
    #[error("{day} was never exported: export it, keep the file, then prune")]
    NotExported {
        /// The oldest of them.
        day: Date,
    },
    /// The seals do not follow each other.
    #[error("the days are not in order at {day}: verify the chain before pruning anything")]
    Disordered {
        /// The first day out of order.
        day: Date,
    },
}

/// The sealed days before a date that may be pruned: the oldest, without a gap, each exported and more than five years old.
/// `days` are all sealed days, oldest first; `today` is the Indian date.
///
/// # Errors
/// When a day has to be kept or exported first, there is none, or they are not in order. Nothing is pruned in part.
pub fn may_prune(days: &[SealedDay], before: Date, today: Date) -> Result<Prunable, WhyNot> {
    let keep_from = kept_from(today);
    if before > keep_from {
        return Err(WhyNot::TooYoung { before, keep_from });
    }
    in_order(days)?;
    let kept = days.iter().skip_while(|day| day.pruned_at.is_some());
    let mut old = kept.take_while(|day| day.seal.day < before).peekable();
    let first = old.peek().copied().ok_or(WhyNot::Nothing { before })?;
    let mut last = first;
    for day in old {
        if day.exported_at.is_none() {
            return Err(WhyNot::NotExported { day: day.seal.day });
        }
        last = day;
    }
    Ok(Prunable {
        days: first.seal.day..=last.seal.day,
        entries: first.seal.first..=last.seal.last(),
    })
}

/// The oldest day that has to be kept: that of five years ago.
fn kept_from(today: Date) -> Date {
    let year = today.year().saturating_sub(YEARS_KEPT);
    // 29 February is not in every year; the day before it keeps more.
    Date::new(year, today.month(), today.day())
        .or_else(|_| Date::new(year, today.month(), today.day() - 1))
        .unwrap_or(Date::MIN)
}

fn in_order(days: &[SealedDay]) -> Result<(), WhyNot> {
    for pair in days.windows(2) {
        let [one, next] = pair else { continue };
        let follows = one.seal.day < next.seal.day && one.seal.last().saturating_add(1) == next.seal.first;
        if !follows || one.pruned_at.is_none() && next.pruned_at.is_some() {
            return Err(WhyNot::Disordered { day: next.seal.day });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sangam_core::timestamp::Timestamp;

    use super::super::{Digest, Seal};
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn at() -> Timestamp {
        "2026-11-24T03:45:00Z".parse().expect("an instant")
    }

    /// Three days of two entries, exported.
    fn days() -> Vec<SealedDay> {
        ["2026-11-23", "2026-11-24", "2026-11-26"]
            .iter()
            .zip([1, 3, 5])
            .map(|(day, first)| {
                let seal = Seal {
                    day: date(day),
                    first,
                    entries: 2,
                    root: Digest([1; 32]),
                    last_hash: Digest([2; 32]),
                };
                SealedDay {
                    exported_at: Some(at()),
                    ..SealedDay::new(seal, at())
                }
            })
            .collect()
    }

    fn asked(days: &[SealedDay], before: &str, today: &str) -> Result<Prunable, String> {
        may_prune(days, date(before), date(today)).map_err(|why| why.to_string())
    }

    #[test]
    fn the_oldest_days_go_together() {
        let allowed = asked(&days(), "2026-11-26", "2031-11-26").expect("allowed");
        assert_eq!(allowed.days, date("2026-11-23")..=date("2026-11-24"));
        assert_eq!(allowed.entries, 1..=4);
        let mut days = days();
        days[0].pruned_at = Some(at());
        let allowed = asked(&days, "2026-11-27", "2040-01-01").expect("allowed");
        assert_eq!(allowed.entries, 3..=6);
    }

    #[test]
    fn a_day_is_kept_five_years_to_the_day() {
        assert_eq!(
            asked(&days(), "2026-11-24", "2031-11-23").expect_err("too young"),
            "entries are kept 5 years: only days before 2026-11-23 may be pruned, not all before 2026-11-24"
        );
        assert!(asked(&days(), "2026-11-24", "2031-11-24").is_ok());
    }

    #[test]
    fn the_leap_day_keeps_more_rather_than_less() {
        assert_eq!(kept_from(date("2028-02-29")), date("2023-02-28"));
        assert_eq!(kept_from(date("2033-03-01")), date("2028-03-01"));
        assert_eq!(kept_from(Date::MIN), Date::MIN);
    }

    #[test]
    fn what_was_not_exported_stays() {
        let mut days = days();
        days[1].exported_at = None;
        assert!(asked(&days, "2026-11-24", "2040-01-01").is_ok());
        assert_eq!(
            asked(&days, "2026-11-27", "2040-01-01").expect_err("not exported"),
            "2026-11-24 was never exported: export it, keep the file, then prune"
        );
    }

    #[test]
    fn nothing_old_is_said() {
        assert_eq!(
            asked(&days(), "2026-11-23", "2040-01-01").expect_err("nothing"),
            "there is no day before 2026-11-23 to prune"
        );
        assert!(asked(&[], "2026-11-23", "2040-01-01").is_err());
    }

    #[test]
    fn a_gap_stops_it() {
        let mut gap = days();
        gap.remove(1);
        let refused = asked(&gap, "2026-11-27", "2040-01-01").expect_err("a gap");
        assert_eq!(
            refused,
            "the days are not in order at 2026-11-26: verify the chain before pruning anything"
        );
        let mut out_of_turn = days();
        out_of_turn[1].pruned_at = Some(at());
        assert!(asked(&out_of_turn, "2026-11-27", "2040-01-01").is_err());
    }
}
