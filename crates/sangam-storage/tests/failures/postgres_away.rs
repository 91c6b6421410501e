//! A server that is away, killed or frozen: each commit is told right, and the books go on by themselves when it is back.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam_core::OrderUid;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_storage::SqlLedger;
use sangam_testkit::{PostgresServer, samples};
use sqlx::Connection as _;

use crate::postgres::{by_hand, check, connect, settings, silent};
use crate::support::{big_order, verified};

/// Longest that anything here may take.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_server_that_is_away_is_named_and_found_again() {
    let mut server = PostgresServer::start();
    let url = server.url();
    let place = settings(&url).name();
    server.kill();
    let error = SqlLedger::connect(settings(&url))
        .await
        .map(drop)
        .expect_err("away");
    check(&error, &place, "check that the server runs");
    server.restart();
    connect(&url).await.close().await;
}

#[tokio::test]
async fn a_server_killed_between_commits_is_found_again() {
    let mut server = PostgresServer::start();
    let url = server.url();
    let place = settings(&url).name();
    let ledger = connect(&url).await;
    let audit = samples::audit("a", "b");
    ledger.commit(&[big_order(1)], &audit).await.expect("commits");
    ledger.order(samples::uid(1)).await.expect("reads");

    server.kill();
    let error = ledger.commit(&[big_order(2)], &audit).await.expect_err("away");
    check(&error, &place, "check that the server runs");
    let error = ledger.order(samples::uid(1)).await.expect_err("away");
    assert!(matches!(error, LedgerError::Store { .. }), "{error:?}");
    assert!(error.to_string().contains(&place), "{error}");
    silent(&error);

    server.restart();
    let found = ledger.order(samples::uid(1)).await.expect("reads again");
    assert!(found.is_some());
    ledger
        .commit(&[big_order(2)], &audit)
        .await
        .expect("commits again");

    // Nobody asked anything while it was away: nobody notices.
    server.kill();
    server.restart();
    ledger.order(samples::uid(2)).await.expect("reads again");
    ledger
        .commit(&[big_order(3)], &audit)
        .await
        .expect("commits again");
    server.stop();
    server.restart();
    verified(&ledger).await.expect("reads again");
    ledger
        .commit(&[big_order(4)], &audit)
        .await
        .expect("commits again");
    assert_eq!(verified(&ledger).await, Ok(4));
}

/// The commit waits inside its transaction for a lock when the server goes: certainly nothing was written.
#[tokio::test]
async fn a_server_killed_within_a_transaction_wrote_nothing() {
    let mut server = PostgresServer::start();
    let url = server.url();
    let ledger = Arc::new(connect(&url).await);
    let audit = samples::audit("a", "b");
    let mut other = by_hand(&url).await;
    let mut lock = other.begin().await.expect("begins");
    sqlx::query("select * from audit_head for update")
        .execute(&mut *lock)
        .await
        .expect("locks");
    let commit = {
        let (ledger, audit) = (Arc::clone(&ledger), audit.clone());
        tokio::spawn(async move { ledger.commit(&[big_order(1)], &audit).await })
    };
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'sangam'";
    let waits = async {
        while server.sql(waiting) != "1" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, waits).await.expect("it waits");
    server.kill();
    let error = commit.await.expect("no panic").expect_err("away");
    check(&error, &settings(&url).name(), "check that the server runs");
    server.restart();
    assert_eq!(ledger.order(samples::uid(1)).await.expect("reads"), None);
    ledger.commit(&[big_order(1)], &audit).await.expect("commits");
    assert_eq!(verified(&ledger).await, Ok(1));
}

fn order(seed: u64) -> Change {
    Change::Received(Box::new(OrderRecord {
        uid: OrderUid::new(seed, &[0; 10]),
        ..samples::order_record(1)
    }))
}

/// Killed while many commits are under way, again and again: what was answered is true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_makes_no_answer_wrong() {
    let mut server = PostgresServer::start();
    let ledger = Arc::new(connect(&server.url()).await);
    let (mut kept, mut lost, mut unknown) = (Vec::new(), Vec::new(), 0);
    for round in 0..5_u64 {
        let told = Arc::new(tokio::sync::Semaphore::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8_u64 {
            let (ledger, told) = (Arc::clone(&ledger), Arc::clone(&told));
            tasks.spawn(async move {
                let mut answers = Vec::new();
                for n in 0.. {
                    let seed = round * 1_000_000 + task * 10_000 + n;
                    let answer = ledger.commit(&[order(seed)], &samples::audit("a", "b")).await;
                    told.add_permits(1);
                    let failed = answer.is_err();
                    answers.push((seed, answer));
                    if failed {
                        break;
                    }
                }
                answers
            });
        }
        let enough = u32::try_from(20 + round * 17).expect("few");
        told.acquire_many(enough).await.expect("open").forget();
        server.kill();
        for (seed, answer) in tasks.join_all().await.into_iter().flatten() {
            match answer {
                Ok(_) => kept.push(seed),
                Err(LedgerError::NotWritten { .. }) => lost.push(seed),
                Err(error @ LedgerError::Store { .. }) => {
                    silent(&error);
                    unknown += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        server.restart();
    }
    for (seeds, there) in [(&kept, true), (&lost, false)] {
        for seed in seeds {
            let found = ledger.order(OrderUid::new(*seed, &[0; 10])).await.expect("reads");
            assert_eq!(found.is_some(), there, "order {seed}");
        }
    }
    assert!(
        kept.len() > 100 && lost.len() + unknown == 40,
        "{} {} {unknown}",
        kept.len(),
        lost.len()
    );
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    assert!((kept.len()..=kept.len() + unknown).contains(&orders.len()));
    assert_eq!(verified(&ledger).await, Ok(orders.len() as u64));
}

/// A server that answers nothing costs a group its patience a few times, not once a commit; and it is found again.
#[tokio::test]
async fn a_frozen_server_is_given_up_and_found_again() {
    let mut server = PostgresServer::start();
    let mut impatient = settings(&server.url());
    impatient.patience = Duration::from_millis(700);
    let place = impatient.name();
    let ledger = SqlLedger::connect(impatient).await.expect("opens");
    let audit = samples::audit("a", "b");
    ledger.commit(&[big_order(200)], &audit).await.expect("commits");
    ledger.order(samples::uid(200)).await.expect("reads");

    server.freeze();
    let changes: Vec<_> = (1..=60).map(|seed| [big_order(seed)]).collect();
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    let answers = tokio::time::timeout(Duration::from_secs(15), commits).await;
    let mut unknown = 0;
    for answer in answers.expect("not once a commit") {
        match answer.expect_err("frozen") {
            error @ LedgerError::NotWritten { .. } => check(&error, &place, "check that the server runs"),
            error @ LedgerError::Store { .. } => {
                silent(&error);
                unknown += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(unknown, 0, "it was frozen before any commit");
    let read = tokio::time::timeout(Duration::from_secs(15), ledger.order(samples::uid(200))).await;
    read.expect("given up").expect_err("frozen");

    server.thaw();
    assert_eq!(ledger.order(samples::uid(1)).await.expect("reads again"), None);
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    for answer in commits.await {
        answer.expect("commits again");
    }
    assert_eq!(verified(&ledger).await, Ok(61));
}
