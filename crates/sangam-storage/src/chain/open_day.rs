//! A day that still takes entries.

use sangam_core::timestamp::Date;

use super::merkle::{Frontier, NotAligned};
use super::{ChainedEntry, Digest, Seal};

/// The day that is being written or read: all that its seal is made from, without its entries.
///
/// ```
/// # use sangam_core::ports::AuditEntry;
/// # use sangam_storage::chain::{Link, OpenDay};
/// # let entry = AuditEntry { at: "2026-11-23T03:45:00Z".parse().unwrap(), actor: "desk".into(),
/// #     event: "order.received".into(), subject: "018f".into(), detail: "{}".into() };
/// let first = Link::GENESIS.next(entry.clone());
/// let second = first.link().next(entry);
/// let mut day = OpenDay::begin(&first);
/// day.push(&second.hash);
/// let seal = day.seal();
/// assert_eq!((seal.first, seal.entries, seal.last_hash), (1, 2, second.hash));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDay {
    day: Date,
    first: u64,
    tree: Frontier,
    last_hash: Digest,
}

impl OpenDay {
    /// With its first entry.
    #[must_use]
    pub fn begin(first: &ChainedEntry) -> Self {
        Self::starting(first.day, first.sequence, &first.hash)
    }

    /// With its first entry, of which only the place is known.
    #[must_use]
    pub fn starting(day: Date, first: u64, hash: &Digest) -> Self {
        let mut tree = Frontier::new();
        tree.push(hash);
        Self {
            day,
            first,
            tree,
            last_hash: *hash,
        }
    }

    /// The date.
    #[must_use]
    pub fn day(&self) -> Date {
        self.day
    }

    /// Takes the hash of the next entry of this day.
    pub fn push(&mut self, hash: &Digest) {
        self.tree.push(hash);
        self.last_hash = *hash;
    }

    /// The seal over what is in it so far.
    #[must_use]
    pub fn seal(&self) -> Seal {
        Seal {
            day: self.day,
            first: self.first,
            entries: self.tree.len(),
            root: self.tree.root(),
            last_hash: self.last_hash,
        }
    }

    /// Takes what another part of the chain has of this day.
    pub(super) fn append(&mut self, more: &Self) -> Result<(), NotAligned> {
        self.tree.append(&more.tree)?;
        self.last_hash = more.last_hash;
        Ok(())
    }
}
