//! What keeps new orders from leaving until a person lifts it, and what is wished of one order; both are in the books, so
//! that they outlive the program.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, GroupId};
use crate::order::OrderRequest;
use crate::timestamp::Timestamp;

/// Whom a stop is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopSubject {
    /// All accounts of a group.
    Group(GroupId),
    /// One account.
    Account(AccountId),
}

impl Display for StopSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "group {group}"),
            Self::Account(account) => write!(f, "account {account}"),
        }
    }
}

impl FromStr for StopSubject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.split_once(' ') {
            Some(("group", name)) => name.parse().map(Self::Group).map_err(|error| error.to_string()),
            Some(("account", name)) => name.parse().map(Self::Account).map_err(|error| error.to_string()),
            _ => Err("neither a group nor an account".to_owned()),
        };
        parsed.map_err(|error| format!("{text:?}: {error}"))
    }
}

/// Why there is a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// A person pulled the kill switch.
    Kill,
    /// A broker shows two orders under one tag.
    Doubled,
    /// A broker shows an order under a tag of ours that the books do not know.
    Orphan,
    /// A broker shows an order that was proven not to be there.
    Contradiction,
    /// A broker's refusal that turned out to prove nothing. It stops no order: the same words prove nothing from now on.
    Evidence,
}

impl StopKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Kill,
        Self::Doubled,
        Self::Orphan,
        Self::Contradiction,
        Self::Evidence,
    ];

    /// The name used in JSON and storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Doubled => "doubled",
            Self::Orphan => "orphan",
            Self::Contradiction => "contradiction",
            Self::Evidence => "evidence",
        }
    }

    /// Whether new orders are refused while it stands.
    #[must_use]
    pub fn blocks(self) -> bool {
        self != Self::Evidence
    }
}

impl Display for StopKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StopKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no kind of stop"))
    }
}

/// What tells one stop from another: there is at most one of each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StopId {
    /// Whom it is about.
    pub subject: StopSubject,
    /// Why.
    pub kind: StopKind,
    /// Which tag or which words of a broker it is about; empty for a kill.
    pub about: String,
}

/// A stop: in force from when it was written until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Which.
    #[serde(flatten)]
    pub id: StopId,
    /// Whether orders that stand, and those found later, are cancelled as well.
    pub cancels: bool,
    /// Who: `desk`, `api`, `operator:<name>`.
    pub actor: String,
    /// What people read.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// What is wished of one order beside what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// Until when it may be sent; no attempt is written after.
    pub deadline: Option<Timestamp>,
    /// Since when it is to be cancelled as soon as it is seen to stand. No attempt is written from then on.
    pub cancel_requested: Option<Timestamp>,
    /// The terms of a modification that was sent and that the broker's book does not show yet.
    pub awaited: Option<Box<OrderRequest>>,
}

/// Why an attempt may not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentRefusal {
    /// The order is to be cancelled.
    CancelRequested,
    /// The time in which it may be sent is over.
    TooLate {
        /// Until when it could be sent.
        deadline: Timestamp,
    },
    /// New orders are stopped.
    Stopped(Box<Stop>),
}

impl Display for IntentRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CancelRequested => f.write_str("its cancellation was asked for"),
            Self::TooLate { deadline } => write!(f, "it could be sent until {deadline}"),
            Self::Stopped(stop) => write!(f, "{}: {}", stop.id.subject, stop.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in StopKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for text in ["group main", "account fyers-1"] {
            let subject: StopSubject = text.parse().expect("a subject");
            assert_eq!(subject.to_string(), text);
        }
        for text in ["main", "group", "account ", "broker fyers"] {
            assert!(text.parse::<StopSubject>().is_err(), "{text:?}");
        }
    }
}
