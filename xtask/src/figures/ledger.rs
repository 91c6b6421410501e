//! The block `ledger`: what durable books cost beside bare statements on the same disk and server.

use anyhow::Result;

use super::measured::{last_line, named, table};
use crate::workspace::Workspace;

/// What is measured, its place in the report and its places.
const ROWS: [(&str, &str, usize); 21] = [
    (
        "SQLite, 64 callers: moves with their entries a second",
        "sqlite_grouped_per_s",
        0,
    ),
    (
        "hand-made batches of 64 of the same rows, a second",
        "sqlite_batch_per_s",
        0,
    ),
    ("of that rate, at least 0.6", "sqlite_grouped_ratio", 2),
    (
        "one transaction each through a pool, a second",
        "sqlite_one_each_per_s",
        0,
    ),
    ("times that rate, at least 8", "sqlite_times_one_each", 1),
    (
        "SQLite, one caller alone: a move with its entry, p50 (us)",
        "sqlite_alone_us",
        0,
    ),
    ("a bare synced insert, p50 (us)", "sqlite_insert_us", 0),
    ("times that insert, at most 1.3", "sqlite_alone_ratio", 2),
    (
        "a bare transaction of the same rows, p50 (us)",
        "sqlite_same_rows_us",
        0,
    ),
    (
        "PostgreSQL, 64 callers: moves with their entries a second",
        "postgres_grouped_per_s",
        0,
    ),
    (
        "bare UNNEST of 64 of the same rows, a second",
        "postgres_unnest_per_s",
        0,
    ),
    ("of that rate, at least 0.7", "postgres_grouped_ratio", 2),
    (
        "PostgreSQL, one caller alone: a move with its entry, p50 (us)",
        "postgres_alone_us",
        0,
    ),
    (
        "a bare transaction of the same rows, p50 (us)",
        "postgres_same_rows_us",
        0,
    ),
    ("times that", "postgres_alone_ratio", 2),
    (
        "an order by its id among a million, p50 (us)",
        "lookup_ours_us",
        1,
    ),
    (
        "the same prepared question on a held connection, p50 (us)",
        "lookup_bare_us",
        1,
    ),
    ("times that, at most 1.3", "lookup_ratio", 2),
    (
        "500 kept positions read, 10,000 trades in the books, p50 (us)",
        "portfolio_of_ten_thousand_us",
        0,
    ),
    (
        "the same with 1,000,000 trades, p50 (us)",
        "portfolio_of_a_million_us",
        0,
    ),
    ("times that, at most 1.1", "portfolio_growth", 2),
];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    let mut command = workspace.cargo([
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "sangam-tests",
        "--bin",
        "ledger-figures",
    ]);
    let report = last_line(&mut command)?;
    let rows = named(&report, "ledger", &ROWS)?;
    Ok(format!(
        "`cargo run --release -p sangam-tests --bin ledger-figures`:\n\n{}",
        table(["", ""], &rows)
    ))
}
