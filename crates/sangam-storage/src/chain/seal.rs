//! A day that is over: what was in it, under one root.

use sangam_core::timestamp::{Date, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Digest, Link};

/// What holds a day together. All of it can be computed from the day's entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The Indian date.
    pub day: Date,
    /// The number of its first entry.
    pub first: u64,
    /// How many entries; at least one.
    pub entries: u64,
    /// The root over their hashes ([`super::Frontier`]).
    pub root: Digest,
    /// The hash of the last of them.
    pub last_hash: Digest,
}

/// A sealed day and what was done with it since.
///
/// A day is sealed once an entry of a later day is there, never by the clock alone: a clock may go back, and the day of an
/// entry is that of the entry before it or later ([`super::day_of`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDay {
    /// What it holds.
    pub seal: Seal,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// When it was last exported whole.
    pub exported_at: Option<Timestamp>,
    /// When its entries were taken out of the ledger; the seal stays.
    pub pruned_at: Option<Timestamp>,
}

impl Seal {
    /// The number of the last entry.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first.saturating_add(self.entries).saturating_sub(1)
    }

    /// The end of the day, for the entry that begins the next.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            sequence: self.last(),
            hash: self.last_hash,
            day: Some(self.day),
        }
    }
}

impl SealedDay {
    /// A day just sealed.
    #[must_use]
    pub fn new(seal: Seal, sealed_at: Timestamp) -> Self {
        Self {
            seal,
            sealed_at,
            exported_at: None,
            pruned_at: None,
        }
    }
}
