//! Baskets over HTTP: each leg its own result, one key sends each leg once, whatever happens at the same time.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use sangam_core::BrokerName;
use serde_json::{Value, json};

use crate::support::Served;

const UPSTOX: BrokerName = BrokerName::Upstox;
const FYERS: BrokerName = BrokerName::Fyers;

fn leg(symbol: &str, price: &str) -> Value {
    json!({"symbol": symbol, "exchange": "NSE", "action": "BUY", "quantity": 1, "product": "CNC", "pricetype": "LIMIT",
        "price": price})
}

fn basket(key: &str, orders: &[Value]) -> Value {
    json!({"strategy": "test", "client_order_id": key, "orders": orders})
}

fn column(answer: &Value, name: &str) -> Vec<Value> {
    let rows = answer["results"]
        .as_array()
        .unwrap_or_else(|| panic!("no results: {answer}"));
    rows.iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn a_bad_leg_stops_no_other_and_a_repeat_replays_each() {
    let served = Served::over(&[UPSTOX]).await;
    let mut sale = leg("SBIN", "800");
    sale["action"] = json!("SELL");
    let legs = [
        sale,
        leg("RELIANCE", "1400"),
        leg("NOPE", "100"),
        leg("TCS", "-5"),
        leg("TCS", "1400.03"),
    ];
    let (status, first) = served.call("basketorder", basket("b-1", &legs)).await;
    assert_eq!((status, &first["status"]), (200, &json!("success")), "{first}");
    assert_eq!(
        column(&first, "symbol"),
        ["RELIANCE", "NOPE", "TCS", "TCS", "SBIN"],
        "purchases first: {first}"
    );
    assert_eq!(
        column(&first, "status"),
        ["success", "error", "error", "error", "success"],
        "{first}"
    );
    let messages = column(&first, "message");
    for (at, word) in [(1, "not found"), (2, "non-negative"), (3, "tick")] {
        assert!(
            messages[at].as_str().is_some_and(|text| text.contains(word)),
            "{first}"
        );
    }
    assert_eq!(served.stack.accepted(UPSTOX).await, 2);

    let (_, again) = served.call("basketorder", basket("b-1", &legs)).await;
    assert_eq!(column(&again, "orderid"), column(&first, "orderid"));
    assert_eq!(column(&again, "replayed")[0], true, "{again}");
    let (status, other) = served.call("basketorder", basket("b-1", &legs[..2])).await;
    assert_eq!(status, 422, "{other}");
    assert!(
        other["message"]
            .as_str()
            .is_some_and(|text| text.contains("already used")),
        "{other}"
    );
    assert_eq!(served.stack.accepted(UPSTOX).await, 2, "nothing was sent again");
}

/// Twenty callers with one key at once: each leg is placed once, and all hear of the same orders.
#[tokio::test]
async fn one_key_at_once_from_many_places_each_leg_once() {
    let served = Arc::new(Served::over(&[UPSTOX]).await);
    let legs = [
        leg("RELIANCE", "1400"),
        leg("RELIANCE", "1401"),
        leg("RELIANCE", "1402"),
    ];
    let calling: Vec<_> = (0..20)
        .map(|_| {
            let (served, body) = (Arc::clone(&served), basket("at-once", &legs));
            tokio::spawn(async move { served.call("basketorder", body).await })
        })
        .collect();
    let mut orders = BTreeSet::new();
    for call in calling {
        let (status, answer) = call.await.expect("no panic");
        assert_eq!(status, 200, "{answer}");
        let rows = answer["results"].as_array().expect("a list");
        assert_eq!(rows.len(), 3, "{answer}");
        for row in rows {
            let still = row["message"]
                .as_str()
                .is_some_and(|text| text.contains("still being sent"));
            assert!(row["status"] == "success" || still, "{answer}");
            orders.insert(row["orderid"].as_str().expect("a number").to_owned());
        }
    }
    assert_eq!(orders.len(), 3, "{orders:?}");
    assert_eq!(served.stack.accepted(UPSTOX).await, 3);
}

#[tokio::test]
async fn a_basket_that_is_no_basket_is_refused_whole() {
    let served = Served::over(&[UPSTOX]).await;
    let many = vec![leg("RELIANCE", "1400"); 51];
    let (status, answer) = served.call("basketorder", basket("b", &many)).await;
    assert_eq!(
        (status, &answer["rule"]),
        (400, &json!("basket_size")),
        "{answer}"
    );
    for orders in [json!([]), json!("RELIANCE"), json!(null)] {
        let (status, answer) = served
            .call("basketorder", json!({"strategy": "test", "orders": orders}))
            .await;
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["message"]
                .as_str()
                .is_some_and(|text| text.contains("'orders'")),
            "{answer}"
        );
    }
    let (status, _) = served
        .raw(
            "basketorder",
            &json!({"apikey": "wrong", "strategy": "t", "orders": [1]}),
        )
        .await;
    assert_eq!(status, 403);
    assert_eq!(served.stack.accepted(UPSTOX).await, 0);
}

/// A leg whose answer is lost is in doubt by itself; a repeat sends none of them again.
#[tokio::test]
async fn a_lost_answer_leaves_one_basket_in_doubt_and_nothing_doubled() {
    let served = Served::over(&[UPSTOX]).await;
    let fault = json!({"drop_after_accept": 1.0, "paths": ["/order/place"]});
    served.stack.fault(UPSTOX, fault).await;
    let legs = [leg("RELIANCE", "1400"), leg("RELIANCE", "1401")];
    let (status, first) = served.call("basketorder", basket("lost", &legs)).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(column(&first, "state"), ["in_doubt", "in_doubt"], "{first}");
    let (_, again) = served.call("basketorder", basket("lost", &legs)).await;
    assert_eq!(column(&again, "orderid"), column(&first, "orderid"));
    assert_eq!(served.stack.accepted(UPSTOX).await, 2);
}

#[tokio::test]
async fn an_order_is_split_and_all_that_stands_is_cancelled() {
    let served = Served::over(&[UPSTOX]).await;
    let mut order = leg("RELIANCE", "1400");
    for (name, value) in [
        ("strategy", json!("t")),
        ("quantity", json!("7")),
        ("splitsize", json!("3")),
    ] {
        order[name] = value;
    }
    order["client_order_id"] = json!("split-1");
    for _ in 0..2 {
        let (status, answer) = served.call("splitorder", order.clone()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            (&answer["split_size"], &answer["total_quantity"]),
            (&json!(3), &json!(7))
        );
        assert_eq!(column(&answer, "order_num"), [1, 2, 3]);
        assert_eq!(column(&answer, "quantity"), [3, 3, 1]);
        assert_eq!(
            column(&answer, "status"),
            ["success", "success", "success"],
            "{answer}"
        );
    }
    assert_eq!(served.stack.accepted(UPSTOX).await, 3);
    let (status, answer) = served.call("cancelallorder", json!({"strategy": "t"})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["message"], "Canceled 3 orders. Failed to cancel 0 orders.");
    assert_eq!(
        answer["canceled_orders"].as_array().map(Vec::len),
        Some(3),
        "{answer}"
    );
    let (_, answer) = served.call("cancelallorder", json!({"strategy": "t"})).await;
    assert_eq!(answer["message"], "Canceled 0 orders. Failed to cancel 0 orders.");
}

#[tokio::test]
async fn positions_are_squared_off() {
    let served = Served::over(&[UPSTOX]).await;
    let buy =
        json!({"strategy": "t", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "quantity": 2});
    let (status, answer) = served.call("placeorder", buy).await;
    assert_eq!(status, 200, "{answer}");
    let held = json!({"strategy": "t", "symbol": "RELIANCE", "exchange": "NSE", "product": "MIS"});
    assert_eq!(served.call("openposition", held.clone()).await.1["quantity"], 2);
    let (status, answer) = served.call("closeposition", json!({"strategy": "t"})).await;
    assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
    assert_eq!(answer["message"], "All Open Positions Squared Off");
    assert_eq!(served.call("openposition", held).await.1["quantity"], 0);
    let (_, answer) = served.call("closeposition", json!({"strategy": "t"})).await;
    assert_eq!(answer["results"], json!([]), "nothing is left to close: {answer}");
}

/// An account that cannot be read is named, and what others hold is closed all the same.
#[tokio::test]
async fn an_account_that_cannot_be_read_keeps_no_other_from_being_squared_off() {
    let mut served = Served::over(&[UPSTOX, FYERS]).await;
    let buy = json!({"strategy": "t", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "quantity": 2,
        "broker": "upstox"});
    let (status, answer) = served.call("placeorder", buy).await;
    assert_eq!(status, 200, "{answer}");
    served.stack.shut_down(FYERS).await;
    let (_, answer) = served.call("closeposition", json!({"strategy": "t"})).await;
    assert_eq!(
        answer["message"], "Squared off 1 of 1 open positions; see results for the others.",
        "{answer}"
    );
    let results = answer["results"].as_array().expect("a list");
    assert_eq!(results.len(), 2, "{answer}");
    assert!(
        results[0]["status"] == "error" && results[0]["account"].is_string(),
        "{answer}"
    );
    assert_eq!(results[1]["status"], "success", "{answer}");
}

/// Every call of these endpoints that the official client was recorded sending is answered in the recorded shape.
#[tokio::test]
async fn recorded_calls_are_answered_in_the_recorded_shape() {
    let served = Served::over(&[UPSTOX]).await;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/openalgo/smart-basket-split.json");
    let recorded: Value = serde_json::from_str(&fs::read_to_string(path).expect("a fixture")).expect("json");
    let mut compared = 0;
    for vector in recorded["vectors"].as_array().expect("a list") {
        let path = vector["request"]["path"].as_str().expect("a path");
        let endpoint = path.trim_start_matches("/api/v1/");
        if endpoint == "placesmartorder" {
            continue;
        }
        let mut body = vector["request"]["body"].clone();
        body["apikey"] = json!(served.key());
        let (status, answer) = served.raw(endpoint, &body).await;
        assert_eq!(status, 200, "{}: {answer}", vector["id"]);
        for name in vector["reply"]["body"].as_object().expect("fields").keys() {
            assert!(!answer[name].is_null(), "{}: no {name} in {answer}", vector["id"]);
        }
        compared += 1;
    }
    assert_eq!(compared, 4);
}
