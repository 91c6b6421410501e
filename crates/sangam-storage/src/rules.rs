//! What the books allow, written once for every store: which changes may follow what is there, what each leaves behind, and
//! the audit entry that goes with it. Pure: a store loads what a commit speaks of, applies the commit here, and writes what
//! became different.

mod chain_end;
mod check;
mod dirty;
mod fills;
mod leases;
mod orders;
mod stops;
mod texts;
mod undo;

use std::collections::{HashMap, HashSet};

use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, Lease, LedgerError, OrderRecord, Stop, StopId,
};
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, AttemptNo, BrokerName, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId,
    Tag, TradeId,
};

use crate::cost::{CostMethod, KeptPosition, PositionKey};

pub(crate) use chain_end::ChainEnd;
pub(crate) use check::entry_fits;
use check::fits;
pub(crate) use dirty::{Dirty, NewFill, Posting, Reading, Snapshot};
use texts::bare;
pub(crate) use texts::{keepable, without_nought};
use undo::Undo;

/// One attempt of one order.
pub(crate) type AttemptKey = (OrderUid, AttemptNo);

/// What makes a trade one and the same.
pub(crate) type TradeKey = (BrokerName, AccountId, Date, BrokerOrderId, TradeId);

/// Why a commit was not applied.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is against the rules.
    Rule(LedgerError),
    /// A fill that happened before others of its position: those have to be loaded first.
    NeedsHistory(PositionKey),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Rule(error)
    }
}

/// The part of the books that commits speak of, with what they changed since it was last written.
///
/// What is not here is not in the books either, as far as the commits at hand can tell: a store loads all they name.
#[derive(Debug)]
pub(crate) struct Working {
    pub(crate) orders: HashMap<OrderUid, OrderRecord>,
    pub(crate) keys: HashMap<(OwnerId, ClientOrderId), OrderNumber>,
    /// The last number given on a date.
    pub(crate) numbers: HashMap<Date, OrderNumber>,
    pub(crate) attempts: HashMap<AttemptKey, AttemptRecord>,
    pub(crate) tags: HashSet<Tag>,
    /// Trades seen, with the order they are linked to.
    pub(crate) trades: HashMap<TradeKey, Option<OrderUid>>,
    pub(crate) kept: HashMap<PositionKey, KeptPosition>,
    /// All fills of a position; only where a late fill needs them.
    pub(crate) history: HashMap<PositionKey, Vec<(u64, FillRecord)>>,
    pub(crate) leases: HashMap<GroupId, Lease>,
    pub(crate) stops: HashMap<StopId, Stop>,
    /// The id of the last fill.
    pub(crate) last_fill: u64,
    /// The id of the last attempt; given when it is written.
    pub(crate) last_attempt: u64,
    pub(crate) chain: ChainEnd,
    /// Whether the end of the chain and the leases were loaded.
    pub(crate) caught_up: bool,
    pub(crate) method: CostMethod,
    pub(crate) dirty: Dirty,
    undo: Vec<Undo>,
}

impl Working {
    /// Nothing loaded.
    pub(crate) fn new(method: CostMethod) -> Self {
        Self {
            orders: HashMap::new(),
            keys: HashMap::new(),
            numbers: HashMap::new(),
            attempts: HashMap::new(),
            tags: HashSet::new(),
            trades: HashMap::new(),
            kept: HashMap::new(),
            history: HashMap::new(),
            leases: HashMap::new(),
            stops: HashMap::new(),
            last_fill: 0,
            last_attempt: 0,
            chain: ChainEnd::default(),
            caught_up: false,
            method,
            dirty: Dirty::default(),
            undo: Vec::new(),
        }
    }

    /// Applies a commit whole or not at all.
    pub(crate) fn apply(
        &mut self,
        lease: Option<&Lease>,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, Refusal> {
        if let Some(lease) = lease {
            self.check_lease(lease)?;
        }
        fits(changes, audit)?;
        self.chain.check_clock(changes)?;
        self.begin();
        let mut first = None;
        for change in changes {
            match self.one(change, audit) {
                Ok(number) => first = first.or(number),
                Err(refusal) => {
                    self.take_back();
                    return Err(refusal);
                }
            }
        }
        self.append(audit);
        Ok(first)
    }

    fn one(&mut self, change: &Change, audit: &AuditEntry) -> Result<Option<OrderNumber>, Refusal> {
        match change {
            Change::Received(order) => return Ok(Some(self.receive(order)?)),
            Change::OrderMoved(moved) => self.move_order(moved)?,
            Change::Intended(attempt) => self.intend(attempt)?,
            Change::AttemptMoved {
                order,
                no,
                from,
                to,
                at,
            } => self.move_attempt((*order, *no), from, to, *at)?,
            Change::CancelRequested { order, at } => self.request_cancel(*order, *at)?,
            Change::TermsAwaited { order, terms, at } => {
                self.await_terms(*order, terms.as_deref(), *at)?;
            }
            Change::Stopped(stop) => self.stop(stop),
            Change::Lifted(id) => self.lift(id),
            Change::Filled(record) => self.fill(record)?,
            Change::PositionsRead { account, positions } => {
                self.read_positions(account, positions, audit.at)?;
            }
            Change::HoldingsRead {
                account,
                date,
                holdings,
            } => self.read_holdings(account, *date, holdings, audit.at)?,
            Change::SessionSeen(session) => self.dirty.snapshots.push(Snapshot::Session(session.clone())),
            Change::WindowsCounted { account, counts } => self.count_windows(account, counts)?,
        }
        Ok(None)
    }

    /// Appends the entry of a commit that was applied.
    pub(crate) fn append(&mut self, audit: &AuditEntry) {
        let (chained, sealed) = self.chain.append(bare(audit));
        self.dirty.seals.extend(sealed);
        self.dirty.entries.push(chained);
    }

    /// What was changed is written: it is now what the books hold.
    pub(crate) fn settle(&mut self) {
        self.dirty = Dirty::default();
        self.history.clear();
        self.undo.clear();
    }

    /// Forgets everything loaded, for it may no longer be what the books hold.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.method);
    }

    /// Forgets everything loaded but an end of the chain as it was read: going on from it is cheaper than from the beginning of
    /// the day.
    pub(crate) fn forget_but(&mut self, chain: ChainEnd) {
        self.forget();
        self.chain = chain;
    }

    /// Forgets the rows loaded, and keeps where the books end.
    pub(crate) fn forget_rows(&mut self) {
        let fresh = Self::new(self.method);
        let old = std::mem::replace(self, fresh);
        self.chain = old.chain;
        self.leases = old.leases;
        self.stops = old.stops;
        self.last_fill = old.last_fill;
        self.last_attempt = old.last_attempt;
        self.numbers = old.numbers;
        self.caught_up = old.caught_up;
    }

    /// Rows held, about.
    pub(crate) fn len(&self) -> usize {
        self.orders.len() + self.attempts.len() + self.trades.len() + self.keys.len() + self.kept.len()
    }
}
