//! The block `forecast`: how the forecast scores on real arrivals, beside the simple forecasts, and what a bin costs. The
//! arrivals lie beside the project, for their licence is not known.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::bench;
use super::measured::{figure, last_line, table};
use crate::workspace::Workspace;

const TRACES: [&str; 2] = ["social_stream", "web_server"];
/// The figures of each forecast, with their places.
const FIGURES: [(&str, usize); 6] = [
    ("f1", 3),
    ("brier_skill", 3),
    ("precision", 2),
    ("recall", 2),
    ("lead_time_s", 0),
    ("false_alarms_a_day", 1),
];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    let folder = workspace
        .root()
        .parent()
        .unwrap_or(Path::new(".."))
        .join("shared/data/arrivals");
    let files: Vec<(&str, PathBuf)> = TRACES
        .iter()
        .map(|trace| (*trace, folder.join(format!("{trace}_10s.csv.gz"))))
        .collect();
    for (_, file) in &files {
        ensure!(
            file.is_file(),
            "{} is missing: the recorded arrivals lie in `shared` beside the project and are no part of it",
            file.display()
        );
    }
    let mut text = String::new();
    for (trace, file) in &files {
        let arguments = [
            "run",
            "--release",
            "--locked",
            "--package",
            "sangam-gateway",
            "--bin",
            "sangam",
        ];
        let mut command = workspace.cargo(arguments);
        command.args(["--", "forecast", "score"]).arg(file).arg("--json");
        let scores = last_line(&mut command).with_context(|| format!("score the forecast on {trace}"))?;
        let head = [
            "",
            "F1",
            "Brier skill",
            "precision",
            "recall",
            "lead (s)",
            "false alarms a day",
        ];
        text.push_str(&format!(
            "`sangam forecast score ../shared/data/arrivals/{trace}_10s.csv.gz --json`:\n\n{}\n",
            table(head, &rows(&scores)?)
        ));
    }
    bench::run(workspace, "forecast")?;
    let benches = bench::group_ns(workspace, "forecast")?;
    let benches: Vec<[String; 2]> = benches
        .into_iter()
        .map(|(name, ns)| [format!("`{name}`"), format!("{ns:.0}")])
        .collect();
    text.push_str(&format!(
        "`cargo xtask bench --bench forecast`:\n\n{}",
        table(["bench", "ns"], &benches)
    ));
    Ok(text)
}

/// The model first, then what it is compared with.
fn rows(scores: &Value) -> Result<Vec<[String; 7]>> {
    let model = scores.get("model").context("there is no `model` in the scores")?;
    let others = scores.get("baselines").and_then(Value::as_object);
    let others = others.context("there are no `baselines` in the scores")?;
    let all =
        std::iter::once(("Sangam", model)).chain(others.iter().map(|(name, scores)| (name.as_str(), scores)));
    all.map(|(name, scores)| row(name, scores)).collect()
}

fn row(name: &str, scores: &Value) -> Result<[String; 7]> {
    let mut cells: [String; 7] = Default::default();
    cells[0] = name.replace('_', " ");
    for (cell, (path, places)) in cells[1..].iter_mut().zip(FIGURES) {
        // What cannot be said of a forecast (the lead of alarms it never gave) is left open.
        let known = scores.get(path).is_some_and(|value| !value.is_null());
        *cell = if known {
            figure(scores, path, places)?
        } else {
            "-".to_owned()
        };
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_comes_first_and_what_is_not_known_stays_open() {
        let score = serde_json::json!({
            "f1": 0.614, "brier_skill": 0.4151, "precision": 0.5, "recall": 0.75, "lead_time_s": 41.6,
            "false_alarms_a_day": 3.25,
        });
        let scores = serde_json::json!({ "model": score, "baselines": { "always_no": { "f1": 0, "lead_time_s": null } } });
        let rows = rows(&scores).unwrap();
        assert_eq!(rows[0].join(" "), "Sangam 0.614 0.415 0.50 0.75 42 3.2");
        assert_eq!(rows[1].join(" "), "always no 0.000 - - - - -");
        assert!(super::rows(&serde_json::json!({})).is_err());
    }
}
