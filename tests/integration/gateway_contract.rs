//! OpenAlgo's contract: recorded requests of its client are understood, and what its server answered to bad requests is
//! answered here word for word, but for the defects the contract lists.

use std::fs;
use std::path::PathBuf;

use sangam_core::BrokerName;
use serde_json::{Value, json};

use crate::support::Served;

fn fixture(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/openalgo")
        .join(name);
    serde_json::from_str(&fs::read_to_string(&path).expect("a fixture")).expect("json")
}

/// Answers of the real server that are defects by the contract's section 7, or of endpoints this gateway does not have.
const DIFFERENT: [(&str, &str); 3] = [
    (
        "placeorder-unknown-field",
        "client_order_id is a field here (section 7.3)",
    ),
    (
        "placeorder-unknown-symbol",
        "the answer was a defect: a 500 without a reason (section 7.2)",
    ),
    ("intervals-ok", "the intervals offered are this gateway's own"),
];

#[tokio::test]
async fn refusals_are_those_of_the_real_server() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let mut compared = 0;
    for item in fixture("server-responses.json")["responses"]
        .as_array()
        .expect("a list")
    {
        let id = item["id"].as_str().expect("an id");
        let wanted = item["status"].as_u64().expect("a status");
        if wanted == 200 || DIFFERENT.iter().any(|(different, _)| *different == id) {
            continue;
        }
        let mut body = item["request_body"].clone();
        if body["apikey"] == "<apikey>" {
            body["apikey"] = json!(served.key());
        }
        let (status, answer) = served
            .raw(item["endpoint"].as_str().expect("an endpoint"), &body)
            .await;
        assert_eq!(
            (u64::from(status), &answer),
            (wanted, &item["response_body"]),
            "{id}"
        );
        compared += 1;
    }
    assert!(compared >= 34, "only {compared} answers were compared");
}

/// The shape of each success: every field the real server answers is answered here, with the same kind of value.
#[tokio::test]
async fn successes_have_every_field_of_the_real_server() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let market = json!({"strategy": "demo", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "quantity": "10"});
    let (status, answer) = served.call("placeorder", market).await;
    assert_eq!(status, 200, "{answer}");
    let order = answer["orderid"].as_str().expect("text").to_owned();
    let endpoints = [
        ("orderstatus-complete", "orderstatus"),
        ("quotes-ok", "quotes"),
        ("multiquotes-ok", "multiquotes"),
        ("multiquotes-one-unknown", "multiquotes"),
        ("depth-ok", "depth"),
        ("history-ok", "history"),
        ("funds-ok", "funds"),
        ("orderbook-ok", "orderbook"),
        ("tradebook-ok", "tradebook"),
        ("positionbook-ok", "positionbook"),
        ("holdings-ok", "holdings"),
        ("openposition-long", "openposition"),
        ("ping-ok", "ping"),
    ];
    let recorded = fixture("server-responses.json");
    for (id, endpoint) in endpoints {
        let item = recorded["responses"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|item| item["id"] == id);
        let item = item.expect("recorded");
        let mut body = item["request_body"].clone();
        if endpoint == "orderstatus" {
            body["orderid"] = json!(order);
        }
        let (status, answer) = served.call(endpoint, body).await;
        assert_eq!(status, 200, "{id}: {answer}");
        same_shape(id, &item["response_body"], &answer);
    }
}

fn same_shape(place: &str, wanted: &Value, found: &Value) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                let here = format!("{place}.{name}");
                same_shape(
                    &here,
                    value,
                    found.get(name).unwrap_or_else(|| panic!("{here} is missing")),
                );
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            assert!(wanted.is_empty() || !found.is_empty(), "{place} is empty");
            if let (Some(wanted), Some(found)) = (wanted.first(), found.first()) {
                same_shape(&format!("{place}[0]"), wanted, found);
            }
        }
        (Value::Number(wanted), Value::Number(found)) => {
            let whole = |number: &serde_json::Number| number.is_i64() || number.is_u64();
            assert!(whole(found) || !whole(wanted), "{place}: {wanted} and {found}");
        }
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => {}
        _ => panic!("{place}: {wanted} and {found} are of different kinds"),
    }
}

/// Every placement the client was recorded sending is understood: it becomes an order or a refusal that says why, never a
/// misreading.
#[tokio::test]
async fn recorded_placements_are_understood() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    for vector in fixture("placeorder.json")["vectors"].as_array().expect("a list") {
        let mut body = vector["request"]["body"].clone();
        if !body.is_object() {
            continue;
        }
        body["apikey"] = json!(served.key());
        let (status, answer) = served.raw("placeorder", &body).await;
        let id = &vector["id"];
        assert!(status == 200 || status == 400, "{id}: {status} {answer}");
        assert!(
            answer["orderid"].is_string() || answer["message"].is_string(),
            "{id}: {answer}"
        );
        assert_ne!(answer["message"], "The request body is not valid JSON.", "{id}");
    }
}
