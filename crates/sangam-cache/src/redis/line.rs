//! The line to Redis with its breaker. Closed, commands go over the one connection there is. Open, nobody waits: the answer
//! is "away" at once, and one task tries to reach Redis in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::types::Value;
use parking_lot::Mutex;
use sangam_core::Timestamp;
use tokio::sync::Notify;

use crate::connection::Connection;

/// After so many answers a connection was worth making: the waits between attempts begin anew.
const PROVEN: u64 = 32;
/// Longest text of an error that is repeated.
const TEXT_MAX: usize = 200;

/// Why a command came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The breaker is open.
    #[error("is away")]
    Away,
    /// Too many bytes are under way.
    #[error("has too much to do")]
    Busy,
    #[error("did not answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("cannot be reached or hung up: {0}")]
    Lost(String),
    /// It answered with an error.
    #[error("answered: {0}")]
    Refused(String),
    /// It answered what it cannot mean.
    #[error("answered what is not its protocol: {0}")]
    Garbage(String),
}

impl Trouble {
    pub(super) fn of(error: &Error, patience: Duration) -> Self {
        let text: String = error.details().chars().take(TEXT_MAX).collect();
        match error.kind() {
            ErrorKind::Timeout => Self::Late(patience),
            ErrorKind::Backpressure => Self::Busy,
            ErrorKind::Protocol | ErrorKind::Parse => Self::Garbage(text),
            ErrorKind::IO | ErrorKind::Canceled | ErrorKind::Routing | ErrorKind::Tls => Self::Lost(text),
            // The server's own errors begin with a word in capitals; the rest is fred's, of a client that has ended.
            ErrorKind::Unknown if !begins_with_a_code(&text) => Self::Lost(text),
            _ => Self::Refused(text),
        }
    }

    /// Whether what stands under the key is of a type that is never ours.
    pub(super) fn is_wrong_type(&self) -> bool {
        matches!(self, Self::Refused(text) if text.starts_with("WRONGTYPE"))
    }
}

fn begins_with_a_code(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase())
}

/// What a command is sent over.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) client: Client,
    life: u64,
}

enum Standing {
    Closed(Connection),
    Open { since: Timestamp, why: String },
}

/// The breaker, and what it guards.
pub(super) struct Line {
    patience: Duration,
    failures_max: u32,
    standing: Mutex<Standing>,
    /// Which connection this is, from 1; what an older one still brings counts for nothing.
    life: AtomicU64,
    failures: AtomicU32,
    answered: AtomicU64,
}

impl Line {
    /// Open, until somebody closes it.
    pub(super) fn new(patience: Duration, failures_max: u32, now: Timestamp) -> Self {
        Self {
            patience,
            failures_max,
            standing: Mutex::new(Standing::Open {
                since: now,
                why: "is not connected yet".to_owned(),
            }),
            life: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            answered: AtomicU64::new(0),
        }
    }

    /// The way to Redis, if the breaker is closed.
    pub(super) fn wire(&self) -> Result<Wire, Trouble> {
        match &*self.standing.lock() {
            Standing::Closed(connection) => Ok(Wire {
                client: connection.client.clone(),
                life: self.life.load(Ordering::Relaxed),
            }),
            Standing::Open { .. } => Err(Trouble::Away),
        }
    }

    /// The connection in use, to know of its end.
    pub(super) fn ended(&self) -> Option<Arc<Notify>> {
        match &*self.standing.lock() {
            Standing::Closed(connection) => Some(connection.ended()),
            Standing::Open { .. } => None,
        }
    }

    /// A way over a connection that is not in use yet; what happens on it says nothing of the one that is.
    pub(super) fn beside(&self, client: &Client) -> Wire {
        Wire {
            client: client.clone(),
            life: u64::MAX,
        }
    }

    /// Whether commands may be sent.
    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.standing.lock(), Standing::Closed(_))
    }

    /// Since when and why the breaker is open.
    pub(super) fn away(&self) -> Option<(Timestamp, String)> {
        match &*self.standing.lock() {
            Standing::Closed(_) => None,
            Standing::Open { since, why } => Some((*since, why.clone())),
        }
    }

    /// How often it was closed.
    pub(super) fn lives(&self) -> u64 {
        self.life.load(Ordering::Relaxed)
    }

    /// Redis was reached.
    pub(super) fn close(&self, connection: Connection) {
        let mut standing = self.standing.lock();
        self.failures.store(0, Ordering::Relaxed);
        self.answered.store(0, Ordering::Relaxed);
        self.life.fetch_add(1, Ordering::Relaxed);
        *standing = Standing::Closed(connection);
    }

    /// An attempt to reach Redis failed: the newest reason is the one to tell. Whether it is another than before.
    pub(super) fn still_away(&self, trouble: &Trouble) -> bool {
        let text = trouble.to_string();
        match &mut *self.standing.lock() {
            Standing::Open { why, .. } if *why != text => {
                *why = text;
                true
            }
            _ => false,
        }
    }

    /// Gives up the connection there is, with all that waits on it.
    pub(super) fn hang_up(&self, now: Timestamp, why: &str) {
        self.open_if(now, why, |_| true);
    }

    /// Opens the breaker if the trouble is of the connection in use, not of one before it.
    pub(super) fn give_up(&self, wire: &Wire, now: Timestamp, trouble: &Trouble) {
        self.open_if(now, &trouble.to_string(), |life| life == wire.life);
    }

    fn open_if(&self, now: Timestamp, why: &str, is_it: impl FnOnce(u64) -> bool) {
        let mut standing = self.standing.lock();
        if matches!(&*standing, Standing::Closed(_)) && is_it(self.life.load(Ordering::Relaxed)) {
            let open = Standing::Open {
                since: now,
                why: why.to_owned(),
            };
            let given_up = std::mem::replace(&mut *standing, open);
            drop(standing);
            // What waits on it is woken here, without the lock.
            drop(given_up);
        }
    }

    /// Whether the last connection answered enough to have been worth making.
    pub(super) fn was_proven(&self) -> bool {
        self.answered.load(Ordering::Relaxed) >= PROVEN
    }

    /// A command's answer, and what it says of the connection. `counts` tells of an error the server answered with whether
    /// it is a failure of the line.
    pub(super) fn heard(
        &self,
        wire: &Wire,
        answer: Result<Value, Error>,
        now: impl FnOnce() -> Timestamp,
        counts: impl FnOnce(&Trouble) -> bool,
    ) -> Result<Value, Trouble> {
        let trouble = match answer {
            Ok(value) => {
                self.succeeded(wire);
                return Ok(value);
            }
            Err(error) => Trouble::of(&error, self.patience),
        };
        let failed = match &trouble {
            Trouble::Away | Trouble::Busy => false,
            Trouble::Lost(_) | Trouble::Garbage(_) => {
                self.give_up(wire, now(), &trouble);
                return Err(trouble);
            }
            Trouble::Late(_) => true,
            Trouble::Refused(_) => counts(&trouble),
        };
        if failed {
            if self.life.load(Ordering::Relaxed) == wire.life
                && self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= self.failures_max
            {
                self.give_up(wire, now(), &trouble);
            }
        } else if matches!(trouble, Trouble::Refused(_)) {
            self.succeeded(wire);
        }
        Err(trouble)
    }

    fn succeeded(&self, wire: &Wire) {
        if self.life.load(Ordering::Relaxed) == wire.life {
            self.failures.store(0, Ordering::Relaxed);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let patience = Duration::from_millis(50);
        let of = |kind, text: &str| Trouble::of(&Error::new(kind, text.to_owned()), patience);
        assert_eq!(
            of(ErrorKind::Timeout, "Request timed out."),
            Trouble::Late(patience)
        );
        let lost = |text: &str| Trouble::Lost(text.to_owned());
        let refused = |text: &str| Trouble::Refused(text.to_owned());
        for text in [
            "Client is not initialized.",
            "Failed to send command to router.",
            "",
        ] {
            assert_eq!(of(ErrorKind::Unknown, text), lost(text));
        }
        assert_eq!(of(ErrorKind::Canceled, "x"), lost("x"));
        let full = "OOM command not allowed when used memory > 'maxmemory'.";
        assert_eq!(of(ErrorKind::Unknown, full), refused(full));
        let wrong = of(ErrorKind::InvalidArgument, "WRONGTYPE Operation against a key");
        assert!(wrong.is_wrong_type());
        assert!(!of(ErrorKind::Auth, "WRONGPASS").is_wrong_type());
        assert_eq!(of(ErrorKind::Backpressure, ""), Trouble::Busy);
        let long = of(ErrorKind::Protocol, &"x".repeat(10_000)).to_string();
        assert!(long.len() < 300, "{long}");
    }
}
