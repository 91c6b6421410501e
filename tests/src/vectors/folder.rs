//! Finds and reads the files of vectors: which broker a folder belongs to, which items a file holds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sangam_core::BrokerName;
use serde_json::Value;

/// One broker's folder, read.
#[derive(Debug)]
pub struct Set {
    /// Whose.
    pub broker: BrokerName,
    /// The folder, for messages.
    pub folder: String,
    /// The vectors, in the order of file names.
    pub items: Vec<Item>,
    /// Files or items that could not be read: where and why.
    pub problems: Vec<(String, String)>,
}

/// One vector.
#[derive(Debug)]
pub struct Item {
    /// File, operation and variant, for messages.
    pub title: String,
    /// The vector itself.
    pub what: What,
}

/// A request or an answer.
#[derive(Debug)]
pub enum What {
    /// A recorded request.
    Request(Value),
    /// A recorded answer.
    Response {
        /// The operation it answers.
        operation: String,
        /// The item.
        item: Value,
    },
}

/// Reads a broker's folder, or every broker's folder in it. Folders of no known broker are left out.
///
/// # Errors
/// When a folder cannot be listed.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Set>> {
    if let Some(set) = read_one(folder)? {
        return Ok(vec![set]);
    }
    let mut sets = Vec::new();
    for inner in entries(folder)? {
        if inner.is_dir() {
            sets.extend(read_one(&inner)?);
        }
    }
    Ok(sets)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = |path: &Path| -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect()
    };
    let mut paths = list(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

fn read_one(folder: &Path) -> anyhow::Result<Option<Set>> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for path in entries(folder)? {
        if path.is_file() && path.extension().is_some_and(|ext| ext == "json") {
            let name = path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            match fs::read(&path)
                .map_err(anyhow::Error::from)
                .and_then(|bytes| Ok(serde_json::from_slice::<Value>(&bytes)?))
            {
                Ok(value) => files.push((name, value)),
                Err(error) => problems.push((name, error.to_string())),
            }
        }
    }
    let by_name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.parse().ok());
    let Some(broker) = by_name
        .filter(|_| !(files.is_empty() && problems.is_empty()))
        .or_else(|| by_content(&files))
    else {
        return Ok(None);
    };
    let mut items = Vec::new();
    for (name, value) in files {
        unpack(&name, value, &mut items, &mut problems);
    }
    Ok(Some(Set {
        broker,
        folder: folder.display().to_string(),
        items,
        problems,
    }))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn unpack(file: &str, value: Value, items: &mut Vec<Item>, problems: &mut Vec<(String, String)>) {
    let (shared, list) = match value {
        Value::Array(list) => (None, list),
        Value::Object(mut object) => match object.remove("responses") {
            Some(Value::Array(list)) => (
                object.get("operation").and_then(Value::as_str).map(str::to_owned),
                list,
            ),
            Some(_) => return problems.push((file.to_owned(), "`responses` is no list".to_owned())),
            None => (None, vec![Value::Object(object)]),
        },
        _ => return problems.push((file.to_owned(), "neither a list nor an object".to_owned())),
    };
    for (i, item) in list.into_iter().enumerate() {
        let operation = text(&item, "operation")
            .map(str::to_owned)
            .or_else(|| shared.clone());
        let variant = ["variant", "case", "name"]
            .iter()
            .find_map(|key| text(&item, key))
            .map_or_else(|| format!("#{i}"), str::to_owned);
        let Some(operation) = operation else {
            problems.push((format!("{file} {variant}"), "names no operation".to_owned()));
            continue;
        };
        let title = format!("{file} {operation} {variant}");
        let what = if item.get("request").is_some() {
            What::Request(item)
        } else {
            What::Response { operation, item }
        };
        items.push(Item { title, what });
    }
}

/// Whose vectors these are, told by words only one broker uses; `None` when no broker's words are there.
fn by_content(files: &[(String, Value)]) -> Option<BrokerName> {
    let mut seen = [0_usize; 3];
    for (_, value) in files {
        let all = value.to_string();
        let mut count = |broker: BrokerName, words: &[&str]| {
            seen[broker.index()] += words.iter().map(|word| all.matches(word).count()).sum::<usize>();
        };
        count(
            BrokerName::Flattrade,
            &["/PiConnect", "\"norenordno\"", "\"jData\"", "\"emsg\""],
        );
        count(
            BrokerName::Fyers,
            &[
                "\"/api/v3/",
                "\"/data/",
                "\"fyToken\"",
                "\"orderTag\"",
                "\"s\":\"error\"",
            ],
        );
        count(
            BrokerName::Upstox,
            &[
                "\"/v2/",
                "\"/v3/",
                "\"UDAPI",
                "\"instrument_token\"",
                "\"instrument_key\"",
            ],
        );
    }
    BrokerName::ALL
        .into_iter()
        .max_by_key(|broker| seen[broker.index()])
        .filter(|broker| seen[broker.index()] > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_folder_is_known_by_its_content() {
        let files = |value: Value| vec![("x.json".to_owned(), value)];
        let check = |value, broker| assert_eq!(by_content(&files(value)), broker);
        check(
            json!([{"request": {"path": "/v3/order/place"}}]),
            Some(BrokerName::Upstox),
        );
        check(
            json!([{"request": {"path": "/api/v3/orders/sync"}}]),
            Some(BrokerName::Fyers),
        );
        check(
            json!([{"request": {"path": "/PiConnectAPI/PlaceOrder"}}]),
            Some(BrokerName::Flattrade),
        );
        check(json!({"request": {"path": "/api/v1/placeorder"}}), None);
    }

    #[test]
    fn lists_objects_and_grouped_answers_are_unpacked() {
        let mut items = Vec::new();
        let mut problems = Vec::new();
        let mut add = |value| unpack("f.json", value, &mut items, &mut problems);
        add(json!([{"operation": "a", "variant": "x", "request": {}}]));
        add(json!({"operation": "b", "request": {}}));
        add(
            json!({"operation": "c", "responses": [{"case": "y", "body": {}}, {"operation": "d", "body": {}}]}),
        );
        add(json!([{"body": {}}]));
        let titles: Vec<_> = items.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles, ["f.json a x", "f.json b #0", "f.json c y", "f.json d #1"]);
        assert!(matches!(items[0].what, What::Request(_)));
        assert!(matches!(&items[2].what, What::Response { operation, .. } if operation == "c"));
        assert_eq!(problems.len(), 1);
    }
}
