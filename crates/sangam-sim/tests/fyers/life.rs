//! The life of an order, from the book's rows to the trade.

use sangam_sim::Paise;
use serde_json::{Value, json};

use super::{BOOK, ORDERS, RELIANCE, Session, beside, limit, names, price, sorted, text, with};

const ROW: &str = "clientId id id_fyers exchOrdId qty remainingQuantity filledQty discloseQty limitPrice stopPrice \
    tradedPrice type fyToken exchange segment symbol instrument message offlineOrder orderDateTime orderValidity pan \
    productType side status source ex_sym description ch chp lp slNo dqQtyRem orderNumStatus disclosedQty orderTag \
    takeProfit stopLoss";
const TRADE: &str = "clientId orderDateTime orderNumber exchangeOrderNo exchange side segment orderType fyToken \
    productType tradedQty tradePrice tradeValue tradeNumber row symbol orderTag";

#[tokio::test]
async fn an_order_is_placed_changed_and_cancelled() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    let answer = session.ok("POST", ORDERS, &limit(RELIANCE, low)).await;
    let id = text(&answer["id"]);
    assert_eq!((id.len(), &id[..6]), (14, "261123"));
    assert_eq!(
        answer,
        json!({
            "s": "ok", "code": 1101, "id": id,
            "message": format!("Order submitted successfully. Your Order Ref. No.{id}"),
        })
    );

    let row = session.order(&id).await;
    assert_eq!(names(&row), sorted(ROW));
    for (name, expected) in [
        ("status", json!(6)),
        ("symbol", json!(RELIANCE)),
        ("fyToken", json!("10100000002885")),
        ("qty", json!(1)),
        ("remainingQuantity", json!(1)),
        ("filledQty", json!(0)),
        ("type", json!(1)),
        ("side", json!(1)),
        ("exchange", json!(10)),
        ("segment", json!(10)),
        ("instrument", json!(0)),
        ("productType", json!("CNC")),
        ("orderValidity", json!("DAY")),
        ("orderTag", json!("1:algo001order0001")),
        ("tradedPrice", json!(0)),
        ("stopPrice", json!(0)),
        ("message", json!("")),
        ("offlineOrder", json!(false)),
        ("orderNumStatus", json!(format!("{id}:6"))),
        ("orderDateTime", json!("23-Nov-2026 10:30:00")),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    assert_eq!(price(&row["limitPrice"]), low);
    assert!(!text(&row["exchOrdId"]).is_empty());

    let higher = low + Paise(50);
    let change = json!({ "id": id, "type": 1, "limitPrice": higher, "qty": 3 });
    let modified = session.ok("PATCH", ORDERS, &change).await;
    assert_eq!(
        modified,
        json!({ "s": "ok", "code": 1101, "message": "Successfully modified order", "id": id })
    );
    let row = session.order(&id).await;
    assert_eq!(
        (&row["qty"], &row["remainingQuantity"], &row["status"]),
        (&json!(3), &json!(3), &json!(6))
    );
    assert_eq!(
        (price(&row["limitPrice"]), &row["orderTag"]),
        (higher, &json!("1:algo001order0001"))
    );

    let cancelled = session.ok("DELETE", ORDERS, &json!({ "id": id })).await;
    assert_eq!(
        cancelled,
        json!({ "s": "ok", "code": 1103, "message": "Successfully cancelled order", "id": id })
    );
    let row = session.order(&id).await;
    assert_eq!(
        (&row["status"], &row["remainingQuantity"], &row["filledQty"]),
        (&json!(1), &json!(3), &json!(0))
    );
    for (method, path) in [
        ("PATCH", ORDERS.to_owned()),
        ("DELETE", ORDERS.to_owned()),
        ("DELETE", format!("{BOOK}/{id}/sync")),
    ] {
        let answer = session
            .call(method, &path, &json!({ "id": id, "type": 1, "qty": 2 }))
            .await;
        let expected = json!({ "s": "error", "code": -52, "message": "Not a pending order", "id": id });
        assert_eq!((answer.status, answer.json()), (400, expected), "{method} {path}");
    }
}

#[tokio::test]
async fn a_marketable_order_trades() {
    let session = Session::start().await;
    let last = session.last(RELIANCE).await;
    let order = with(
        limit(RELIANCE, beside(last, 1)),
        &json!({ "productType": "INTRADAY", "qty": 2 }),
    );
    let id = session.place(&order).await;
    let untagged = session.place(&with(order, &json!({ "orderTag": null }))).await;
    let row = session.order(&id).await;
    assert_eq!(
        (&row["status"], &row["filledQty"], &row["remainingQuantity"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let traded = price(&row["tradedPrice"]);
    assert!((traded - last).0.abs() < last.0 / 50, "{traded} near {last}");

    let book = session.get("/api/v3/tradebook").await;
    let rows = book["tradeBook"].as_array().expect("a list");
    assert_eq!(rows.len(), 2);
    assert_eq!(names(&rows[0]), sorted(TRADE));
    assert_eq!(
        (text(&rows[0]["orderNumber"]), text(&rows[1]["orderNumber"])),
        (id.clone(), untagged.clone())
    );
    assert_eq!(rows[1]["orderTag"], "1:Untagged");
    assert_eq!(text(&rows[0]["tradeNumber"]), rows[0]["row"].to_string());
    assert_eq!(
        price(&rows[0]["tradeValue"]),
        price(&rows[0]["tradePrice"]).times(2)
    );
    assert_eq!(session.order(&untagged).await["orderTag"], "2:Untagged");

    let by_tag = session
        .get("/api/v3/tradebook?order_tag=1%3Aalgo001order0001")
        .await;
    assert_eq!(by_tag["tradeBook"], json!([rows[0]]));
    let none = session.get("/api/v3/tradebook?order_tag=1%3Aother").await;
    assert_eq!(
        none,
        json!({ "s": "ok", "code": 200, "message": "", "tradeBook": [] })
    );
}

#[tokio::test]
async fn the_book_is_filtered_by_id_and_by_the_tag_with_its_prefix() {
    let session = Session::start().await;
    let empty = session.get(BOOK).await;
    assert_eq!(
        empty,
        json!({ "s": "ok", "code": 200, "message": "", "orderBook": [] })
    );
    let low = beside(session.last(RELIANCE).await, -3);
    let mut ids = Vec::new();
    for tag in [json!("first"), json!("second"), json!("second"), Value::Null] {
        ids.push(
            session
                .place(&with(limit(RELIANCE, low), &json!({ "orderTag": tag })))
                .await,
        );
    }
    for (query, expected) in [
        ("", vec![0, 1, 2, 3]),
        ("?order_tag=1%3Afirst", vec![0]),
        ("?order_tag=1:second", vec![1, 2]),
        ("?order_tag=2%3AUntagged", vec![3]),
        ("?order_tag=second", vec![]),
    ] {
        let book = session.get(&format!("{BOOK}{query}")).await;
        let rows = book["orderBook"].as_array().expect("a list");
        let found: Vec<String> = rows.iter().map(|row| text(&row["id"])).collect();
        let wanted: Vec<String> = expected.iter().map(|at: &usize| ids[*at].clone()).collect();
        assert_eq!(found, wanted, "{query}");
        let numbers: Vec<Option<usize>> = (1..=rows.len()).map(Some).collect();
        let shown = rows
            .iter()
            .map(|row| row["slNo"].as_u64().and_then(|n| usize::try_from(n).ok()));
        assert_eq!(shown.collect::<Vec<_>>(), numbers);
    }
    let refused = session
        .refused("GET", &format!("{BOOK}?id=25092600001234"), &Value::Null)
        .await;
    assert_eq!(refused, (400, -51, "Invalid order id".to_owned()));
}

#[tokio::test]
async fn an_ampersand_is_plain_in_bodies_and_encoded_in_queries() {
    let session = Session::start().await;
    let low = beside(session.last("NSE:M&M-EQ").await, -3);
    let id = session.place(&limit("NSE:M&M-EQ", low)).await;
    assert_eq!(session.order(&id).await["symbol"], "NSE:M&M-EQ");
    let cut = session
        .refused("GET", "/data/quotes?symbols=NSE:M&M-EQ", &Value::Null)
        .await;
    assert_eq!(cut, (400, -300, "Invalid symbol provided".to_owned()));
}
