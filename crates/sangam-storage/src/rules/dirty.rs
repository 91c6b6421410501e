//! What became different since the books were last written.

use std::collections::{HashMap, HashSet};

use sangam_core::ports::{FillRecord, HoldingRecord, PositionRecord, SessionRecord, StopId, WindowCount};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, GroupId, OrderState, OrderUid, Timestamp};

use super::{AttemptKey, TradeKey};
use crate::chain::{ChainedEntry, SealedDay};
use crate::cost::{Applied, PositionKey, Posted};

/// Changes that wait to be written. A key named here may have been taken back since: then it is not in the working set.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Orders with the state the books have them in; `None` for new ones.
    pub(crate) orders: HashMap<OrderUid, Option<OrderState>>,
    /// Orders whose terms were modified.
    pub(crate) terms: HashSet<OrderUid>,
    /// Attempts as they came, with the state the books have them in; `None` for new ones.
    pub(crate) attempts: Vec<(AttemptKey, Option<&'static str>)>,
    seen_attempts: HashSet<AttemptKey>,
    pub(crate) fills: Vec<NewFill>,
    /// Trades of the books that got the order they belong to.
    pub(crate) links: Vec<(TradeKey, OrderUid)>,
    pub(crate) postings: Vec<Posting>,
    pub(crate) kept: HashSet<PositionKey>,
    /// What became of lots, in order.
    pub(crate) lots: Vec<(PositionKey, Applied)>,
    /// In the order they came.
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) leases: HashSet<GroupId>,
    pub(crate) stops: HashSet<StopId>,
    pub(crate) entries: Vec<ChainedEntry>,
    pub(crate) seals: Vec<SealedDay>,
}

impl Dirty {
    /// Notes an attempt; the first state named is that of the books.
    pub(super) fn attempt(&mut self, key: AttemptKey, state: Option<&'static str>) {
        if self.seen_attempts.insert(key) {
            self.attempts.push((key, state));
        }
    }

    pub(super) fn lengths(&self) -> Lengths {
        Lengths {
            attempts: self.attempts.len(),
            fills: self.fills.len(),
            links: self.links.len(),
            postings: self.postings.len(),
            lots: self.lots.len(),
            snapshots: self.snapshots.len(),
        }
    }

    pub(super) fn cut(&mut self, to: &Lengths) {
        for (key, _) in self.attempts.drain(to.attempts..) {
            self.seen_attempts.remove(&key);
        }
        self.fills.truncate(to.fills);
        self.links.truncate(to.links);
        self.postings.truncate(to.postings);
        self.lots.truncate(to.lots);
        self.snapshots.truncate(to.snapshots);
    }
}

/// How long the lists were before a commit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    attempts: usize,
    fills: usize,
    links: usize,
    postings: usize,
    lots: usize,
    snapshots: usize,
}

/// A trade that was not seen before.
#[derive(Debug)]
pub(crate) struct NewFill {
    pub(crate) id: u64,
    pub(crate) position: PositionKey,
    pub(crate) record: FillRecord,
}

/// What a fill moved, in double entry: the three amounts add up to nought.
#[derive(Debug)]
pub(crate) struct Posting {
    pub(crate) fill: u64,
    pub(crate) position: PositionKey,
    pub(crate) date: Date,
    pub(crate) posted: Posted,
}

/// Something read whole that replaces what was read before.
#[derive(Debug)]
pub(crate) enum Snapshot {
    Positions(AccountId, Vec<PositionRecord>, Reading),
    Holdings(AccountId, Date, Vec<HoldingRecord>, Reading),
    Session(Box<SessionRecord>),
    Windows(AccountId, Vec<WindowCount>),
}

/// When a book was read, and the audit entry it is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) at: Timestamp,
    pub(crate) entry: u64,
}
