//! The block `shared-budget`: what a permit from the pool costs beside what Redis can do.

use anyhow::Result;

use super::measured::{last_line, named, table};
use crate::workspace::Workspace;

/// What is measured, its place in the report and its places.
const ROWS: [(&str, &str, usize); 8] = [
    (
        "a permit, with the end of the one before, p50 (us)",
        "permit_p50_us",
        1,
    ),
    (
        "a bare call of the same script, p50 (us)",
        "bare_script_p50_us",
        1,
    ),
    ("times that call, at most 1.5", "round_trip_ratio", 2),
    ("a script that does nothing, p50 (us)", "return_1_p50_us", 1),
    ("times that one", "round_trip_ratio_to_return_1", 2),
    (
        "permits a second of four processes with 64 callers each: taken, sent, ended",
        "permits_per_s",
        0,
    ),
    (
        "calls a second of the same script, `redis-benchmark -P 16`",
        "script_calls_per_s",
        0,
    ),
    ("times that rate, at least 0.7", "rate_ratio", 2),
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
        "shared-budget-figures",
    ]);
    let report = last_line(&mut command)?;
    let rows = named(&report, "shared_budget", &ROWS)?;
    Ok(format!(
        "`cargo run --release -p sangam-tests --bin shared-budget-figures`:\n\n{}",
        table(["", ""], &rows)
    ))
}
