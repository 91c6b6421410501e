//! Wrong input enters no book; a rejection does.

use sangam_sim::{Paise, SimConfig};
use serde_json::{Value, json};

use super::{BOOK, ORDERS, RELIANCE, Session, beside, limit, names, text, with};

#[tokio::test]
async fn wrong_input_is_refused_at_once() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    let good = limit(RELIANCE, low);
    for (changes, code, part) in [
        (
            json!({ "symbol": "NSE:NOSUCHSHARE-EQ" }),
            -50,
            "The input symbol is invalid.",
        ),
        (
            json!({ "symbol": "RELIANCE-EQ" }),
            -50,
            "The input symbol is invalid.",
        ),
        (
            json!({ "symbol": "NSE:NIFTY50-INDEX" }),
            -50,
            "The input symbol is invalid.",
        ),
        (
            json!({ "limitPrice": low + Paise(3) }),
            -392,
            "multiples of tick size",
        ),
        (json!({ "limitPrice": 1400.005 }), -392, "multiples of tick size"),
        (
            json!({ "stopLoss": 10.03 }),
            -50,
            "StopLoss not a multiple of tick size 0.1000",
        ),
        (json!({ "stopLoss": 10 }), -50, "stopLoss"),
        (json!({ "takeProfit": 20 }), -50, "takeProfit"),
        (json!({ "limitPrice": 0 }), -50, "limit price"),
        (json!({ "limitPrice": "1400" }), -50, "limitPrice"),
        (json!({ "limitPrice": -1 }), -50, "limitPrice"),
        (json!({ "stopPrice": 1400 }), -50, "trigger"),
        (json!({ "qty": 0 }), -50, "quantity"),
        (json!({ "qty": "1" }), -50, "qty"),
        (json!({ "qty": 1.5 }), -50, "qty"),
        (json!({ "type": 5 }), -50, "type"),
        (json!({ "type": 2 }), -50, "limitPrice must be 0"),
        (json!({ "type": 3 }), -50, "takes no price"),
        (json!({ "type": 4 }), -50, "trigger price is required"),
        (json!({ "side": 0 }), -50, "side"),
        (json!({ "productType": "BO" }), -50, "productType"),
        (json!({ "productType": "MARGIN" }), -50, "product"),
        (json!({ "validity": "GTC" }), -50, "validity"),
        (json!({ "disclosedQty": 2 }), -50, "disclosed"),
        (json!({ "offlineOrder": 0 }), -50, "offlineOrder"),
        (json!({ "orderTag": "" }), -50, "orderTag"),
        (json!({ "orderTag": "with-hyphen" }), -50, "orderTag"),
        (
            json!({ "orderTag": "0123456789012345678901234567890" }),
            -50,
            "orderTag",
        ),
        (json!({ "orderTag": "Untagged" }), -50, "orderTag"),
        (json!({ "orderTag": "XX00000" }), -50, "orderTag"),
    ] {
        let (status, found, message) = session
            .refused("POST", ORDERS, &with(good.clone(), &changes))
            .await;
        assert_eq!((status, found), (400, code), "{changes}: {message}");
        assert!(message.contains(part), "{changes}: {message}");
    }
    for name in
        "symbol qty type side productType limitPrice stopPrice validity disclosedQty offlineOrder".split(' ')
    {
        let (_, code, message) = session
            .refused("POST", ORDERS, &with(good.clone(), &json!({ name: null })))
            .await;
        assert_eq!(
            (code, message),
            (-50, format!("Invalid input: {name} is required"))
        );
    }
    for body in [json!([]), json!("text"), Value::Null] {
        let refused = session.refused("POST", ORDERS, &body).await;
        assert_eq!(refused, (400, -50, "Invalid input".to_owned()), "{body}");
    }
    assert_eq!(session.get(BOOK).await["orderBook"], json!([]));
    session
        .place(&with(
            good,
            &json!({ "stopLoss": null, "takeProfit": null, "orderTag": null }),
        ))
        .await;
}

#[tokio::test]
async fn derivatives_have_their_own_rules() {
    let session = Session::rich().await;
    let symbol = session.option("CE");
    let last = session.last(&symbol).await;
    let order = with(
        limit(&symbol, beside(last, 0)),
        &json!({ "productType": "MARGIN", "qty": 65 }),
    );
    for (changes, part) in [
        (json!({ "qty": 64 }), "lot size 65"),
        (json!({ "productType": "CNC" }), "product"),
        (json!({ "qty": 1_820 }), "freeze"),
        (json!({ "disclosedQty": 65 }), "disclosed"),
    ] {
        let (status, code, message) = session
            .refused("POST", ORDERS, &with(order.clone(), &changes))
            .await;
        assert_eq!((status, code), (400, -50), "{changes}");
        assert!(message.contains(part), "{changes}: {message}");
    }
}

#[tokio::test]
async fn the_brokers_own_rejection_names_its_order() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -1);
    let answer = session
        .call(
            "POST",
            ORDERS,
            &with(limit(RELIANCE, low), &json!({ "qty": 1000 })),
        )
        .await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["s"], &body["code"]),
        (400, &json!("error"), &json!(-99))
    );
    let message = text(&body["message"]);
    assert!(message.starts_with("RED:Margin Shortfall:INR "), "{message}");
    assert!(
        message.ends_with(" Available:INR 100,000.00 for C-XX00000 [RISK]"),
        "{message}"
    );

    let row = session.order(&text(&body["id"])).await;
    assert_eq!((&row["status"], &row["message"]), (&json!(5), &json!(message)));
    assert_eq!(
        (&row["exchOrdId"], &row["remainingQuantity"], &row["filledQty"]),
        (&Value::Null, &json!(0), &json!(0))
    );
    for absent in [
        "id_fyers",
        "discloseQty",
        "instrument",
        "dqQtyRem",
        "takeProfit",
        "stopLoss",
    ] {
        assert!(!names(&row).iter().any(|name| name == absent), "{absent}");
    }

    let short = with(limit(RELIANCE, low), &json!({ "side": -1 }));
    let (_, code, message) = session.refused("POST", ORDERS, &short).await;
    assert_eq!(code, -99);
    assert!(message.starts_with("RED:RULE:{Check holdings}"), "{message}");
    assert_eq!(session.stats().await["orders_rejected"], 2);
}

#[tokio::test]
async fn the_exchanges_rejection_comes_after_the_answer() {
    let session = Session::start().await;
    let far = beside(session.last(RELIANCE).await, -50);
    let id = session.place(&limit(RELIANCE, far)).await;
    let row = session.order(&id).await;
    assert_eq!(row["status"], 5);
    assert!(text(&row["message"]).contains("circuit"), "{row}");
    // A stop to buy below the last price.
    let last = session.last(RELIANCE).await;
    let stop =
        json!({ "type": 3, "limitPrice": 0, "stopPrice": beside(last, -2), "productType": "INTRADAY" });
    let id = session.place(&with(limit(RELIANCE, last), &stop)).await;
    assert_eq!(session.order(&id).await["status"], 5);

    let closed = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    let session = Session::with(closed, (23, 20, 0)).await;
    let low = beside(session.last(RELIANCE).await, -2);
    let id = session.place(&limit(RELIANCE, low)).await;
    assert_eq!(session.order(&id).await["message"], "The market is closed");
    let offline = session
        .place(&with(limit(RELIANCE, low), &json!({ "offlineOrder": true })))
        .await;
    let row = session.order(&offline).await;
    assert_eq!(
        (&row["status"], &row["offlineOrder"], &row["exchOrdId"]),
        (&json!(6), &json!(true), &json!(""))
    );
}

#[tokio::test]
async fn changes_that_cannot_be_leave_the_order_as_it_was() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    let id = session.place(&limit(RELIANCE, low)).await;
    let before = session.order(&id).await;
    for (change, code) in [
        (json!({ "type": 1, "limitPrice": low }), -50),
        (json!({ "id": 5, "type": 1 }), -50),
        (json!({ "id": id, "limitPrice": low }), -50),
        (
            json!({ "id": "25092600001234", "type": 1, "limitPrice": low }),
            -51,
        ),
        (json!({ "id": id, "type": 1, "limitPrice": 0 }), -50),
        (json!({ "id": id, "type": 1, "limitPrice": low + Paise(3) }), -392),
        (json!({ "id": id, "type": 1, "qty": 0 }), -50),
        (json!({ "id": id, "type": 1, "qty": 1000 }), -99),
        (json!({ "id": id, "type": 1, "side": 7 }), -50),
        (json!({ "id": id, "type": 1, "stopLoss": 5 }), -50),
        (json!({ "id": id, "type": 2, "limitPrice": low }), -50),
        (json!({ "id": id, "type": 4, "limitPrice": low }), -50),
    ] {
        let (status, found, message) = session.refused("PATCH", ORDERS, &change).await;
        assert_eq!((status, found), (400, code), "{change}: {message}");
    }
    let after = session.order(&id).await;
    for name in ["limitPrice", "qty", "type", "status", "stopPrice"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    for (method, path, body) in [
        ("DELETE", ORDERS, json!({ "id": "25092600001234" })),
        ("DELETE", "/api/v3/orders/25092600001234/sync", Value::Null),
    ] {
        assert_eq!(
            session.refused(method, path, &body).await,
            (400, -51, "Invalid order id".to_owned())
        );
    }
}

#[tokio::test]
async fn paths_that_are_not_there_are_not_there() {
    let session = Session::start().await;
    for (method, path) in [
        ("GET", "/api/v3/nothing"),
        ("GET", "/data/options-chain-v3?symbol=NSE:NIFTY50-INDEX"),
        ("POST", "/api/v3/multileg/orders/sync"),
        ("PATCH", "/api/v3/positions"),
        ("PUT", ORDERS),
        ("GET", "/"),
    ] {
        let answer = session.call(method, path, &Value::Null).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.headers["content-type"], "text/html");
    }
}
