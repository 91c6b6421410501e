//! What a portfolio and a fill cost, for `docs/portfolio.md`.

use anyhow::Result;

use super::bench;
use super::measured::table;
use crate::workspace::Workspace;

/// The benches, each with its groups.
const BENCHES: [(&str, &[&str]); 2] = [
    ("portfolio", &["portfolio", "fill"]),
    ("ledger_portfolio", &["ledger_portfolio"]),
];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    let mut blocks = Vec::new();
    for (name, groups) in BENCHES {
        bench::run(workspace, name)?;
        let mut rows = Vec::new();
        for group in groups {
            let measured = bench::group_ns(workspace, group)?;
            rows.extend(
                measured
                    .into_iter()
                    .map(|(name, ns)| [format!("`{group}/{name}`"), format!("{:.1}", ns / 1_000.0)]),
            );
        }
        blocks.push(format!(
            "`cargo xtask bench --bench {name}`:\n\n{}",
            table(["bench", "median, us"], &rows)
        ));
    }
    Ok(blocks.join("\n"))
}
