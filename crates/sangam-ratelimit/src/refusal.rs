//! Why there is no permit, as data: which window, how full, when to come back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::rules::Window;

/// What kept a permit from being given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The window is full.
    Full,
    /// More than the window ever gives to a caller of this priority: waiting cannot help.
    TooHeavy,
    /// The broker refused a call and said when to come back.
    Blocked,
    /// One more breached minute and the broker blocks the account for the day.
    DayClosed,
    /// There is room, and others wait for it already.
    Queued,
    /// As many wait as may, none of them less urgent.
    QueueFull,
    /// Waited for, until a more urgent caller needed the place.
    Displaced,
    /// The deadline passed, or it certainly would.
    Deadline,
    /// After a restart of the machine nobody knows what was called last.
    Unknown,
}

impl Why {
    fn said(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::TooHeavy => "; it never gives so many at once",
            Self::Blocked => "; the broker has refused a call",
            Self::DayClosed => "; closed for the day, one before the broker blocks it",
            Self::Queued => "; others wait for it",
            Self::QueueFull => "; no place left to wait",
            Self::Displaced => "; the place went to a more urgent call",
            Self::Deadline => "; not before the deadline",
            Self::Unknown => "; what was called before the restart is not on record",
        }
    }
}

/// No permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The scope whose window it is.
    pub scope: Arc<str>,
    /// The window that lasts longest.
    pub window: Window,
    /// Calls in it: in flight, or answered less than its length ago.
    pub used: u32,
    /// Calls it gives to this caller at the moment, reserve and what was learnt from refusals taken off.
    pub limit: u32,
    /// A lower bound of the wait; [`Duration::MAX`] where waiting cannot help.
    pub retry_after: Duration,
    /// What kept it.
    pub why: Why,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scope,
            window,
            used,
            limit,
            ..
        } = self;
        write!(f, "{scope} {window} holds {used} of {limit}{}", self.why.said())?;
        if self.retry_after < Duration::MAX {
            write!(f, "; come back in {} ms", self.retry_after.as_millis())?;
        }
        Ok(())
    }
}
