//! The port to the books of record. A change of state and its audit entry are committed together or not at all.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::amount::{Price, Quantity};
use crate::book::{Fill, Position};
use crate::broker::BrokerName;
use crate::ids::{
    AccountId, AttemptNo, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Tag,
};
use crate::lifecycle::{AttemptState, OrderState};
use crate::order::OrderRequest;
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

/// One change of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new order. Refused when its owner already used the client order id.
    Received(Box<OrderRecord>),
    /// An attempt about to be sent. Durable before the first byte leaves.
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
    /// Something was written before under the same id.
    #[error("{subject} is already in the ledger")]
    AlreadyThere {
        /// What.
        subject: String,
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
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// Writes changes and their audit entry. Answers the number of the order the first `Received` change made.
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError>;

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

    /// Attempts that are neither acknowledged nor certainly not placed, oldest first.
    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError>;

    /// Fills of an Indian date, oldest first; those without a time last, as they came.
    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError>;

    /// Fills of one order, oldest first; those without a time last, as they came.
    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError>;

    /// Positions as last read.
    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError>;

    /// Audit entries about a subject, oldest first.
    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError>;
}
