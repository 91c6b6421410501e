//! To PostgreSQL and back, on real servers that are killed in the middle.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::ports::{Ledger, LedgerError};
use sangam_storage::{CopyStep, PostgresSettings, SqlLedger};
use sangam_testkit::{PostgresServer, samples};

use crate::books::{MANY, fill, same, tamper};

async fn connect(url: &str) -> SqlLedger {
    let settings = PostgresSettings::of_url(url).expect("an address");
    SqlLedger::connect(settings).await.expect("connects")
}

async fn books(path: &Path) -> SqlLedger {
    let books = SqlLedger::open(path).await.expect("opens");
    fill(&books).await;
    books
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_the_rows_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let source = books(&from).await;
    tamper(&from, MANY).await;
    let database = PostgresServer::shared().database();
    let there = source
        .copy_to(connect(database.url()).await, |_| ())
        .await
        .expect("copies");
    let server = connect(database.url()).await;
    assert_eq!(server.check_chain().await.expect("whole"), there.head);
    assert!(
        server
            .check_positions()
            .await
            .expect("computes")
            .differing
            .is_empty()
    );
    let again = server
        .copy_to(SqlLedger::open(&to).await.expect("opens"), |_| ())
        .await
        .expect("copies");
    assert_eq!(again, there);
    same(&from, &to).await;
    let status = server.status().await.expect("reads");
    assert!(
        status.bytes > 0 && status.schema == 3 && !status.is_empty(),
        "{status:?}"
    );
    assert_eq!(status.place, server.place());
    // Both go on with the same next entry.
    let audit = samples::audit("a.step", "books");
    server.commit(&[], &audit).await.expect("commits");
    source.commit(&[], &audit).await.expect("commits");
    assert_eq!(
        server.chain_head().await.expect("reads"),
        source.chain_head().await.expect("reads")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_books_is_left_alone_and_one_that_lies_is_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = books(&folder.path().join("a.db")).await;
    let server = PostgresServer::start();
    let target = connect(&server.url()).await;
    let lie = "create function lie() returns trigger language plpgsql as $$ begin new.actor = 'nobody'; return new; end $$;
               create trigger lie before insert on audit for each row when (new.sequence = 4) execute function lie();";
    server.sql(lie);
    let error = source.copy_to(target, |_| ()).await.expect_err("it lies");
    let text = error.to_string();
    assert!(
        text.contains("audit 4") && text.contains("another actor"),
        "{text}"
    );
    assert!(
        connect(&server.url())
            .await
            .status()
            .await
            .expect("reads")
            .is_empty()
    );

    server.sql("drop trigger lie on audit");
    source
        .copy_to(connect(&server.url()).await, |_| ())
        .await
        .expect("copies");
    let full = source
        .copy_to(connect(&server.url()).await, |_| ())
        .await
        .expect_err("not twice");
    assert!(full.to_string().contains("holds books already"), "{full}");
    assert!(!full.to_string().contains("test-password"), "{full}");
}

/// Killed while rows are written, and while they are compared: nothing of it is there afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_in_the_middle_holds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = books(&folder.path().join("a.db")).await;
    let server = Arc::new(Mutex::new(PostgresServer::start()));
    let url = server.lock().url();
    let points: [fn(CopyStep) -> bool; 3] = [
        |step| step.table == "fills",
        |step| step.table == "orders" && step.comparing,
        // After the last row was compared: what follows is little more than the commit.
        |step| step.done == step.of,
    ];
    for point in points {
        let target = connect(&url).await;
        let killed = Arc::clone(&server);
        let copied = source
            .copy_to(target, move |step| {
                if point(step) {
                    killed.lock().kill();
                }
            })
            .await;
        let error = copied.expect_err("the server is gone");
        assert!(
            matches!(error, LedgerError::NotWritten { .. } | LedgerError::Store { .. }),
            "{error:?}"
        );
        assert!(!error.to_string().contains("test-password"), "{error}");
        server.lock().restart();
        let books = connect(&url).await;
        assert!(books.status().await.expect("reads").is_empty());
        books.close().await;
    }
    source
        .copy_to(connect(&url).await, |_| ())
        .await
        .expect("copies at last");
}

/// A source that goes away is told as the source, not as the target.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_dies_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Arc::new(Mutex::new(PostgresServer::start()));
    let url = server.lock().url();
    let source = connect(&url).await;
    fill(&source).await;
    let to = folder.path().join("b.db");
    let killed = Arc::clone(&server);
    let error = source
        .copy_to(SqlLedger::open(&to).await.expect("opens"), move |step| {
            if step.table == "orders" {
                killed.lock().kill();
            }
        })
        .await
        .expect_err("the source is gone");
    let text = error.to_string();
    assert!(
        text.contains("postgres://") && !text.contains("b.db") && !text.contains("test-password"),
        "{text}"
    );
    let target = SqlLedger::open(&to).await.expect("opens");
    assert!(target.status().await.expect("reads").is_empty());
}

/// A process that does not move any more in the middle of a transaction holds up the others for less than they wait.
#[test]
fn a_frozen_writer_is_put_out_before_the_others_give_up() {
    let database = PostgresServer::shared().database();
    let connect = async || {
        let mut settings = PostgresSettings::of_url(database.url()).expect("an address");
        settings.lock_timeout = Duration::from_secs(2);
        SqlLedger::connect(settings).await.expect("connects")
    };
    let one_thread = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().expect("a runtime")
    };
    let (began, frozen) = mpsc::channel();
    let (thaw, go_on) = mpsc::channel::<()>();
    let go_on = Mutex::new(go_on);
    std::thread::scope(|scope| {
        // Its runtime stands still while it is told of the first rows, as a stopped process does.
        let copying = scope.spawn(|| {
            one_thread().block_on(async {
                let folder = tempfile::tempdir().expect("a folder");
                let source = books(&folder.path().join("a.db")).await;
                let target = connect().await;
                let watch = move |_: CopyStep| {
                    if began.send(()).is_ok() {
                        // Ends when the other side lets go.
                        let _gone = go_on.lock().recv();
                    }
                };
                source.copy_to(target, watch).await
            })
        });
        frozen.recv().expect("it writes");
        drop(frozen);
        one_thread().block_on(async {
            let other = connect().await;
            let audit = samples::audit("a.step", "books");
            other.commit(&[], &audit).await.expect("commits all the same");
        });
        drop(thaw);
        let copied = copying.join().expect("it goes on");
        copied.expect_err("its transaction is gone");
    });
    one_thread().block_on(async {
        let books = connect().await;
        assert_eq!(books.check_chain().await.expect("whole").sequence, 1);
        assert!(
            books
                .status()
                .await
                .expect("reads")
                .tables
                .contains(&("orders", 0))
        );
    });
}
