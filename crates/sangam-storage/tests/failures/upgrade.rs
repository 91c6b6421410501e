//! Files of the first version: brought up whole, with a copy beside them, and from wherever an upgrade was interrupted.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use sangam_core::ports::{Ledger, LedgerError, OrderFilter};
use sangam_core::{OrderState, Quantity};
use sangam_storage::{SqlLedger, SqliteSettings};
use sangam_testkit::samples;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};

use crate::support::{raw, verified};

/// Entries of the old audit log; so many that they are taken over in several parts.
const ENTRIES: i64 = 4_500;
const FIRST: &str = include_str!("../../migrations/sqlite/0001_books.sql");

/// A file as the first version left it.
async fn old_file(path: &Path) {
    let mut hand = raw(path).await;
    let first = Migration::new(
        1,
        Cow::Borrowed("books"),
        MigrationType::Simple,
        FIRST.into_sql_str(),
        false,
    );
    sqlx::query("pragma application_id = 0x534e474d")
        .execute(&mut hand)
        .await
        .expect("marks");
    Migrator::with_migrations(vec![first])
        .run_direct(None, &mut hand, false)
        .await
        .expect("the first version");
    let rows = [
        "insert into orders values (2611230000001, x'019300000000700080000000000000a1', 'asha', 'main', 'key', 'd', 'NSE', \
         'RELIANCE', 'BUY', 10, 'LIMIT', '1450.5', null, 'CNC', 'DAY', 0, 0, 'open', null, 'filled', 'fyers-1', 'fyers', \
         '808', 10, '1450.5', null, 1, 1795405500000000000, 1795405500000000000)",
        "insert into attempts values (1, x'019300000000700080000000000000a1', 1, 'fyers-1', 'fyers', 'S1', 'NSE', \
         'RELIANCE', 'BUY', 10, 'LIMIT', '1450.5', null, 'CNC', 'DAY', 0, 0, 'open', 'acked', \
         '{\"state\":\"acked\",\"broker_order_id\":\"808\"}', 1795405500000000000, 1795405500000000000)",
        "insert into fills values (1, 'fyers', 'fyers-1', '2026-11-23', '808', 't2', \
         x'019300000000700080000000000000a1', 'NSE', 'RELIANCE', 'NSE', 'RELIANCE-EQ', 'SELL', 'CNC', 6, '1460', \
         1795405560000000000, null)",
        // It came later and happened before.
        "insert into fills values (2, 'fyers', 'fyers-1', '2026-11-23', '808', 't1', \
         x'019300000000700080000000000000a1', 'NSE', 'RELIANCE', 'NSE', 'RELIANCE-EQ', 'BUY', 'CNC', 10, '1450', \
         1795405500000000000, null)",
        "insert into positions values ('fyers-1', 0, 'fyers', 'NSE', 'RELIANCE', 'NSE', 'RELIANCE-EQ', 'CNC', 4, '1450', \
         10, '1450', 6, '1460', null, null, null, 1795405500000000000)",
    ];
    for row in rows {
        sqlx::query(row).execute(&mut hand).await.expect(row);
    }
    // Four a day over some years, with one of a clock that was behind.
    sqlx::query(
        "with recursive n(n) as (select 1 union all select n + 1 from n where n < ?)
         insert into audit (at, actor, event, subject, detail)
         select 1700000000000000000 + n * 21600000000000 - (n = 77) * 864000000000000, 'desk', 'event ' || n, 'old', '{}'
         from n",
    )
    .bind(ENTRIES)
    .execute(&mut hand)
    .await
    .expect("entries");
    hand.close().await.expect("closes");
}

/// Everything the old file held is there, in the new form.
async fn is_whole(ledger: &SqlLedger) {
    assert_eq!(verified(ledger).await, Ok(ENTRIES as u64));
    let entries = ledger.audit_of("old").await.expect("reads");
    let events = (1..=ENTRIES).map(|n| format!("event {n}"));
    assert!(entries.iter().map(|entry| entry.event.clone()).eq(events));
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    let [order] = &orders[..] else {
        panic!("one order instead of {orders:?}");
    };
    assert_eq!(
        (order.state, order.number.get()),
        (OrderState::Filled, 2_611_230_000_001)
    );
    assert_eq!(ledger.attempts(order.uid).await.expect("reads").len(), 1);
    assert_eq!(ledger.fills_of(order.uid).await.expect("reads").len(), 2);
    assert_eq!(ledger.positions().await.expect("reads").len(), 1);
    let kept = ledger.kept_positions().await.expect("reads");
    let [kept] = &kept[..] else {
        panic!("one position instead of {kept:?}");
    };
    assert_eq!(
        (
            kept.net.units(),
            kept.cost.to_string(),
            kept.realised.to_string(),
            kept.unseen
        ),
        (4, "5800".to_owned(), "60".to_owned(), Quantity::ZERO)
    );
}

fn copies(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let mut copies: Vec<_> = paths
        .filter(|path| path.to_string_lossy().contains(".db.v1"))
        .collect();
    copies.sort();
    copies
}

async fn count(hand: &mut SqliteConnection, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(hand).await.expect(what)
}

#[tokio::test]
async fn an_old_file_is_brought_up_with_a_copy_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    old_file(&path).await;
    let ledger = SqlLedger::open(&path).await.expect("brings it up");
    is_whole(&ledger).await;
    ledger
        .commit(&[], &samples::audit("a", "new"))
        .await
        .expect("the chain goes on");
    assert_eq!(verified(&ledger).await, Ok(ENTRIES as u64 + 1));
    ledger.close().await;
    SqlLedger::open(&path).await.expect("opens again").close().await;

    let copies = copies(folder.path());
    assert_eq!(copies, [folder.path().join("books.db.v1")]);
    let mut copy = raw(&copies[0]).await;
    assert_eq!(count(&mut copy, "select count(*) from audit").await, ENTRIES);
    assert_eq!(
        count(&mut copy, "select max(version) from _sqlx_migrations").await,
        1
    );
    assert_eq!(count(&mut copy, "pragma application_id").await, 0x534e_474d);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&copies[0])
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "books are nobody else's business");
    }
}

/// A disk that is full at any moment of the upgrade leaves a file from which the next opening goes on.
#[tokio::test]
async fn an_interrupted_upgrade_is_taken_up_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    old_file(&path).await;
    let mut hand = raw(&path).await;
    let pages = count(&mut hand, "pragma page_count").await;
    hand.close().await.expect("closes");
    let (mut before, mut between) = (0, 0);
    let mut limit = u32::try_from(pages).expect("few");
    let ledger = loop {
        let settings = SqliteSettings {
            pages_max: Some(limit),
            ..SqliteSettings::default()
        };
        match SqlLedger::open_with(&path, &settings).await {
            Ok(ledger) => break ledger,
            Err(error @ LedgerError::NotWritten { .. }) => {
                let said = error.to_string();
                assert!(said.contains("free some space"), "{said}");
            }
            Err(other) => panic!("{other:?}"),
        }
        let mut hand = raw(&path).await;
        let version = count(
            &mut hand,
            "select max(version) from _sqlx_migrations where success",
        )
        .await;
        if version == 1 {
            before += 1;
            assert_eq!(count(&mut hand, "select count(*) from audit").await, ENTRIES);
        } else {
            between += 1;
            assert_eq!(count(&mut hand, "select count(*) from settings").await, 0);
            assert_eq!(count(&mut hand, "select count(*) from audit").await, 0);
            assert_eq!(
                count(&mut hand, "select count(*) from audit_without_hashes").await,
                ENTRIES
            );
        }
        hand.close().await.expect("closes");
        limit += 25;
    };
    assert!(before > 0 && between > 2, "{before} before, {between} between");
    is_whole(&ledger).await;
    assert_eq!(copies(folder.path()).len(), before + 1);
}

/// The program may have been stopped between making the tables and the head of the chain; in books that are in use it is missed.
#[tokio::test]
async fn a_head_that_is_missing_is_made_only_in_empty_books() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let remove = async || {
        let mut hand = raw(&path).await;
        sqlx::query("delete from audit_head")
            .execute(&mut hand)
            .await
            .expect("deletes");
        sqlx::query("delete from settings")
            .execute(&mut hand)
            .await
            .expect("deletes");
        hand.close().await.expect("closes");
    };
    SqlLedger::open(&path).await.expect("opens").close().await;
    remove().await;
    let ledger = SqlLedger::open(&path).await.expect("opens");
    ledger
        .commit(&[], &samples::audit("a", "b"))
        .await
        .expect("commits");
    ledger.close().await;
    remove().await;
    let error = SqlLedger::open(&path)
        .await
        .map(drop)
        .expect_err("its head is gone");
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("audit_head"), "{error}");
}
