//! The simulator's clock: one instant for market, books, limits and sessions.
//!
//! It never runs backwards: the running form reads the wall clock once and then counts monotonic time, so a stepped
//! wall clock cannot reopen a rate window. All civil times are Indian (UTC+05:30, no daylight saving).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// An instant in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant64(pub i64);

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in a day.
pub const DAY_US: i64 = 24 * 60 * MINUTE_US;
/// Indian time is this far ahead of UTC.
const IST_US: i64 = 330 * MINUTE_US;

impl Instant64 {
    /// Midnight IST at the start of `date`.
    #[must_use]
    pub fn midnight(date: Date) -> Self {
        Self::at(date.to_datetime(Time::midnight()))
    }

    /// The instant of an Indian civil time.
    #[must_use]
    pub fn at(civil: DateTime) -> Self {
        let zoned = civil.to_zoned(ist()).expect("a fixed offset has no gaps");
        Self(zoned.timestamp().as_microsecond())
    }

    /// The Indian civil time of this instant, with its offset.
    #[must_use]
    pub fn zoned(self) -> Zoned {
        let stamp =
            Timestamp::from_microsecond(self.0).expect("the simulator's clock stays within civil time");
        stamp.to_zoned(ist())
    }

    /// The Indian civil time of this instant.
    #[must_use]
    pub fn civil(self) -> DateTime {
        self.zoned().datetime()
    }

    /// The Indian date of this instant.
    #[must_use]
    pub fn date(self) -> Date {
        self.civil().date()
    }

    /// Days since the epoch, by the Indian calendar: changes at midnight IST.
    #[must_use]
    pub const fn day_number(self) -> i64 {
        (self.0 + IST_US).div_euclid(DAY_US)
    }

    /// Microseconds since midnight IST.
    #[must_use]
    pub const fn since_midnight_us(self) -> i64 {
        (self.0 + IST_US).rem_euclid(DAY_US)
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn epoch_s(self) -> i64 {
        self.0.div_euclid(SECOND_US)
    }

    /// Whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn epoch_ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This instant moved by some microseconds.
    #[must_use]
    pub const fn plus_us(self, us: i64) -> Self {
        Self(self.0 + us)
    }

    /// Formats the Indian civil time with a `strftime` pattern.
    #[must_use]
    pub fn format(self, pattern: &str) -> String {
        self.zoned().strftime(pattern).to_string()
    }
}

/// The Indian time zone.
#[must_use]
pub fn ist() -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(19_800).expect("5 hours 30 minutes is a valid offset"))
}

/// Where the time comes from.
#[derive(Clone)]
pub struct SimClock {
    source: Arc<Source>,
    started: Instant64,
}

enum Source {
    Running { base: i64, since: Instant },
    Manual(AtomicI64),
}

impl SimClock {
    /// Real time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where real time comes in; everything else takes an instant"
    )]
    pub fn real() -> Self {
        Self::running_from(Instant64(Timestamp::now().as_microsecond()))
    }

    /// Runs at real speed from a chosen instant.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where real time comes in; everything else takes an instant"
    )]
    pub fn running_from(start: Instant64) -> Self {
        Self {
            source: Arc::new(Source::Running {
                base: start.0,
                since: Instant::now(),
            }),
            started: start,
        }
    }

    /// Stands still until [`SimClock::advance`] moves it. Fault delays still use real time.
    #[must_use]
    pub fn manual(start: Instant64) -> Self {
        Self {
            source: Arc::new(Source::Manual(AtomicI64::new(start.0))),
            started: start,
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant64 {
        match &*self.source {
            Source::Running { base, since } => {
                let elapsed = i64::try_from(since.elapsed().as_micros())
                    .expect("a process does not run for 292,000 years");
                Instant64(base + elapsed)
            }
            Source::Manual(at) => Instant64(at.load(Ordering::SeqCst)),
        }
    }

    /// The instant at which the clock was made.
    #[must_use]
    pub const fn started(&self) -> Instant64 {
        self.started
    }

    /// Moves a manual clock forward; a running clock is left alone and `false` comes back.
    pub fn advance(&self, by: Duration) -> bool {
        match &*self.source {
            Source::Running { .. } => false,
            Source::Manual(at) => {
                let step = i64::try_from(by.as_micros()).expect("a step is shorter than 292,000 years");
                at.fetch_add(step, Ordering::SeqCst);
                true
            }
        }
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match &*self.source {
            Source::Running { .. } => "running",
            Source::Manual(_) => "manual",
        };
        f.debug_struct("SimClock")
            .field("form", &form)
            .field("now", &self.now().0)
            .finish()
    }
}

/// Whether orders can trade now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Continuous trading.
    Open,
    /// Before 09:15 on a trading day.
    BeforeOpen,
    /// After 15:30, at night, on a weekend or a holiday.
    Closed,
}

/// The phase at an instant: always `Open` if so configured, else 09:15 to 15:30 IST on trading days.
#[must_use]
pub fn phase(now: Instant64, always_open: bool) -> Phase {
    if always_open {
        return Phase::Open;
    }
    if !is_trading_day(now.date()) {
        return Phase::Closed;
    }
    let since_midnight = now.since_midnight_us();
    if since_midnight < SESSION_OPEN_US {
        Phase::BeforeOpen
    } else if since_midnight < SESSION_CLOSE_US {
        Phase::Open
    } else {
        Phase::Closed
    }
}

/// 09:15 IST after midnight.
pub const SESSION_OPEN_US: i64 = (9 * 60 + 15) * MINUTE_US;
/// 15:30 IST after midnight.
pub const SESSION_CLOSE_US: i64 = (15 * 60 + 30) * MINUTE_US;

/// Weekday holidays of the exchanges in 2026 (month, day), from the NSE list published in December 2025 and kept in
/// the order of the year. Other years trade on every weekday.
const HOLIDAYS_2026: [(i8, i8); 15] = [
    (1, 26),
    (3, 3),
    (3, 26),
    (3, 31),
    (4, 3),
    (4, 14),
    (5, 1),
    (5, 28),
    (6, 26),
    (9, 14),
    (10, 2),
    (10, 20),
    (11, 10),
    (11, 24),
    (12, 25),
];

/// True on weekdays that are no listed holiday.
#[must_use]
pub fn is_trading_day(date: Date) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    let holiday = date.year() == 2026 && HOLIDAYS_2026.contains(&(date.month(), date.day()));
    !weekend && !holiday
}

/// `date` itself or the nearest trading day before it.
#[must_use]
pub fn trading_day_on_or_before(date: Date) -> Date {
    let mut day = date;
    while !is_trading_day(day) {
        day = day
            .yesterday()
            .expect("the simulator's dates are far from the calendar's ends");
    }
    day
}

/// The next instant, after `now`, at which the Indian clock shows `hour:minute`.
#[must_use]
pub const fn next_ist(now: Instant64, hour: i64, minute: i64) -> Instant64 {
    let target = (hour * 60 + minute) * MINUTE_US;
    let ahead = target - now.since_midnight_us();
    now.plus_us(if ahead > 0 { ahead } else { ahead + DAY_US })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn indian_days_change_at_midnight_ist() {
        let evening = Instant64::at(date(2026, 11, 23).at(23, 59, 59, 0));
        assert_eq!(evening.date(), date(2026, 11, 23));
        assert_eq!(evening.plus_us(SECOND_US).date(), date(2026, 11, 24));
        assert_eq!(evening.day_number() + 1, evening.plus_us(SECOND_US).day_number());
        assert_eq!(
            Instant64::midnight(date(2026, 11, 24)),
            evening.plus_us(SECOND_US)
        );
        assert_eq!(evening.format("%d-%m-%Y %H:%M:%S"), "23-11-2026 23:59:59");
    }

    #[test]
    fn sessions_follow_the_clock_unless_always_open() {
        let monday = date(2026, 11, 23);
        assert_eq!(
            phase(Instant64::at(monday.at(9, 14, 59, 0)), false),
            Phase::BeforeOpen
        );
        assert_eq!(phase(Instant64::at(monday.at(9, 15, 0, 0)), false), Phase::Open);
        assert_eq!(
            phase(Instant64::at(monday.at(15, 30, 0, 0)), false),
            Phase::Closed
        );
        assert_eq!(
            phase(Instant64::at(date(2026, 11, 22).at(11, 0, 0, 0)), false),
            Phase::Closed
        );
        assert_eq!(
            phase(Instant64::at(date(2026, 11, 22).at(11, 0, 0, 0)), true),
            Phase::Open
        );
    }

    #[test]
    fn expiry_times_come_next() {
        let now = Instant64::at(date(2026, 11, 23).at(3, 29, 0, 0));
        assert_eq!(
            next_ist(now, 3, 30),
            Instant64::at(date(2026, 11, 23).at(3, 30, 0, 0))
        );
        assert_eq!(
            next_ist(now.plus_us(MINUTE_US), 3, 30),
            Instant64::at(date(2026, 11, 24).at(3, 30, 0, 0))
        );
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = SimClock::manual(Instant64(5));
        assert_eq!(clock.now(), Instant64(5));
        assert!(clock.advance(Duration::from_micros(7)));
        assert_eq!(clock.now(), Instant64(12));
        assert!(!SimClock::real().advance(Duration::from_secs(1)));
    }
}
