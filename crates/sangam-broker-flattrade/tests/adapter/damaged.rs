//! Every recorded answer, damaged in every way a network and a faulty server can: the parsers end in an error or a value,
//! never in a panic, and a list never shrinks to "nothing there".

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use sangam_broker_flattrade::translate;
use sangam_core::{BrokerOrderId, Operation};
use serde_json::Value;

use crate::support::{Names, now};

/// Each recorded answer: operation and body.
fn recorded() -> &'static [(String, Value)] {
    static RECORDED: LazyLock<Vec<(String, Value)>> = LazyLock::new(read);
    &RECORDED
}

fn read() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire/flattrade");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the fixtures are there") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if !name.starts_with("responses-") || name.contains("websocket") {
            continue;
        }
        let items: Vec<Value> =
            serde_json::from_slice(&std::fs::read(&path).expect("readable")).expect("a list");
        for item in items {
            let operation = item["operation"].as_str().expect("an operation").to_owned();
            found.push((operation, item["body"].clone()));
        }
    }
    assert!(found.len() > 40, "only {} recorded answers found", found.len());
    found
}

/// Feeds a body to every parser; how many rows the list parsers made of it.
fn feed(status: u16, body: &[u8]) -> Vec<usize> {
    let id = BrokerOrderId::new("26120100000011").expect("an id");
    let instrument = "NSE:RELIANCE".parse().expect("a name");
    let _ = translate::placed(status, body);
    let _ = translate::accepted(Operation::Modify, status, body, &id);
    let _ = translate::accepted(Operation::Cancel, status, body, &id);
    let _ = translate::funds(status, body);
    let _ = translate::quote(status, body, &instrument, "2885", now());
    let _ = translate::depth(status, body, &instrument, "2885", now());
    let _ = translate::minutes(status, body);
    let _ = translate::days(status, body);
    let _ = translate::hits(status, body, &Names);
    let _ = sangam_broker_flattrade::error::failure(Operation::Place, status, body);
    [
        translate::order_book(status, body, &Names).map(|rows| rows.len()),
        translate::order_history(status, body, &id, &Names).map(|rows| rows.len()),
        translate::trades(status, body, &Names).map(|rows| rows.len()),
        translate::positions(status, body, &Names).map(|rows| rows.len()),
        translate::holdings(status, body, &Names).map(|rows| rows.len()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The values inside a body that can be replaced or taken away, by pointer.
fn places(body: &Value, at: &str, out: &mut Vec<String>) {
    match body {
        Value::Object(map) => {
            for (key, value) in map {
                let at = format!("{at}/{key}");
                places(value, &at, out);
                out.push(at);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                let at = format!("{at}/{i}");
                places(value, &at, out);
                out.push(at);
            }
        }
        _ => {}
    }
}

fn strange_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(true)),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        Just(serde_json::json!("")),
        Just(serde_json::json!("1e400")),
        Just(serde_json::json!("-1")),
        Just(serde_json::json!("99999999999999999999999999999999999999")),
        Just(serde_json::json!("0.0000000000000000000000000000000001")),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        ".{0,12}".prop_map(Value::from),
    ]
}

#[test]
fn cut_anywhere() {
    for (_, body) in recorded() {
        let whole = body.to_string();
        let rows = body.as_array().map(Vec::len);
        // Every place in short bodies, every eleventh in long ones.
        let stride = if whole.len() < 1_000 { 1 } else { 11 };
        for end in (0..whole.len())
            .step_by(stride)
            .filter(|end| whole.is_char_boundary(*end))
        {
            let cut = &whole.as_bytes()[..end];
            assert!(
                feed(200, cut).is_empty(),
                "a cut body of {rows:?} rows was read as a list: {}",
                &whole[..end]
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn property_flipped_bits(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..6),
        status in 200..600_u16,
    ) {
        let recorded = recorded();
        let mut bytes = which.get(recorded).1.to_string().into_bytes();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        feed(status, &bytes);
    }

    #[test]
    fn property_replaced_and_missing_values(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(strange_value())), 1..4),
    ) {
        let recorded = recorded();
        let mut body = which.get(recorded).1.clone();
        for (at, change) in changes {
            let mut all = Vec::new();
            places(&body, "", &mut all);
            if all.is_empty() {
                break;
            }
            let at = at.get(&all);
            match change {
                Some(value) => *body.pointer_mut(at).expect("a place that is there") = value,
                None => {
                    let (parent, key) = at.rsplit_once('/').expect("a place below the root");
                    match body.pointer_mut(parent) {
                        Some(Value::Object(map)) => { map.remove(key); }
                        Some(Value::Array(list)) => { list.remove(key.parse().expect("an index")); }
                        _ => {}
                    }
                }
            }
        }
        let rows = body.as_array().map_or(0, Vec::len);
        for count in feed(200, body.to_string().as_bytes()) {
            let nothing = body["stat"] == "Not_Ok" || rows == 1 && body[0]["stat"] == "Not_Ok";
            prop_assert!(count == rows || nothing, "{count} rows read out of {rows}: {body}");
        }
    }

    #[test]
    fn property_noise(bytes in prop::collection::vec(any::<u8>(), 0..200), status in 100..600_u16) {
        feed(status, &bytes);
    }
}
