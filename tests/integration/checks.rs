//! Pre-trade checks through the whole stack: what a rule forbids is refused over HTTP with the rule, and no broker hears of
//! it.

use sangam_core::BrokerName;
use serde_json::{Value, json};

use crate::support::{Served, Stack};

const UPSTOX: BrokerName = BrokerName::Upstox;

fn order(more: &Value) -> Value {
    let mut body = json!({"strategy": "test", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "quantity": 1,
        "product": "CNC", "pricetype": "LIMIT", "price": "1400"});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// A refusal names its rule and source; nothing is in our books and no order reached the broker.
async fn refused(served: &Served, body: Value, rule: &str, words: &[&str]) {
    let before = served.stack.accepted(UPSTOX).await;
    let (status, answer) = served.call("placeorder", body).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["status"], "error", "{answer}");
    assert_eq!(answer["rule"], rule, "{answer}");
    assert!(
        answer["source"].as_str().is_some_and(|source| !source.is_empty()),
        "{answer}"
    );
    let message = answer["message"].as_str().expect("text");
    for word in words.iter().chain(&[rule]) {
        assert!(message.contains(word), "{word:?} is not in {message}");
    }
    assert_eq!(served.stack.accepted(UPSTOX).await, before);
    let (_, book) = served.call("orderbook", json!({})).await;
    assert_eq!(book["data"]["orders"].as_array().map(Vec::len), Some(0), "{book}");
}

async fn at_hour(ist: &str) -> Served {
    Served::with(Stack::at_hour(&[UPSTOX], ist, |_| ()).await, 10_000).await
}

/// Friday after the close, by the simulator's clock: a DAY order is refused here, one for the next session is taken, and
/// may be cancelled at any hour.
#[tokio::test]
async fn an_order_after_the_close_is_refused_with_the_rule() {
    let served = at_hour("2026-11-27T16:10:00").await;
    refused(
        &served,
        order(&json!({"validity": "DAY"})),
        "market_hours",
        &[
            "NSE is closed",
            "16:1",
            "2026-11-30",
            "after_market",
            "NSE/CMTR/71775",
        ],
    )
    .await;
    let (status, taken) = served
        .call("placeorder", order(&json!({"after_market": true})))
        .await;
    assert_eq!((status, &taken["status"]), (200, &json!("success")), "{taken}");
    let cancel = json!({"strategy": "test", "orderid": taken["orderid"]});
    let (status, answer) = served.call("cancelorder", cancel).await;
    assert_eq!(status, 200, "{answer}");
    let (_, checks) = served.call("checks", json!({})).await;
    let group = &checks["data"][0];
    assert!(
        group["market_time"]
            .as_str()
            .is_some_and(|time| time.starts_with("2026-11-27 16:1")),
        "{checks}"
    );
    let account = &group["accounts"][0];
    assert_eq!(
        [&account["orders"], &account["cancels"], &account["trades"]],
        [1, 1, 0],
        "{checks}"
    );
}

#[tokio::test]
async fn a_holiday_is_told_by_its_name() {
    let served = at_hour("2026-11-24T11:00:00").await;
    refused(
        &served,
        order(&json!({})),
        "market_hours",
        &["Prakash Gurpurb", "2026-11-25"],
    )
    .await;
}

/// In session by the simulator's clock all is as ever.
#[tokio::test]
async fn in_the_session_orders_go() {
    let served = at_hour("2026-11-27T11:00:00").await;
    let (status, answer) = served.call("placeorder", order(&json!({}))).await;
    assert_eq!((status, &answer["state"]), (200, &json!("working")), "{answer}");
    let (status, answer) = served
        .call("placeorder", order(&json!({"after_market": true})))
        .await;
    assert_eq!(
        (status, &answer["rule"]),
        (400, &json!("market_hours")),
        "{answer}"
    );
}

/// The simulator lists no derivatives of shares: they trade until 15:30, equity derivatives until 15:40.
#[tokio::test]
async fn segments_close_at_their_own_time() {
    let served = at_hour("2026-11-27T15:31:00").await;
    refused(
        &served,
        order(&json!({})),
        "market_hours",
        &["NSE is closed", "15:31"],
    )
    .await;
    let (_, found) = served
        .call("instruments/search", json!({"query": "NIFTY FUT", "limit": 1}))
        .await;
    let future =
        json!({"symbol": found["data"][0]["symbol"], "exchange": "NFO", "product": "NRML", "quantity": 1});
    let (status, answer) = served.call("placeorder", order(&future)).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(
        answer["rule"],
        Value::Null,
        "it is the lot that is wrong, not the hour: {answer}"
    );
}

/// Three seconds before the hour at which Upstox ends its tokens, by the simulator's clock: the account is logged in anew
/// when that has come, though the next health check is an hour away, and orders go on.
#[tokio::test]
async fn a_simulated_session_ends_and_begins_by_its_simulators_clock() {
    let stack = Stack::begun_at(&[UPSTOX], "2026-11-27T03:29:57", true, |raw| {
        raw.health_interval_s = 3_600;
    })
    .await;
    let account = "sim-upstox".parse().expect("a name");
    let broker = stack.system.broker(&account).expect("configured");
    let first = broker.session().expect("logged in");
    let lives = first.expires_at.duration_since(stack.system.now());
    assert!(lives.as_secs() < 3, "it ends by the simulator's clock: {lives:?}");
    let renewed = async {
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            pace.tick().await;
            let session = broker
                .session()
                .filter(|session| session.granted_at > first.granted_at);
            if let Some(session) = session {
                return session;
            }
        }
    };
    let patience = std::time::Duration::from_secs(20);
    let second = tokio::time::timeout(patience, renewed)
        .await
        .expect("logged in anew");
    assert!(second.expires_at > first.expires_at);
    let served = Served::with(stack, 10_000).await;
    let (status, answer) = served.call("placeorder", order(&json!({}))).await;
    assert_eq!((status, &answer["state"]), (200, &json!("working")), "{answer}");
}

/// The limits of the configuration hold, and a change is held to them like an order.
#[tokio::test]
async fn figures_of_the_configuration_are_held() {
    let stack = Stack::with_sims(&[UPSTOX], |raw| {
        raw.checks.order_value_max = 5_000;
        raw.checks.day_value_max = 8_000;
        raw.checks.quantity_max = 50;
    })
    .await;
    let served = Served::with(stack, 10_000).await;
    refused(
        &served,
        order(&json!({"quantity": 51})),
        "order_quantity",
        &["51", "50"],
    )
    .await;
    refused(
        &served,
        order(&json!({"quantity": 4})),
        "order_value",
        &["5600", "5000"],
    )
    .await;
    let market = json!({"quantity": 4, "pricetype": "MARKET", "price": 0});
    refused(
        &served,
        order(&market),
        "order_value",
        &["5000", "order_value_max"],
    )
    .await;
    // The price is known now: far above it nothing is bought, and below it only what the exchange takes.
    refused(
        &served,
        order(&json!({"price": "4900"})),
        "circuit_limits",
        &["4900", "circuit"],
    )
    .await;

    let (status, placed) = served.call("placeorder", order(&json!({"quantity": 3}))).await;
    assert_eq!(status, 200, "{placed}");
    let change = |quantity: u32| {
        json!({"strategy": "test", "orderid": placed["orderid"], "exchange": "NSE", "symbol": "RELIANCE",
            "action": "BUY", "product": "CNC", "pricetype": "LIMIT", "price": "1400", "quantity": quantity,
            "disclosed_quantity": 0, "trigger_price": 0})
    };
    let (status, answer) = served.call("modifyorder", change(4)).await;
    assert_eq!(
        (status, &answer["rule"]),
        (400, &json!("order_value")),
        "{answer}"
    );
    let (status, answer) = served.call("modifyorder", change(2)).await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = served.call("placeorder", order(&json!({"quantity": 3}))).await;
    assert_eq!((status, &answer["rule"]), (400, &json!("day_value")), "{answer}");
    assert!(
        answer["message"]
            .as_str()
            .is_some_and(|text| text.contains("4200")),
        "{answer}"
    );
}

/// What left today is counted over a restart, from the ledger.
#[tokio::test]
async fn a_restart_forgets_no_count() {
    let stack = Stack::with_sims(&[UPSTOX], |raw| {
        raw.checks.trade_ratio_warning = 2;
        raw.checks.trade_ratio_max = 3;
    })
    .await;
    let served = Served::with(stack, 10_000).await;
    let (_, placed) = served.call("placeorder", order(&json!({}))).await;
    let cancel = json!({"strategy": "test", "orderid": placed["orderid"]});
    let (status, answer) = served.call("cancelorder", cancel).await;
    assert_eq!(status, 200, "{answer}");
    let (_, before) = served.call("checks", json!({})).await;
    assert_eq!(before["data"][0]["accounts"][0]["state"], "warning", "{before}");

    let served = Served::with(served.stack.restart().await, 10_000).await;
    let (_, after) = served.call("checks", json!({})).await;
    assert_eq!(after["data"], before["data"]);
    let (status, answer) = served.call("placeorder", order(&json!({}))).await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = served.call("placeorder", order(&json!({}))).await;
    assert_eq!(
        (status, &answer["rule"]),
        (400, &json!("order_to_trade_ratio")),
        "{answer}"
    );
}
