//! The port to the books of record. A change of state and its audit entry are committed together or not at all.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::amount::{Price, Quantity};
use crate::book::{Fill, Holding, Position};
use crate::broker::BrokerName;
use crate::ids::{
    AccountId, AttemptNo, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Tag,
};
use crate::lifecycle::{AttemptState, OrderState};
use crate::order::OrderRequest;
use crate::ports::stop::{IntentRefusal, Stop, StopId, Wishes};
use crate::timestamp::{Date, Timestamp};

/// An order of ours as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Its id.
    pub uid: OrderUid,
    /// Its number as people see it; assigned by the ledger on commit, nought before.
    pub number: OrderNumber,
    /// Whose it is.
    pub owner: OwnerId,
    /// The group it may be placed through.
    pub group: GroupId,
    /// The caller's idempotency key, unique per owner.
    pub client_order_id: Option<ClientOrderId>,
    /// Digest of what the caller sent, so that one key with two bodies is told apart.
    pub body_digest: String,
    /// What was asked.
    pub request: OrderRequest,
    /// The caller's name for what trades.
    pub strategy: Option<String>,
    /// Where it stands.
    pub state: OrderState,
    /// The account that holds it, or was tried last.
    pub account: Option<AccountId>,
    /// That account's broker.
    pub broker: Option<BrokerName>,
    /// The broker's number.
    pub broker_order_id: Option<BrokerOrderId>,
    /// Highest cumulative fill seen.
    pub filled: Quantity,
    /// Average price of the fills.
    pub average_price: Option<Price>,
    /// Why it stands where it stands.
    pub message: Option<String>,
    /// Traded on simulated brokers.
    pub simulated: bool,
    /// What is wished of it beside what it asks for.
    pub wishes: Wishes,
    /// When it was received.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
}

/// One attempt to place an order at one broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The order.
    pub order: OrderUid,
    /// Which attempt.
    pub no: AttemptNo,
    /// Through which account.
    pub account: AccountId,
    /// Of which broker.
    pub broker: BrokerName,
    /// Under which tag; unique.
    pub tag: Tag,
    /// What was sent, prices already protected.
    pub request: OrderRequest,
    /// Where it stands.
    pub state: AttemptState,
    /// When the intent was written.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
}

/// A move of an order from one state to another, with what is known now. Fields that are `None` stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderMoved {
    /// The order.
    pub uid: OrderUid,
    /// The state it must be in.
    pub from: OrderState,
    /// The state it goes to; may be the same when only other fields change.
    pub to: OrderState,
    /// Account and broker that hold it.
    pub placed_with: Option<(AccountId, BrokerName)>,
    /// The broker's number.
    pub broker_order_id: Option<BrokerOrderId>,
    /// Cumulative fill; the ledger keeps the highest.
    pub filled: Option<Quantity>,
    /// Average price of the fills; left out by the ledger when `filled` is below what it has, as the answer is stale.
    pub average_price: Option<Price>,
    /// New kind and prices, after a modification.
    pub request: Option<OrderRequest>,
    /// Why.
    pub message: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A fill as the ledger keeps it, unique by broker, account, trading date, order id and trade id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRecord {
    /// Through which account.
    pub account: AccountId,
    /// At which broker.
    pub broker: BrokerName,
    /// On which Indian date.
    pub trading_date: Date,
    /// Our order, where the broker's number is one of ours.
    pub order: Option<OrderUid>,
    /// The trade.
    pub fill: Fill,
}

/// A position as last read from a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRecord {
    /// Through which account.
    pub account: AccountId,
    /// At which broker.
    pub broker: BrokerName,
    /// The position.
    pub position: Position,
    /// When it was read.
    pub read_at: Timestamp,
}

/// A holding as last read from a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingRecord {
    /// Through which account.
    pub account: AccountId,
    /// At which broker.
    pub broker: BrokerName,
    /// The holding.
    pub holding: Holding,
    /// When it was read.
    pub read_at: Timestamp,
}

/// A log-in of an account: when and how long, never the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// When the log-in was made or first seen.
    pub began_at: Timestamp,
    /// When the broker ends it.
    pub expires_at: Timestamp,
}

/// How much of one window of an account's budget was used at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCount {
    /// The account.
    pub account: AccountId,
    /// What is counted: `all`, `orders`, ...
    pub scope: String,
    /// Length of the window in milliseconds.
    pub window_ms: u64,
    /// Calls in the window.
    pub used: u64,
    /// Most calls the window holds.
    pub quota: u64,
    /// When they were counted.
    pub counted_at: Timestamp,
}

/// The right to trade for a group of accounts. Whoever takes it gets the next epoch, and commits under an older one are
/// refused from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The group.
    pub group: GroupId,
    /// Who holds it: the name of an installation.
    pub holder: String,
    /// Which taking of the lease this is; never falls.
    pub epoch: u64,
    /// Until when nobody else may take it, by the clock of the store; renewed before.
    pub expires_at: Timestamp,
}

/// One change of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new order. Refused when its owner already used the client order id.
    Received(Box<OrderRecord>),
    /// An attempt about to be sent. Durable before the first byte leaves. Refused with
    /// [`LedgerError::IntentRefused`] when the order is to be cancelled or too late, or new orders are stopped.
    Intended(Box<AttemptRecord>),
    /// An attempt moved. Refused when it is not in the state `from` names.
    AttemptMoved {
        /// The order.
        order: OrderUid,
        /// Which attempt.
        no: AttemptNo,
        /// The name of the state it must be in ([`AttemptState::name`]).
        from: &'static str,
        /// The state it goes to.
        to: AttemptState,
        /// When.
        at: Timestamp,
    },
    /// An order is to be cancelled as soon as it is seen to stand, and is not sent any more. Once asked for it stays so; an
    /// order that is over is left as it is.
    CancelRequested {
        /// The order.
        order: OrderUid,
        /// When.
        at: Timestamp,
    },
    /// The terms of a modification about to be sent, or `None` when the book showed them or they were refused.
    TermsAwaited {
        /// The order.
        order: OrderUid,
        /// The terms.
        terms: Option<Box<OrderRequest>>,
        /// When.
        at: Timestamp,
    },
    /// New orders are stopped; one that is in force already is written over.
    Stopped(Box<Stop>),
    /// A stop is over. One that is not in force changes nothing.
    Lifted(StopId),
    /// An order moved. Refused when it is not in the state `from` names, or the move is not listed.
    OrderMoved(Box<OrderMoved>),
    /// A trade was seen; one seen before changes nothing, but takes the link to our order where it had none.
    Filled(Box<FillRecord>),
    /// All positions of an account as read; they replace those read before.
    PositionsRead {
        /// The account.
        account: AccountId,
        /// Its positions.
        positions: Vec<PositionRecord>,
    },
    /// All holdings of an account as read; they replace those read before on the same Indian date.
    HoldingsRead {
        /// The account.
        account: AccountId,
        /// The Indian date they are kept under.
        date: Date,
        /// Its holdings.
        holdings: Vec<HoldingRecord>,
    },
    /// The log-in of an account in force; it replaces the one before.
    SessionSeen(Box<SessionRecord>),
    /// The use of an account's windows; it replaces what was counted before.
    WindowsCounted {
        /// The account.
        account: AccountId,
        /// One count a window.
        counts: Vec<WindowCount>,
    },
}

/// What happened, by whom and why, for the audit log. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: `api`, `desk`, `operator:<name>`.
    pub actor: String,
    /// What: `order.received`, `attempt.intended`, `attempt.unknown`, ...
    pub event: String,
    /// About which order, account or file.
    pub subject: String,
    /// The particulars, as JSON text.
    pub detail: String,
}

/// Which orders to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// Only those received on or after this instant.
    pub since: Option<Timestamp>,
    /// Only those not in a terminal state.
    pub open_only: bool,
    /// At most so many, newest first; `None` for all.
    pub limit: Option<u32>,
}

/// Why the ledger refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The client order id is used; the order that has it.
    #[error("client_order_id {client_order_id} is already used by order {existing}")]
    DuplicateClientOrderId {
        /// The key.
        client_order_id: ClientOrderId,
        /// The order that has it.
        existing: OrderNumber,
    },
    /// The tag is used.
    #[error("tag {tag} is already used")]
    DuplicateTag {
        /// The tag.
        tag: Tag,
    },
    /// Something is not in the state a change expects: another change came first.
    #[error("{subject} is not in state {expected}")]
    Conflict {
        /// What.
        subject: String,
        /// The state the change expected.
        expected: String,
    },
    /// The move is not listed.
    #[error("{subject} cannot go from {from} to {to}")]
    IllegalMove {
        /// What.
        subject: String,
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// A change speaks of something the ledger does not hold.
    #[error("{subject} is not in the ledger")]
    Missing {
        /// What.
        subject: String,
    },
    /// An attempt may not be made. Nothing was written.
    #[error("order {order} may not be sent: {why}")]
    IntentRefused {
        /// The order.
        order: OrderUid,
        /// Why.
        why: IntentRefusal,
    },
    /// Something was written before under the same id.
    #[error("{subject} is already in the ledger")]
    AlreadyThere {
        /// What.
        subject: String,
    },
    /// Somebody else holds the lease of a group.
    #[error(
        "group {group} is led by {holder} until {until}: stop that gateway, or wait until its lease has ended"
    )]
    LeaseHeld {
        /// The group.
        group: GroupId,
        /// Who holds it.
        holder: String,
        /// Until when, unless it is renewed.
        until: Timestamp,
    },
    /// The lease a commit was made under is no longer the newest of its group. Nothing was written.
    #[error(
        "the lease of group {group} was taken by another gateway (epoch {newest} after our {ours}): this one has stopped \
         trading for it; start it again when the other has ended"
    )]
    Fenced {
        /// The group.
        group: GroupId,
        /// The epoch of the commit.
        ours: u64,
        /// The newest epoch; nought if the group has none.
        newest: u64,
    },
    /// A new order or attempt is dated well before the newest entry of the books. Nothing was written.
    #[error(
        "the clock says {at}, the newest entry of the books is of {newest}: set the clock; if that entry's time was wrong, \
         `sangam ledger accept-clock --reason ...`"
    )]
    ClockBehind {
        /// The time of the refused change.
        at: Timestamp,
        /// The time of the newest entry.
        newest: Timestamp,
    },
    /// An amount that follows from a change does not fit the books. Nothing was written.
    #[error("{subject} does not fit the books: {what}")]
    OutOfRange {
        /// What.
        subject: String,
        /// Which amount, and what is wrong with it.
        what: String,
    },
    /// The file was written by a newer version.
    #[error(
        "the ledger has schema {found}, this version knows up to {known}; use the newer sangam that wrote it"
    )]
    NewerSchema {
        /// In the file.
        found: i64,
        /// Known here.
        known: i64,
    },
    /// A row does not read back as what was written.
    #[error("ledger row {subject} is damaged: {what}")]
    Damaged {
        /// Which row.
        subject: String,
        /// What is wrong.
        what: String,
    },
    /// The store could not be opened, or refused or failed before anything was committed: nothing was written.
    #[error("ledger: {what}")]
    NotWritten {
        /// What was being done, and what to do.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store failed. Whether a commit took effect is not known.
    #[error("ledger: {what}")]
    Store {
        /// What was being done, and what to do.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The books of record.
///
/// An implementation owes: `commit` is all or nothing and durable when it returns; changes of one commit are applied in
/// order; an error of kind `Store` means the outcome is unknown, every other error means nothing was written; reads see
/// every commit that returned before they began.
///
/// A commit under a lease is refused with [`LedgerError::Fenced`] once the group's lease was taken anew, decided in the
/// transaction that would have written.
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// Writes changes and their audit entry. Answers the number of the order the first `Received` change made.
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError>;

    /// Writes changes and their audit entry if the lease is still the newest of its group.
    async fn commit_under(
        &self,
        lease: &Lease,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError>;

    /// Takes the lease of a group for so long, with a new epoch. Refused with [`LedgerError::LeaseHeld`] while another
    /// holder's runs; the same holder may take it at any time. `audit` is kept as its entry.
    async fn take_lease(
        &self,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError>;

    /// Makes a lease last so long from now. Refused with [`LedgerError::Fenced`] when it was taken anew.
    async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError>;

    /// One order by id.
    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError>;

    /// One order by number.
    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError>;

    /// One order by the owner's key.
    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError>;

    /// One order by the broker's number.
    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError>;

    /// Orders, newest first.
    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError>;

    /// The attempts of an order, first first.
    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError>;

    /// The attempts of all orders received on or after an instant, by order and attempt.
    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError>;

    /// The attempt with a tag.
    async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError>;

    /// Attempts that are neither acknowledged nor certainly not placed, oldest first.
    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError>;

    /// Fills of an Indian date, oldest first; those without a time last, as they came.
    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError>;

    /// Fills of one order, oldest first; those without a time last, as they came.
    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError>;

    /// Positions as last read.
    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError>;

    /// Holdings as last read, those of each account's newest date.
    async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError>;

    /// The log-ins last seen, one an account.
    async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError>;

    /// The use of windows last counted.
    async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError>;

    /// What stops new orders, in the order of their ids.
    async fn stops(&self) -> Result<Vec<Stop>, LedgerError>;

    /// The newest lease of each group, in force or not.
    async fn leases(&self) -> Result<Vec<Lease>, LedgerError>;

    /// Audit entries of these events on an Indian date, oldest first.
    async fn audit_of_events(
        &self,
        date: Date,
        events: &[&'static str],
    ) -> Result<Vec<AuditEntry>, LedgerError>;

    /// Audit entries about a subject, oldest first.
    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError>;
}
