//! Reads never wait for writers: another process holds a transaction open that wrote to every table there is, and everything
//! that can be asked is answered as of before it.

use std::time::Duration;

use sangam_core::ports::{Change, Ledger, OrderFilter};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;
use sqlx::{ConnectOptions as _, Connection as _};

/// What the open transaction does. None of it may be seen, or waited for.
const WRITES: [&str; 6] = [
    "update orders set message = 'not yet'",
    "update attempts set state = 'parked'",
    "update audit_head set sequence = sequence + 1",
    "delete from positions",
    "delete from kept_positions where fills < 0",
    "insert into settings (name, value) values ('open', 'open')",
];
/// Less than the five seconds for which a commit waits.
const SOON: Duration = Duration::from_secs(3);

async fn written(ledger: &SqlLedger) {
    let position = samples::position_record("fyers-1", 4);
    let changes = [
        Change::Received(Box::new(samples::order_record(1))),
        Change::Intended(Box::new(samples::attempt_record(1))),
        Change::Filled(Box::new(samples::fill_record("808", "t1"))),
        Change::PositionsRead {
            account: position.account.clone(),
            positions: vec![position],
        },
    ];
    ledger
        .commit(&changes, &samples::audit("a", "b"))
        .await
        .expect("commits");
}

/// Asks everything, several times at once: more readers than connections.
async fn asked(ledger: &SqlLedger) {
    let once = async || {
        let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
        assert_eq!(orders.first().map(|order| order.message.clone()), Some(None));
        assert!(ledger.order(samples::uid(1)).await.expect("reads").is_some());
        let attempts = ledger.attempts(samples::uid(1)).await.expect("reads");
        assert_eq!(attempts, [samples::attempt_record(1)]);
        assert_eq!(ledger.open_attempts().await.expect("reads").len(), 1);
        let day = samples::fill_record("1", "1").trading_date;
        assert_eq!(ledger.fills(day).await.expect("reads").len(), 1);
        assert_eq!(ledger.positions().await.expect("reads").len(), 1);
        assert_eq!(ledger.kept_positions().await.expect("reads").len(), 1);
        assert_eq!(ledger.audit_of("b").await.expect("reads").len(), 1);
        assert_eq!(ledger.chain_head().await.expect("reads").sequence, 1);
        assert_eq!(ledger.leases().await.expect("reads"), []);
        let checked = ledger.check_positions().await.expect("reads");
        assert_eq!(checked.differing, []);
    };
    let all = futures::future::join_all((0..12).map(|_| once()));
    tokio::time::timeout(SOON, all).await.expect("reads do not wait");
}

#[tokio::test]
async fn reads_of_a_file_never_wait_for_a_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    written(&ledger).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut other = options.connect().await.expect("connects");
    let mut open = other.begin_with("begin immediate").await.expect("begins");
    for write in WRITES {
        sqlx::query(write).execute(&mut *open).await.expect(write);
    }
    asked(&ledger).await;
    // Books that are there already can be opened meanwhile, too.
    asked(&SqlLedger::open(&path).await.expect("opens")).await;
    open.rollback().await.expect("ends");
    ledger
        .commit(&[], &samples::audit("a", "c"))
        .await
        .expect("commits");
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn reads_of_a_database_never_wait_for_a_writer() {
    use sangam_storage::PostgresSettings;
    let database = sangam_testkit::PostgresServer::shared().database();
    let settings = PostgresSettings::of_url(database.url()).expect("an address");
    let ledger = SqlLedger::connect(settings.clone()).await.expect("opens");
    written(&ledger).await;
    let mut other = sqlx::PgConnection::connect(database.url())
        .await
        .expect("connects");
    let mut open = other.begin().await.expect("begins");
    for write in WRITES {
        sqlx::query(write).execute(&mut *open).await.expect(write);
    }
    asked(&ledger).await;
    asked(&SqlLedger::connect(settings).await.expect("opens")).await;
    open.rollback().await.expect("ends");
    ledger
        .commit(&[], &samples::audit("a", "c"))
        .await
        .expect("commits");
}

/// A read of one moment that takes long does not hold up commits either.
#[tokio::test]
async fn writers_never_wait_for_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    written(&ledger).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut reader = options.connect().await.expect("connects");
    let mut open = reader.begin().await.expect("begins");
    let count = "select count(*) from audit";
    let before: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *open)
        .await
        .expect("reads");
    let commits = async {
        for _ in 0..20 {
            ledger
                .commit(&[], &samples::audit("a", "b"))
                .await
                .expect("commits");
        }
    };
    tokio::time::timeout(SOON, commits)
        .await
        .expect("commits do not wait");
    let after: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *open)
        .await
        .expect("reads");
    assert_eq!((before, after), (1, 1), "one moment");
}
