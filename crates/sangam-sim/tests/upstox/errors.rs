//! Wrong input, unknown paths, bulk calls.

use super::{RELIANCE, Session, changed, limit, refusal, rupees};
use serde_json::{Value, json};

#[tokio::test]
async fn every_wrong_field_has_its_code() {
    let session = Session::start().await;
    let good = limit(&json!(1400));
    for (fields, expected) in [
        (json!({ "quantity": 0 }), "UDAPI1052"),
        (json!({ "quantity": -1 }), "UDAPI100036"),
        (json!({ "quantity": 1.5 }), "UDAPI100036"),
        (json!({ "price": 0 }), "UDAPI1043"),
        (json!({ "price": null }), "UDAPI1043"),
        (
            json!({ "order_type": "MARKET", "market_protection": -1 }),
            "UDAPI1040",
        ),
        (json!({ "order_type": null }), "UDAPI1004"),
        (json!({ "order_type": "ICEBERG" }), "UDAPI1056"),
        (json!({ "validity": null }), "UDAPI1007"),
        (json!({ "validity": "GTC" }), "UDAPI1055"),
        (json!({ "order_type": "SL" }), "UDAPI100036"),
        (json!({ "trigger_price": 1390 }), "UDAPI100036"),
        (json!({ "product": "CNC" }), "UDAPI100036"),
        (json!({ "transaction_type": "B" }), "UDAPI100036"),
        (json!({ "is_amo": null }), "UDAPI100036"),
        (json!({ "instrument_token": null }), "UDAPI1026"),
        (
            json!({ "instrument_token": "NSE_EQ|INE000000000" }),
            "UDAPI100011",
        ),
        (json!({ "instrument_token": "NSE_INDEX|Nifty 50" }), "UDAPI100011"),
        (json!({ "instrument_token": "MCX_FO|580776" }), "UDAPI1161"),
        (json!({ "tag": "x".repeat(41) }), "UDAPI1119"),
    ] {
        let order = changed(good.clone(), &fields).to_string();
        for path in ["/v2/order/place", "/v3/order/place"] {
            assert_eq!(
                session.refused("POST", path, &order).await,
                refusal(400, expected),
                "{path} {fields}"
            );
        }
        // The clock stands still: let the rate window pass.
        session.pass(2);
    }
    assert_eq!(
        session.refused("POST", "/v3/order/place", "{").await,
        refusal(400, "UDAPI100036")
    );
    assert_eq!(
        session.get("/v2/order/retrieve-all").await,
        json!([]),
        "nothing entered the book"
    );
}

#[tokio::test]
async fn errors_name_the_field_in_both_spellings_and_come_together() {
    let session = Session::start().await;
    let order = changed(limit(&json!(1400)), &json!({ "quantity": 0, "validity": "GTC" }));
    let answer = session
        .call("POST", "/v3/order/place", &order.to_string())
        .await
        .json();
    let expected = json!({
        "status": "error",
        "errors": [
            {
                "errorCode": "UDAPI1052", "message": "The order quantity cannot be zero",
                "propertyPath": "quantity", "invalidValue": 0, "error_code": "UDAPI1052",
                "property_path": "quantity", "invalid_value": 0,
            },
            {
                "errorCode": "UDAPI1055", "message": "The 'validity' is invalid",
                "propertyPath": "validity", "invalidValue": "GTC", "error_code": "UDAPI1055",
                "property_path": "validity", "invalid_value": "GTC",
            },
        ],
    });
    assert_eq!(answer, expected);
    let order = changed(
        limit(&json!(1400)),
        &json!({ "instrument_token": "MCX_FO|580776" }),
    );
    let answer = session
        .call("POST", "/v3/order/place", &order.to_string())
        .await
        .json();
    let expected = json!({
        "errorCode": "UDAPI1161", "propertyPath": "instrument_key", "invalidValue": "MCX_FO|580776",
        "message": "MCX API orders are temporarily disabled. Meanwhile, place commodity orders on NSE (NSCOM).",
    });
    assert_eq!(
        answer["errors"],
        json!([expected]),
        "this one was seen in camel case only"
    );
}

#[tokio::test]
async fn order_ids_and_ended_orders() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    let id = session.place(&limit(&low)).await;
    session
        .data("DELETE", &format!("/v3/order/cancel?order_id={id}"), &json!({}))
        .await;
    let change = |id: &str| {
        json!({
            "order_id": id, "validity": "DAY", "price": low, "order_type": "LIMIT", "trigger_price": 0, "quantity": 2,
        })
        .to_string()
    };
    let again = format!("/v3/order/cancel?order_id={id}");
    for (method, path, body, expected) in [
        ("DELETE", again.as_str(), String::new(), "UDAPI100040"),
        ("PUT", "/v3/order/modify", change(&id), "UDAPI100041"),
        (
            "DELETE",
            "/v3/order/cancel?order_id=240108010445130",
            String::new(),
            "UDAPI100010",
        ),
        (
            "PUT",
            "/v2/order/modify",
            change("240108010445130"),
            "UDAPI100010",
        ),
        (
            "DELETE",
            "/v2/order/cancel?order_id=a%20b",
            String::new(),
            "UDAPI1010",
        ),
        ("DELETE", "/v2/order/cancel", String::new(), "UDAPI1023"),
        (
            "GET",
            "/v2/order/details?order_id=240108010445130",
            String::new(),
            "UDAPI100010",
        ),
        ("GET", "/v2/order/history", String::new(), "UDAPI100059"),
        ("GET", "/v2/order/trades", String::new(), "UDAPI1023"),
        (
            "GET",
            "/v2/user/get-funds-and-margin?segment=EQ",
            String::new(),
            "UDAPI1019",
        ),
    ] {
        assert_eq!(
            session.refused(method, path, &body).await,
            refusal(400, expected),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_answers_as_an_unrouted_path() {
    let session = Session::start().await;
    for (method, path) in [
        ("GET", "/v2/option/chain?instrument_key=NSE_INDEX%7CNifty%2050"),
        ("POST", "/v3/order/gtt/place"),
        ("GET", "/v2/user/kill-switch"),
        ("GET", "/v2/market-quote/quotes/NSE_EQ%7CINE002A01018"),
        ("GET", "/market-quote/instruments/exchange/NSE.csv.gz"),
    ] {
        assert_eq!(
            session.refused(method, path, "").await,
            refusal(404, "UDAPI100060"),
            "{path}"
        );
    }
    assert_eq!(
        session.refused("GET", "/v3/order/place", "").await,
        refusal(405, "UDAPI10000")
    );
}

fn line(correlation: &str, side: &str, price: &Value) -> Value {
    changed(
        limit(price),
        &json!({ "correlation_id": correlation, "transaction_type": side, "product": "I" }),
    )
}

#[tokio::test]
async fn several_orders_in_one_call() {
    let session = Session::start().await;
    let last = session.last().await;
    let (low, high) = (rupees(last * 97 / 100), rupees(last * 103 / 100));
    let lines = json!([line("sell", "SELL", &high), line("buy", "BUY", &low)]);
    let answer = session
        .call("POST", "/v2/order/multi/place", &lines.to_string())
        .await
        .json();
    assert_eq!(
        answer["summary"],
        json!({ "total": 2, "payload_error": 0, "success": 2, "error": 0 })
    );
    assert_eq!(answer["data"][0]["correlation_id"], "buy", "buys go first");
    let answer = session
        .call("DELETE", "/v2/order/multi/cancel?segment=NSE_EQ&tag=oms-1", "{}")
        .await
        .json();
    assert_eq!(answer["summary"], json!({ "total": 2, "success": 2, "error": 0 }));
    assert_eq!(answer["data"]["order_ids"].as_array().map(Vec::len), Some(2));
    session.pass(2);
    for (method, path, body, expected) in [
        ("DELETE", "/v2/order/multi/cancel", json!({}), "UDAPI1109"),
        (
            "DELETE",
            "/v2/order/multi/cancel?segment=EQ",
            json!({}),
            "UDAPI1105",
        ),
        ("POST", "/v2/order/positions/exit", json!({}), "UDAPI1111"),
        ("POST", "/v2/order/multi/place", json!([]), "UDAPI1114"),
    ] {
        assert_eq!(
            session.refused(method, path, &body.to_string()).await,
            refusal(400, expected),
            "{path} {body}"
        );
    }
    session.pass(2);
    let twice = json!([line("a", "BUY", &low), line("a", "BUY", &low)]).to_string();
    let answer = session.call("POST", "/v2/order/multi/place", &twice).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["data"]), (400, &Value::Null));
    assert_eq!(
        (
            &body["errors"][0]["errorCode"],
            &body["errors"][0]["correlation_id"]
        ),
        (&json!("UDAPI1117"), &json!("a"))
    );
    assert_eq!(
        body["summary"],
        json!({ "total": 2, "payload_error": 1, "success": 0, "error": 0 })
    );
    assert_eq!(
        session
            .get("/v2/order/retrieve-all")
            .await
            .as_array()
            .map(Vec::len),
        Some(2),
        "none was placed"
    );
}

#[tokio::test]
async fn all_positions_but_delivery_are_squared_off() {
    let session = Session::start().await;
    let high = rupees(session.last().await * 101 / 100);
    session
        .place(&changed(limit(&high), &json!({ "product": "I", "quantity": 3 })))
        .await;
    session.place(&limit(&high)).await;
    let answer = session
        .call("POST", "/v2/order/positions/exit", "{}")
        .await
        .json();
    assert_eq!(answer["summary"], json!({ "total": 1, "success": 1, "error": 0 }));
    let positions = session.get("/v2/portfolio/short-term-positions").await;
    let open: Vec<(&Value, &Value)> = positions
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (&row["product"], &row["quantity"]))
        .collect();
    assert_eq!(open.len(), 2);
    assert!(
        open.contains(&(&json!("I"), &json!(0))) && open.contains(&(&json!("D"), &json!(1))),
        "{open:?}"
    );
    assert!(
        positions
            .as_array()
            .expect("a list")
            .iter()
            .all(|row| row["instrument_token"] == RELIANCE)
    );
}
