//! What a portfolio and a fill cost, for `docs/portfolio.md`.

use anyhow::Result;

use super::bench;
use super::measured::table;
use crate::workspace::Workspace;

/// Both groups of the bench.
const GROUPS: [&str; 2] = ["portfolio", "fill"];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    bench::run(workspace, "portfolio")?;
    let mut rows = Vec::new();
    for group in GROUPS {
        let measured = bench::group_ns(workspace, group)?;
        rows.extend(
            measured
                .into_iter()
                .map(|(name, ns)| [format!("`{group}/{name}`"), format!("{:.1}", ns / 1_000.0)]),
        );
    }
    Ok(format!(
        "`cargo xtask bench --bench portfolio`:\n\n{}",
        table(["bench", "median, us"], &rows)
    ))
}
