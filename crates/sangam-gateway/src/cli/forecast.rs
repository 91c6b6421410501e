//! `sangam forecast score`: how well bursts would have been foreseen on a trace, a table for eyes or JSON for programs. It
//! needs no gateway and no configuration.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sangam::forecast::{self, Method, Scored};
use serde_json::{Map, Value, json};

use super::args::{Common, Forecast, Score};
use super::{table, trace};

/// Runs one of the commands.
pub(crate) fn run(common: &Common, command: &Forecast) -> Result<()> {
    let Forecast::Score(args) = command;
    let counts = trace::read(&args.file)?;
    let scored = forecast::score(&counts, args.bin, args.horizon)
        .with_context(|| format!("{} cannot be scored", args.file.display()))?;
    if common.json {
        return table::line(&serde_json::to_string_pretty(&as_json(&scored, args))?);
    }
    print(&scored, args)
}

fn as_json(scored: &Scored, args: &Score) -> Value {
    let baselines: Map<_, _> = scored
        .baselines
        .iter()
        .map(|method| (method.name.to_owned(), method_json(method)))
        .collect();
    let believed: Map<_, _> = scored
        .believed
        .iter()
        .map(|(expert, share)| ((*expert).to_owned(), json!(share)))
        .collect();
    json!({
        "bins": scored.bins,
        "bin_s": args.bin.as_secs(),
        "horizon_s": args.horizon.as_secs(),
        "burst_level": scored.burst_level,
        "climatology": scored.climatology,
        "model": method_json(&scored.model),
        "baselines": baselines,
        "live": score_json(&scored.live),
        "changes": scored.changes,
        "believed": believed,
    })
}

fn method_json(method: &Method) -> Value {
    let mut score = score_json(&method.score);
    score["threshold"] = json!(method.threshold);
    score
}

fn score_json(score: &forecast::Score) -> Value {
    json!({
        "questions": score.questions,
        "positives": score.positives,
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "brier": score.brier,
        "brier_skill": score.brier_skill,
        "bursts": score.bursts,
        "bursts_foreseen": score.bursts_foreseen,
        "lead_time_s": score.lead_time.map(|lead| lead.as_secs_f64()),
        "false_alarms_a_day": score.false_alarms_a_day,
    })
}

fn print(scored: &Scored, args: &Score) -> Result<()> {
    let second = &scored.model.score;
    table::line(&format!(
        "{} bins of {} s. A burst is a bin above {}; asked is whether one comes within {} s.\nSecond half: {} questions, \
         {} followed by a burst, {} bursts. Level and thresholds are from the first half.\n",
        scored.bins,
        args.bin.as_secs(),
        scored.burst_level,
        args.horizon.as_secs(),
        second.questions,
        second.positives,
        second.bursts,
    ))?;
    let rows: Vec<_> = std::iter::once(&scored.model)
        .chain(&scored.baselines)
        .map(row)
        .collect();
    table::print(
        &[
            "answer by",
            "F1",
            "Brier skill",
            "precision",
            "recall",
            "foreseen",
            "lead s",
            "false alarms/day",
            "threshold",
        ],
        &rows,
    )?;
    table::line("")?;
    table::line(&verdict("F1", scored, |score| score.f1))?;
    table::line(&verdict("Brier skill", scored, |score| score.brier_skill))?;
    let live = &scored.live;
    table::line(&format!(
        "Live, from knowing nothing and at thresholds learnt on the way, over the whole trace: F1 {}, Brier skill {}.",
        number(live.f1, 3),
        signed(live.brier_skill),
    ))
}

fn row(method: &Method) -> Vec<String> {
    let score = &method.score;
    vec![
        method.name.replace('_', " "),
        number(score.f1, 3),
        signed(score.brier_skill),
        number(score.precision, 3),
        number(score.recall, 3),
        score.bursts_foreseen.to_string(),
        number(score.lead_time.as_ref().map(Duration::as_secs_f64), 1),
        number(score.false_alarms_a_day, 1),
        number(method.threshold, 4),
    ]
}

/// Whether the model is the best, or who is.
fn verdict(what: &str, scored: &Scored, of: impl Fn(&forecast::Score) -> Option<f64>) -> String {
    let model = of(&scored.model.score).unwrap_or(f64::NEG_INFINITY);
    let rest = scored.baselines.iter();
    let best = rest
        .filter_map(|method| of(&method.score).map(|value| (method.name, value)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match best {
        Some((name, value)) if value >= model => {
            format!("{what}: not the best, {} has {value:.3}.", name.replace('_', " "))
        }
        Some((name, value)) => {
            format!(
                "{what}: better than every rule beside it; next is {}, {value:.3}.",
                name.replace('_', " ")
            )
        }
        None => format!("{what}: nothing to compare."),
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

fn signed(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:+.3}"))
}
