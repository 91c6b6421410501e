//! Every ledger against the one suite of core's port.

use sangam_storage::{MemoryLedger, SqlLedger};
use sangam_testkit::ledger_conformance;
#[cfg(feature = "postgres")]
use {sangam_storage::PostgresSettings, sangam_testkit::PostgresServer};

#[tokio::test]
async fn memory_keeps_the_port() {
    ledger_conformance(async || MemoryLedger::new()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_port() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut made = 0;
    ledger_conformance(async || {
        made += 1;
        let path = folder.path().join(format!("{made}.db"));
        SqlLedger::open(path).await.expect("opens")
    })
    .await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_keeps_the_port() {
    ledger_conformance(async || {
        let database = PostgresServer::shared().database();
        let settings = PostgresSettings::of_url(database.url()).expect("an address");
        SqlLedger::connect(settings).await.expect("opens")
    })
    .await;
}
