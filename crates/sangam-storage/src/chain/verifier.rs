//! The whole chain, from the first entry that is kept to the head.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sangam_core::timestamp::Date;

use super::days::Days;
use super::part::follows;
use super::{Broken, ChainHead, ChainedEntry, Digest, Link, Part, Seal, SealedDay};

/// Checks a chain against its seals, roots kept elsewhere, and its head.
///
/// Entries come in order, one by one ([`Verifier::push`]) or as parts that were checked meanwhile ([`Verifier::join`]).
///
/// ```
/// # use std::collections::BTreeMap;
/// # use sangam_core::ports::AuditEntry;
/// # use sangam_storage::chain::{Broken, Link, Verifier};
/// # let entry = AuditEntry { at: "2026-11-23T03:45:00Z".parse().unwrap(), actor: "desk".into(),
/// #     event: "order.received".into(), subject: "018f".into(), detail: "{}".into() };
/// let first = Link::GENESIS.next(entry.clone());
/// let mut second = first.link().next(entry);
/// let head = second.link().head();
///
/// let mut verifier = Verifier::new(&[], BTreeMap::new())?;
/// verifier.push(&first)?;
/// verifier.push(&second)?;
/// assert_eq!(verifier.finish(&head)?.entries, 2);
///
/// second.entry.actor = "somebody else".into();
/// let mut verifier = Verifier::new(&[], BTreeMap::new())?;
/// verifier.push(&first)?;
/// let broken = verifier.push(&second).unwrap_err();
/// assert!(broken.to_string().starts_with("entry 2 of 2026-11-23 was changed"));
/// # Ok::<(), Broken>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    days: Days,
    /// What was taken since the last day that is over.
    part: Part,
    start: Link,
}

/// What was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where the entries began: [`Link::GENESIS`], or the end of what was pruned or is in an earlier export.
    pub after: Link,
    /// Where they ended.
    pub head: ChainHead,
    /// How many there were.
    pub entries: u64,
    /// The sealed days they make, oldest first.
    pub sealed: Vec<Seal>,
    /// The day that still takes entries, as it would be sealed now.
    pub open: Option<Seal>,
}

impl Verifier {
    /// For a ledger with these sealed days, oldest first, all of them: also the pruned ones. `expected` has roots that were
    /// kept elsewhere; each must be found.
    ///
    /// # Errors
    /// When the seals do not follow each other, days other than the oldest were pruned, or a pruned day has another root
    /// than expected.
    pub fn new(sealed: &[SealedDay], expected: BTreeMap<Date, Digest>) -> Result<Self, Broken> {
        let (days, start) = Days::new(sealed, expected)?;
        Ok(Self {
            days,
            part: Part::after(start),
            start,
        })
    }

    /// For these sealed days only, after a place.
    pub(super) fn of_days(start: Link, seals: Vec<Seal>) -> Result<Self, Broken> {
        Ok(Self {
            days: Days::after(start, seals.into())?,
            part: Part::after(start),
            start,
        })
    }

    /// The place after which the kept entries begin.
    #[must_use]
    pub fn start(&self) -> Link {
        self.start
    }

    /// Cuts what is to come into parts that can be read and checked at the same time and joined in order, each of at most
    /// `longest` entries (one at least; rounded down to a power of two). `rows` are the lowest and the highest number there
    /// is, read together with the head.
    ///
    /// Within a day the cuts lie at multiples of that power, so that the tree over a part is a tree within the day's.
    ///
    /// # Errors
    /// When rows begin elsewhere than the chain does, or end elsewhere than its head: parts that are read by number would
    /// not show it.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// use sangam_storage::chain::{ChainHead, Digest, Verifier};
    /// let verifier = Verifier::new(&[], BTreeMap::new())?;
    /// let head = ChainHead { sequence: 10, hash: Digest::GENESIS };
    /// assert_eq!(verifier.parts(Some(1..=10), &head, 5)?, [1..=4, 5..=8, 9..=10]);
    /// assert!(verifier.parts(Some(1..=9), &head, 5).is_err());
    /// # Ok::<(), sangam_storage::chain::Broken>(())
    /// ```
    pub fn parts(
        &self,
        rows: Option<RangeInclusive<u64>>,
        head: &ChainHead,
        longest: u64,
    ) -> Result<Vec<RangeInclusive<u64>>, Broken> {
        let at = self.part.link().sequence;
        let (lowest, highest) = rows.map_or((None, at), |rows| (Some(*rows.start()), *rows.end()));
        if let Some(lowest) = lowest {
            follows(at, lowest)?;
        }
        ends_at(highest, head)?;
        let size = 1 << longest.max(1).ilog2();
        let mut parts = Vec::new();
        let mut next = at.saturating_add(1);
        let days = self.days.ahead().map(Seal::last).chain([highest]);
        for last in days.map(|last| last.min(highest)) {
            while next <= last {
                let end = last.min(next.saturating_add(size - 1));
                add(&mut parts, next..=end, size);
                let Some(after) = end.checked_add(1) else {
                    return Ok(parts);
                };
                next = after;
            }
        }
        Ok(parts)
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// When it does not follow, was changed, or ends a day that is not what was sealed.
    pub fn push(&mut self, entry: &ChainedEntry) -> Result<(), Broken> {
        self.part.push(entry)?;
        self.close_days()
    }

    /// Takes a part that was checked on its own. Those of [`Verifier::parts`] always fit.
    ///
    /// # Errors
    /// When it does not begin where the chain has come to, or has a day that is not what was sealed.
    pub fn join(&mut self, part: Part) -> Result<(), Broken> {
        self.part.join(part)?;
        self.close_days()
    }

    /// Ends with the head as it is kept beside the entries.
    ///
    /// # Errors
    /// When the last entry is another one, the newest day is not what was sealed, a sealed day is missing, or a root was
    /// expected of a day that is not there.
    pub fn finish(self, head: &ChainHead) -> Result<Verified, Broken> {
        let Self { days, part, start } = self;
        let end = part.link().head();
        let newest = part.into_days().pop().map(|day| day.seal());
        let (sealed, open) = days.end(newest)?;
        ends_at(end.sequence, head)?;
        if end.hash != head.hash {
            return Err(Broken::HeadDiffers {
                sequence: end.sequence,
                found: end.hash,
                head: head.hash,
            });
        }
        Ok(Verified {
            after: start,
            head: end,
            entries: end.sequence - start.sequence,
            sealed,
            open,
        })
    }

    fn close_days(&mut self) -> Result<(), Broken> {
        for day in self.part.days_over() {
            self.days.over(day.seal())?;
        }
        Ok(())
    }
}

/// Whether the last entry is the one the head speaks of.
fn ends_at(last: u64, head: &ChainHead) -> Result<(), Broken> {
    let head = head.sequence;
    match last.cmp(&head) {
        Ordering::Less => Err(Broken::Cut { last, head }),
        Ordering::Greater => Err(Broken::PastHead { last, head }),
        Ordering::Equal => Ok(()),
    }
}

/// Small days go together. A piece of a day that is cut stays alone, unless it is the day's last: it is as long as a part
/// may be.
fn add(parts: &mut Vec<RangeInclusive<u64>>, piece: RangeInclusive<u64>, size: u64) {
    match parts.last_mut() {
        Some(before) if piece.end() - before.start() < size => *before = *before.start()..=*piece.end(),
        _ => parts.push(piece),
    }
}
