//! The end of the audit chain: where the next entry goes, and the day that is not sealed yet.

use std::time::Duration;

use sangam_core::Timestamp;
use sangam_core::ports::{AuditEntry, Change, LedgerError};

use crate::chain::{ChainHead, ChainedEntry, Link, OpenDay, SealedDay};

/// How far a new order may be dated before the newest entry: clocks of two machines differ by less.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// The last entry and the open day.
#[derive(Debug, Clone)]
pub(crate) struct ChainEnd {
    pub(crate) link: Link,
    /// The day of the last entry; `None` for an empty chain.
    pub(crate) open: Option<OpenDay>,
    /// The newest time of an entry, or the time an operator put in its place.
    pub(crate) newest: Option<Timestamp>,
}

impl Default for ChainEnd {
    fn default() -> Self {
        Self {
            link: Link::GENESIS,
            open: None,
            newest: None,
        }
    }
}

impl ChainEnd {
    /// The last entry.
    pub(crate) fn head(&self) -> ChainHead {
        self.link.head()
    }

    /// New orders and attempts must not be dated well before what is in the books: something is wrong with a clock, and
    /// rules that count by time no longer hold. What became of orders is kept whatever the clock says.
    pub(super) fn check_clock(&self, changes: &[Change]) -> Result<(), LedgerError> {
        let Some(newest) = self.newest else {
            return Ok(());
        };
        let dated = changes.iter().filter_map(|change| match change {
            Change::Received(order) => Some(order.created_at),
            Change::Intended(attempt) => Some(attempt.created_at),
            _ => None,
        });
        match dated.min() {
            Some(at)
                if at
                    .checked_add(CLOCK_TOLERANCE)
                    .is_ok_and(|latest| latest < newest) =>
            {
                Err(LedgerError::ClockBehind { at, newest })
            }
            _ => Ok(()),
        }
    }

    /// Puts an entry at the end. The first entry of a day seals the day before.
    pub(super) fn append(&mut self, entry: AuditEntry) -> (ChainedEntry, Option<SealedDay>) {
        let at = entry.at;
        let chained = self.link.next(entry);
        let over = self.open.as_ref().filter(|open| open.day() != chained.day);
        let sealed = over.map(|open| SealedDay::new(open.seal(), at));
        self.follow(&chained);
        self.newest = self.newest.max(Some(at));
        (chained, sealed)
    }

    /// Goes on to an entry that comes next.
    pub(crate) fn follow(&mut self, chained: &ChainedEntry) {
        match &mut self.open {
            Some(open) if open.day() == chained.day => open.push(&chained.hash),
            open => *open = Some(OpenDay::begin(chained)),
        }
        self.link = chained.link();
    }
}
