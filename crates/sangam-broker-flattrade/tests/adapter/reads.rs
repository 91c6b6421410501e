//! Books and prices over canned answers.

use std::time::Duration;

use http::HeaderMap;
use sangam_broker::ScriptedTransport;
use sangam_core::ports::{Books as _, MarketData as _};
use sangam_core::{
    Advice, BrokerOrderId, CandleInterval, CandleQuery, Error, ErrorKind, OrderKind, Outcome, Product, Tag,
};

use crate::support::{DEAD, NOTHING, account};

#[tokio::test]
async fn the_book_is_searched_by_id_and_tag() {
    let book = r#"[
        {"stat":"Ok","norenordno":"1","exch":"NSE","tsym":"M&M-EQ","trantype":"B","qty":"10","prc":"1","status":"OPEN","remarks":"tag-one"},
        {"stat":"Ok","norenordno":"2","exch":"NSE","tsym":"M%26M-EQ","trantype":"S","qty":"10","prc":"0.00","rprc":"2","prctyp":"LMT","status":"WHO KNOWS","remarks":"not a tag!"},
        {"stat":"Ok","norenordno":"3","exch":"XYZ","tsym":"ODD","trantype":"B","qty":"10","prctyp":"MKT","prd":"H","ret":"EOS","status":"REJECT","remarks":"tag-one"}]"#;
    let reads = ScriptedTransport::answering([(200, book), (200, book), (200, book), (200, book)]);
    let account = account(&ScriptedTransport::silent(), &reads);
    let tagged = account
        .orders_by_tag(&Tag::new("tag-one").expect("a tag"))
        .await
        .expect("read");
    let ids: Vec<&str> = tagged.iter().map(|order| order.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    let second = account
        .order(&BrokerOrderId::new("2").expect("an id"))
        .await
        .expect("found");
    assert_eq!(second.instrument.id, "NSE:M&M".parse().ok());
    assert_eq!(second.price.map(|price| price.to_string()).as_deref(), Some("2"));
    assert!(!second.status.is_final() && second.tag.is_none());
    let third = account
        .order(&BrokerOrderId::new("3").expect("an id"))
        .await
        .expect("found");
    assert_eq!(
        (third.instrument.exchange, third.kind, third.validity),
        (None, Some(OrderKind::Market), None)
    );
    assert_eq!(third.product, Some(Product::Other("H".into())));
    let error = account
        .order(&BrokerOrderId::new("9").expect("an id"))
        .await
        .expect_err("absent");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_failure_is_never_an_empty_list() {
    for (status, body) in [
        (200, DEAD),
        (401, DEAD),
        (200, r#"{"stat":"Not_Ok","emsg":"Server Timeout :  "}"#),
        (
            200,
            r#"{"stat":"Not_Ok","emsg":"Server Timeout : no data from the order system"}"#,
        ),
        (200, r#"{"stat":"Ok"}"#),
        (200, "[]"),
        (200, ""),
        (500, NOTHING),
        (302, NOTHING),
        (500, "[]"),
        (200, "null"),
        (200, r#"[{"stat":"Not_Ok","emsg":"Server Timeout :"}]"#),
        (
            200,
            r#"[{"stat":"Ok","norenordno":"1"},{"stat":"Not_Ok","emsg":"no data"}]"#,
        ),
    ] {
        let reads = ScriptedTransport::answering([(status, body); 4]);
        let account = account(&ScriptedTransport::silent(), &reads);
        assert!(account.order_book().await.is_err(), "{status} {body}");
        assert!(account.trades().await.is_err(), "{status} {body}");
        assert!(account.positions().await.is_err(), "{status} {body}");
        assert!(account.holdings().await.is_err(), "{status} {body}");
    }
    for body in [
        NOTHING,
        r#"{"stat":"Not_Ok","emsg":"No Data :  "}"#,
        &format!("[{NOTHING}]"),
    ] {
        let account = account(
            &ScriptedTransport::silent(),
            &ScriptedTransport::answering([(200, body)]),
        );
        assert_eq!(account.order_book().await.expect("empty"), [], "{body}");
    }
}

#[tokio::test]
async fn a_bad_row_fails_the_book_and_is_named() {
    let good = r#"{"stat":"Ok","norenordno":"1","exch":"NSE","tsym":"RELIANCE-EQ","trantype":"B","qty":"10","status":"OPEN"}"#;
    for (bad, named) in [
        (
            good.replace(r#""norenordno":"1","#, ""),
            "row 2 of OrderBook: norenordno",
        ),
        (
            good.replace(r#""status":"OPEN""#, r#""status":" ""#),
            "row 2 of OrderBook: status",
        ),
        (
            good.replace(r#""qty":"10""#, r#""qty":"ten""#),
            "row 2 of OrderBook",
        ),
        (
            good.replace(r#""qty":"10""#, r#""qty":"10.5""#),
            "row 2 of OrderBook: qty",
        ),
        (
            good.replace(r#""trantype":"B""#, r#""trantype":"?""#),
            "row 2 of OrderBook: trantype",
        ),
    ] {
        let body = format!("[{good},{bad}]");
        let account = account(
            &ScriptedTransport::silent(),
            &ScriptedTransport::answering([(200, &body)]),
        );
        let error = account.order_book().await.expect_err("a bad row");
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
        assert!(error.message().contains(named), "{error}");
    }
}

#[tokio::test]
async fn quotes_are_asked_one_by_one_and_end_when_the_session_does() {
    let quote = |token: &str| format!(r#"{{"stat":"Ok","token":"{token}","lp":"1450.50","c":"1445.20"}}"#);
    let names = [
        "NSE:RELIANCE",
        "NSE:UNKNOWN",
        "NSE_INDEX:NIFTY",
        "NSE:M&M",
        "NSE:RELIANCE",
    ];
    let names = names.map(|name| name.parse().expect("a name"));
    let reads = ScriptedTransport::answering([(200, quote("2885").as_str()), (200, NOTHING), (200, DEAD)]);
    let account_ = account(&ScriptedTransport::silent(), &reads);
    let results = account_.quotes(&names).await.expect("some could be quoted");
    let kinds: Vec<Option<ErrorKind>> = results
        .iter()
        .map(|(_, result)| result.as_ref().err().map(Error::kind))
        .collect();
    assert_eq!(
        kinds,
        [
            None,
            Some(ErrorKind::UnknownInstrument),
            Some(ErrorKind::UnknownInstrument),
            Some(ErrorKind::LoginRequired),
            Some(ErrorKind::LoginRequired)
        ]
    );
    assert!(results.iter().zip(&names).all(|((id, _), asked)| id == asked));
    let sent = reads.sent();
    assert_eq!(
        sent.len(),
        3,
        "nothing is asked once the session is known to be dead"
    );
    let body = String::from_utf8_lossy(sent[1].body.as_deref().unwrap_or_default()).into_owned();
    assert!(body.contains(r#""exch":"NSE","token":"26000""#), "{body}");

    let account_ = account(
        &ScriptedTransport::silent(),
        &ScriptedTransport::answering([(200, DEAD)]),
    );
    assert_eq!(
        account_.quotes(&names[..1]).await.expect_err("none").kind(),
        ErrorKind::LoginRequired
    );
}

#[tokio::test]
async fn a_quote_of_another_token_is_refused() {
    let reads = ScriptedTransport::answering([(200, r#"{"stat":"Ok","token":"22","lp":"1"}"#)]);
    let account = account(&ScriptedTransport::silent(), &reads);
    let error = account
        .depth(&"NSE:RELIANCE".parse().expect("a name"))
        .await
        .expect_err("another");
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
}

#[tokio::test]
async fn candles_of_dates_cover_both_and_leave_out_the_rest() {
    let row = |time: &str| {
        format!(r#"{{"stat":"Ok","time":"{time}","into":"1","inth":"2","intl":"1","intc":"2","intv":"3"}}"#)
    };
    let body = format!(
        "[{},{},{}]",
        row("02-12-2026 00:00:00"),
        row("01-12-2026 09:15:00"),
        row("30-11-2026 15:25:00")
    );
    let reads = ScriptedTransport::answering([(200, body.as_str()), (200, "")]);
    let account = account(&ScriptedTransport::silent(), &reads);
    let mut query = CandleQuery {
        instrument: "NSE:RELIANCE".parse().expect("a name"),
        interval: CandleInterval::Minutes(5),
        from: "2026-11-30".parse().expect("a date"),
        to: "2026-12-01".parse().expect("a date"),
    };
    let candles = account.candles(&query).await.expect("read");
    let starts: Vec<String> = candles.iter().map(|candle| candle.start.to_string()).collect();
    assert_eq!(starts, ["2026-11-30T09:55:00Z", "2026-12-01T03:45:00Z"]);
    query.interval = CandleInterval::Day;
    assert_eq!(account.candles(&query).await.expect("none"), []);
    let sent = reads.sent();
    let body = String::from_utf8_lossy(sent[1].body.as_deref().unwrap_or_default()).into_owned();
    assert!(
        body.contains(r#""sym":"NSE:RELIANCE-EQ","from":"1795977000","to":"1796149799""#),
        "{body}"
    );
    query.interval = CandleInterval::Minutes(7);
    let error = account.candles(&query).await.expect_err("no such candles");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::NotOffered, Outcome::NotSent)
    );
}

#[tokio::test]
async fn a_retry_after_is_passed_on() {
    let reads = ScriptedTransport::silent();
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", http::HeaderValue::from_static("7"));
    reads.answer_with(503, headers, "down");
    let error = account(&ScriptedTransport::silent(), &reads)
        .funds()
        .await
        .expect_err("down");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.advice(), Advice::Wait(Some(Duration::from_secs(7))));
}
