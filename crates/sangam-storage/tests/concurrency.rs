//! Many hands on one file, from tasks on several threads and from two openings at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use sangam_core::OrderUid;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;
use tokio::task::JoinSet;

fn order(seed: u64, key: Option<&str>) -> Change {
    Change::Received(Box::new(OrderRecord {
        uid: OrderUid::new(seed, &[0; 10]),
        client_order_id: key.map(|key| key.parse().expect("a key")),
        ..samples::order_record(1)
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_openings_of_one_file_take_a_key_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let one = Arc::new(SqlLedger::open(&path).await.expect("opens"));
    let two = Arc::new(SqlLedger::open(&path).await.expect("opens"));
    for round in 0..10 {
        let key = format!("key-{round}");
        let mut tries = JoinSet::new();
        for (place, ledger) in [&one, &two, &one, &two].into_iter().enumerate() {
            let seed = round * 10 + u64::try_from(place).expect("a place");
            let (ledger, change) = (ledger.clone(), order(seed, Some(&key)));
            tries.spawn(async move { ledger.commit(&[change], &samples::audit("a", "b")).await });
        }
        let answers = tries.join_all().await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        let lost = answers.iter().flat_map(|answer| answer.as_ref().err());
        for error in lost {
            assert!(
                matches!(error, LedgerError::DuplicateClientOrderId { .. }),
                "{error:?}"
            );
        }
    }
    assert_eq!(one.audit_of("b").await.expect("reads").len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_what_was_answered_before_they_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = SqlLedger::open(folder.path().join("books.db"))
        .await
        .expect("opens");
    let ledger = Arc::new(ledger);
    let mut tasks = JoinSet::new();
    for seed in 0..64 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let number = ledger
                .commit(&[order(seed, None)], &samples::audit("a", "b"))
                .await
                .expect("commits")
                .expect("a number");
            let found = ledger.order_by_number(number).await.expect("reads");
            assert_eq!(found.map(|order| order.uid), Some(OrderUid::new(seed, &[0; 10])));
            number
        });
    }
    let numbers: BTreeSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(numbers.len(), 64);
}

/// The writer finishes what it was given: a caller that goes away at any moment leaves a whole commit or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_go_away_leave_nothing_half_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = SqlLedger::open(folder.path().join("books.db"))
        .await
        .expect("opens");
    let ledger = Arc::new(ledger);
    for seed in 0..50 {
        let ledger = ledger.clone();
        let caller = tokio::spawn(async move {
            let both = [order(seed, None), order(1000 + seed, None)];
            ledger.commit(&both, &samples::audit("a", "b")).await.map(drop)
        });
        tokio::task::yield_now().await;
        caller.abort();
        drop(caller.await);
    }
    ledger
        .commit(&[], &samples::audit("last", "b"))
        .await
        .expect("the writer goes on");
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    let entries = ledger.audit_of("b").await.expect("reads");
    assert_eq!(orders.len(), 2 * (entries.len() - 1));
}
