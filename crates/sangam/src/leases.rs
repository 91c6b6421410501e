//! The right to trade for a group: taken at the start, renewed while the system runs, given back at its end. Whoever takes
//! it next fences what this process would still write.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderRecord, PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{
    AccountId, BrokerOrderId, ClientOrderId, Clock, GroupId, OrderNumber, OrderUid, OwnerId, Tag,
};
use serde_json::json;

/// Renewals within the time a lease lasts: two may fail before it ends.
const RENEWALS: u32 = 3;

/// The books as the holder of a group's lease sees them: every commit is made under it.
#[derive(Debug)]
pub(crate) struct LeasedLedger {
    books: Arc<dyn Ledger>,
    lease: Lease,
    /// How long it lasts without being renewed: as long as another gateway waits for one that crashed.
    lasting: Duration,
}

impl LeasedLedger {
    /// Takes the lease of a group.
    pub(crate) async fn take(
        books: Arc<dyn Ledger>,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        clock: &dyn Clock,
    ) -> Result<Self, LedgerError> {
        let audit = AuditEntry {
            at: clock.now(),
            actor: "desk".to_owned(),
            event: "lease.taken".to_owned(),
            subject: group.to_string(),
            detail: json!({"holder": holder}).to_string(),
        };
        let lease = books.take_lease(group, holder, lasting, &audit).await?;
        Ok(Self {
            books,
            lease,
            lasting,
        })
    }

    /// Renews the lease until it is lost. A store that does not answer loses nothing by itself: commits are refused from
    /// the moment another took the lease, not before.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.lasting / RENEWALS);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.books.renew_lease(&self.lease, self.lasting).await {
                Ok(_) => {}
                Err(error @ LedgerError::Fenced { .. }) => {
                    tracing::error!(group = %self.lease.group, %error, "the lease of a group was lost");
                    return;
                }
                Err(error) => {
                    tracing::warn!(group = %self.lease.group, %error, "the lease of a group could not be renewed");
                }
            }
        }
    }

    /// Lets another take the lease at once.
    pub(crate) async fn give_back(&self) {
        if let Err(error) = self.books.renew_lease(&self.lease, Duration::ZERO).await {
            tracing::debug!(group = %self.lease.group, %error, "the lease of a group was not given back; it ends by itself");
        }
    }
}

#[async_trait]
impl Ledger for LeasedLedger {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.books.commit_under(&self.lease, changes, audit).await
    }

    async fn commit_under(
        &self,
        lease: &Lease,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.books.commit_under(lease, changes, audit).await
    }

    async fn take_lease(
        &self,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError> {
        self.books.take_lease(group, holder, lasting, audit).await
    }

    async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError> {
        self.books.renew_lease(lease, lasting).await
    }

    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError> {
        self.books.order(uid).await
    }

    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError> {
        self.books.order_by_number(number).await
    }

    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.books.order_by_client_id(owner, client_order_id).await
    }

    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.books.order_by_broker_id(account, broker_order_id).await
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError> {
        self.books.orders(filter).await
    }

    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.books.attempts(uid).await
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.books.attempts_since(since).await
    }

    async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError> {
        self.books.attempt_by_tag(tag).await
    }

    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.books.open_attempts().await
    }

    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError> {
        self.books.fills(trading_date).await
    }

    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError> {
        self.books.fills_of(uid).await
    }

    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError> {
        self.books.positions().await
    }

    async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError> {
        self.books.holdings().await
    }

    async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError> {
        self.books.sessions().await
    }

    async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError> {
        self.books.window_counts().await
    }

    async fn stops(&self) -> Result<Vec<Stop>, LedgerError> {
        self.books.stops().await
    }

    async fn leases(&self) -> Result<Vec<Lease>, LedgerError> {
        self.books.leases().await
    }

    async fn audit_of_events(
        &self,
        date: Date,
        events: &[&'static str],
    ) -> Result<Vec<AuditEntry>, LedgerError> {
        self.books.audit_of_events(date, events).await
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        self.books.audit_of(subject).await
    }
}
