//! The ledger in a database: one at a time writes, a small pool reads, and reading never waits for writing.
//!
//! What may be written is decided by the rules of `crate::rules` on rows read inside the transaction that writes, so it
//! holds whoever else writes to the same books.

mod ask;
mod audit;
mod backup;
mod books;
mod catch_up;
mod cells;
mod columns;
mod copy;
mod dialect;
mod encode;
mod failure;
mod load;
mod migrations;
mod op;
mod persist;
mod portfolio;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod readers;
mod rebuild;
mod row;
mod session;
mod sqlite;
mod status;
mod store;
mod tables;
mod upgrade;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderRecord, PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{AccountId, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Tag};

use crate::cost::CostMethod;
use crate::rules::{Working, keepable};
pub use audit::{AuditError, AuditFilter, AuditProgress};
pub use backup::{put_in_place, remove_file};
pub use copy::{Copied, CopyStep};
use failure::{Fault, Place};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresSettings, PostgresUrlError};
use readers::Readers;
pub use rebuild::Rebuilt;
pub use sqlite::SqliteSettings;
pub use status::BooksStatus;
use store::{Kind, Store};
use writer::{Work, WriterHandle};

/// The books of record in one SQLite file (with its `-wal` and `-shm` beside it while open), or in a PostgreSQL database.
///
/// Every commit is synced to the disk before it returns. Commits made at the same time share a sync. A caller that stops
/// waiting cancels nothing: the writer finishes what it was given.
#[derive(Debug)]
pub struct SqlLedger {
    store: Arc<Store>,
    writer: WriterHandle,
    readers: Arc<Readers>,
    method: CostMethod,
    remembered: tokio::sync::Mutex<portfolio::Remembered>,
}

impl SqlLedger {
    /// Opens the ledger of a path with the usual settings; makes folder and file where there are none.
    ///
    /// The writer lives on the Tokio runtime this is called from.
    ///
    /// # Errors
    /// [`LedgerError::NewerSchema`] for a file of a newer version, [`LedgerError::NotWritten`] when the file is no ledger,
    /// or folder or file cannot be made, read or written; the text names the path and what to do.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        Self::open_with(path, &SqliteSettings::default()).await
    }

    /// Opens the ledger of a path with settings of your own.
    ///
    /// # Errors
    /// As [`SqlLedger::open`].
    pub async fn open_with(path: impl AsRef<Path>, settings: &SqliteSettings) -> Result<Self, LedgerError> {
        let path = path.as_ref().to_path_buf();
        let store = Store {
            place: Place::File(path.clone()),
            kind: Kind::Sqlite(path, settings.clone()),
        };
        Self::of(store, settings.cost_method).await
    }

    /// Opens the ledger in a PostgreSQL database; makes its tables where there are none.
    ///
    /// # Errors
    /// As [`SqlLedger::open`]; also when the server cannot be reached, refuses the log-in, or does not sync its commits.
    #[cfg(feature = "postgres")]
    pub async fn connect(settings: PostgresSettings) -> Result<Self, LedgerError> {
        let method = settings.cost_method;
        let server = postgres::Server::of(settings);
        let store = Store {
            place: Place::Server(server.name()),
            kind: Kind::Postgres(Box::new(server)),
        };
        Self::of(store, method).await
    }

    async fn of(store: Store, method: Option<CostMethod>) -> Result<Self, LedgerError> {
        let store = Arc::new(store);
        let mut session = store.writer().await?;
        let method = match upgrade::finish(&mut *session, method).await {
            Ok(method) => method,
            Err(fault) => {
                // Whoever is told so finds the place free.
                if let Err(error) = session.close().await {
                    tracing::debug!(ledger = %store.place, %error, "closing a ledger that did not open failed");
                }
                return Err(fault.before_commit("opening", &store.place));
            }
        };
        Ok(Self {
            readers: Arc::new(Readers::new(Arc::clone(&store))),
            writer: WriterHandle::start(Arc::clone(&store), session, Working::new(method)),
            store,
            method,
            remembered: tokio::sync::Mutex::default(),
        })
    }

    /// Where the books are: a path, or the address of a database without its password.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.place.to_string()
    }

    /// How profit is told from cost in these books.
    #[must_use]
    pub fn cost_method(&self) -> CostMethod {
        self.method
    }

    /// Finishes the commits under way and closes the books; commits that come later are refused.
    ///
    /// Not calling it loses nothing: the next opening finds every commit that returned.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    fn told<T>(&self, answer: Result<T, Fault>) -> Result<T, LedgerError> {
        answer.map_err(|fault| fault.while_reading(&self.store.place))
    }
}

#[async_trait]
impl Ledger for SqlLedger {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.writer.commit(None, keepable(changes), audit.clone()).await
    }

    async fn commit_under(
        &self,
        lease: &Lease,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.writer
            .commit(Some(lease.clone()), keepable(changes), audit.clone())
            .await
    }

    async fn take_lease(
        &self,
        group: &GroupId,
        holder: &str,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError> {
        self.writer
            .ask(|answer| Work::TakeLease {
                group: group.clone(),
                holder: holder.to_owned(),
                lasting,
                audit: audit.clone(),
                answer,
            })
            .await
    }

    async fn renew_lease(&self, lease: &Lease, lasting: Duration) -> Result<Lease, LedgerError> {
        self.writer
            .ask(|answer| Work::RenewLease {
                lease: lease.clone(),
                lasting,
                answer,
            })
            .await
    }

    async fn order(&self, uid: OrderUid) -> Result<Option<OrderRecord>, LedgerError> {
        self.told(read::order(&self.readers, uid).await)
    }

    async fn order_by_number(&self, number: OrderNumber) -> Result<Option<OrderRecord>, LedgerError> {
        self.told(read::order_by_number(&self.readers, number).await)
    }

    async fn order_by_client_id(
        &self,
        owner: &OwnerId,
        client_order_id: &ClientOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.told(read::order_by_client_id(&self.readers, owner, client_order_id).await)
    }

    async fn order_by_broker_id(
        &self,
        account: &AccountId,
        broker_order_id: &BrokerOrderId,
    ) -> Result<Option<OrderRecord>, LedgerError> {
        self.told(read::order_by_broker_id(&self.readers, account, broker_order_id).await)
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, LedgerError> {
        self.told(read::orders(&self.readers, filter).await)
    }

    async fn attempts(&self, uid: OrderUid) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.told(read::attempts(&self.readers, uid).await)
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.told(read::attempts_since(&self.readers, since).await)
    }

    async fn attempt_by_tag(&self, tag: &Tag) -> Result<Option<AttemptRecord>, LedgerError> {
        self.told(read::attempt_by_tag(&self.readers, tag).await)
    }

    async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, LedgerError> {
        self.told(read::open_attempts(&self.readers).await)
    }

    async fn fills(&self, trading_date: Date) -> Result<Vec<FillRecord>, LedgerError> {
        self.told(read::fills(&self.readers, trading_date).await)
    }

    async fn fills_of(&self, uid: OrderUid) -> Result<Vec<FillRecord>, LedgerError> {
        self.told(read::fills_of(&self.readers, uid).await)
    }

    async fn positions(&self) -> Result<Vec<PositionRecord>, LedgerError> {
        self.told(read::positions(&self.readers).await)
    }

    async fn holdings(&self) -> Result<Vec<HoldingRecord>, LedgerError> {
        self.told(read::holdings(&self.readers).await)
    }

    async fn sessions(&self) -> Result<Vec<SessionRecord>, LedgerError> {
        self.told(read::sessions(&self.readers).await)
    }

    async fn window_counts(&self) -> Result<Vec<WindowCount>, LedgerError> {
        self.told(read::window_counts(&self.readers).await)
    }

    async fn stops(&self) -> Result<Vec<Stop>, LedgerError> {
        self.told(read::stops(&self.readers).await)
    }

    async fn leases(&self) -> Result<Vec<Lease>, LedgerError> {
        self.told(read::leases(&self.readers).await)
    }

    async fn audit_of_events(
        &self,
        date: Date,
        events: &[&'static str],
    ) -> Result<Vec<AuditEntry>, LedgerError> {
        self.told(read::audit_of_events(&self.readers, date, events).await)
    }

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        self.told(read::audit_of(&self.readers, subject).await)
    }
}
