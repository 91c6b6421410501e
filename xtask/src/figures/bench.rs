//! What criterion measured, read from the files it leaves.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::exec;
use crate::workspace::Workspace;

/// Runs one file of benches.
pub(super) fn run(workspace: &Workspace, name: &str) -> Result<()> {
    exec::run(&mut workspace.cargo([
        "bench",
        "--locked",
        "--package",
        "sangam-benches",
        "--bench",
        name,
    ]))
}

/// The median of a bench in nanoseconds, as last measured.
pub(super) fn median_ns(workspace: &Workspace, bench: &str) -> Result<f64> {
    read(
        &workspace
            .target()
            .join("criterion")
            .join(bench)
            .join("new/estimates.json"),
    )
    .with_context(|| format!("read what the bench {bench} measured"))
}

/// Every bench of a group with its median in nanoseconds, by name.
pub(super) fn group_ns(workspace: &Workspace, group: &str) -> Result<Vec<(String, f64)>> {
    let folder = workspace.target().join("criterion").join(group);
    let mut found = Vec::new();
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("there are no measurements of {group}"))?
    {
        let path = entry?.path();
        let estimates = path.join("new/estimates.json");
        if let (true, Some(name)) = (estimates.is_file(), path.file_name()) {
            found.push((name.to_string_lossy().into_owned(), read(&estimates)?));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn read(path: &Path) -> Result<f64> {
    let text = std::fs::read_to_string(path)?;
    let estimates: Value = serde_json::from_str(&text)?;
    let median = estimates
        .pointer("/median/point_estimate")
        .and_then(Value::as_f64);
    median.context("there is no median in it")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("estimates.json");
        std::fs::write(
            &path,
            r#"{"mean":{"point_estimate":9.0},"median":{"point_estimate":7.5}}"#,
        )
        .unwrap();
        assert!((super::read(&path).unwrap() - 7.5).abs() < 1e-9);
        std::fs::write(&path, "{}").unwrap();
        assert!(super::read(&path).is_err());
    }
}
