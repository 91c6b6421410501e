//! Commands whose last line is JSON, and their figures as text.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::exec;

/// Runs a command to its end; the JSON of its last line, or of its last lines from the one that only opens an object.
pub(super) fn last_line(command: &mut Command) -> Result<Value> {
    let mut last = String::new();
    exec::run_watched(command, |line| {
        if line == "{" || !last.starts_with("{\n") || last.ends_with("\n}") {
            last.clear();
        } else {
            last.push('\n');
        }
        last.push_str(line);
        if line == "{" {
            last.push('\n');
        }
    })?;
    serde_json::from_str(&last).with_context(|| format!("the last line is no JSON: {last}"))
}

/// A figure by its path, `orders.in_doubt`, with so many places.
pub(super) fn figure(json: &Value, path: &str, places: usize) -> Result<String> {
    let pointer = format!("/{}", path.replace('.', "/"));
    let number = json.pointer(&pointer).and_then(Value::as_f64);
    let number = number.with_context(|| format!("there is no figure `{path}` in {json}"))?;
    Ok(format!("{number:.places$}"))
}

/// A row a figure: what it is in words, its name below `group`, its places.
pub(super) fn named(json: &Value, group: &str, rows: &[(&str, &str, usize)]) -> Result<Vec<[String; 2]>> {
    let row = |(what, name, places): &(&str, &str, usize)| {
        Ok([
            (*what).to_owned(),
            figure(json, &format!("{group}.{name}"), *places)?,
        ])
    };
    rows.iter().map(row).collect()
}

/// A table in Markdown.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_by_their_path_and_named_when_missing() {
        let json = serde_json::json!({ "a": { "b": 1.25 }, "n": 3 });
        assert_eq!(figure(&json, "a.b", 1).unwrap(), "1.2");
        assert_eq!(figure(&json, "n", 0).unwrap(), "3");
        assert!(figure(&json, "a.c", 1).unwrap_err().to_string().contains("`a.c`"));
    }

    #[test]
    fn a_row_a_figure_and_one_that_is_missing_is_named() {
        let json = serde_json::json!({ "books": { "rate": 1.25, "ratio": null } });
        let rate = ("how fast", "rate", 1);
        assert_eq!(
            named(&json, "books", &[rate]).unwrap(),
            [["how fast".to_owned(), "1.2".to_owned()]]
        );
        let error = named(&json, "books", &[rate, ("times", "ratio", 2)]).unwrap_err();
        assert!(error.to_string().contains("books.ratio"), "{error}");
    }

    #[test]
    fn the_last_line_counts() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo words; echo '{\"x\": 1}'"]);
        assert_eq!(last_line(&mut command).unwrap()["x"], 1);
        let mut command = Command::new("sh");
        command.args(["-c", "echo words; printf '{\n  \"x\": {\n    \"y\": 2\n  }\n}\n'"]);
        assert_eq!(last_line(&mut command).unwrap()["x"]["y"], 2);
        let mut command = Command::new("sh");
        command.args(["-c", "echo words"]);
        assert!(last_line(&mut command).is_err());
    }

    #[test]
    fn a_table_is_markdown() {
        let text = table(["a", "b"], &[["1".to_owned(), "2".to_owned()]]);
        assert_eq!(text, "| a | b |\n|---|---|\n| 1 | 2 |\n");
    }
}
