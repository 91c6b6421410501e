//! Access tokens the simulated broker has issued. What it did not issue, what ran out and what was logged out is
//! refused; how a refusal looks is the server's business.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::clock::{Instant64, next_ist};

/// When a broker's tokens die: the next time the Indian clock shows this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife {
    /// Hour, IST.
    pub hour: i64,
    /// Minute.
    pub minute: i64,
}

impl TokenLife {
    /// Flattrade: 05:00 IST.
    pub const FLATTRADE: Self = Self { hour: 5, minute: 0 };
    /// Fyers: 06:00 IST.
    pub const FYERS: Self = Self { hour: 6, minute: 0 };
    /// Upstox: 03:30 IST.
    pub const UPSTOX: Self = Self { hour: 3, minute: 30 };

    /// The end of a token made now.
    #[must_use]
    pub const fn end(self, now: Instant64) -> Instant64 {
        next_ist(now, self.hour, self.minute)
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// Never issued here.
    Unknown,
    /// Past its end, or expired by `POST /__sim/faults`.
    Expired,
    /// Logged out.
    LoggedOut,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    Until(Instant64),
    Expired,
    LoggedOut,
}

/// The issued tokens.
#[derive(Debug)]
pub struct Sessions {
    life: TokenLife,
    issued: Mutex<HashMap<String, Standing>>,
}

impl Sessions {
    /// No token yet.
    #[must_use]
    pub fn new(life: TokenLife) -> Self {
        Self {
            life,
            issued: Mutex::default(),
        }
    }

    /// When a token issued now will end.
    #[must_use]
    pub const fn end(&self, now: Instant64) -> Instant64 {
        self.life.end(now)
    }

    /// Remembers a token the server made. Older tokens stay good.
    pub fn issue(&self, token: impl Into<String>, now: Instant64) {
        let standing = Standing::Until(self.end(now));
        self.issued.lock().insert(token.into(), standing);
    }

    /// True if the token is good now.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, token: &str, now: Instant64) -> Result<(), TokenFault> {
        match self.issued.lock().get(token) {
            None => Err(TokenFault::Unknown),
            Some(Standing::LoggedOut) => Err(TokenFault::LoggedOut),
            Some(Standing::Expired) => Err(TokenFault::Expired),
            Some(Standing::Until(end)) if *end <= now => Err(TokenFault::Expired),
            Some(Standing::Until(_)) => Ok(()),
        }
    }

    /// Logs a token out.
    ///
    /// # Errors
    /// The token was not good.
    pub fn log_out(&self, token: &str, now: Instant64) -> Result<(), TokenFault> {
        self.check(token, now)?;
        self.issued.lock().insert(token.to_owned(), Standing::LoggedOut);
        Ok(())
    }

    /// Ends every token that is good; returns how many.
    pub fn expire_all(&self) -> usize {
        let mut expired = 0;
        for standing in self.issued.lock().values_mut() {
            if matches!(standing, Standing::Until(_)) {
                *standing = Standing::Expired;
                expired += 1;
            }
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn tokens_live_until_the_brokers_hour() {
        let evening = Instant64::at(date(2026, 11, 23).at(20, 0, 0, 0));
        for (life, hour, minute) in [
            (TokenLife::FLATTRADE, 5, 0),
            (TokenLife::FYERS, 6, 0),
            (TokenLife::UPSTOX, 3, 30),
        ] {
            let sessions = Sessions::new(life);
            sessions.issue("t", evening);
            let end = Instant64::at(date(2026, 11, 24).at(hour, minute, 0, 0));
            assert_eq!(sessions.check("t", end.plus_us(-1)), Ok(()));
            assert_eq!(sessions.check("t", end), Err(TokenFault::Expired));
        }
    }

    #[test]
    fn unknown_logged_out_and_expired_differ() {
        let now = Instant64::at(date(2026, 11, 23).at(10, 0, 0, 0));
        let sessions = Sessions::new(TokenLife::UPSTOX);
        sessions.issue("a", now);
        sessions.issue("b", now);
        assert_eq!(sessions.check("c", now), Err(TokenFault::Unknown));
        assert_eq!(sessions.log_out("a", now), Ok(()));
        assert_eq!(sessions.log_out("a", now), Err(TokenFault::LoggedOut));
        assert_eq!(sessions.expire_all(), 1);
        assert_eq!(sessions.check("b", now), Err(TokenFault::Expired));
        sessions.issue("b", now);
        assert_eq!(sessions.check("b", now), Ok(()), "logging in again works");
    }
}
