//! Books as one file, made while others write, and taken again.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sangam_core::OrderUid;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderRecord};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;

use crate::books::{fill, same, tamper};

fn files(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("listed").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = fs::read_dir(folder).expect("listed").map(name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_way_holds_up_nobody_and_is_of_one_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Arc::new(
        SqlLedger::open(folder.path().join("books.db"))
            .await
            .expect("opens"),
    );
    let (stop, writing) = (Arc::new(AtomicBool::new(false)), Arc::clone(&source));
    let stopped = Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        let mut written = 0_u64;
        while !stopped.load(Ordering::Relaxed) {
            let mut random = [0; 10];
            random[..8].copy_from_slice(&written.to_be_bytes());
            let order = OrderRecord {
                uid: OrderUid::new(1_795_405_500_000, &random),
                ..samples::order_record(1)
            };
            let change = Change::Received(Box::new(order));
            writing
                .commit(&[change], &samples::audit("a.step", "b"))
                .await
                .expect("commits");
            written += 1;
        }
        written
    });
    let mut heads = Vec::new();
    for number in 0..5 {
        let path = folder.path().join(format!("backup-{number}.sqlite"));
        let copied = source.back_up(&path, |_| ()).await.expect("backs up");
        // Each entry came with one order.
        let orders = copied.tables.iter().find(|(table, _)| *table == "orders");
        assert_eq!(orders.map(|(_, rows)| *rows), Some(copied.head.sequence));
        heads.push(copied.head);
    }
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.expect("it ends");
    assert!(
        heads.is_sorted_by(|one, next| one.sequence <= next.sequence),
        "{heads:?}"
    );
    assert!(
        heads[4].sequence > heads[0].sequence && heads[4].sequence <= written,
        "{heads:?} of {written}"
    );
    for (number, head) in heads.iter().enumerate() {
        let books = SqlLedger::open(folder.path().join(format!("backup-{number}.sqlite")))
            .await
            .expect("opens");
        assert_eq!(books.check_chain().await.expect("whole"), *head);
        // It is the beginning of the chain that went on.
        if head.sequence > 0 {
            let entry = source.chained(head.sequence, 1).await.expect("reads").remove(0);
            assert_eq!(entry.hash, head.hash);
        }
    }
}

#[tokio::test]
async fn one_file_for_its_owner_alone_that_replaces_the_last_when_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = SqlLedger::open(folder.path().join("books.db"))
        .await
        .expect("opens");
    fill(&source).await;
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).expect("made");
    let path = backups.join("today.sqlite");
    // What a crash left of an earlier one does not matter.
    fs::write(backups.join("today.sqlite.partial"), "half").expect("written");
    source.back_up(&path, |_| ()).await.expect("backs up");
    assert_eq!(files(&backups), ["today.sqlite"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    same(&folder.path().join("books.db"), &path).await;
    let whole = fs::read(&path).expect("readable");

    // One that does not succeed leaves the last.
    tamper(
        &folder.path().join("books.db"),
        "drop trigger audit_is_never_edited; update audit set actor = 'x' where sequence = 1",
    )
    .await;
    source.back_up(&path, |_| ()).await.expect_err("broken");
    assert_eq!(files(&backups), ["today.sqlite"]);
    assert!(fs::read(&path).expect("readable") == whole);
}

#[tokio::test]
async fn only_whole_ledgers_are_taken_again_and_they_stay_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let source = SqlLedger::open(at("books.db")).await.expect("opens");
    fill(&source).await;
    source.back_up(&at("good"), |_| ()).await.expect("backs up");
    let good = fs::read(at("good")).expect("readable");

    let books = SqlLedger::open_backup(&at("good"), &at("copy"))
        .await
        .expect("taken");
    assert_eq!(
        books.chain_head().await.expect("reads"),
        source.chain_head().await.expect("reads")
    );
    books.close().await;
    assert!(fs::read(at("good")).expect("readable") == good);

    let refused = async |what: &str, bytes: &[u8], words: &[&str]| {
        fs::write(at("bad"), bytes).expect("written");
        let opened = SqlLedger::open_backup(&at("bad"), &at("second")).await;
        let error = opened.map(drop).expect_err(what).to_string();
        for word in words {
            assert!(error.contains(word), "{what}: {word}: {error}");
        }
        assert!(!at("second").exists(), "{what}: nothing is left of it");
        assert!(fs::read(at("bad")).expect("readable") == bytes, "{what}");
    };
    refused("empty", b"", &["0 bytes", "name another backup"]).await;
    refused("text", &b"no ledger at all ".repeat(20), &["no ledger of Sangam"]).await;
    refused("cut", &good[..good.len() - 4_096], &["was cut off"]).await;
    refused("cut early", &good[..5_000], &["was cut off"]).await;
    let mut foreign = good.clone();
    foreign[68..72].copy_from_slice(b"OTHR");
    refused("another program's", &foreign, &["no ledger of Sangam"]).await;
    // Pages in the middle written over, as a bad disk does.
    let mut damaged = good.clone();
    let middle = damaged.len() / 8192 * 4096;
    damaged[middle..middle + 8192].fill(0xa5);
    refused("damaged", &damaged, &["damaged"]).await;
    let opened = SqlLedger::open_backup(&at("nowhere"), &at("second")).await;
    assert!(
        opened
            .map(drop)
            .expect_err("none")
            .to_string()
            .contains("is not there")
    );
}

/// Whoever held a lease before a backup was put in place stays out, whatever epochs the backup knows.
#[tokio::test]
async fn raised_epochs_fence_those_from_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = SqlLedger::open(folder.path().join("books.db"))
        .await
        .expect("opens");
    fill(&books).await;
    let mut held = books.leases().await.expect("reads").remove(0);
    books
        .raise_epochs(1_000_000, samples::audit("ledger.restored", "books"))
        .await
        .expect("raises");
    // As one that was renewed and taken many times after the backup was made.
    held.epoch += 500;
    let late = books
        .commit_under(&held, &[], &samples::audit("a.step", "b"))
        .await;
    assert!(matches!(late, Err(LedgerError::Fenced { .. })), "{late:?}");
    books.check_chain().await.expect("whole");
    assert_eq!(
        books
            .audit_of("books")
            .await
            .expect("reads")
            .last()
            .expect("noted")
            .event,
        "ledger.restored"
    );
}
