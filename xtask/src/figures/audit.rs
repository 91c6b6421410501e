//! The block `audit`: what a hash costs, and a chain of a million entries checked, in memory and where it is kept.

use anyhow::Result;

use super::bench;
use super::measured::table;
use crate::workspace::Workspace;

/// Benches of one step, in nanoseconds, and what they measure.
const STEPS: [(&str, &str); 2] = [
    ("audit/entry_hash", "the hash of an entry"),
    ("audit/push_to_day", "taking it into the tree of its day"),
];

/// Benches over the chain, and what they measure.
const CHAINS: [(&str, &str); 4] = [
    ("audit/verify_a_million", "1,000,000 entries in memory verified"),
    (
        "audit/verify_a_million_on_two_threads",
        "the same in parts on two threads",
    ),
    (
        "audit/export",
        "their sealed days written as an export, in memory",
    ),
    ("audit/verify_export", "that export verified"),
];

/// Benches over the chain in its books, and what they measure.
const BOOKS: [(&str, &str); 4] = [
    (
        "audit_ledger/verify_a_million_in_sqlite",
        "1,000,000 entries in a SQLite file verified",
    ),
    (
        "audit_ledger/verify_a_million_in_postgres",
        "the same in a PostgreSQL database on this machine",
    ),
    (
        "audit_ledger/export_from_sqlite",
        "their sealed days exported from the file",
    ),
    (
        "audit_ledger/export_from_postgres",
        "their sealed days exported from the database",
    ),
];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    bench::run(workspace, "audit")?;
    let mut rows = Vec::new();
    for (bench, what) in STEPS {
        let took = format!("{:.0} ns", bench::median_ns(workspace, bench)?);
        rows.push([what.to_owned(), took]);
    }
    rows.extend(in_seconds(workspace, &CHAINS)?);
    bench::run(workspace, "audit_ledger")?;
    let books = in_seconds(workspace, &BOOKS)?;
    Ok(format!(
        "{}\n{}",
        table(["`cargo xtask bench --bench audit`", "median"], &rows),
        table(["`cargo xtask bench --bench audit_ledger`", "median"], &books)
    ))
}

fn in_seconds(workspace: &Workspace, benches: &[(&str, &str)]) -> Result<Vec<[String; 2]>> {
    let row = |(bench, what): &(&str, &str)| {
        let took = format!("{:.2} s", bench::median_ns(workspace, bench)? / 1e9);
        Ok([(*what).to_owned(), took])
    };
    benches.iter().map(row).collect()
}
