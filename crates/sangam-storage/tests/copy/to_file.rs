//! From one SQLite file to another.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderRecord};
use sangam_storage::{CostMethod, SqlLedger, SqliteSettings};
use sangam_testkit::samples;

use crate::books::{MANY, TABLES, fill, rows, same, tamper};

async fn open(path: &Path) -> SqlLedger {
    SqlLedger::open(path).await.expect("opens")
}

async fn is_empty(path: &Path) -> bool {
    let ledger = open(path).await;
    let status = ledger.status().await.expect("reads");
    ledger.close().await;
    status.is_empty()
}

#[tokio::test]
async fn everything_goes_along_and_is_told_step_by_step() {
    for method in [CostMethod::Fifo, CostMethod::Average] {
        everything_by(method).await;
    }
}

async fn everything_by(method: CostMethod) {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let settings = SqliteSettings {
        cost_method: Some(method),
        ..SqliteSettings::default()
    };
    let source = SqlLedger::open_with(&from, &settings).await.expect("opens");
    fill(&source).await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    let copied = source
        .copy_to(open(&to).await, move |step| told.lock().push(step))
        .await
        .expect("copies");
    for table in TABLES {
        // An average has no lots.
        let tried = !rows(&from, table).await.is_empty();
        assert!(
            tried || (table == "lots" && method == CostMethod::Average),
            "{table} is not tried"
        );
        let count = copied.tables.iter().find(|(name, _)| *name == table);
        let there = rows(&to, table).await.len();
        assert_eq!(count.map(|(_, rows)| *rows), u64::try_from(there).ok(), "{table}");
    }
    same(&from, &to).await;
    let last = *steps.lock().last().expect("it was told");
    assert_eq!(
        (last.done, last.of, last.comparing),
        (copied.rows() * 2, copied.rows() * 2, true)
    );

    // The target goes on where the source is, by its method, and its chain holds.
    let target = open(&to).await;
    assert_eq!(target.cost_method(), method);
    assert_eq!(target.check_chain().await.expect("whole"), copied.head);
    target
        .commit(&[], &samples::audit("a.step", "books"))
        .await
        .expect("commits");
    assert_eq!(
        target.check_chain().await.expect("whole").sequence,
        copied.head.sequence + 1
    );
    assert!(
        target
            .check_positions()
            .await
            .expect("computes")
            .differing
            .is_empty()
    );
}

#[tokio::test]
async fn leases_keep_their_epoch_and_have_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("b.db");
    let source = open(&folder.path().join("a.db")).await;
    fill(&source).await;
    let held = source.leases().await.expect("reads").remove(0);
    assert_eq!(source.status().await.expect("reads").running().count(), 1);
    source.copy_to(open(&to).await, |_| ()).await.expect("copies");
    let target = open(&to).await;
    assert_eq!(target.status().await.expect("reads").running().count(), 0);
    let audit = samples::audit("lease.taken", "main");
    let next = target
        .take_lease(&held.group, "pune-1", Duration::from_secs(5), &audit)
        .await
        .expect("nobody has it here");
    assert_eq!(next.epoch, held.epoch + 1);
    let late = target.commit_under(&held, &[], &audit).await;
    assert!(matches!(late, Err(LedgerError::Fenced { .. })), "{late:?}");
}

#[tokio::test]
async fn pages_leave_out_no_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let source = open(&from).await;
    tamper(&from, MANY).await;
    let copied = source.copy_to(open(&to).await, |_| ()).await.expect("copies");
    assert!(copied.tables.contains(&("window_counts", 12_345)), "{copied:?}");
    same(&from, &to).await;
}

#[tokio::test]
async fn books_are_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let (source, target) = (open(&from).await, open(&to).await);
    fill(&source).await;
    target
        .commit(&[], &samples::audit("a.step", "of another"))
        .await
        .expect("commits");
    let before = rows(&to, "audit").await;
    let error = source.copy_to(target, |_| ()).await.expect_err("refused");
    assert!(matches!(error, LedgerError::NotWritten { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("b.db") && text.contains("holds books already"),
        "{text}"
    );
    assert_eq!(rows(&to, "audit").await, before);
    assert_eq!(rows(&to, "orders").await.len(), 0);
}

/// A database that keeps something else than it was given: the copy is seen not to be one, and not kept.
#[tokio::test]
async fn a_row_kept_otherwise_is_named_and_nothing_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = open(&folder.path().join("a.db")).await;
    fill(&source).await;
    for (name, lie, words) in [
        (
            "edited.db",
            "create trigger lie after insert on fills when new.id = 2 begin update fills set price = '1' where id = 2; end",
            ["fills 2", "another price"],
        ),
        (
            "lost.db",
            "create trigger lie after insert on attempts begin delete from attempts; end",
            ["attempts 1", "not in the copy"],
        ),
        (
            "added.db",
            "create trigger lie after insert on sessions when new.account <> 'x' begin insert into sessions values ('x', 'fyers', 1, 1); end",
            ["sessions x", "in the copy only"],
        ),
    ] {
        let to = folder.path().join(name);
        let target = open(&to).await;
        tamper(&to, lie).await;
        let error = source.copy_to(target, |_| ()).await.expect_err(name);
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
        for word in words {
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
        assert!(is_empty(&to).await, "{name}");
    }
}

#[tokio::test]
async fn a_broken_chain_is_not_copied_as_if_it_were_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let source = open(&from).await;
    fill(&source).await;
    tamper(
        &from,
        "drop trigger audit_is_never_edited; update audit set detail = '{}' where sequence = 3",
    )
    .await;
    let error = source
        .copy_to(open(&to).await, |_| ())
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("entry 3"), "{error}");
    assert!(source.check_chain().await.is_err());
    assert!(is_empty(&to).await);
}

#[tokio::test]
async fn a_full_disk_leaves_the_target_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("b.db");
    let source = open(&folder.path().join("a.db")).await;
    for seed in 1..100 {
        let order = OrderRecord {
            message: Some("x".repeat(3_000)),
            ..samples::order_record(seed)
        };
        let change = Change::Received(Box::new(order));
        source
            .commit(&[change], &samples::audit("a.step", "b"))
            .await
            .expect("commits");
    }
    let small = SqliteSettings {
        pages_max: Some(70),
        ..SqliteSettings::default()
    };
    let target = SqlLedger::open_with(&to, &small).await.expect("opens");
    let error = source.copy_to(target, |_| ()).await.expect_err("no room");
    assert!(error.to_string().contains("is full: free some space"), "{error}");
    assert!(is_empty(&to).await);
}
