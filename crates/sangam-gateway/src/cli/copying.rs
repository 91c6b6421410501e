//! What is seen of a copy while it is made, and told of it afterwards.

use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use sangam::SystemClock;
use sangam::books::{BooksPlace, Copied, CopyStep};
use sangam::core::{Clock as _, Timestamp};
use serde_json::{Map, Value, json};

use super::args::Common;
use crate::config_file;

/// Who does what the command line does with the books.
pub(super) const OPERATOR: &str = "operator";

/// Where the books are that a command means.
pub(super) fn place(common: &Common) -> Result<BooksPlace> {
    let raw = config_file::load(common)?;
    BooksPlace::of(&raw).context("configuration")
}

/// The time an entry is dated.
pub(super) fn now() -> Timestamp {
    SystemClock::new().now()
}

/// A bar over rows, on a terminal only.
pub(super) fn bar(common: &Common) -> Result<ProgressBar> {
    if common.json {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{msg:28} {bar:30} {human_pos}/{human_len} rows {elapsed}")?;
    Ok(ProgressBar::new(0).with_style(style))
}

/// Moves a bar.
pub(super) fn show(bar: &ProgressBar) -> impl Fn(CopyStep) + Send + Sync + 'static {
    let bar = bar.clone();
    move |step| {
        bar.set_length(step.of);
        bar.set_position(step.done);
        let doing = if step.comparing { "comparing" } else { "copying" };
        bar.set_message(format!("{doing} {}", step.table));
    }
}

/// A copy for programs.
pub(super) fn json_of(copied: &Copied) -> Map<String, Value> {
    let tables: Map<_, _> = copied
        .tables
        .iter()
        .map(|(table, rows)| ((*table).to_owned(), json!(rows)))
        .collect();
    let mut told = Map::new();
    told.insert("rows".to_owned(), json!(copied.rows()));
    told.insert("tables".to_owned(), Value::Object(tables));
    told.insert("sequence".to_owned(), json!(copied.head.sequence));
    told.insert("hash".to_owned(), json!(copied.head.hash.to_string()));
    told
}

/// A copy for people.
pub(super) fn words(copied: &Copied) -> String {
    format!(
        "{} rows, each the same as in the books; the audit log is whole up to entry {} ({})",
        copied.rows(),
        copied.head.sequence,
        copied.head.hash
    )
}

/// A path as JSON has it.
pub(super) fn text(path: &Path) -> Value {
    json!(path.display().to_string())
}
