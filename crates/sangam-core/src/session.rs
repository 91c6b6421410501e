//! A log-in at a broker: the token, whose `Debug` is silent, and how long it lives.

use secrecy::{ExposeSecret, SecretString};

use crate::timestamp::Timestamp;

/// An access token. It never shows itself; only a request being built may read it.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Wraps a token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The token, for the request that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken(hidden)")
    }
}

/// A log-in that the broker granted.
#[derive(Debug, Clone)]
pub struct MarketSession {
    /// The token.
    pub token: AccessToken,
    /// The user at the broker (`FT000000`, `XA00000`), where told.
    pub user_id: Option<String>,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// When it dies by the broker's daily rule.
    pub expires_at: Timestamp,
}

/// What a session check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCheck {
    /// The user the broker names, where it does.
    pub user_id: Option<String>,
}

/// The next time a daily cut strikes, in India: `hour:minute` today if still ahead, else tomorrow.
///
/// ```
/// use sangam_core::{Timestamp, session::next_daily_cut};
/// let evening: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap(); // 20:00 IST
/// assert_eq!(next_daily_cut(evening, 3, 30).to_string(), "2026-11-23T22:00:00Z"); // 03:30 IST on the 24th
/// ```
///
/// # Panics
/// If `hour` is above 23 or `minute` above 59.
#[must_use]
pub fn next_daily_cut(after: Timestamp, hour: i8, minute: i8) -> Timestamp {
    let now = crate::IST::civil(after);
    let today = now.date().to_datetime(jiff::civil::time(hour, minute, 0, 0));
    let cut = if today > now {
        today
    } else {
        today
            .checked_add(jiff::Span::new().days(1))
            .expect("tomorrow lies within the range of dates")
    };
    crate::IST::instant(cut).expect("a day ahead of now lies within the range of instants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_hides_itself() {
        let session = MarketSession {
            token: AccessToken::new("test-token"),
            user_id: None,
            granted_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
        };
        assert!(!format!("{session:?}").contains("test-token"));
        assert_eq!(session.token.expose(), "test-token");
    }

    #[test]
    fn a_token_made_before_the_cut_dies_the_same_morning() {
        let night: Timestamp = "2026-11-23T21:00:00Z".parse().expect("an instant"); // 02:30 IST
        assert_eq!(next_daily_cut(night, 3, 30).to_string(), "2026-11-23T22:00:00Z");
    }
}
