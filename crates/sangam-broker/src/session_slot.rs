//! The session an adapter is using: set by log-in, read by every request.

use parking_lot::RwLock;
use sangam_core::session::MarketSession;
use sangam_core::{BrokerName, Error, ErrorKind, Timestamp};

/// Holds one session. Cheap to read, silent in `Debug`.
#[derive(Debug, Default)]
pub struct SessionSlot(RwLock<Option<MarketSession>>);

impl SessionSlot {
    /// Uses this session from now on.
    pub fn set(&self, session: MarketSession) {
        *self.0.write() = Some(session);
    }

    /// Forgets the session.
    pub fn clear(&self) {
        *self.0.write() = None;
    }

    /// The session, dead or alive.
    #[must_use]
    pub fn get(&self) -> Option<MarketSession> {
        self.0.read().clone()
    }

    /// The session, if it is still alive by its own expiry.
    ///
    /// # Errors
    /// [`ErrorKind::LoginRequired`] with nothing sent when there is none or it has expired.
    pub fn alive(&self, broker: BrokerName, now: Timestamp) -> Result<MarketSession, Error> {
        let refuse = |why: &str| {
            Err(Error::refused(
                ErrorKind::LoginRequired,
                format!("{why}; log in with `sangam login <account>`"),
            )
            .at(broker))
        };
        match self.get() {
            None => refuse("no session"),
            Some(session) if session.expires_at <= now => refuse("the session has expired"),
            Some(session) => Ok(session),
        }
    }
}
