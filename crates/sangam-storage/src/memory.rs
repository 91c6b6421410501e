//! The ledger's twin in memory: the same answers as the file, for tests under paused time and for programs that keep no
//! books. It survives nothing, and shares no statement with the file, so that each checks the other.

mod books;
mod undo;

use async_trait::async_trait;
use parking_lot::Mutex;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, Ledger, LedgerError, OrderFilter, OrderRecord,
    PositionRecord,
};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, AttemptState, BrokerOrderId, ClientOrderId, OrderNumber, OrderUid, OwnerId};

use books::Books;
use undo::Undo;

/// The books of record in memory, gone with the process.
///
/// ```
/// use sangam_core::ports::{Ledger, OrderFilter};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), sangam_core::ports::LedgerError> {
/// let ledger = sangam_storage::MemoryLedger::new();
/// assert!(ledger.orders(&OrderFilter::default()).await?.is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct MemoryLedger {
    books: Mutex<Books>,
}

impl MemoryLedger {
    /// Empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        let mut books = self.books.lock();
        let mut undo = Vec::new();
        match apply(&mut books, changes, &mut undo) {
            Ok(number) => {
                books.audit.push(audit.clone());
                Ok(number)
            }
            Err(error) => {
                undo.into_iter().rev().for_each(|step| step.take(&mut books));
                Err(error)
            }
        }
    }

    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError> {
        Ok(self.books.lock().order(uid).cloned())
    }

    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError> {
        Ok(self.books.lock().orders.get(&number).cloned())
    }

    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        let books = self.books.lock();
        let key = (owner.clone(), client_order_id.clone());
        let number = books.by_client_id.get(&key);
        Ok(number.and_then(|number| books.orders.get(number)).cloned())
    }

    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        let books = self.books.lock();
        let newest = books.orders.values().rev().find(|order| {
            order.account.as_ref() == Some(account) && order.broker_order_id.as_ref() == Some(broker_order_id)
        });
        Ok(newest.cloned())
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError> {
        let most = filter
            .limit
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let books = self.books.lock();
        let wanted = books.orders.values().rev().filter(|order| {
            filter.since.is_none_or(|since| order.created_at >= since)
                && !(filter.open_only && order.state.is_terminal())
        });
        Ok(wanted.take(most).cloned().collect())
    }

    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError> {
        let books = self.books.lock();
        let mut of_order: Vec<_> = books
            .attempts
            .iter()
            .filter(|a| a.order == uid)
            .cloned()
            .collect();
        of_order.sort_by_key(|attempt| attempt.no);
        Ok(of_order)
    }

    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError> {
        use AttemptState as A;
        let open = |attempt: &&AttemptRecord| {
            matches!(attempt.state, A::Intent | A::Unknown { .. } | A::Parked { .. })
        };
        Ok(self.books.lock().attempts.iter().filter(open).cloned().collect())
    }

    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError> {
        Ok(self.fills_where(|record| record.trading_date == trading_date))
    }

    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError> {
        Ok(self.fills_where(|record| record.order == Some(uid)))
    }

    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError> {
        Ok(self.books.lock().positions.values().flatten().cloned().collect())
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        let books = self.books.lock();
        Ok(books
            .audit
            .iter()
            .filter(|entry| entry.subject == subject)
            .cloned()
            .collect())
    }
}

impl MemoryLedger {
    fn fills_where(&self, wanted: impl Fn(&FillRecord) -> bool) -> Vec<FillRecord> {
        let books = self.books.lock();
        let mut found: Vec<_> = books
            .fills
            .iter()
            .filter(|record| wanted(record))
            .cloned()
            .collect();
        found.sort_by_key(|record| (record.fill.at.is_none(), record.fill.at));
        found
    }
}

fn apply(
    books: &mut Books,
    changes: &[Change],
    undo: &mut Vec<Undo>,
) -> Result<Option<OrderNumber>, LedgerError> {
    let mut first = None;
    for change in changes {
        match change {
            Change::Received(order) => {
                let number = books.receive(order, undo)?;
                first = first.or(Some(number));
            }
            Change::Intended(attempt) => books.intend(attempt, undo)?,
            Change::AttemptMoved {
                order,
                no,
                from,
                to,
                at,
            } => books.move_attempt((*order, *no), from, to, *at, undo)?,
            Change::OrderMoved(moved) => books.move_order(moved, undo)?,
            Change::Filled(record) => books.fill(record, undo)?,
            Change::PositionsRead { account, positions } => books.read_positions(account, positions, undo)?,
        }
    }
    Ok(first)
}
