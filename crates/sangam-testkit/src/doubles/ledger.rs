//! A ledger that expects calls.

use std::time::Duration;

use async_trait::async_trait;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderRecord, PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{AccountId, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Tag};

mockall::mock! {
    /// A [`Ledger`] that answers what a test expects of it, and panics on any other call.
    #[derive(Debug)]
    pub Ledger {}

    #[async_trait]
    impl Ledger for Ledger {
        async fn commit(
            &self,
            changes: &[Change],
            audit: &AuditEntry,
        ) -> Result<Option<OrderNumber>, LedgerError>;
        async fn commit_under(
            &self,
            lease: &Lease,
            changes: &[Change],
            audit: &AuditEntry,
        ) -> Result<Option<OrderNumber>, LedgerError>;
        async fn take_lease(
            &self,
            group: &GroupId,
            holder: &str,
            lasting: Duration,
            audit: &AuditEntry,
        ) -> Result<Lease, LedgerError>;
        async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError>;
        async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError>;
        async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError>;
        async fn order_by_client_id(
            &self,
            owner: &OwnerId,
            client_order_id: &ClientOrderId,
        ) -> Result<Option<OrderRecord>, LedgerError>;
        async fn order_by_broker_id(
            &self,
            account: &AccountId,
            broker_order_id: &BrokerOrderId,
        ) -> Result<Option<OrderRecord>, LedgerError>;
        async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError>;
        async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError>;
        async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError>;
        async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError>;
        async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError>;
        async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError>;
        async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError>;
        async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError>;
        async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError>;
        async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError>;
        async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError>;
        async fn stops(&self) -> Result<Vec<Stop>, LedgerError>;
        async fn leases(&self) -> Result<Vec<Lease>, LedgerError>;
        async fn audit_of_events(&self, date: Date, events: &[&'static str]) -> Result<Vec<AuditEntry>, LedgerError>;
        async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError>;
    }
}
