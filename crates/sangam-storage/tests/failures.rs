//! Files that cannot be opened or written: clear words, nothing half written, and work again once the cause is gone.

use std::path::Path;
use std::time::Duration;

use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_storage::{SqlLedger, SqliteSettings};
use sangam_testkit::samples;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

async fn refused(path: &Path) -> LedgerError {
    let opened = SqlLedger::open(path).await;
    opened.map(drop).expect_err("must not open")
}

fn check(error: &LedgerError, path: &Path, way_out: &str) {
    assert!(matches!(error, LedgerError::NotWritten { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains(way_out), "{text}");
}

async fn raw(path: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(Duration::ZERO)
        .connect()
        .await
        .expect("a bare connection")
}

fn big_order(seed: u8) -> Change {
    Change::Received(Box::new(OrderRecord {
        message: Some("x".repeat(3000)),
        ..samples::order_record(seed)
    }))
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
        matches!(error, LedgerError::NewerSchema { found: 99, known: 2 }),
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
