//! Where the books of a test are.

use std::collections::BTreeMap;
use std::path::PathBuf;

#[cfg(feature = "postgres")]
use sangam_storage::PostgresSettings;
use sangam_storage::chain::Verified;
use sangam_storage::{AuditError, SqlLedger};
#[cfg(feature = "postgres")]
use sangam_testkit::{PostgresDatabase, PostgresServer};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

/// Books of their own, gone with the test.
pub(crate) enum Place {
    File(TempDir),
    #[cfg(feature = "postgres")]
    Server(PostgresDatabase),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().expect("a folder"))
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn server() -> Self {
        Self::Server(PostgresServer::shared().database())
    }

    /// One of each kind there is.
    pub(crate) fn each() -> Vec<Self> {
        vec![
            Self::file(),
            #[cfg(feature = "postgres")]
            Self::server(),
        ]
    }

    /// The file, if it is one.
    pub(crate) fn file_path(&self) -> Option<PathBuf> {
        match self {
            Self::File(folder) => Some(Self::path(folder)),
            #[cfg(feature = "postgres")]
            Self::Server(_) => None,
        }
    }

    fn path(folder: &TempDir) -> PathBuf {
        folder.path().join("ledger.sqlite")
    }

    pub(crate) async fn open(&self) -> SqlLedger {
        match self {
            Self::File(folder) => SqlLedger::open(Self::path(folder)).await.expect("opens"),
            #[cfg(feature = "postgres")]
            Self::Server(database) => {
                let settings = PostgresSettings::of_url(database.url()).expect("an address");
                SqlLedger::connect(settings).await.expect("opens")
            }
        }
    }

    /// The same books again, in a file of their own. Nobody may have them open.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::File(folder) => {
                let copy = tempfile::tempdir().expect("a folder");
                std::fs::copy(Self::path(folder), Self::path(&copy)).expect("copies");
                Self::File(copy)
            }
            #[cfg(feature = "postgres")]
            Self::Server(_) => unreachable!("only files are copied"),
        }
    }

    /// Bare SQL by somebody who may do everything, which is to remove the triggers first.
    pub(crate) async fn tamper(&self, statements: &str) {
        match self {
            Self::File(folder) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(Self::path(folder));
                let mut file = options.connect().await.expect("connects");
                let triggers = "drop trigger if exists audit_is_never_edited; drop trigger if exists audit_is_never_cut;";
                let all = format!("{triggers} {statements}");
                file.execute(sqlx::raw_sql(AssertSqlSafe(all)))
                    .await
                    .expect(statements);
                file.close().await.expect("closes");
            }
            #[cfg(feature = "postgres")]
            Self::Server(database) => {
                let options: sqlx::postgres::PgConnectOptions = database.url().parse().expect("an address");
                let mut server = options.connect().await.expect("connects");
                let all = format!("alter table audit disable trigger all; {statements}");
                server
                    .execute(sqlx::raw_sql(AssertSqlSafe(all)))
                    .await
                    .expect(statements);
                server.close().await.expect("closes");
            }
        }
    }

    /// What is found when the books are opened and verified.
    pub(crate) async fn verify(&self) -> Result<Verified, AuditError> {
        let ledger = self.open().await;
        let found = ledger.verify_chain(BTreeMap::new(), |_| {}).await;
        ledger.close().await;
        found
    }

    /// What is said about broken books.
    pub(crate) async fn said(&self) -> String {
        self.verify().await.expect_err("broken").to_string()
    }
}
