//! Orders from placing to the end, and what they leave in the books.

use super::{RELIANCE, Session, changed, limit, rupees};
use sangam_sim::Paise;
use serde_json::{Value, json};

#[tokio::test]
async fn the_whole_life_of_a_limit_order() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    let id = session.place(&limit(&low)).await;
    assert!(id.len() == 15 && id.starts_with("261123"), "{id}");
    let row = session.details(&id).await;
    let expected = json!({
        "average_price": 0, "disclosed_quantity": 0, "exchange": "NSE", "exchange_order_id": row["exchange_order_id"],
        "exchange_timestamp": "2026-11-23 10:30:00", "filled_quantity": 0, "guid": null,
        "instrument_token": RELIANCE, "is_amo": false, "order_id": id, "order_ref_id": row["order_ref_id"],
        "order_request_id": "1", "order_timestamp": "2026-11-23 10:30:00", "order_type": "LIMIT",
        "parent_order_id": null, "pending_quantity": 1, "placed_by": "TEST01", "price": low, "product": "D",
        "quantity": 1, "status": "open", "status_message": null, "status_message_raw": null, "tag": "oms-1",
        "trading_symbol": "RELIANCE-EQ", "tradingsymbol": "RELIANCE-EQ", "transaction_type": "BUY",
        "trigger_price": 0, "validity": "DAY", "variety": "SIMPLE",
    });
    assert_eq!(row, expected);
    assert_eq!(session.get("/v2/order/retrieve-all").await, json!([row]));

    session.pass(1);
    let higher = rupees(session.last().await * 98 / 100);
    let change = json!({
        "order_id": id, "validity": "DAY", "price": higher, "order_type": "LIMIT", "trigger_price": 0, "quantity": 2,
    });
    assert_eq!(
        session.data("PUT", "/v3/order/modify", &change).await,
        json!({ "order_id": id })
    );
    let row = session.details(&id).await;
    assert_eq!(
        (&row["price"], &row["quantity"], &row["order_request_id"]),
        (&higher, &json!(2), &json!("2"))
    );
    assert_eq!((&row["status"], &row["tag"]), (&json!("open"), &json!("oms-1")));

    let path = format!("/v3/order/cancel?order_id={id}");
    assert_eq!(
        session.data("DELETE", &path, &json!({})).await,
        json!({ "order_id": id })
    );
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["pending_quantity"]),
        (&json!("cancelled"), &json!(0))
    );
    let expected = [
        "put order req received",
        "validation pending",
        "open pending",
        "open",
        "modify validation pending",
        "modify pending",
        "modified",
        "open",
        "cancel pending",
        "cancelled",
    ];
    assert_eq!(session.statuses(&id).await, expected);
    let by_tag = session.get("/v2/order/history?tag=oms-1").await;
    assert_eq!(
        by_tag,
        session
            .get(&format!("/v2/order/history?order_id={id}&tag=oms-1"))
            .await
    );
    let first = by_tag[0].as_object().expect("a row");
    assert!(first["exchange_order_id"].is_null() && first["exchange_timestamp"].is_null());
    for absent in ["guid", "pending_quantity", "status_message_raw", "order_ref_id"] {
        assert!(!first.contains_key(absent), "{absent} is not in a history row");
    }
    assert_eq!(session.get("/v2/order/history?tag=other").await, json!([]));
    session.sim.shutdown().await;
}

#[tokio::test]
async fn the_second_version_answers_one_id_without_metadata() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    // Numbers and booleans as text are taken too.
    let order = changed(
        limit(&low),
        &json!({ "quantity": "1", "is_amo": "false", "slice": null }),
    );
    let answer = session
        .call("POST", "/v2/order/place", &order.to_string())
        .await
        .json();
    let id = answer["data"]["order_id"].as_str().expect("one id").to_owned();
    assert!(answer.get("metadata").is_none());
    let third = session
        .call("POST", "/v3/order/place", &order.to_string())
        .await
        .json();
    assert!(third["metadata"]["latency"].is_i64(), "{third}");
    let answer = session
        .call("DELETE", &format!("/v2/order/cancel?order_id={id}"), "")
        .await
        .json();
    assert_eq!(answer, json!({ "status": "success", "data": { "order_id": id } }));
}

#[tokio::test]
async fn a_fill_shows_in_trades_positions_and_funds() {
    let session = Session::start().await;
    let high = rupees(session.last().await * 101 / 100);
    let id = session
        .place(&changed(limit(&high), &json!({ "product": "I", "quantity": 2 })))
        .await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["filled_quantity"]),
        (&json!("complete"), &json!(2))
    );
    let trades = session.get("/v2/order/trades/get-trades-for-day").await;
    assert_eq!(
        trades,
        session.get(&format!("/v2/order/trades?order_id={id}")).await
    );
    let trade = &trades[0];
    assert_eq!(trade["exchange_timestamp"], "23-Nov-2026 10:30:00");
    assert_eq!(trade["average_price"], row["average_price"]);
    assert!(trade.get("tag").is_none(), "a trade has no tag");

    let positions = session.get("/v2/portfolio/short-term-positions").await;
    let position = &positions[0];
    assert_eq!(
        (&position["quantity"], &position["product"]),
        (&json!(2), &json!("I"))
    );
    assert_eq!(
        (&position["day_buy_quantity"], &position["exchange"]),
        (&json!(2), &json!("NSE"))
    );
    assert_eq!(position.as_object().map(serde_json::Map::len), Some(29));
    let value = Paise::from_json(&position["buy_value"]).expect("an amount");
    assert_eq!(Paise::from_json(&position["value"]), Some(value));
    assert_eq!(
        Paise::from_json(&position["average_price"]).map(|price| price.times(2)),
        Some(value)
    );

    let second = session.get("/v2/user/get-funds-and-margin").await;
    let used = Paise::from_json(&second["equity"]["used_margin"]).expect("an amount");
    assert_eq!(
        used,
        Paise((value.0 * 20 + 99) / 100),
        "a fifth of an intraday position"
    );
    assert_eq!(second["commodity"]["available_margin"].to_string(), "0.0");
    let third = session.get("/v3/user/get-funds-and-margin").await;
    let cash = &third["available_to_trade"]["cash_available_to_trade"];
    assert_eq!(cash["total"], second["equity"]["available_margin"]);
    assert_eq!(cash["margin_used"]["total"], second["equity"]["used_margin"]);

    let convert = json!({
        "instrument_token": RELIANCE, "new_product": "D", "old_product": "I", "transaction_type": "BUY", "quantity": 2,
    });
    let converted = session
        .data("PUT", "/v2/portfolio/convert-position", &convert)
        .await;
    assert_eq!(converted, json!({ "status": "complete" }));
    let again = session
        .refused("PUT", "/v2/portfolio/convert-position", &convert.to_string())
        .await;
    assert_eq!(again, super::refusal(400, "UDAPI1035"));
    let flat = session.get("/v2/portfolio/short-term-positions").await;
    let quantities: Vec<&Value> = flat
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["quantity"])
        .collect();
    assert_eq!(
        quantities
            .iter()
            .filter(|quantity| **quantity == &json!(2))
            .count(),
        1,
        "{flat}"
    );
}

#[tokio::test]
async fn what_the_risk_engine_refuses_is_in_the_book() {
    let session = Session::start().await;
    let last = session.last().await;
    let id = session
        .place(&changed(limit(&rupees(last)), &json!({ "quantity": 1_000 })))
        .await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["pending_quantity"]),
        (&json!("rejected"), &json!(0))
    );
    let required = Paise(last / 10 * 10).times(1_000);
    let short = required - Paise::rupees(100_000);
    assert_eq!(
        row["status_message"],
        format!("You need to add Rs. {short} in your account to place this trade.")
    );
    let raw = format!("RMS:Margin Exceeds, Required:{required}, Available:100000.00");
    assert_eq!(row["status_message_raw"], raw);
    assert_eq!(
        session.statuses(&id).await,
        ["put order req received", "validation pending", "rejected"]
    );
    // Off the tick, beyond the circuit, more than is held: taken, then rejected.
    for fields in [
        json!({ "price": 1400.01 }),
        json!({ "price": 10.0 }),
        json!({ "transaction_type": "SELL", "quantity": 3 }),
    ] {
        let id = session.place(&changed(limit(&rupees(last)), &fields)).await;
        let row = session.details(&id).await;
        assert_eq!(row["status"], "rejected", "{fields}");
        assert!(row["status_message"].is_string(), "{fields}");
    }
    assert_eq!(session.stats().await["orders_rejected"], 4);
}

#[tokio::test]
async fn a_refused_change_shows_as_not_modified_and_the_old_terms_stand() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    let id = session.place(&limit(&low)).await;
    let change = |quantity: i64| {
        json!({
            "order_id": id, "validity": "DAY", "price": low, "order_type": "LIMIT", "trigger_price": 0,
            "quantity": quantity,
        })
    };
    session.data("PUT", "/v2/order/modify", &change(1_000)).await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["quantity"]),
        (&json!("not modified"), &json!(1))
    );
    assert_eq!(
        (&row["pending_quantity"], &row["order_request_id"]),
        (&json!(1), &json!("2"))
    );
    assert!(
        row["status_message"]
            .as_str()
            .is_some_and(|text| text.starts_with("You need to add Rs.")),
        "{row}"
    );
    session.data("PUT", "/v2/order/modify", &change(2)).await;
    let row = session.details(&id).await;
    assert_eq!(
        (&row["status"], &row["order_request_id"]),
        (&json!("open"), &json!("3"))
    );
    let statuses = session.statuses(&id).await;
    assert_eq!(
        &statuses[3..6],
        ["open", "not modified", "modify validation pending"]
    );
}

#[tokio::test]
async fn an_answer_lost_on_the_way_leaves_the_order_in_the_book() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    session
        .faults(&json!({ "drop_after_accept": 1.0, "paths": ["/order/place"] }))
        .await;
    let bearer = format!("Bearer {}", session.token);
    let body = limit(&low).to_string();
    let lost = super::send(
        session.addr,
        "POST",
        "/v3/order/place",
        &[("authorization", &bearer)],
        &body,
    )
    .await;
    assert!(!matches!(lost, Ok(Some(_))), "no answer comes back: {lost:?}");
    let found = session.get("/v2/order/history?tag=oms-1").await;
    assert_eq!(
        found
            .as_array()
            .and_then(|rows| rows.last())
            .map(|row| &row["status"]),
        Some(&json!("open"))
    );
    let stats = session.stats().await;
    assert_eq!(stats["accepted_by_tag"], json!({ "oms-1": 1 }));
    assert_eq!(stats["requests"]["POST /v3/order/place"], 1);
    assert_eq!(stats["faults"], json!({ "drop_after_accept": 1 }));
}

#[tokio::test]
async fn a_stale_book_is_for_readers_only() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    session.pass(60);
    let id = session.place(&limit(&low)).await;
    session.faults(&json!({ "stale_book_s": 30 })).await;
    let path = format!("/v2/order/details?order_id={id}");
    assert_eq!(
        session.refused("GET", &path, "").await,
        super::refusal(400, "UDAPI100010")
    );
    let change = json!({
        "order_id": id, "validity": "DAY", "price": low, "order_type": "LIMIT", "trigger_price": 0, "quantity": 2,
    });
    session.data("PUT", "/v3/order/modify", &change).await;
    session.pass(31);
    assert_eq!(session.details(&id).await["quantity"], 2);
}
