//! When Indian markets trade: hours per segment, the closing auction, holidays.
//!
//! Hours and holidays are dated facts, not code: a [`Calendar`] is built from rows, the shipped ones name their
//! sources, and a year without rows is said to be unknown and traded on weekdays.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday, date, time};

use crate::instrument::Segment;
use crate::timestamp::{IST, Timestamp};

/// What a segment is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Orders are collected for the opening price (cash, 09:00 to 09:08).
    PreOpen,
    /// Between the pre-open's end and the opening.
    Opening,
    /// Continuous trading.
    Continuous,
    /// The closing auction of shares with derivatives (15:15 to 15:35, from 3 August 2026).
    ClosingAuction,
    /// No trading.
    Closed,
}

impl Phase {
    /// Whether an ordinary order can reach the exchange now.
    #[must_use]
    pub fn takes_orders(self) -> bool {
        matches!(self, Self::PreOpen | Self::Continuous | Self::ClosingAuction)
    }
}

/// One day without trading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Why.
    pub name: String,
}

/// Whether a day trades, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradingDay {
    /// It trades.
    Open,
    /// It is a Saturday, a Sunday or a listed holiday.
    Shut,
    /// A weekday of a year whose holidays are not known: taken to trade, with a warning.
    Assumed,
}

/// Holidays and hours.
///
/// ```
/// use sangam_core::calendar::{Calendar, Phase};
/// use sangam_core::{Segment, Timestamp};
/// let calendar = Calendar::shipped();
/// let morning: Timestamp = "2026-11-23T04:00:00Z".parse().unwrap(); // Monday, 09:30 IST
/// assert_eq!(calendar.phase(Segment::Cash, true, morning), Phase::Continuous);
/// let gurpurb: Timestamp = "2026-11-24T04:00:00Z".parse().unwrap();
/// assert_eq!(calendar.phase(Segment::Cash, true, gurpurb), Phase::Closed);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    holidays: BTreeMap<Date, String>,
    years: Vec<i16>,
}

/// Full-day holidays of the equity and equity-derivatives segments in 2026.
/// Source: NSE list of trading holidays 2026 (circular NSE/CMTR/71775 of 12 December 2025, and the later addition of
/// 15 January), read from public reprints on 22 November 2026. Sunday 8 November (Laxmi Pujan) has only the evening
/// Muhurat session, which is not modelled.
const HOLIDAYS_2026: [(i8, i8, &str); 16] = [
    (1, 15, "Municipal Corporation Election, Maharashtra"),
    (1, 26, "Republic Day"),
    (3, 3, "Holi"),
    (3, 26, "Shri Ram Navami"),
    (3, 31, "Shri Mahavir Jayanti"),
    (4, 3, "Good Friday"),
    (4, 14, "Dr. Baba Saheb Ambedkar Jayanti"),
    (5, 1, "Maharashtra Day"),
    (5, 28, "Bakri Id"),
    (6, 26, "Muharram"),
    (9, 14, "Ganesh Chaturthi"),
    (10, 2, "Mahatma Gandhi Jayanti"),
    (10, 20, "Dussehra"),
    (11, 10, "Diwali Balipratipada"),
    (11, 24, "Prakash Gurpurb Sri Guru Nanak Dev"),
    (12, 25, "Christmas"),
];

/// From this day shares with derivatives close in an auction and equity derivatives trade until 15:40.
/// Source: SEBI's closing auction framework as summarised in the brokers' notes of August 2026.
fn closing_auction_from() -> Date {
    date(2026, 8, 3)
}

impl Calendar {
    /// The holidays that ship with this version: 2026.
    #[must_use]
    pub fn shipped() -> Self {
        let rows = HOLIDAYS_2026.iter().map(|&(month, day, name)| Holiday {
            date: date(2026, month, day),
            name: name.to_owned(),
        });
        Self::new([2026], rows)
    }

    /// A calendar of these holidays; `years` are those whose list is complete.
    #[must_use]
    pub fn new(years: impl IntoIterator<Item = i16>, holidays: impl IntoIterator<Item = Holiday>) -> Self {
        Self {
            holidays: holidays
                .into_iter()
                .map(|holiday| (holiday.date, holiday.name))
                .collect(),
            years: years.into_iter().collect(),
        }
    }

    /// The same with more holidays, and more years whose list is complete.
    #[must_use]
    pub fn with(
        mut self,
        years: impl IntoIterator<Item = i16>,
        holidays: impl IntoIterator<Item = Holiday>,
    ) -> Self {
        let more = Self::new(years, holidays);
        self.holidays.extend(more.holidays);
        self.years.extend(more.years);
        self
    }

    /// Whether a day trades.
    #[must_use]
    pub fn day(&self, day: Date) -> TradingDay {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if weekend || self.holidays.contains_key(&day) {
            TradingDay::Shut
        } else if self.years.contains(&day.year()) {
            TradingDay::Open
        } else {
            TradingDay::Assumed
        }
    }

    /// The name of the holiday on a day.
    #[must_use]
    pub fn holiday(&self, day: Date) -> Option<&str> {
        self.holidays.get(&day).map(String::as_str)
    }

    /// The trading day on or before a day, at most a fortnight back.
    #[must_use]
    pub fn on_or_before(&self, day: Date) -> Option<Date> {
        let mut candidate = day;
        for _ in 0..14 {
            if self.day(candidate) != TradingDay::Shut {
                return Some(candidate);
            }
            candidate = candidate.yesterday().ok()?;
        }
        None
    }

    /// The first trading day after a day, at most a fortnight on.
    #[must_use]
    pub fn after(&self, day: Date) -> Option<Date> {
        let mut candidate = day;
        for _ in 0..14 {
            candidate = candidate.tomorrow().ok()?;
            if self.day(candidate) != TradingDay::Shut {
                return Some(candidate);
            }
        }
        None
    }

    /// What a segment is doing at an instant. `has_derivatives` matters for shares alone: those with derivatives close
    /// in an auction.
    #[must_use]
    pub fn phase(&self, segment: Segment, has_derivatives: bool, at: Timestamp) -> Phase {
        let now = IST::civil(at);
        if self.day(now.date()) == TradingDay::Shut || segment == Segment::Index {
            return Phase::Closed;
        }
        let auction = now.date() >= closing_auction_from();
        let hours = Hours::of(segment, has_derivatives, auction);
        hours.phase(now.time())
    }

    /// When the last phase that takes orders ends on a day, for a segment.
    #[must_use]
    pub fn close(&self, segment: Segment, has_derivatives: bool, day: Date) -> Option<Timestamp> {
        if self.day(day) == TradingDay::Shut || segment == Segment::Index {
            return None;
        }
        let hours = Hours::of(segment, has_derivatives, day >= closing_auction_from());
        IST::instant(day.to_datetime(hours.auction_end.unwrap_or(hours.close)))
    }
}

struct Hours {
    pre_open: Option<(Time, Time)>,
    open: Time,
    close: Time,
    auction_end: Option<Time>,
}

impl Hours {
    fn of(segment: Segment, has_derivatives: bool, auction: bool) -> Self {
        let at = |hour, minute| time(hour, minute, 0, 0);
        match segment {
            Segment::Cash => {
                let auction = auction && has_derivatives;
                Self {
                    pre_open: Some((at(9, 0), at(9, 8))),
                    open: at(9, 15),
                    close: if auction { at(15, 15) } else { at(15, 30) },
                    auction_end: auction.then(|| at(15, 35)),
                }
            }
            Segment::EquityDerivatives => Self {
                pre_open: None,
                open: at(9, 15),
                close: if auction { at(15, 40) } else { at(15, 30) },
                auction_end: None,
            },
            Segment::Currency => Self {
                pre_open: None,
                open: at(9, 0),
                close: at(17, 0),
                auction_end: None,
            },
            // 23:55 while the United States are on winter time; the earlier close is the safe one.
            Segment::Commodity => Self {
                pre_open: None,
                open: at(9, 0),
                close: at(23, 30),
                auction_end: None,
            },
            Segment::Index => Self {
                pre_open: None,
                open: at(0, 0),
                close: at(0, 0),
                auction_end: None,
            },
        }
    }

    fn phase(&self, now: Time) -> Phase {
        if let Some((from, to)) = self.pre_open {
            if now >= from && now < to {
                return Phase::PreOpen;
            }
            if now >= to && now < self.open {
                return Phase::Opening;
            }
        }
        if now >= self.open && now < self.close {
            return Phase::Continuous;
        }
        match self.auction_end {
            Some(end) if now >= self.close && now < end => Phase::ClosingAuction,
            _ => Phase::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(segment: Segment, derivatives: bool, ist: &str) -> Phase {
        let at = IST::instant(ist.parse().expect("a civil time")).expect("an instant");
        Calendar::shipped().phase(segment, derivatives, at)
    }

    #[test]
    fn a_day_of_shares_with_and_without_derivatives() {
        for (at, with, without) in [
            ("2026-11-23T08:59:59", Phase::Closed, Phase::Closed),
            ("2026-11-23T09:00:00", Phase::PreOpen, Phase::PreOpen),
            ("2026-11-23T09:08:00", Phase::Opening, Phase::Opening),
            ("2026-11-23T09:15:00", Phase::Continuous, Phase::Continuous),
            ("2026-11-23T15:20:00", Phase::ClosingAuction, Phase::Continuous),
            ("2026-11-23T15:35:00", Phase::Closed, Phase::Closed),
        ] {
            assert_eq!(phase(Segment::Cash, true, at), with, "{at}");
            assert_eq!(phase(Segment::Cash, false, at), without, "{at}");
        }
        assert_eq!(
            phase(Segment::Cash, true, "2026-07-31T15:20:00"),
            Phase::Continuous
        );
    }

    #[test]
    fn other_segments_keep_their_own_hours() {
        assert_eq!(
            phase(Segment::EquityDerivatives, true, "2026-11-23T15:39:59"),
            Phase::Continuous
        );
        assert_eq!(
            phase(Segment::EquityDerivatives, true, "2026-07-31T15:30:00"),
            Phase::Closed
        );
        assert_eq!(
            phase(Segment::Currency, true, "2026-11-23T16:59:00"),
            Phase::Continuous
        );
        assert_eq!(
            phase(Segment::Commodity, true, "2026-11-23T23:29:00"),
            Phase::Continuous
        );
        assert_eq!(phase(Segment::Index, true, "2026-11-23T12:00:00"), Phase::Closed);
    }

    #[test]
    fn holidays_and_years() {
        let calendar = Calendar::shipped();
        assert_eq!(calendar.day(date(2026, 11, 24)), TradingDay::Shut);
        assert_eq!(calendar.day(date(2026, 11, 22)), TradingDay::Shut);
        assert_eq!(calendar.day(date(2027, 1, 4)), TradingDay::Assumed);
        assert_eq!(
            calendar.on_or_before(date(2026, 11, 24)),
            Some(date(2026, 11, 23))
        );
        assert_eq!(
            calendar.on_or_before(date(2026, 11, 22)),
            Some(date(2026, 11, 20))
        );
        assert_eq!(calendar.holiday(date(2026, 12, 25)), Some("Christmas"));
        assert_eq!(calendar.after(date(2026, 11, 20)), Some(date(2026, 11, 23)));
    }

    #[test]
    fn a_calendar_grows_by_a_year() {
        let pongal = Holiday {
            date: date(2027, 1, 14),
            name: "Pongal".to_owned(),
        };
        let calendar = Calendar::shipped().with([2027], [pongal]);
        assert_eq!(calendar.day(date(2027, 1, 14)), TradingDay::Shut);
        assert_eq!(calendar.day(date(2027, 1, 15)), TradingDay::Open);
        assert_eq!(calendar.day(date(2026, 12, 25)), TradingDay::Shut);
        assert_eq!(calendar.day(date(2028, 1, 3)), TradingDay::Assumed);
    }
}
