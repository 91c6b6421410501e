//! The block `cache`: what memory, Redis and the encodings cost, each beside what it could have been.

use anyhow::Result;

use super::bench;
use super::measured::table;
use crate::workspace::Workspace;

/// What is told of memory, and its bench.
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

pub(super) fn make(workspace: &Workspace) -> Result<String> {
    bench::run(workspace, "cache")?;
    let memory = |name: &str| bench::median_ns(workspace, &format!("cache/{name}"));
    let ours = memory("memory_get_now")?;
    let mut rows = Vec::new();
    for (what, name) in MEMORY {
        let ns = memory(name)?;
        rows.push([what.to_owned(), format!("{ns:.0}"), format!("{:.2}", ns / ours)]);
    }
    let redis = |name: &str| bench::median_ns(workspace, &format!("cache_redis/{name}"));
    let (many, bare_many) = (
        redis("thousand_set_and_get")?,
        redis("thousand_set_and_get_by_bare_fred")?,
    );
    let (one, bare_one) = (redis("get")?, redis("get_by_bare_fred")?);
    Ok(format!(
        "`cargo xtask bench --bench cache`:\n\n{}\n{}\n{}",
        table(["in memory", "ns", "times `get_now`"], &rows),
        table(
            ["in Redis on this machine", "ours", "bare fred", "times"],
            &[
                redis_row("1,000 set and get at once (ms)", many, bare_many, 1e6),
                redis_row("one get after the other (us)", one, bare_one, 1e3),
            ]
        ),
        table(
            [
                "a quote; a depth of five levels",
                "bytes",
                "encode (ns)",
                "decode (ns)"
            ],
            &encodings(workspace)?
        ),
    ))
}

fn redis_row(what: &str, ours: f64, bare: f64, unit: f64) -> [String; 4] {
    [
        what.to_owned(),
        format!("{:.1}", ours / unit),
        format!("{:.1}", bare / unit),
        format!("{:.2}", ours / bare),
    ]
}

fn encodings(workspace: &Workspace) -> Result<Vec<[String; 4]>> {
    let mut rows = Vec::new();
    for (what, name) in ENCODINGS {
        let of = |value: &str, way: &str| format!("cache_encoding/{value}_{name}_{way}");
        let ns = |way: &str| -> Result<String> {
            let quote = bench::median_ns(workspace, &of("quote", way))?;
            let depth = bench::median_ns(workspace, &of("depth", way))?;
            Ok(format!("{quote:.0}; {depth:.0}"))
        };
        let bytes = |value: &str| bench::bytes(workspace, &of(value, "encode"));
        rows.push([
            what.to_owned(),
            format!("{}; {}", bytes("quote")?, bytes("depth")?),
            ns("encode")?,
            ns("decode")?,
        ]);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #[test]
    fn redis_is_told_beside_bare_fred() {
        let row = super::redis_row("x", 12_600_000.0, 11_200_000.0, 1e6);
        assert_eq!(row, ["x", "12.6", "11.2", "1.12"]);
    }
}
