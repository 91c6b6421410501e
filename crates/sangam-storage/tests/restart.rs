//! What the file keeps when the program ends, well or badly.

use sangam_core::ports::{Change, Ledger, OrderFilter, OrderRecord};
use sangam_core::{AttemptState, OrderState};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;

/// Writes one of everything.
async fn write_a_day(ledger: &SqlLedger) {
    let order = OrderRecord {
        client_order_id: Some("key-1".parse().expect("a key")),
        ..samples::order_record(1)
    };
    let position = samples::position_record("fyers-1", 4);
    let steps = [
        Change::Received(Box::new(order)),
        Change::Intended(Box::new(samples::attempt_record(1))),
        Change::AttemptMoved {
            order: samples::uid(1),
            no: sangam_core::AttemptNo::FIRST,
            from: "intent",
            to: AttemptState::Unknown {
                reason: "timeout".to_owned(),
            },
            at: samples::morning(),
        },
        Change::OrderMoved(Box::new(samples::order_moved(
            1,
            OrderState::Received,
            OrderState::Validated,
        ))),
        Change::Filled(Box::new(samples::fill_record("808", "t1"))),
        Change::PositionsRead {
            account: position.account.clone(),
            positions: vec![position],
        },
    ];
    for step in steps {
        let audit = samples::audit("a.step", "order 1");
        ledger.commit(&[step], &audit).await.expect("commits");
    }
}

async fn everything(ledger: &SqlLedger) -> String {
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    let attempts = ledger.open_attempts().await.expect("reads");
    let day = samples::fill_record("808", "t1").trading_date;
    let fills = ledger.fills(day).await.expect("reads");
    let positions = ledger.positions().await.expect("reads");
    let audit = ledger.audit_of("order 1").await.expect("reads");
    assert_eq!(
        (
            orders.len(),
            attempts.len(),
            fills.len(),
            positions.len(),
            audit.len()
        ),
        (1, 1, 1, 1, 6)
    );
    format!("{orders:#?} {attempts:#?} {fills:#?} {positions:#?} {audit:#?}")
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    write_a_day(&ledger).await;
    let before = everything(&ledger).await;
    ledger.close().await;

    let refused = ledger.commit(&[], &samples::audit("late", "late")).await;
    assert!(refused.expect_err("closed").to_string().contains("open it again"));

    let again = SqlLedger::open(&path).await.expect("opens again");
    assert_eq!(everything(&again).await, before);
    let next = Change::Received(Box::new(samples::order_record(2)));
    let number = again
        .commit(&[next], &samples::audit("a", "b"))
        .await
        .expect("commits");
    assert_eq!(number.map(|n| n.to_string()), Some("2611230000002".to_owned()));
}

/// A copy of the files while the ledger is open is what a machine finds after its power failed.
#[tokio::test]
async fn a_power_failure_keeps_what_was_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    write_a_day(&ledger).await;

    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).expect("copies");
    std::fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).expect("copies");
    let found = SqlLedger::open(&copy).await.expect("opens");
    assert_eq!(everything(&found).await, everything(&ledger).await);
}

#[tokio::test]
async fn a_dropped_ledger_leaves_the_file_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep").join("folder").join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("makes the folder");
    write_a_day(&ledger).await;
    drop(ledger);
    let again = SqlLedger::open(&path).await.expect("opens");
    everything(&again).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "books are nobody else's business");
    }
}
