//! Files that lost a part of themselves: it is named, or what is left is whole. Never is less there without a word.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter};
use sangam_storage::{SqlLedger, SqliteSettings};
use sangam_testkit::samples;

use crate::support::{big_order, verified};

/// Orders in the books of these tests.
const ORDERS: u8 = 40;

/// Books with orders and fills.
async fn written(path: &Path) -> SqlLedger {
    let ledger = SqlLedger::open(path).await.expect("opens");
    for seed in 1..=ORDERS {
        let fill = samples::fill_record("808", &format!("t{seed}"));
        let changes = [big_order(seed), Change::Filled(Box::new(fill))];
        ledger
            .commit(&changes, &samples::audit("a", "b"))
            .await
            .expect("commits");
    }
    ledger
}

/// Opens, reads and verifies. Answers how many orders there are, or what was said.
async fn looked_at(path: &Path) -> Result<usize, String> {
    let told = |error: LedgerError| error.to_string();
    let settings = SqliteSettings {
        busy_timeout: Duration::from_millis(100),
        ..SqliteSettings::default()
    };
    let ledger = SqlLedger::open_with(path, &settings).await.map_err(told)?;
    let orders = ledger.orders(&OrderFilter::default()).await.map_err(told);
    let entries = verified(&ledger).await;
    ledger.close().await;
    let orders = orders?.len();
    assert_eq!(entries?, orders as u64, "each has its entry");
    Ok(orders)
}

fn cut(path: &Path, length: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.set_len(length)).expect("cuts");
}

#[tokio::test]
async fn a_file_that_was_cut_is_named_damaged_wherever_it_was_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.db");
    written(&whole).await.close().await;
    assert_eq!(looked_at(&whole).await, Ok(usize::from(ORDERS)));
    let length = std::fs::metadata(&whole).expect("is there").len();
    assert!(length > 200_000, "{length}");
    let places = [
        0,
        1,
        100,
        600,
        4_096,
        4_097,
        40_960,
        length / 2,
        length - 4_096,
        length - 1,
    ];
    for place in places {
        let path = folder.path().join(format!("{place}.db"));
        std::fs::copy(&whole, &path).expect("copies");
        cut(&path, place);
        let Err(said) = looked_at(&path).await else {
            panic!("cut at {place}: a loss must be told");
        };
        assert!(
            said.contains(&path.display().to_string()),
            "cut at {place}: {said}"
        );
        assert!(said.contains("restore a backup"), "cut at {place}: {said}");
        let left = std::fs::metadata(&path).expect("is there").len();
        assert_eq!(left, place, "a damaged file is left as it is");
    }
}

/// The files as they lie when the machine stopped.
async fn stopped(folder: &Path) -> (PathBuf, PathBuf) {
    let open = folder.join("open.db");
    let ledger = written(&open).await;
    let (path, log) = (folder.join("books.db"), folder.join("books.db-wal"));
    std::fs::copy(&open, &path).expect("copies");
    std::fs::copy(folder.join("open.db-wal"), &log).expect("copies");
    ledger.close().await;
    (path, log)
}

/// A log that was cut ends earlier: what is left is what was committed up to there, whole.
#[tokio::test]
async fn a_log_that_was_cut_leaves_whole_commits() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, log) = stopped(folder.path()).await;
    let bytes = std::fs::read(&log).expect("reads");
    let main = std::fs::read(&path).expect("reads");
    let mut found = Vec::new();
    for part in (0..=100).step_by(4) {
        std::fs::write(&path, &main).expect("writes");
        std::fs::write(&log, &bytes[..bytes.len() * part / 100]).expect("writes");
        found.push(looked_at(&path).await.expect("whole commits"));
        remove_beside(&path);
    }
    assert!(found.is_sorted(), "{found:?}");
    assert_eq!(found.last(), Some(&usize::from(ORDERS)));
    found.dedup();
    assert!(found.len() > 5, "{found:?}");
}

/// Without its log a file is what it was when the log was last taken in. That cannot be told from a file that never had more:
/// only a root kept elsewhere shows it. What is there is whole.
#[tokio::test]
async fn a_file_without_its_log_is_whole_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, log) = stopped(folder.path()).await;
    std::fs::remove_file(&log).expect("removes");
    match looked_at(&path).await {
        Ok(orders) => assert!(orders < usize::from(ORDERS)),
        Err(said) => assert!(said.contains("restore a backup"), "{said}"),
    }
}

fn remove_beside(path: &Path) {
    for end in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        drop(std::fs::remove_file(PathBuf::from(name)));
    }
}

/// An empty file is not taken for a new one: somebody made it, or something emptied it.
#[tokio::test]
async fn an_empty_file_is_no_new_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    std::fs::write(&path, "").expect("writes");
    let settings = SqliteSettings {
        busy_timeout: Duration::from_millis(50),
        ..SqliteSettings::default()
    };
    let error = SqlLedger::open_with(&path, &settings).await.expect_err("empty");
    crate::support::check(&error, &path, "remove it");
    std::fs::remove_file(&path).expect("removes");
    SqlLedger::open_with(&path, &settings).await.expect("a new one");
}
