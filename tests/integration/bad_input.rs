//! Bad input over HTTP: each a clear error that names the field and the way out, and no order leaves.

use sangam_core::BrokerName;
use serde_json::{Value, json};

use crate::support::Served;

fn order() -> Value {
    json!({"strategy": "test", "exchange": "NSE", "symbol": "RELIANCE", "action": "BUY", "quantity": 1,
        "pricetype": "LIMIT", "price": "1400", "product": "CNC"})
}

#[tokio::test]
async fn every_fault_is_named_and_nothing_leaves() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let table = served.stack.system.table();
    let option = table
        .search("NIFTY CE", 1)
        .first()
        .map(|entry| entry.openalgo_symbol())
        .expect("an option of NIFTY");
    let cases: Vec<(&str, Value, &[&str])> = vec![
        (
            "unknown instrument",
            json!({"symbol": "NOSUCH"}),
            &["NOSUCH", "not found"],
        ),
        (
            "no multiple of the lot",
            json!({"exchange": "NFO", "symbol": option, "product": "NRML", "quantity": 66, "price": "100"}),
            &["'quantity'", "lot", "65 or 130"],
        ),
        (
            "off the tick",
            json!({"price": "1400.03"}),
            &["'price'", "tick", "1400 or 1400.1"],
        ),
        (
            "limit without a price",
            json!({"price": 0}),
            &["'price'", "needs a price"],
        ),
        (
            "market with a price",
            json!({"pricetype": "MARKET"}),
            &["'price'", "takes no price"],
        ),
        (
            "stop without a trigger",
            json!({"pricetype": "SL"}),
            &["'trigger_price'", "needs"],
        ),
        (
            "sale beyond the holdings",
            json!({"action": "SELL", "symbol": "SBIN", "quantity": 1000, "price": "900"}),
            &["'quantity'", "holdings", "MIS"],
        ),
        (
            "product of another segment",
            json!({"product": "NRML"}),
            &["'product'", "CNC or MIS"],
        ),
        (
            "an index",
            json!({"exchange": "NSE_INDEX", "symbol": "NIFTY"}),
            &["'exchange'", "index"],
        ),
        (
            "unknown broker",
            json!({"broker": "zerodha"}),
            &["'broker'", "known are flattrade"],
        ),
        (
            "unknown group",
            json!({"group": "other"}),
            &["group", "known are main"],
        ),
        (
            "unknown effect",
            json!({"position_effect": "both"}),
            &["'position_effect'", "open, close"],
        ),
        (
            "closing nothing",
            json!({"position_effect": "close", "product": "MIS"}),
            &["'position_effect'", "no account holds"],
        ),
        (
            "bad client id",
            json!({"client_order_id": "has blanks"}),
            &["'client_order_id'"],
        ),
        (
            "unknown field",
            json!({"stoploss": 5}),
            &["'stoploss'", "Unknown field."],
        ),
    ];
    for (what, change, wanted) in cases {
        let mut body = order();
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let (status, answer) = served.call("placeorder", body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!((400..500).contains(&status), "{what}: {status} {answer}");
        assert_eq!(answer["status"], "error", "{what}: {answer}");
        for text in wanted {
            assert!(
                message.contains(text),
                "{what}: {message:?} does not say {text:?}"
            );
        }
    }
    assert_eq!(served.stack.accepted(BrokerName::Upstox).await, 0);
    let (_, book) = served.call("orderbook", json!({})).await;
    assert_eq!(book["data"]["orders"], json!([]));
}

#[tokio::test]
async fn bodies_that_are_none_and_keys_that_are_wrong() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let (status, answer) = served.text("placeorder", "{\"apikey\": ").await;
    assert_eq!(status, 400);
    assert!(
        answer["message"]
            .as_str()
            .is_some_and(|m| m.contains("not valid JSON")),
        "{answer}"
    );
    let (status, answer) = served.text("placeorder", "[1]").await;
    assert_eq!(
        (
            status,
            answer["message"]
                .as_str()
                .is_some_and(|m| m.contains("JSON object"))
        ),
        (400, true)
    );
    let mut body = order();
    body["apikey"] = json!("wrong");
    let (status, answer) = served.raw("placeorder", &body).await;
    assert_eq!(
        (status, answer["message"].as_str()),
        (403, Some("Invalid openalgo apikey"))
    );
    let (status, answer) = served.get("/api/v1/funds").await;
    assert_eq!((status, answer["message"].as_str()), (404, Some("Not found")));
    let (status, _) = served.call("funds/", json!({})).await;
    assert_eq!(status, 200, "one trailing slash is forgiven");
    assert_eq!(served.stack.accepted(BrokerName::Upstox).await, 0);
}

#[tokio::test]
async fn a_key_that_calls_too_fast_is_held_back() {
    let stack = crate::support::Stack::over(&[BrokerName::Upstox]).await;
    let served = Served::with(stack, 3).await;
    let mut refused = None;
    for _ in 0..20 {
        let (status, answer) = served.call("ping", json!({})).await;
        if status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("twenty calls at once are more than three a second");
    assert_eq!(refused["message"], "3 per 1 second");
    assert!(
        refused["retry_after_ms"].as_u64().is_some_and(|ms| ms <= 1_000),
        "{refused}"
    );
}

#[tokio::test]
async fn another_order_than_the_one_named_is_not_modified() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let last = served.stack.last().await;
    let placed = served.stack.submit(crate::support::resting_buy(last)).await;
    let body = json!({"strategy": "test", "exchange": "NSE", "symbol": "TCS", "orderid": placed.number.to_string(),
        "action": "BUY", "product": "CNC", "pricetype": "LIMIT", "price": "1300", "quantity": "1",
        "disclosed_quantity": "0", "trigger_price": "0"});
    let (status, answer) = served.call("modifyorder", body).await;
    assert_eq!(status, 400);
    assert!(
        answer["message"]
            .as_str()
            .is_some_and(|m| m.contains("its symbol is NSE:RELIANCE")),
        "{answer}"
    );
    assert_eq!(served.key().len(), 25);
}
