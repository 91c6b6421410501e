//! Order types and validities, slices, the queued form, several orders in one call.

use sangam_sim::Paise;
use serde_json::{Value, json};

use super::{BOOK, ORDERS, RELIANCE, Session, beside, limit, price, text, with};

#[tokio::test]
async fn a_market_order_becomes_a_limit_order_some_percent_away() {
    let session = Session::start().await;
    let last = session.last(RELIANCE).await;
    let order = with(
        limit(RELIANCE, Paise::ZERO),
        &json!({ "type": 2, "productType": "INTRADAY" }),
    );
    for (side, sign) in [(1, 1), (-1, -1)] {
        let id = session
            .place(&with(order.clone(), &json!({ "side": side })))
            .await;
        let row = session.order(&id).await;
        assert_eq!((&row["type"], &row["status"]), (&json!(1), &json!(2)), "{row}");
        let away = (price(&row["limitPrice"]) - last).0 * sign * 100 / last.0;
        assert!((1..=4).contains(&away), "{row} from {last}");
    }
    // A resting limit order that is sent to the market trades.
    let id = session.place(&limit(RELIANCE, beside(last, -3))).await;
    let change = json!({ "id": id, "type": 2, "limitPrice": 0, "stopPrice": 0, "qty": 2 });
    session.ok("PATCH", ORDERS, &change).await;
    let row = session.order(&id).await;
    assert_eq!((&row["status"], &row["filledQty"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn stop_orders_wait_as_pending() {
    let session = Session::start().await;
    let last = session.last(RELIANCE).await;
    let (trigger, cap) = (beside(last, 2), beside(last, 3));
    let order = with(
        limit(RELIANCE, cap),
        &json!({ "type": 4, "stopPrice": trigger, "productType": "INTRADAY" }),
    );
    let stop_limit = session.place(&order).await;
    let row = session.order(&stop_limit).await;
    assert_eq!(
        (&row["type"], &row["status"], price(&row["stopPrice"])),
        (&json!(4), &json!(6), trigger)
    );
    let change =
        json!({ "id": stop_limit, "type": 4, "limitPrice": cap, "stopPrice": trigger + Paise(10), "qty": 4 });
    session.ok("PATCH", ORDERS, &change).await;
    let row = session.order(&stop_limit).await;
    assert_eq!(
        (price(&row["stopPrice"]), &row["qty"]),
        (trigger + Paise(10), &json!(4))
    );

    let market = with(order, &json!({ "type": 3, "limitPrice": 0 }));
    let stop_market = session.place(&market).await;
    session
        .ok(
            "PATCH",
            ORDERS,
            &json!({ "id": stop_market, "type": 3, "limitPrice": 0, "stopPrice": cap }),
        )
        .await;
    let row = session.order(&stop_market).await;
    assert_eq!(
        (&row["type"], price(&row["stopPrice"]), &row["limitPrice"]),
        (&json!(3), cap, &json!(0))
    );
    // Turned into an ordinary limit order it loses its trigger.
    let low = beside(last, -3);
    session
        .ok(
            "PATCH",
            ORDERS,
            &json!({ "id": stop_market, "type": 1, "limitPrice": low, "stopPrice": 0 }),
        )
        .await;
    let row = session.order(&stop_market).await;
    assert_eq!(
        (&row["type"], &row["stopPrice"], price(&row["limitPrice"])),
        (&json!(1), &json!(0), low)
    );
}

#[tokio::test]
async fn what_an_immediate_order_leaves_has_expired() {
    let session = Session::rich().await;
    let last = session.last(RELIANCE).await;
    let ioc = |price: Paise, quantity: i64| {
        with(
            limit(RELIANCE, price),
            &json!({ "validity": "IOC", "qty": quantity }),
        )
    };
    let none = session.place(&ioc(beside(last, -3), 5)).await;
    let row = session.order(&none).await;
    assert_eq!(
        (&row["status"], &row["filledQty"], &row["remainingQuantity"]),
        (&json!(7), &json!(0), &json!(5))
    );
    assert_eq!(
        (&row["orderValidity"], &row["message"]),
        (&json!("IOC"), &json!(""))
    );
    let some = session.place(&ioc(beside(last, 1), 100_000)).await;
    let row = session.order(&some).await;
    assert_eq!(row["status"], 7);
    let filled = row["filledQty"].as_i64().expect("a number");
    assert!(
        filled > 0 && row["remainingQuantity"] == json!(100_000 - filled),
        "{row}"
    );
    assert!(price(&row["tradedPrice"]) > Paise::ZERO);
}

#[tokio::test]
async fn a_large_order_is_sliced_on_request() {
    let session = Session::rich().await;
    let symbol = session.option("CE");
    let low = beside(session.last(&symbol).await, -20);
    let sliced = with(
        limit(&symbol, low),
        &json!({ "productType": "MARGIN", "qty": 3_640, "isSliceOrder": true }),
    );
    let answer = session.call("POST", ORDERS, &sliced).await;
    let body = answer.json();
    assert_eq!((answer.status, body.get("s"), body.get("id")), (200, None, None));
    assert_eq!(
        (&body["code"], &body["message"]),
        (&json!(1101), &json!("Order Slice placed successfully"))
    );
    let mut quantities = Vec::new();
    for item in body["data"].as_array().expect("a list") {
        assert_eq!(
            (&item["statusCode"], &item["statusDescription"]),
            (&json!(200), &json!("OK"))
        );
        assert_eq!(
            (&item["body"]["s"], &item["body"]["code"]),
            (&json!("ok"), &json!(1101))
        );
        quantities.push(session.order(&text(&item["body"]["id"])).await["qty"].clone());
    }
    assert_eq!(quantities, [json!(1_755), json!(1_755), json!(130)]);
    // One that fits is answered plainly.
    session.place(&with(sliced.clone(), &json!({ "qty": 65 }))).await;
    for quantity in [17_615, 3_641] {
        let (status, code, _) = session
            .refused("POST", ORDERS, &with(sliced.clone(), &json!({ "qty": quantity })))
            .await;
        assert_eq!((status, code), (400, -50), "{quantity}");
    }
}

#[tokio::test]
async fn the_queued_form_tells_another_id() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    let answer = session
        .ok("POST", "/api/v3/orders/async", &limit(RELIANCE, low))
        .await;
    assert_eq!((&answer["code"], answer.get("id")), (&json!(1101), None));
    let book = session.get(BOOK).await;
    assert_eq!(book["orderBook"][0]["id_fyers"], answer["id_fyers"]);
}

#[tokio::test]
async fn several_orders_are_answered_one_by_one() {
    const MULTI: &str = "/api/v3/multi-order/sync";
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    let good = limit(RELIANCE, low);
    let bad = with(good.clone(), &json!({ "symbol": "NSE:NOSUCH-EQ" }));
    let body = session.ok("POST", MULTI, &json!([good, bad, good])).await;
    assert_eq!((&body["code"], &body["message"]), (&json!(200), &json!("")));
    let data = &body["data"];
    assert_eq!(
        (&data[0]["statusCode"], &data[0]["statusDescription"]),
        (&json!(200), &json!("HTTP OK"))
    );
    assert_eq!(data[0]["body"]["code"], 200);
    assert_eq!(
        data[1],
        json!({
            "statusCode": 400,
            "body": { "s": "error", "code": -50, "message": "The input symbol is invalid." },
            "statusDescription": "BAD REQUEST",
        })
    );
    let ids = [text(&data[0]["body"]["id"]), text(&data[2]["body"]["id"])];

    session.pass_ms(1_000);
    let changes = ids
        .each_ref()
        .map(|id| json!({ "id": id, "type": 1, "limitPrice": low + Paise(10) }));
    let body = session.ok("PATCH", MULTI, &json!(changes)).await;
    for (id, item) in ids.iter().zip(body["data"].as_array().expect("a list")) {
        assert_eq!(item["body"]["id"].to_string(), *id, "a number");
        assert_eq!(item["body"]["code"], 200);
    }
    session.pass_ms(1_000);
    let body = session
        .ok(
            "DELETE",
            MULTI,
            &json!(ids.each_ref().map(|id| json!({ "id": id }))),
        )
        .await;
    for item in body["data"].as_array().expect("a list") {
        assert_eq!(item["body"]["code"], 1103);
    }
    for id in &ids {
        assert_eq!(session.order(id).await["status"], 1);
    }
    for body in [json!([]), json!({}), Value::Array(vec![good; 11])] {
        session.pass_ms(1_000);
        let (status, code, _) = session.refused("POST", MULTI, &body).await;
        assert_eq!((status, code), (400, -50));
    }
}
