//! The block `cache`: what memory, Redis and the encodings cost, each beside what it could have been.

use anyhow::Result;
use serde_json::Value;

use super::measured::{figure, last_line, table};
use crate::workspace::Workspace;

/// What is told of memory, and its name.
const MEMORY: [(&str, &str); 8] = [
    ("`MemoryCache::get_now` of a hot key", "memory_get_now"),
    ("the same by the port, with its future", "memory_get_by_the_port"),
    ("reading the clock, which is in both", "clock"),
    (
        "bare quick_cache, without kinds and expiry",
        "quick_cache_get_without_expiry",
    ),
    (
        "moka's cache for threads, with the same key and expiry",
        "moka_sync_get",
    ),
    (
        "moka's cache for tasks, with the same key and expiry",
        "moka_future_get",
    ),
    ("`MemoryCache::set_now`", "memory_set_now"),
    ("`TypedCache::get` of a quote, decoded", "typed_get_of_a_quote"),
];

const ENCODINGS: [(&str, &str); 4] = [
    ("JSON", "json"),
    ("MessagePack with names", "messagepack"),
    ("MessagePack without names", "messagepack_without_names"),
    ("CBOR", "cbor"),
];

/// What is done over Redis, the group it is told in, and its name; bare fred's ends in `_by_bare_fred`.
const REDIS: [(&str, &str, &str); 2] = [
    ("1,000 set and get at once", "redis_many", "thousand_set_and_get"),
    ("one get after the other", "redis_one", "get"),
];

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    let mut command = workspace.cargo([
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "sangam-benches",
        "--bin",
        "cache-figures",
    ]);
    word(&last_line(&mut command)?)
}

fn word(report: &Value) -> Result<String> {
    let mut memory = Vec::new();
    for (what, name) in MEMORY {
        let ns = figure(report, &format!("memory.{name}.ns"), 0)?;
        memory.push([
            what.to_owned(),
            ns,
            figure(report, &format!("memory.{name}.ratio"), 2)?,
        ]);
    }
    let mut redis = Vec::new();
    for (what, group, name) in REDIS {
        let us = |name: &str| -> Result<String> {
            let ns: f64 = figure(report, &format!("{group}.{name}.ns"), 0)?.parse()?;
            Ok(format!("{:.0}", ns / 1e3))
        };
        let bare = format!("{name}_by_bare_fred");
        let ratio: f64 = figure(report, &format!("{group}.{bare}.ratio"), 6)?.parse()?;
        redis.push([
            what.to_owned(),
            us(name)?,
            us(&bare)?,
            format!("{:.2}", 1.0 / ratio),
        ]);
    }
    let mut encodings = Vec::new();
    for (what, name) in ENCODINGS {
        let pair = |way: &str, of: &str| -> Result<String> {
            let of = |value: &str| figure(report, &format!("encodings.{value}_{name}_{way}.{of}"), 0);
            Ok(format!("{}; {}", of("quote")?, of("depth")?))
        };
        let row = [
            pair("encode", "bytes")?,
            pair("encode", "ns")?,
            pair("decode", "ns")?,
        ];
        let [bytes, encode, decode] = row;
        encodings.push([what.to_owned(), bytes, encode, decode]);
    }
    Ok(format!(
        "`cargo run --release -p sangam-benches --bin cache-figures`:\n\n{}\n{}\n{}",
        table(["in memory", "ns", "times `get_now`"], &memory),
        table(
            ["in Redis on this machine", "ours (us)", "bare fred (us)", "times"],
            &redis
        ),
        table(
            [
                "a quote; a depth of five levels",
                "bytes",
                "encode (ns)",
                "decode (ns)"
            ],
            &encodings
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_three_tables_and_a_missing_figure_is_named() {
        let one = serde_json::json!({ "ns": 1_500.0, "ratio": 0.5, "bytes": 350 });
        let group =
            |names: Vec<String>| Value::Object(names.into_iter().map(|name| (name, one.clone())).collect());
        let coded = ENCODINGS.iter().flat_map(|(_, name)| {
            ["quote", "depth"]
                .into_iter()
                .flat_map(move |value| ["encode", "decode"].map(|way| format!("{value}_{name}_{way}")))
        });
        let mut report = serde_json::json!({
            "memory": group(MEMORY.iter().map(|(_, name)| (*name).to_owned()).collect()),
            "encodings": group(coded.collect()),
        });
        for (_, at, name) in REDIS {
            report[at] = group(vec![name.to_owned(), format!("{name}_by_bare_fred")]);
        }
        let text = word(&report).unwrap();
        assert!(
            text.contains("| JSON | 350; 350 | 1500; 1500 | 1500; 1500 |"),
            "{text}"
        );
        assert!(
            text.contains("| one get after the other | 2 | 2 | 2.00 |"),
            "{text}"
        );
        report["memory"]["clock"] = Value::Null;
        assert!(word(&report).unwrap_err().to_string().contains("memory.clock.ns"));
    }
}
