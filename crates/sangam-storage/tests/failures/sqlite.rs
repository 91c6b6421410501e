//! Files that cannot be opened or written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam_core::OrderState;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter};
use sangam_storage::{SqlLedger, SqliteSettings};
use sangam_testkit::samples;
use sqlx::Connection as _;

use crate::support::{big_order, check, raw, verified};

async fn refused(path: &Path) -> LedgerError {
    let opened = SqlLedger::open(path).await;
    opened.map(drop).expect_err("must not open")
}

#[tokio::test]
async fn paths_that_cannot_hold_a_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    std::fs::write(&file, "text").expect("writes");

    let inside_a_file = file.join("books.db");
    check(
        &refused(&inside_a_file).await,
        &inside_a_file,
        "choose another data folder",
    );
    check(
        &refused(folder.path()).await,
        folder.path(),
        "name the ledger's file",
    );

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is no database ".repeat(500)).expect("writes");
    check(&refused(&garbage).await, &garbage, "choose another path");
    let untouched = std::fs::read_to_string(&garbage).expect("still there");
    assert_eq!(untouched, "this is no database ".repeat(500));
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.db");
    let mut other = raw(&path).await;
    sqlx::query("create table orders (id integer)")
        .execute(&mut other)
        .await
        .expect("a table");
    check(&refused(&path).await, &path, "choose another path");
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_schema")
        .fetch_one(&mut other)
        .await
        .expect("reads");
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_newer_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    SqlLedger::open(&path).await.expect("opens").close().await;
    let mut newer = raw(&path).await;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (99, 'from the future', true, x'00', 0)",
    )
    .execute(&mut newer)
    .await
    .expect("writes");
    let error = refused(&path).await;
    assert!(
        matches!(error, LedgerError::NewerSchema { found: 99, known: 3 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_new_rows_and_loses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let settings = SqliteSettings {
        pages_max: Some(60),
        ..SqliteSettings::default()
    };
    let ledger = SqlLedger::open_with(&path, &settings).await.expect("opens");
    let mut kept = 0;
    let error = loop {
        let answer = ledger
            .commit(&[big_order(kept + 1)], &samples::audit("a", "b"))
            .await;
        match answer {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 200, "the limit holds");
    };
    check(&error, &path, "free some space");
    assert!(kept > 5);
    let orders = ledger
        .orders(&OrderFilter::default())
        .await
        .expect("reads still work");
    assert_eq!(orders.len(), usize::from(kept));
    ledger.close().await;

    let roomy = SqlLedger::open(&path).await.expect("opens");
    let audit = samples::audit("a", "b");
    roomy
        .commit(&[big_order(kept + 1)], &audit)
        .await
        .expect("space again");
    let entries = roomy.audit_of("b").await.expect("reads");
    assert_eq!(
        entries.len(),
        usize::from(kept) + 1,
        "no entry without its change"
    );
}

#[tokio::test]
async fn a_file_locked_by_another_process_is_refused_until_it_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let settings = SqliteSettings {
        busy_timeout: Duration::from_millis(20),
        ..SqliteSettings::default()
    };
    let ledger = SqlLedger::open_with(&path, &settings).await.expect("opens");
    let mut other = raw(&path).await;
    let lock = other.begin_with("begin immediate").await.expect("locks");
    let audit = samples::audit("a", "b");
    let error = ledger.commit(&[big_order(1)], &audit).await.expect_err("locked");
    check(&error, &path, "another process");
    assert_eq!(ledger.order(samples::uid(1)).await.expect("reads go on"), None);
    lock.rollback().await.expect("unlocks");
    ledger.commit(&[big_order(1)], &audit).await.expect("free again");
}

#[tokio::test]
async fn a_row_that_does_not_read_back_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    let audit = samples::audit("a", "b");
    ledger.commit(&[big_order(1)], &audit).await.expect("commits");
    let mut hand = raw(&path).await;
    for (edit, word) in [
        ("update orders set price = null", "order_type"),
        ("update orders set price = '1e', side = 'BUY'", "price"),
        ("update orders set price = '1', state = 'flying'", "flying"),
        ("update orders set state = 'received', owner = 'a b'", "owner"),
    ] {
        sqlx::query(edit).execute(&mut hand).await.expect("edits");
        let error = ledger.order(samples::uid(1)).await.expect_err("damaged");
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("orders 2611230000001") && text.contains(word),
            "{text}"
        );
    }
}

/// A group of commits that does not fit as a whole: those that fit alone are taken, the others refused, and no row without its
/// entry.
#[tokio::test]
async fn a_disk_that_fills_up_in_the_middle_of_a_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let settings = SqliteSettings {
        pages_max: Some(90),
        ..SqliteSettings::default()
    };
    let ledger = Arc::new(SqlLedger::open_with(&path, &settings).await.expect("opens"));
    let commits = (1..=100).map(|seed| {
        let ledger = Arc::clone(&ledger);
        async move {
            let audit = samples::audit(&format!("order.{seed}"), "b");
            (seed, ledger.commit(&[big_order(seed)], &audit).await)
        }
    });
    let answers = join_all(commits).await;
    let (mut kept, mut refused) = (0, 0);
    for (seed, answer) in &answers {
        let there = ledger.order(samples::uid(*seed)).await.expect("reads");
        match answer {
            Ok(number) => {
                kept += 1;
                assert_eq!(there.map(|order| order.number), *number);
            }
            Err(error) => {
                refused += 1;
                check(error, &path, "free some space");
                assert_eq!(there, None, "order {seed}");
            }
        }
    }
    assert!(kept > 3 && refused > 3, "{kept} kept, {refused} refused");
    assert_eq!(ledger.audit_of("b").await.expect("reads").len(), kept);
    assert_eq!(verified(&ledger).await.expect("the chain holds"), kept as u64);
    // Small ones still fit, one after another.
    ledger
        .commit(&[], &samples::audit("a", "small"))
        .await
        .expect("fits");
}

/// A lock costs a group its patience once, not once a commit.
#[tokio::test]
async fn a_locked_file_refuses_a_whole_group_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let settings = SqliteSettings {
        busy_timeout: Duration::from_millis(200),
        ..SqliteSettings::default()
    };
    let ledger = SqlLedger::open_with(&path, &settings).await.expect("opens");
    let mut other = raw(&path).await;
    let lock = other.begin_with("begin immediate").await.expect("locks");
    let audit = samples::audit("a", "b");
    let changes: Vec<_> = (1..=100).map(|seed| [big_order(seed)]).collect();
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    let answers = tokio::time::timeout(Duration::from_secs(10), commits).await;
    for answer in answers.expect("not once a commit") {
        check(&answer.expect_err("locked"), &path, "another process");
    }
    lock.rollback().await.expect("unlocks");
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    for answer in commits.await {
        answer.expect("free again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_file_opened_by_several_at_once_is_one_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let opens = (0..6).map(|_| {
        let path = path.clone();
        tokio::spawn(async move { SqlLedger::open(&path).await })
    });
    let mut ledgers = Vec::new();
    for opened in join_all(opens).await {
        ledgers.push(opened.expect("no panic").expect("opens"));
    }
    for (seed, ledger) in (1..).zip(&ledgers) {
        ledger
            .commit(&[big_order(seed)], &samples::audit("a", "b"))
            .await
            .expect("commits");
    }
    let first = ledgers.first().expect("several");
    let orders = first.orders(&OrderFilter::default()).await.expect("reads");
    assert_eq!(orders.len(), 6);
    assert_eq!(verified(first).await.expect("one chain"), 6);
}

/// Nothing in the file can be told from its words: the rules on what it means are in the program, and checked when it is read.
#[tokio::test]
async fn an_order_id_with_quotes_is_a_text_like_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = SqlLedger::open(folder.path().join("books.db"))
        .await
        .expect("opens");
    let id = "1';--\"\\drop"; // as a broker might send it
    let mut order = samples::order_record(1);
    order.account = Some("fyers-1".parse().expect("an account"));
    order.broker_order_id = Some(id.parse().expect("visible"));
    let account = order.account.clone().expect("set above");
    let change = Change::Received(Box::new(order.clone()));
    ledger
        .commit(&[change], &samples::audit("a", "b"))
        .await
        .expect("commits");
    let found = ledger
        .order_by_broker_id(&account, &id.parse().expect("visible"))
        .await
        .expect("reads");
    assert_eq!(found.map(|order| order.uid), Some(order.uid));
    // A line break is no part of an id: it never gets as far as the books.
    "1\n2"
        .parse::<sangam_core::BrokerOrderId>()
        .expect_err("two lines");
}

/// What is remembered between commits is held against the file in each: a row that somebody changed by hand, without an entry
/// in the chain, is not moved from a state it is not in.
#[tokio::test]
async fn a_state_changed_by_hand_is_not_taken_for_the_one_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let ledger = SqlLedger::open(&path).await.expect("opens");
    let audit = samples::audit("a", "b");
    let step = |from, to| Change::OrderMoved(Box::new(samples::order_moved(1, from, to)));
    ledger.commit(&[big_order(1)], &audit).await.expect("commits");
    let (received, validated, queued) = (OrderState::Received, OrderState::Validated, OrderState::Queued);
    ledger
        .commit(&[step(received, validated)], &audit)
        .await
        .expect("it is remembered");
    let mut hand = raw(&path).await;
    sqlx::query("update orders set state = 'rejected'")
        .execute(&mut hand)
        .await
        .expect("edits");
    let refused = ledger.commit(&[step(validated, queued)], &audit).await;
    assert!(
        matches!(refused, Err(LedgerError::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(ledger.audit_of("b").await.expect("reads").len(), 2);
    assert_eq!(verified(&ledger).await.expect("one chain"), 2);
}

/// Two ledgers on one file take turns moving one order, each remembering what it wrote last.
#[tokio::test]
async fn two_that_take_turns_see_each_others_moves() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let pair = [
        SqlLedger::open(&path).await.expect("opens"),
        SqlLedger::open(&path).await.expect("opens"),
    ];
    let audit = samples::audit("a", "b");
    pair[0].commit(&[big_order(1)], &audit).await.expect("commits");
    let path_of_it = [
        OrderState::Received,
        OrderState::Validated,
        OrderState::Queued,
        OrderState::Submitting,
        OrderState::InDoubt,
        OrderState::Working,
    ];
    for (turn, step) in path_of_it.windows(2).enumerate() {
        let [from, to] = [step[0], step[1]];
        let change = Change::OrderMoved(Box::new(samples::order_moved(1, from, to)));
        let moved = pair[turn % 2].commit(std::slice::from_ref(&change), &audit).await;
        moved.unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
        let again = pair[(turn + 1) % 2].commit(&[change], &audit).await;
        assert!(matches!(again, Err(LedgerError::Conflict { .. })), "{again:?}");
    }
    assert_eq!(verified(&pair[1]).await.expect("one chain"), 6);
}
