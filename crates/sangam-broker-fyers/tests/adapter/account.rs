//! The account's calls: what is sent, what is refused before anything is sent, and how several answers become one.

use std::time::Duration;

use super::common::{logged_in, logged_out, sent_urls};
use sangam_core::ports::{Books as _, Broker as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    CancelOrder, CandleInterval, CandleQuery, ErrorKind, InstrumentId, OrderKind, OrderRequest, Outcome,
    PlaceOrder, Pricing, Product, Quantity, Side, Validity,
};

fn order(instrument: &str, tag: &str) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: instrument.parse().unwrap(),
            side: Side::Buy,
            quantity: Quantity::new(1).unwrap(),
            pricing: Pricing::Limit {
                limit: "800".parse().unwrap(),
            },
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: Some(tag.parse().unwrap()),
        algo: None,
    }
}

fn row(id: &str, tag: &str) -> String {
    format!(
        r#"{{"id":"{id}","symbol":"NSE:SBIN-EQ","qty":10,"status":6,"side":1,"type":1,"exchange":10,"segment":10,"orderTag":"{tag}"}}"#
    )
}

fn book(rows: &[String]) -> String {
    format!(r#"{{"s":"ok","code":200,"orderBook":[{}]}}"#, rows.join(","))
}

#[tokio::test]
async fn order_commands_go_over_their_own_transport_and_address() {
    let account = logged_in();
    account
        .orders
        .answer(200, r#"{"s":"ok","code":1103,"message":"","id":"7"}"#);
    let cancel = CancelOrder {
        broker_order_id: "7".parse().unwrap(),
        algo: None,
    };
    account.fyers.cancel(&cancel).await.unwrap();
    let sent = account.orders.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].full_url(), "http://127.0.0.1:9202/api/v3/orders/sync");
    assert_eq!(sent[0].method, "DELETE");
    assert_eq!(sent[0].body.as_deref(), Some(br#"{"id":"7"}"#.as_slice()));
    assert_eq!(sent[0].headers["authorization"], "TESTAPP-100:test-token");
    assert!(sent[0].headers["authorization"].is_sensitive());
    assert_eq!(sent[0].headers["version"], "3");
    assert_eq!(sent[0].timeout, Duration::from_secs(5));
    assert!(account.reads.sent().is_empty());
}

#[tokio::test]
async fn what_cannot_be_placed_is_refused_before_anything_is_sent() {
    let account = logged_in();
    let mut bracket = order("NSE:SBIN", "x1");
    bracket.request.product = Product::Other("BO".into());
    let cases = [
        (order("NSE:NOWHERE", "x1"), ErrorKind::UnknownInstrument),
        (order("NSE_INDEX:NIFTY", "x1"), ErrorKind::InvalidRequest),
        (order("NSE:SBIN", "with-hyphen"), ErrorKind::InvalidRequest),
        (bracket, ErrorKind::NotOffered),
    ];
    for (order, kind) in cases {
        let error = account.fyers.place(&order).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent));
    }
    account.clock.step_to("2026-11-24T00:30:00Z".parse().unwrap());
    let error = account.fyers.place(&order("NSE:SBIN", "x1")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::LoginRequired, Outcome::NotSent)
    );
    assert!(account.orders.sent().is_empty());
}

#[tokio::test]
async fn one_order_and_its_history_are_the_row_of_its_number() {
    let account = logged_in();
    let rows = book(&[row("8", "1:a"), row("7", "1:b")]);
    account.reads.answer(200, rows.clone());
    account.reads.answer(200, rows.clone());
    account.reads.answer(200, rows);
    let id = "7".parse().unwrap();
    assert_eq!(account.fyers.order(&id).await.unwrap().id, id);
    assert_eq!(account.fyers.order_history(&id).await.unwrap().len(), 1);
    let error = account.fyers.order(&"9".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        sent_urls(&account.reads)[0],
        "http://127.0.0.1:9102/api/v3/orders?id=7"
    );
}

#[tokio::test]
async fn orders_by_tag_are_asked_for_with_the_prefix_and_are_only_those() {
    let account = logged_in();
    account.reads.answer(
        200,
        book(&[row("7", "1:mine"), row("8", "1:other"), row("9", "2:mine")]),
    );
    let found = account
        .fyers
        .orders_by_tag(&"mine".parse().unwrap())
        .await
        .unwrap();
    let ids: Vec<&str> = found.iter().map(|order| order.id.as_str()).collect();
    assert_eq!(ids, ["7"]);
    assert_eq!(
        sent_urls(&account.reads),
        ["http://127.0.0.1:9102/api/v3/orders?order_tag=1%3Amine"]
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_the_book_by_name() {
    let account = logged_in();
    account.reads.answer(
        200,
        book(&[row("7", ""), row("8", "").replace(r#""qty":10,"#, "")]),
    );
    let error = account.fyers.order_book().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::UnexpectedAnswer, "order book row 2: qty is missing")
    );
}

fn quote(symbol: &str, last: u32) -> String {
    format!(r#"{{"n":"{symbol}","s":"ok","v":{{"lp":{last}}}}}"#)
}

#[tokio::test]
async fn quotes_split_at_fifty_and_come_back_in_the_order_asked() {
    let account = logged_in();
    let mut asked: Vec<InstrumentId> = (0..60).map(|i| format!("NSE:S{i}").parse().unwrap()).collect();
    asked.insert(3, "NSE:NOWHERE".parse().unwrap());
    let rows = |range: std::ops::Range<u32>| {
        let rows: Vec<String> = range
            .rev()
            .map(|i| quote(&format!("NSE:S{i}-EQ"), i + 1))
            .collect();
        format!(r#"{{"s":"ok","code":200,"d":[{}]}}"#, rows.join(","))
    };
    account.reads.answer(200, rows(0..50));
    account.reads.answer(200, rows(50..59));
    let results = account.fyers.quotes(&asked).await.unwrap();
    assert_eq!(account.reads.sent().len(), 2);
    let ids: Vec<_> = results.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids, asked);
    let kind = |i: usize| {
        results[i]
            .1
            .as_ref()
            .map(|q| q.last.to_string())
            .map_err(|e| e.kind())
    };
    assert_eq!(kind(0), Ok("1".into()));
    assert_eq!(kind(3), Err(ErrorKind::UnknownInstrument));
    assert_eq!(kind(51), Ok("51".into()));
    assert_eq!(
        kind(60),
        Err(ErrorKind::UnknownInstrument),
        "left out by the broker"
    );
    assert_eq!(results[0].1.as_ref().unwrap().received_at, super::common::now());
}

#[tokio::test]
async fn a_failed_call_fails_its_own_instruments_only() {
    let account = logged_in();
    let asked: Vec<InstrumentId> = (0..60).map(|i| format!("NSE:S{i}").parse().unwrap()).collect();
    account.reads.answer(
        400,
        r#"{"s":"error","code":-300,"message":"Invalid symbol provided"}"#,
    );
    account
        .reads
        .answer(200, format!(r#"{{"s":"ok","d":[{}]}}"#, quote("NSE:S55-EQ", 5)));
    let results = account.fyers.quotes(&asked).await.unwrap();
    assert_eq!(results.len(), 60);
    assert_eq!(
        results[0].1.as_ref().unwrap_err().kind(),
        ErrorKind::UnknownInstrument
    );
    assert!(results[55].1.is_ok());
    // A dead token meets all alike: the whole call fails.
    account.reads.answer(
        401,
        r#"{"s":"error","code":-15,"message":"Please provide valid token"}"#,
    );
    let error = account.fyers.quotes(&asked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired);
}

#[tokio::test]
async fn nothing_listed_asks_nothing() {
    let account = logged_in();
    assert!(account.fyers.quotes(&[]).await.unwrap().is_empty());
    let results = account
        .fyers
        .quotes(&["NSE:NOWHERE".parse().unwrap()])
        .await
        .unwrap();
    assert_eq!(results[0].1.as_ref().unwrap_err().outcome(), Outcome::NotSent);
    assert!(account.reads.sent().is_empty());
}

#[tokio::test]
async fn candles_of_long_spans_take_several_calls() {
    let account = logged_in();
    let day = |epoch: i64| format!(r#"{{"s":"ok","candles":[[{epoch},1,3,1,2,10,7]]}}"#);
    account.reads.answer(200, day(1_735_703_100)); // 1 January 2025, 09:15 IST
    account.reads.answer(200, r#"{"s":"no_data","candles":[]}"#);
    account.reads.answer(200, day(1_756_438_500)); // 29 August 2025, 09:05 IST
    let candles = account
        .fyers
        .candles(&CandleQuery {
            instrument: "NFO:NIFTY25SEPFUT".parse().unwrap(),
            interval: CandleInterval::Minutes(5),
            from: "2025-01-01".parse().unwrap(),
            to: "2025-08-29".parse().unwrap(),
        })
        .await
        .unwrap();
    assert_eq!(candles.len(), 2);
    assert_eq!(candles[0].open_interest.map(Quantity::units), Some(7));
    assert_eq!(
        sent_urls(&account.reads)[1],
        "http://127.0.0.1:9102/data/history?symbol=NSE%3ANIFTY25SEPFUT&resolution=5&date_format=1\
         &range_from=2025-04-11&range_to=2025-07-19&cont_flag=0&oi_flag=1"
    );
}

#[tokio::test]
async fn a_log_in_from_link_to_log_out() {
    let account = logged_out();
    let link = account.fyers.login_link("state123");
    assert_eq!(
        link.url,
        "http://127.0.0.1:9102/api/v3/generate-authcode?client_id=TESTAPP-100\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback&response_type=code&state=state123"
    );
    let address = |state| {
        format!("http://127.0.0.1:8080/callback?s=ok&code=200&auth_code=TEST-AUTH-CODE&state={state}")
    };
    let error = account
        .fyers
        .exchange_code(&address("foreign"))
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    account
        .reads
        .answer(200, r#"{"s":"ok","code":200,"access_token":"test-token"}"#);
    let session = account.fyers.exchange_code(&address("state123")).await.unwrap();
    assert_eq!(session.expires_at.to_string(), "2026-11-24T00:30:00Z");
    account
        .reads
        .answer(200, r#"{"s":"ok","data":{"fy_id":"XX00000","name":null}}"#);
    let check = account.fyers.check_session().await.unwrap();
    assert_eq!(check.user_id.as_deref(), Some("XX00000"));
    account.reads.answer(
        401,
        r#"{"s":"error","code":-16,"message":"Token is Invalid or Expired"}"#,
    );
    let error = account.fyers.log_out().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired);
    assert!(
        account.fyers.session().is_none(),
        "forgotten whatever was answered"
    );
    assert!(account.fyers.log_out().await.is_ok());
    let sent = account.reads.sent();
    assert!(sent[0].headers.get("authorization").is_none());
    assert_eq!(
        sent[2].body, None,
        "a log-out has no body; the Python client's `null` is its own habit"
    );
    assert!(!format!("{:?} {sent:?} {session:?}", account.fyers).contains("test-token"));
}

#[test]
fn what_an_account_may_send() {
    let account = logged_out();
    let capabilities = account.fyers.capabilities();
    assert!(capabilities.order_kinds.contains(OrderKind::Market));
    assert!(!capabilities.order_kinds.contains(OrderKind::StopLossMarket));
    assert_eq!(capabilities.quotes_per_call, 50);
    assert!(capabilities.carries_tag(&"S4F7Q2K9XA0B71".parse().unwrap()));
    assert!(!capabilities.carries_tag(&"a".repeat(31).parse().unwrap()));
}
