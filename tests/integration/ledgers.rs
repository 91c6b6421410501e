//! Each kind of books, empty, and opened again as after a restart.

use sangam_core::ports::{Change, Ledger};
use sangam_core::{AccountId, BrokerName};
use sangam_storage::{KeptPosition, MemoryLedger, PortfolioBooks, PostgresSettings, SqlLedger};
use sangam_testkit::{PostgresDatabase, PostgresServer, samples};
use tempfile::TempDir;

/// Books with where they are kept.
pub(crate) enum Books {
    Memory(Box<MemoryLedger>),
    Sqlite(SqlLedger, TempDir),
    Postgres(SqlLedger, PostgresDatabase),
}

impl Books {
    /// New books of each kind.
    pub(crate) async fn of_each_kind() -> [Self; 3] {
        let folder = tempfile::tempdir().expect("a folder");
        let database = PostgresServer::shared().database();
        [
            Self::Memory(Box::new(MemoryLedger::new())),
            Self::Sqlite(in_file(&folder).await, folder),
            Self::Postgres(in_database(&database).await, database),
        ]
    }

    pub(crate) fn ledger(&self) -> &dyn Ledger {
        match self {
            Self::Memory(ledger) => ledger.as_ref(),
            Self::Sqlite(ledger, _) | Self::Postgres(ledger, _) => ledger,
        }
    }

    /// Commits changes, one entry of the audit log for all.
    pub(crate) async fn write(&self, changes: &[Change]) {
        let audit = samples::audit("books.read", "test");
        self.ledger().commit(changes, &audit).await.expect("commits");
    }

    pub(crate) async fn portfolio_books(&self, accounts: &[(AccountId, BrokerName)]) -> PortfolioBooks {
        match self {
            Self::Memory(ledger) => ledger.portfolio_books(accounts),
            Self::Sqlite(ledger, _) | Self::Postgres(ledger, _) => {
                let books = ledger.portfolio_books(accounts).await.expect("reads");
                PortfolioBooks::clone(&books)
            }
        }
    }

    /// The positions kept from fills, after it was proved that they follow from these fills.
    pub(crate) async fn kept(&self) -> Vec<KeptPosition> {
        match self {
            Self::Memory(ledger) => ledger.kept_positions(),
            Self::Sqlite(ledger, _) | Self::Postgres(ledger, _) => {
                let checked = ledger.check_positions().await.expect("reads");
                assert_eq!(checked.differing, []);
                ledger.kept_positions().await.expect("reads")
            }
        }
    }

    /// Closes the books and opens them again; those in memory have nowhere to be opened from.
    pub(crate) async fn opened_again(self) -> Self {
        match self {
            Self::Memory(_) => self,
            Self::Sqlite(ledger, folder) => {
                ledger.close().await;
                Self::Sqlite(in_file(&folder).await, folder)
            }
            Self::Postgres(ledger, database) => {
                ledger.close().await;
                Self::Postgres(in_database(&database).await, database)
            }
        }
    }
}

async fn in_file(folder: &TempDir) -> SqlLedger {
    let path = folder.path().join("books.db");
    SqlLedger::open(path).await.expect("opens")
}

async fn in_database(database: &PostgresDatabase) -> SqlLedger {
    let settings = PostgresSettings::of_url(database.url()).expect("an address");
    SqlLedger::connect(settings).await.expect("opens")
}
