//! On the social stream the forecast beats every rule beside it, a minute ahead, by F1 and by Brier skill. On the web
//! server its probabilities are at least better than the climatology; more was never found there and is not asked.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sangam_ratelimit::forecast::{Method, Scored, score};

use super::{Tally, raw_rows};

/// Scores both traces.
///
/// # Errors
/// When a file is missing or is no trace.
pub fn arrivals(folder: &Path, tally: &mut Tally) -> Result<()> {
    let social = scored(folder, "social_stream_10s.csv.gz")?;
    let model = &social.model;
    for rule in &social.baselines {
        let better = model.score.f1 > rule.score.f1 && model.score.brier_skill > rule.score.brier_skill;
        tally.check(
            better,
            format!("social stream: {} against {}", figures(model), figures(rule)),
        );
    }
    let web = scored(folder, "web_server_10s.csv.gz")?;
    tally.check(
        web.model.score.brier_skill > Some(0.0),
        format!("web server: {}", figures(&web.model)),
    );
    Ok(())
}

fn scored(folder: &Path, path: &str) -> Result<Scored> {
    let counts: Vec<u64> = raw_rows(folder, path)?
        .iter()
        .skip(1)
        .map(|row| row.get(1).unwrap_or_default().parse())
        .collect::<Result<_, _>>()
        .with_context(|| format!("{path} has a count that is no number"))?;
    Ok(score(&counts, Duration::from_secs(10), Duration::from_secs(60))?)
}

fn figures(method: &Method) -> String {
    let figure = |value: Option<f64>| value.unwrap_or(f64::NAN);
    format!(
        "{} F1 {:.3} skill {:+.3}",
        method.name,
        figure(method.score.f1),
        figure(method.score.brier_skill)
    )
}
