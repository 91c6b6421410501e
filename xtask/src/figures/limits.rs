//! The block `limits`: the load profiles, and what a decision costs beside governor's.

use anyhow::Result;
use serde_json::Value;

use super::bench;
use super::measured::{figure, last_line, table};
use crate::load;
use crate::workspace::Workspace;

/// The runs, as one would type them after `cargo xtask load`.
const RUNS: [&str; 7] = [
    "--profile steady",
    "--profile burst --delay-ms 5,60 --seed 1",
    "--profile burst --delay-ms 5,60 --seed 2",
    "--profile burst --delay-ms 5,60 --seed 3",
    "--profile burst --delay-ms 0,300",
    "--profile burst --anchor send --guard-ms 5 --delay-ms 0,0",
    "--profile failover",
];

/// What the costs are read from.
const DECISION: &str = "ratelimit/decision_three_windows";
const NEARLY_FULL: &str = "ratelimit/decision_three_windows_nearly_full";
const ONE_CHECK: &str = "ratelimit/governor_one_check";
const THREE_CHECKS: &str = "ratelimit/governor_three_chained";

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    let mut rows = Vec::new();
    for run in RUNS {
        let report = last_line(load::tool(workspace).args(run.split(' ')).arg("--json"))?;
        rows.push(row(run, &report)?);
    }
    let head = [
        "`cargo xtask load ...`",
        "violations",
        "efficiency",
        "wait p50, p99, longest (ms)",
        "latency (ms)",
        "lost",
        "orders in doubt",
    ];
    bench::run(workspace, "ratelimit")?;
    let decision = bench::median_ns(workspace, DECISION)?;
    let swept = bench::median_ns(workspace, NEARLY_FULL)?;
    let one = bench::median_ns(workspace, ONE_CHECK)?;
    let three = bench::median_ns(workspace, THREE_CHECKS)?;
    Ok(format!(
        "{}\n`cargo xtask bench --bench ratelimit`: the decision over three windows takes {decision:.0} ns, {:.2} times one \
         governor check ({one:.0} ns) and {:.2} times three chained ({three:.0} ns); where \
         the windows are nearly full and each has to be looked at, {swept:.0} ns, {:.2} and {:.2} times.\n",
        table(head, &rows),
        decision / one,
        decision / three,
        swept / one,
        swept / three
    ))
}

fn row(run: &str, report: &Value) -> Result<[String; 7]> {
    let waits = [
        figure(report, "wait_p50_ms", 1)?,
        figure(report, "wait_p99_ms", 1)?,
        figure(report, "wait_max_ms", 1)?,
    ];
    Ok([
        format!("`{run}`"),
        figure(report, "violations", 0)?,
        figure(report, "efficiency", 4)?,
        waits.join(", "),
        figure(report, "latency_mean_ms", 1)?,
        figure(report, "lost", 0)?,
        figure(report, "in_doubt", 0)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_row() {
        let report = serde_json::json!({
            "violations": 0, "efficiency": 0.98765, "wait_p50_ms": 0.04, "wait_p99_ms": 51.26, "wait_max_ms": 90,
            "latency_mean_ms": 34.91, "lost": 0, "in_doubt": 1,
        });
        let row = row("--profile burst", &report).unwrap().join(" ");
        assert_eq!(row, "`--profile burst` 0 0.9877 0.0, 51.3, 90.0 34.9 0 1");
    }
}
