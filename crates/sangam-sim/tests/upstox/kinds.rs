//! Kinds of orders beside the plain limit: stops, market orders, after-market orders, sliced ones.

use super::{Session, changed, limit, refusal, rupees};
use sangam_sim::{Paise, SimConfig};
use serde_json::json;

#[tokio::test]
async fn stop_orders_wait_for_their_trigger() {
    let session = Session::start().await;
    let last = session.last().await;
    let (trigger, price) = (rupees(last * 102 / 100), rupees(last * 103 / 100));
    let stop = json!({ "order_type": "SL", "trigger_price": trigger, "price": price });
    let id = session.place(&changed(limit(&price), &stop)).await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["order_type"]),
        (&json!("trigger pending"), &json!("SL"))
    );
    assert_eq!(
        session.statuses(&id).await.last().map(String::as_str),
        Some("trigger pending")
    );
    let market =
        json!({ "order_type": "SL-M", "trigger_price": trigger, "price": 0, "market_protection": -1 });
    let id = session.place(&changed(limit(&price), &market)).await;
    assert_eq!(session.details(&id).await["status"], "trigger pending");
    // It keeps its protection when a change does not name one.
    let change = json!({
        "order_id": id, "validity": "DAY", "price": 0, "order_type": "SL-M", "trigger_price": price,
    });
    session.data("PUT", "/v3/order/modify", &change).await;
    assert_eq!(session.details(&id).await["trigger_price"], price);
}

#[tokio::test]
async fn market_orders_need_a_protection_band() {
    let session = Session::start().await;
    let market = changed(limit(&json!(0)), &json!({ "order_type": "MARKET" }));
    for (fields, expected) in [
        (json!({}), "UDAPI1158"),
        (json!({ "market_protection": 0 }), "UDAPI1158"),
        (json!({ "market_protection": 26 }), "UDAPI1159"),
        (json!({ "market_protection": -2 }), "UDAPI1159"),
        (json!({ "market_protection": "wide" }), "UDAPI1160"),
        (
            json!({ "order_type": "SL-M", "trigger_price": 1500 }),
            "UDAPI1158",
        ),
    ] {
        let order = changed(market.clone(), &fields).to_string();
        assert_eq!(
            session.refused("POST", "/v3/order/place", &order).await,
            refusal(400, expected),
            "{fields}"
        );
    }
    for band in [json!(-1), json!(5), json!(25)] {
        let id = session
            .place(&changed(market.clone(), &json!({ "market_protection": band })))
            .await;
        assert_eq!(session.details(&id).await["status"], "complete", "{band}");
    }
}

#[tokio::test]
async fn after_market_orders_have_their_own_statuses() {
    let config = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    // A Sunday.
    let session = Session::with(config, (22, 11, 0)).await;
    let low = rupees(session.last().await * 97 / 100);
    let plain = session.place(&limit(&low)).await;
    assert_eq!(session.details(&plain).await["status"], "rejected");
    let id = session
        .place(&changed(limit(&low), &json!({ "is_amo": true })))
        .await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["variety"]),
        (&json!("after market order req received"), &json!("AMO"))
    );
    assert!(row["exchange_order_id"].is_null() && row["exchange_timestamp"].is_null());
    let change = json!({
        "order_id": id, "validity": "DAY", "price": low, "order_type": "LIMIT", "trigger_price": 0, "quantity": 2,
    });
    session.data("PUT", "/v3/order/modify", &change).await;
    assert_eq!(
        session.details(&id).await["status"],
        "modify after market order req received"
    );
    session
        .data("DELETE", &format!("/v3/order/cancel?order_id={id}"), &json!({}))
        .await;
    assert_eq!(
        session.details(&id).await["status"],
        "cancelled after market order"
    );
}

#[tokio::test]
async fn large_orders_are_sliced_at_the_freeze_quantity() {
    let config = SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    };
    let session = Session::with(config, (23, 10, 30)).await;
    let universe = session.sim.world().universe();
    let option = universe
        .chain("NIFTY")
        .into_iter()
        .find(|contract| contract.strike().is_some())
        .expect("an option");
    let whole_lots = option.freeze / option.lot * option.lot;
    let fields = json!({
        "instrument_token": option.names.upstox_key, "quantity": whole_lots + option.lot, "slice": true,
        "price": session.sim.world().quote(option).lower_circuit,
    });
    let order = changed(limit(&json!(0)), &fields);
    let data = session.data("POST", "/v3/order/place", &order).await;
    let ids = data["order_ids"].as_array().expect("a list");
    assert_eq!(ids.len(), 2, "{data}");
    let rows = session.get("/v2/order/retrieve-all").await;
    let sizes: Vec<i64> = rows
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["quantity"].as_i64())
        .collect();
    assert_eq!(sizes, [whole_lots, option.lot]);
    assert!(
        rows.as_array()
            .expect("a list")
            .iter()
            .all(|row| row["tag"] == "oms-1" && row["exchange"] == "NFO")
    );
    let whole = session
        .place(&changed(order.clone(), &json!({ "slice": false })))
        .await;
    assert_eq!(session.details(&whole).await["status"], "rejected");
    let huge = changed(order, &json!({ "quantity": whole_lots * 25 + option.lot })).to_string();
    assert_eq!(
        session.refused("POST", "/v3/order/place", &huge).await,
        refusal(400, "UDAPI100036")
    );
}
