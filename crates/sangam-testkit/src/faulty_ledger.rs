//! A ledger whose commits fail when told to, in the two ways that matter: certainly not written, and not known.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderRecord, PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{
    AccountId, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Result, Tag,
};

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// As on a full disk: refused, nothing written ([`LedgerError::NotWritten`]).
    Refused,
    /// Nothing was written and nobody can tell ([`LedgerError::Store`]).
    Lost,
    /// All was written and the reply was lost ([`LedgerError::Store`]).
    ReplyLost,
}

/// Any ledger, with faults in its commits, and in the reads of single orders when told to. Other reads go through.
#[derive(Debug)]
pub struct FaultyLedger<L> {
    inner: L,
    blind: AtomicUsize,
    next: Mutex<VecDeque<Option<CommitFault>>>,
}

impl<L> FaultyLedger<L> {
    /// A ledger without faults so far.
    pub fn new(inner: L) -> Self {
        Self {
            inner,
            blind: AtomicUsize::new(0),
            next: Mutex::default(),
        }
    }

    /// The ledger behind the faults.
    pub fn inner(&self) -> &L {
        &self.inner
    }

    /// What the next commits suffer, one each; `None` for a commit that goes well. Afterwards all go well.
    pub fn suffer(&self, faults: impl IntoIterator<Item = Option<CommitFault>>) {
        self.next.lock().extend(faults);
    }

    /// So many of the next reads of an order by its id fail.
    pub fn go_blind(&self, reads: usize) {
        self.blind.store(reads, Ordering::SeqCst);
    }

    /// A commit that suffers the next fault. One that is refused or lost is never begun.
    async fn suffered(
        &self,
        commit: impl Future<Output = Result<Option<OrderNumber>, LedgerError>>,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        let fault = self.next.lock().pop_front().flatten();
        let unknown = || LedgerError::Store {
            what: "the reply to a commit was lost".to_owned(),
            source: "a fault made by a test".into(),
        };
        match fault {
            None => commit.await,
            Some(CommitFault::Refused) => Err(LedgerError::NotWritten {
                what: "the disk is full".to_owned(),
                source: "a fault made by a test".into(),
            }),
            Some(CommitFault::Lost) => Err(unknown()),
            Some(CommitFault::ReplyLost) => {
                commit.await?;
                Err(unknown())
            }
        }
    }
}

#[async_trait]
impl<L: Ledger> Ledger for FaultyLedger<L> {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.suffered(self.inner.commit(changes, audit)).await
    }

    async fn commit_under(
        &self,
        lease: &Lease,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.suffered(self.inner.commit_under(lease, changes, audit))
            .await
    }

    async fn take_lease(
        &self,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError> {
        self.inner.take_lease(group, holder, lasting, audit).await
    }

    async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError> {
        self.inner.renew_lease(lease, lasting).await
    }

    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError> {
        let blind = |left: usize| left.checked_sub(1);
        if self
            .blind
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, blind)
            .is_ok()
        {
            return Err(LedgerError::Store {
                what: "the books cannot be read".to_owned(),
                source: "a fault made by a test".into(),
            });
        }
        self.inner.order(uid).await
    }

    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError> {
        self.inner.order_by_number(number).await
    }

    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.inner.order_by_client_id(owner, client_order_id).await
    }

    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.inner.order_by_broker_id(account, broker_order_id).await
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError> {
        self.inner.orders(filter).await
    }

    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.inner.attempts(uid).await
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.inner.attempts_since(since).await
    }

    async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError> {
        self.inner.attempt_by_tag(tag).await
    }

    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.inner.open_attempts().await
    }

    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError> {
        self.inner.fills(trading_date).await
    }

    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError> {
        self.inner.fills_of(uid).await
    }

    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError> {
        self.inner.positions().await
    }

    async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError> {
        self.inner.holdings().await
    }

    async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError> {
        self.inner.sessions().await
    }

    async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError> {
        self.inner.window_counts().await
    }

    async fn stops(&self) -> Result<Vec<Stop>, LedgerError> {
        self.inner.stops().await
    }

    async fn leases(&self) -> Result<Vec<Lease>, LedgerError> {
        self.inner.leases().await
    }

    async fn audit_of_events(
        &self,
        date: Date,
        events: &[&'static str],
    ) -> Result<Vec<AuditEntry>, LedgerError> {
        self.inner.audit_of_events(date, events).await
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        self.inner.audit_of(subject).await
    }
}
