//! Rate rules, the block of the day, faults and statistics.

use serde_json::{Value, json};

use super::wire::send;
use super::{BOOK, ORDERS, RELIANCE, Session, beside, limit, refusal, text, with};

#[tokio::test]
async fn the_eleventh_call_of_a_second_is_refused() {
    let session = Session::start().await;
    let token = session.token.as_str();
    let low = beside(session.last(RELIANCE).await, -3);
    let order = limit(RELIANCE, low).to_string();
    session.pass_ms(1_000);
    for call in 0..10 {
        let answer = if call % 2 == 0 {
            session.as_app(token, "GET", BOOK, "").await
        } else {
            session.as_app(token, "POST", ORDERS, &order).await
        };
        assert_eq!(answer.status, 200, "all endpoints share ten a second");
    }
    let read = session
        .as_app(token, "GET", "/data/quotes?symbols=NSE:SBIN-EQ", "")
        .await;
    assert_eq!(refusal(&read), (429, -429, "Rate limit exceeded".to_owned()));
    assert!(
        !read.headers.contains_key("retry-after"),
        "not promised for reads"
    );
    session.pass_ms(400);
    let write = session.as_app(token, "POST", ORDERS, &order).await;
    assert_eq!(refusal(&write), (429, -429, "Rate limit exceeded".to_owned()));
    assert_eq!(
        (
            write.headers["retry-after"].as_str(),
            write.headers["x-retry-after-ms"].as_str()
        ),
        ("1", "600")
    );
    let file = session.raw("GET", "/sym_details/NSE_CM.csv", &[], "").await;
    assert_eq!(
        (file.status, session.exchange(super::HASH, "code").await.status),
        (200, 200),
        "not counted"
    );

    session.pass_ms(600);
    assert_eq!(
        session.as_app(token, "POST", ORDERS, &order).await.status,
        200,
        "the time named is enough"
    );
    let stats = session.stats().await;
    assert_eq!(
        (&stats["violations"], &stats["orders_accepted"]),
        (&json!(2), &json!(6))
    );
    assert_eq!(stats["requests"]["POST /api/v3/orders/sync"], 7);
    assert_eq!(stats["requests"]["GET /sym_details/"], 1);
    assert_eq!(stats["accepted_by_tag"], json!({ "algo001order0001": 6 }));
    assert_eq!(stats["duplicate_tags"], json!(["algo001order0001"]));
}

#[tokio::test]
async fn each_order_of_a_list_counts() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    session.pass_ms(1_000);
    let six = Value::Array(vec![limit(RELIANCE, low); 6]).to_string();
    let token = session.token.as_str();
    assert_eq!(
        session
            .as_app(token, "POST", "/api/v3/multi-order/sync", &six)
            .await
            .status,
        200
    );
    assert_eq!(
        session
            .as_app(token, "POST", "/api/v3/multi-order/sync", &six)
            .await
            .status,
        429
    );
    assert_eq!(
        session.get(BOOK).await["orderBook"].as_array().map(Vec::len),
        Some(6)
    );
}

#[tokio::test]
async fn more_than_three_full_minutes_block_the_day() {
    let session = Session::start().await;
    let token = session.token.as_str();
    for minute in 0..4 {
        let mut answers = Vec::new();
        for _ in 0..202 {
            session.pass_ms(125);
            answers.push(session.as_app(token, "GET", "/api/v3/profile", "").await.status);
        }
        let refused = answers.iter().filter(|status| **status == 429).count();
        assert!(
            refused > 0 && answers[..200].iter().all(|status| *status == 200),
            "{minute}: {answers:?}"
        );
        assert_eq!(session.stats().await["blocked"], minute == 3);
        session.pass_ms(60_000);
    }
    let order = session.as_app(token, "POST", ORDERS, "{}").await;
    assert_eq!(refusal(&order), (429, -429, "Rate limit exceeded".to_owned()));
    let seconds: u64 = order.headers["retry-after"].parse().expect("a number");
    assert!(seconds > 13 * 3_600, "until midnight: {seconds}");
    session.pass_ms((seconds + 1) * 1_000);
    assert_eq!(
        session.as_app(token, "GET", "/api/v3/profile", "").await.status,
        200,
        "after midnight"
    );
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_stands_in_the_book() {
    let session = Session::start().await;
    let low = beside(session.last(RELIANCE).await, -3);
    session
        .faults(&json!({ "drop_after_accept": 1.0, "paths": ["/orders/sync"] }))
        .await;
    let authorization = format!("TESTAPP-100:{}", session.token);
    let order = with(limit(RELIANCE, low), &json!({ "orderTag": "lost0001" })).to_string();
    let sent = send(
        session.addr,
        "POST",
        ORDERS,
        &[("authorization", &authorization)],
        &order,
    )
    .await;
    assert!(matches!(sent, Ok(None)), "{sent:?}");
    let book = session.get(&format!("{BOOK}?order_tag=1%3Alost0001")).await;
    assert_eq!(
        (&book["orderBook"][0]["status"], &book["orderBook"][0]["qty"]),
        (&json!(6), &json!(1))
    );
    let id = text(&book["orderBook"][0]["id"]);
    session.faults(&json!({ "clear": true })).await;
    session
        .ok("DELETE", &format!("/api/v3/orders/{id}/sync"), &Value::Null)
        .await;
    let stats = session.stats().await;
    assert_eq!(stats["accepted_by_tag"], json!({ "lost0001": 1 }));
    assert_eq!(stats["faults"], json!({ "drop_after_accept": 1 }));
    assert_eq!(stats["requests"]["DELETE /api/v3/orders/{id}/sync"], 1);
}

#[tokio::test]
async fn a_service_that_is_down_answers_without_json() {
    let session = Session::start().await;
    session.faults(&json!({ "orders_down": true })).await;
    let order = session.call("POST", ORDERS, &json!({})).await;
    assert_eq!(
        (order.status, order.headers["content-type"].as_str()),
        (503, "text/html")
    );
    assert_eq!(
        session
            .call("DELETE", "/api/v3/positions", &json!({ "exit_all": 1 }))
            .await
            .status,
        503
    );
    session.get(BOOK).await;
    session
        .faults(&json!({ "clear": true, "reads_down": true }))
        .await;
    assert_eq!(session.call("GET", BOOK, &Value::Null).await.status, 503);
}
