//! The ledger in one SQLite file: one task writes, a small pool reads, and reading never waits for writing.
//!
//! What may be written is decided by the statements of `apply` inside the transaction; this module only carries
//! requests to the writer and questions to the readers. It keeps no copy of the books in memory.

mod apply;
mod bind;
mod failure;
mod open;
mod read;
mod row;
mod schema;
mod settings;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, Ledger, LedgerError, OrderFilter, OrderRecord,
    PositionRecord,
};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BrokerOrderId, ClientOrderId, OrderNumber, OrderUid, OwnerId};
use sqlx::SqlitePool;

pub use settings::SqliteSettings;
use writer::WriterHandle;

/// The books of record in one SQLite file (with its `-wal` and `-shm` beside it while open).
///
/// Every commit is synced to the disk before it returns (write-ahead log, `synchronous=FULL`). A caller that stops
/// waiting cancels nothing: the writer finishes what it was given.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    writer: WriterHandle,
    readers: SqlitePool,
}

impl SqliteLedger {
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
    /// As [`SqliteLedger::open`].
    pub async fn open_with(path: impl AsRef<Path>, settings: &SqliteSettings) -> Result<Self, LedgerError> {
        let path = path.as_ref().to_path_buf();
        let connection = open::writer(&path, settings).await?;
        let readers = open::readers(&path, settings);
        let writer = WriterHandle::start(path.clone(), settings.clone(), connection);
        Ok(Self {
            path,
            writer,
            readers,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes the commits under way and closes the file; commits that come later are refused.
    ///
    /// Not calling it loses nothing: the next opening finds every commit that returned.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn commit(
        &self,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.writer.commit(changes.to_vec(), audit.clone()).await
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

    async fn audit_of(&self, subject: &str) -> Result<Vec<AuditEntry>, LedgerError> {
        self.told(read::audit_of(&self.readers, subject).await)
    }
}

impl SqliteLedger {
    fn told<T>(&self, answer: Result<T, failure::Fault>) -> Result<T, LedgerError> {
        answer.map_err(|fault| fault.while_reading(&self.path))
    }
}
