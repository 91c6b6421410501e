//! Names on the wire are OpenAlgo's; quotes of many at once are split as each broker takes them; the table is fetched
//! anew when its day is over.

use std::sync::Arc;
use std::time::Duration;

use sangam::SystemClock;
use sangam_core::{BrokerName, Clock as _, ManualClock};
use serde_json::json;

use crate::support::{Served, Stack};

#[tokio::test]
async fn more_quotes_than_one_call_takes() {
    for broker in [BrokerName::Fyers, BrokerName::Upstox] {
        let served = Served::over(&[broker]).await;
        let table = served.stack.system.table();
        let options = table.search("NIFTY", 120);
        let mut symbols: Vec<_> = options
            .iter()
            .map(|entry| json!({"symbol": entry.openalgo_symbol(), "exchange": entry.id().exchange}))
            .collect();
        assert!(symbols.len() > 100, "{}", symbols.len());
        symbols.insert(3, json!({"symbol": "NOPE", "exchange": "NSE"}));
        let (status, answer) = served.call("multiquotes", json!({"symbols": symbols})).await;
        assert_eq!(status, 200, "{broker}: {answer}");
        let results = answer["results"].as_array().expect("a list");
        assert_eq!(results.len(), symbols.len());
        // Bad ones first, the others in the order asked for.
        assert!(results[0]["error"].is_string(), "{}", results[0]);
        symbols.remove(3);
        for (asked, answered) in symbols.iter().zip(&results[1..]) {
            assert_eq!(asked["symbol"], answered["symbol"]);
            assert!(answered["data"]["ltp"].is_number(), "{broker}: {answered}");
        }
    }
}

#[tokio::test]
async fn an_option_keeps_openalgos_name_from_order_to_position() {
    let served = Served::over(&[BrokerName::Upstox]).await;
    let table = served.stack.system.table();
    let option = table.search("NIFTY CE", 50);
    let option = option
        .iter()
        .find(|entry| entry.id().exchange.as_str() == "NFO")
        .expect("an option");
    let (name, lot) = (option.openalgo_symbol(), option.instrument().lot.units());
    assert!(name.starts_with("NIFTY") && name.ends_with("CE"), "{name}");
    let order = json!({"strategy": "t", "exchange": "NFO", "symbol": name, "action": "BUY", "quantity": lot.to_string(),
        "product": "NRML"});
    let (status, placed) = served.call("placeorder", order).await;
    assert_eq!(status, 200, "{placed}");
    let (_, book) = served.call("orderbook", json!({})).await;
    let row = &book["data"]["orders"][0];
    assert_eq!(
        [&row["symbol"], &row["exchange"], &row["product"]],
        [&json!(name), &json!("NFO"), &json!("NRML")]
    );
    let text = row["timestamp"].as_str().expect("text");
    assert!(
        jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S", text).is_ok(),
        "{text}"
    );
    let (_, status) = served
        .call(
            "orderstatus",
            json!({"strategy": "t", "orderid": placed["orderid"]}),
        )
        .await;
    assert_eq!(status["data"]["symbol"], json!(name));
    let (_, positions) = served.call("positionbook", json!({})).await;
    assert_eq!(positions["data"][0]["symbol"], json!(name), "{positions}");
    let (_, trades) = served.call("tradebook", json!({})).await;
    assert_eq!(trades["data"][0]["symbol"], json!(name), "{trades}");
    assert_eq!(trades["data"][0]["orderid"], placed["orderid"]);
}

#[tokio::test]
async fn a_new_morning_brings_new_masters() {
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let stack = Stack::with(&[BrokerName::Upstox], Arc::<ManualClock>::clone(&clock), |_| ()).await;
    let first = stack.system.table().date();
    assert_eq!(
        stack.system.refresh_instruments_if_due().await,
        None,
        "fetched at start"
    );
    clock.advance(Duration::from_secs(32 * 3_600));
    let report = stack
        .system
        .refresh_instruments_if_due()
        .await
        .expect("a day has passed");
    assert!(stack.system.table().date() > first, "{report:?}");
    assert_eq!(stack.system.refresh_instruments_if_due().await, None);
    // At a time when the broker cannot be had the table of before stays, and it is tried again later.
    let mut stack = stack;
    stack.shut_down(BrokerName::Upstox).await;
    let before = stack.system.table();
    clock.advance(Duration::from_secs(24 * 3_600));
    let report = stack
        .system
        .refresh_instruments_if_due()
        .await
        .expect("another day");
    assert!(!report.refused.is_empty());
    assert_eq!(
        (stack.system.table().date(), stack.system.table().len()),
        (before.date(), before.len())
    );
    assert_eq!(
        stack.system.refresh_instruments_if_due().await,
        None,
        "not at once"
    );
    clock.advance(Duration::from_secs(301));
    assert!(stack.system.refresh_instruments_if_due().await.is_some());
}
