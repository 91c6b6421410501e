//! The block `audit`: what a hash costs, and a chain of a million entries checked.

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

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    bench::run(workspace, "audit")?;
    let mut rows = Vec::new();
    for (bench, what) in STEPS {
        let took = format!("{:.0} ns", bench::median_ns(workspace, bench)?);
        rows.push([what.to_owned(), took]);
    }
    for (bench, what) in CHAINS {
        let took = format!("{:.2} s", bench::median_ns(workspace, bench)? / 1e9);
        rows.push([what.to_owned(), took]);
    }
    Ok(table(["`cargo xtask bench --bench audit`", "median"], &rows))
}
