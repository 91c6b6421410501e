//! The ledger's twin in memory: the same rules, no database. For tests under paused time and for programs that keep no
//! books. It survives nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderRecord, PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, AttemptState, BrokerName, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid,
    OwnerId, Tag, Timestamp,
};

use crate::chain::{ChainedEntry, SealedDay};
use crate::cost::{CostMethod, KeptPosition, PositionKey};
use crate::portfolio::{BookKind, BookReads, PortfolioBooks};
use crate::rules::{AttemptKey, Refusal, Snapshot, TradeKey, Working, keepable, without_nought};

/// The books of record in memory, gone with the process.
///
/// ```
/// use sangam_core::ports::{Ledger, OrderFilter};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), sangam_core::ports::LedgerError> {
/// let ledger = sangam_storage::MemoryLedger::new();
/// assert!(ledger.orders(&OrderFilter::default()).await?.is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MemoryLedger {
    books: Mutex<Books>,
}

/// What a database would hold beside the working set.
#[derive(Debug)]
struct Books {
    working: Working,
    by_number: BTreeMap<OrderNumber, OrderUid>,
    /// As they came.
    attempts: Vec<AttemptKey>,
    /// As they came.
    fills: Vec<FillRecord>,
    by_trade: HashMap<TradeKey, usize>,
    positions: BTreeMap<AccountId, Vec<PositionRecord>>,
    holdings: BTreeMap<AccountId, BTreeMap<Date, Vec<HoldingRecord>>>,
    reads: BookReads,
    sessions: BTreeMap<AccountId, SessionRecord>,
    windows: BTreeMap<AccountId, Vec<WindowCount>>,
    entries: Vec<ChainedEntry>,
    days: Vec<SealedDay>,
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::with_cost_method(CostMethod::default())
    }
}

impl MemoryLedger {
    /// Empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty books that tell profit from cost by a method.
    #[must_use]
    pub fn with_cost_method(method: CostMethod) -> Self {
        Self {
            books: Mutex::new(Books {
                working: Working::new(method),
                by_number: BTreeMap::new(),
                attempts: Vec::new(),
                fills: Vec::new(),
                by_trade: HashMap::new(),
                positions: BTreeMap::new(),
                holdings: BTreeMap::new(),
                reads: BookReads::new(),
                sessions: BTreeMap::new(),
                windows: BTreeMap::new(),
                entries: Vec::new(),
                days: Vec::new(),
            }),
        }
    }

    /// The positions kept from fills.
    #[must_use]
    pub fn kept_positions(&self) -> Vec<KeptPosition> {
        self.books.lock().kept_positions()
    }

    /// What these books know of some accounts towards a portfolio, all of one moment. An account is given with the broker it
    /// is at.
    #[must_use]
    pub fn portfolio_books(&self, accounts: &[(AccountId, BrokerName)]) -> PortfolioBooks {
        let books = self.books.lock();
        let mut kept = books.kept_positions();
        kept.iter_mut().for_each(|kept| kept.lots.clear());
        PortfolioBooks::of(accounts, kept, books.positions(), books.holdings(), &books.reads)
    }

    /// The audit chain and its sealed days.
    #[must_use]
    pub fn chain(&self) -> (Vec<ChainedEntry>, Vec<SealedDay>) {
        let books = self.books.lock();
        (books.entries.clone(), books.days.clone())
    }

    fn committed(
        &self,
        lease: Option<&Lease>,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        let changes = keepable(changes);
        let mut books = self.books.lock();
        let number = loop {
            match books.working.apply(lease, &changes, audit) {
                Ok(number) => break number,
                Err(Refusal::Rule(error)) => return Err(error),
                Err(Refusal::NeedsHistory(position)) => books.remember(position),
            }
        };
        books.keep();
        Ok(number)
    }
}

impl Books {
    /// Hands the rules all fills of a position.
    fn remember(&mut self, position: PositionKey) {
        let fills = (1..).zip(&self.fills);
        let of_it = fills
            .filter(|(_, record)| PositionKey::of(record) == position)
            .map(|(id, record)| (id, record.clone()))
            .collect();
        self.working.history.insert(position, of_it);
    }

    /// Keeps what a commit changed.
    fn keep(&mut self) {
        let dirty = std::mem::take(&mut self.working.dirty);
        for uid in dirty.orders.keys() {
            if let Some(order) = self.working.orders.get(uid) {
                self.by_number.insert(order.number, *uid);
            }
        }
        // One of a commit that was refused is not there.
        let new = dirty
            .attempts
            .iter()
            .filter(|(key, was)| was.is_none() && self.working.attempts.contains_key(key));
        self.attempts.extend(new.map(|(key, _)| *key));
        for fill in dirty.fills {
            self.by_trade
                .insert(Working::trade_key(&fill.record), self.fills.len());
            self.fills.push(fill.record);
        }
        for (key, uid) in dirty.links {
            if let Some(place) = self.by_trade.get(&key) {
                self.fills[*place].order = Some(uid);
            }
        }
        for snapshot in dirty.snapshots {
            match snapshot {
                Snapshot::Positions(account, positions, reading) => {
                    self.reads
                        .insert((account.clone(), BookKind::Positions), reading.at);
                    self.positions.insert(account, positions);
                }
                Snapshot::Holdings(account, date, holdings, reading) => {
                    self.reads
                        .insert((account.clone(), BookKind::Holdings), reading.at);
                    self.holdings.entry(account).or_default().insert(date, holdings);
                }
                Snapshot::Session(session) => {
                    self.sessions.insert(session.account.clone(), *session);
                }
                Snapshot::Windows(account, counts) => drop(self.windows.insert(account, counts)),
            }
        }
        self.entries.extend(dirty.entries);
        self.days.extend(dirty.seals);
        self.working.settle();
    }

    /// The only clock there is: that of the newest entry.
    fn now(&self) -> Timestamp {
        self.working.chain.newest.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn kept_positions(&self) -> Vec<KeptPosition> {
        let mut kept: Vec<_> = self.working.kept.values().cloned().collect();
        kept.sort_by(|one, other| one.key.cmp(&other.key));
        kept
    }

    fn positions(&self) -> Vec<PositionRecord> {
        self.positions.values().flatten().cloned().collect()
    }

    fn holdings(&self) -> Vec<HoldingRecord> {
        let newest = self
            .holdings
            .values()
            .filter_map(|days| days.last_key_value())
            .flat_map(|(_, holdings)| holdings);
        newest.cloned().collect()
    }

    fn order(&self, uid: OrderUid) -> Option<OrderRecord> {
        self.working.orders.get(&uid).cloned()
    }

    fn fills_where(&self, wanted: impl Fn(&FillRecord) -> bool) -> Vec<FillRecord> {
        let mut found: Vec<_> = self
            .fills
            .iter()
            .filter(|record| wanted(record))
            .cloned()
            .collect();
        found.sort_by_key(|record| (record.fill.at.is_none(), record.fill.at));
        found
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.committed(None, changes, audit)
    }

    async fn commit_under(
        &self,
        lease: &Lease,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.committed(Some(lease), changes, audit)
    }

    async fn take_lease(
        &self,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError> {
        let mut books = self.books.lock();
        let now = books.now().max(audit.at);
        let lease = books.working.take_lease(group, holder, now, lasting, audit)?;
        books.keep();
        Ok(lease)
    }

    async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError> {
        let mut books = self.books.lock();
        let now = books.now();
        let lease = books.working.renew_lease(lease, now, lasting)?;
        books.keep();
        Ok(lease)
    }

    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError> {
        Ok(self.books.lock().order(uid))
    }

    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError> {
        let books = self.books.lock();
        Ok(books.by_number.get(&number).and_then(|uid| books.order(*uid)))
    }

    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        let books = self.books.lock();
        let key = (owner.clone(), client_order_id.clone());
        let uid = books
            .working
            .keys
            .get(&key)
            .and_then(|number| books.by_number.get(number));
        Ok(uid.and_then(|uid| books.order(*uid)))
    }

    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        let books = self.books.lock();
        let newest = books
            .by_number
            .values()
            .rev()
            .filter_map(|uid| books.working.orders.get(uid))
            .find(|order| {
                order.account.as_ref() == Some(account)
                    && order.broker_order_id.as_ref() == Some(broker_order_id)
            });
        Ok(newest.cloned())
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError> {
        let most = filter
            .limit
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let books = self.books.lock();
        let newest_first = books
            .by_number
            .values()
            .rev()
            .filter_map(|uid| books.working.orders.get(uid));
        let wanted = newest_first.filter(|order| {
            filter.since.is_none_or(|since| order.created_at >= since)
                && !(filter.open_only && order.state.is_terminal())
        });
        Ok(wanted.take(most).cloned().collect())
    }

    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError> {
        let books = self.books.lock();
        let keys = books.attempts.iter().filter(|(order, _)| *order == uid);
        let mut of_order: Vec<_> = keys
            .filter_map(|key| books.working.attempts.get(key))
            .cloned()
            .collect();
        of_order.sort_by_key(|attempt| attempt.no);
        Ok(of_order)
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError> {
        let books = self.books.lock();
        let recent = |order: &OrderUid| {
            let order = books.working.orders.get(order);
            order.is_some_and(|order| order.created_at >= since)
        };
        let attempts = books.working.attempts.values();
        let mut of_them: Vec<_> = attempts
            .filter(|attempt| recent(&attempt.order))
            .cloned()
            .collect();
        of_them.sort_by_key(|attempt| (attempt.order, attempt.no));
        Ok(of_them)
    }

    async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError> {
        let books = self.books.lock();
        if !books.working.tags.contains(tag) {
            return Ok(None);
        }
        let found = books
            .working
            .attempts
            .values()
            .find(|attempt| attempt.tag == *tag);
        Ok(found.cloned())
    }

    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError> {
        use AttemptState as A;
        let books = self.books.lock();
        let all = books
            .attempts
            .iter()
            .filter_map(|key| books.working.attempts.get(key));
        let open =
            all.filter(|attempt| matches!(attempt.state, A::Intent | A::Unknown { .. } | A::Parked { .. }));
        Ok(open.cloned().collect())
    }

    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError> {
        let books = self.books.lock();
        Ok(books.fills_where(|record| record.trading_date == trading_date))
    }

    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError> {
        Ok(self.books.lock().fills_where(|record| record.order == Some(uid)))
    }

    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError> {
        Ok(self.books.lock().positions())
    }

    async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError> {
        Ok(self.books.lock().holdings())
    }

    async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError> {
        Ok(self.books.lock().sessions.values().cloned().collect())
    }

    async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError> {
        let books = self.books.lock();
        let mut counts: Vec<_> = books.windows.values().flatten().cloned().collect();
        counts.sort_by(|one, other| {
            (&one.account, &one.scope, one.window_ms).cmp(&(&other.account, &other.scope, other.window_ms))
        });
        Ok(counts)
    }

    async fn stops(&self) -> Result<Vec<Stop>, LedgerError> {
        let books = self.books.lock();
        let mut stops: Vec<_> = books.working.stops.values().cloned().collect();
        stops.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(stops)
    }

    async fn leases(&self) -> Result<Vec<Lease>, LedgerError> {
        let books = self.books.lock();
        let mut leases: Vec<_> = books.working.leases.values().cloned().collect();
        leases.sort_by(|one, other| one.group.cmp(&other.group));
        Ok(leases)
    }

    async fn audit_of_events(
        &self,
        date: Date,
        events: &[&'static str],
    ) -> Result<Vec<AuditEntry>, LedgerError> {
        let books = self.books.lock();
        let of_them = books
            .entries
            .iter()
            .filter(|chained| chained.day == date && events.contains(&chained.entry.event.as_str()));
        Ok(of_them.map(|chained| chained.entry.clone()).collect())
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        let subject = without_nought(subject);
        let books = self.books.lock();
        let about = books
            .entries
            .iter()
            .filter(|chained| chained.entry.subject == subject);
        Ok(about.map(|chained| chained.entry.clone()).collect())
    }
}
