//! Instants and the one time zone of the Indian markets. Wall time labels events; waits use [`crate::Monotonic`].

use jiff::tz::Offset;

pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, Time};

/// Indian Standard Time, without daylight saving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IST;

impl IST {
    /// Seconds east of UTC: 5 h 30 min.
    pub const SECONDS: i32 = 19_800;

    /// The civil date and time in India at an instant.
    ///
    /// ```
    /// use sangam_core::{IST, Timestamp};
    /// let at: Timestamp = "2026-11-23T03:45:00Z".parse().unwrap();
    /// assert_eq!(IST::civil(at).to_string(), "2026-11-23T09:15:00");
    /// ```
    #[must_use]
    pub fn civil(at: Timestamp) -> DateTime {
        Self::offset().to_datetime(at)
    }

    /// The date in India at an instant.
    #[must_use]
    pub fn date(at: Timestamp) -> Date {
        Self::civil(at).date()
    }

    /// The instant of a civil date and time in India.
    ///
    /// `None` only at the very ends of the range of years jiff represents.
    #[must_use]
    pub fn instant(at: DateTime) -> Option<Timestamp> {
        Self::offset().to_timestamp(at).ok()
    }

    fn offset() -> Offset {
        Offset::from_seconds(Self::SECONDS).expect("five and a half hours lie within the range of offsets")
    }
}
