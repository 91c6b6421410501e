//! Writers of books killed in the middle of writing: nothing acknowledged is lost. `cargo xtask kill-books` does the same two
//! hundred times.

use std::path::Path;

use sangam_tests::books::{Database, Killing};

const RUNS: u32 = 10;
const SEED: u64 = 2_611_280_001;

async fn kill(database: Database) {
    let writer = Path::new(env!("CARGO_BIN_EXE_books-writer"));
    let mut killing = Killing::new(writer, database, SEED).expect("a folder");
    for run in 1..=RUNS {
        let killed = killing.once().await;
        killed.unwrap_or_else(|error| panic!("run {run} with seed {SEED}: {error:?}"));
    }
    let report = killing.report();
    assert_eq!(report.kills, RUNS);
    assert!(report.acknowledged > 100, "{report:?}");
    assert_eq!(report.server_kills > 0, database == Database::Postgres);
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_acknowledged_from_its_file() {
    kill(Database::Sqlite).await;
}

#[tokio::test]
async fn a_killed_writer_or_server_loses_nothing_acknowledged_from_its_database() {
    kill(Database::Postgres).await;
}
