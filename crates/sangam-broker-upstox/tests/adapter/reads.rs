//! Reads: books, quotes and candles over scripted answers.

use crate::common::{account, config};
use sangam_broker::ScriptedTransport;
use sangam_broker_upstox::{QuoteSource, Upstox};
use sangam_core::ports::{Books as _, MarketData as _};
use sangam_core::{
    BrokerOrderId, BrokerOrderStatus, CandleInterval, CandleQuery, ErrorKind, InstrumentId, Outcome, Product,
    Tag,
};

fn over<B: AsRef<[u8]>>(
    answers: impl IntoIterator<Item = (u16, B)>,
) -> (Upstox, std::sync::Arc<ScriptedTransport>) {
    let reads = ScriptedTransport::answering(answers);
    let orders = ScriptedTransport::silent();
    (account(config(), &orders, &reads), reads)
}

fn success(data: &str) -> (u16, String) {
    (200, format!(r#"{{"status":"success","data":{data}}}"#))
}

fn row(fields: &str) -> String {
    format!(
        r#"{{"order_id":"1","instrument_token":"NSE_EQ|RELIANCE","exchange":"NSE","transaction_type":"BUY","product":"D",
            "quantity":10,"filled_quantity":0,"status":"open"{fields}}}"#
    )
}

fn instrument(text: &str) -> InstrumentId {
    text.parse().expect("an instrument")
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_the_book_by_name() {
    let check = async |rows: &str, what: &str| {
        let (upstox, _) = over([success(rows)]);
        let error = upstox.order_book().await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
        assert!(error.message().contains(what), "{error} has no {what:?}");
    };
    let good = row("");
    let bad = |from: &str, to: &str| format!("[{good},{}]", good.replace(from, to));
    check(
        &bad(r#""order_id":"1","#, ""),
        "order book row 2: field order_id is missing",
    )
    .await;
    check(
        &bad(r#""quantity":10"#, r#""quantity":null"#),
        "row 2: field quantity is missing",
    )
    .await;
    check(
        &bad(r#""quantity":10"#, r#""quantity":-1"#),
        "row 2: field quantity is no quantity: -1",
    )
    .await;
    check(
        &bad(r#""quantity":10"#, r#""quantity":"ten""#),
        "row 2: field quantity cannot be read",
    )
    .await;
    check(
        &bad(r#""quantity":10"#, r#""quantity":{}"#),
        "row 2: field quantity cannot be read",
    )
    .await;
    check(
        &bad(r#""filled_quantity":0,"#, ""),
        "row 2: field filled_quantity is missing",
    )
    .await;
    check(
        &bad(r#""status":"open""#, r#""status":"""#),
        "row 2: field status is missing",
    )
    .await;
    check(
        &bad("BUY", "HOLD"),
        "row 2: field transaction_type is neither BUY nor SELL",
    )
    .await;
    check(
        &bad("NSE_EQ|RELIANCE", " "),
        "row 2: field instrument_token is missing",
    )
    .await;
    check("{}", "order book: not a list of rows").await;
}

#[tokio::test]
async fn rows_take_what_the_document_allows() {
    let rows = format!(
        "[{},{},{}]",
        row(
            r#","price":"1450.50","trigger_price":0,"tag":"has blank","order_type":"NEW","validity":"EOS","new":[1]"#
        ),
        row(r#","status":null"#)
            .replacen(r#""status":"open","#, "", 1)
            .replace(r#""status":null"#, r#""status":"Squared Off""#),
        row("")
            .replace("NSE_EQ|RELIANCE", "NSE_FO|43919")
            .replace(r#""NSE""#, "null"),
    );
    let (upstox, _) = over([success(&rows)]);
    let book = upstox.order_book().await.expect("a book");
    assert_eq!(
        book[0].price.map(|price| price.to_string()),
        Some("1450.5".into())
    );
    assert_eq!(
        (book[0].trigger_price, book[0].kind, book[0].validity),
        (None, None, None)
    );
    assert_eq!(book[0].tag, None);
    assert_eq!(book[0].instrument.id, Some(instrument("NSE:RELIANCE")));
    assert_eq!(book[1].status, BrokerOrderStatus::Unknown("Squared Off".into()));
    assert_eq!(book[2].product, Some(Product::CarryForward));
}

#[tokio::test]
async fn only_the_brokers_own_nothing_is_an_empty_book() {
    for nothing in ["[]", "null"] {
        let (upstox, _) = over([success(nothing)]);
        assert_eq!(upstox.order_book().await.expect("a book"), []);
    }
    for (status, body) in [
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (502, ""),
        (200, r#"{"status":"error"}"#),
    ] {
        let (upstox, _) = over([(status, body)]);
        assert!(upstox.order_book().await.is_err(), "{status} {body}");
    }
}

#[tokio::test]
async fn an_order_is_the_one_asked_for() {
    let (upstox, reads) = over([success(&row("")), success(&row("")), success("null")]);
    let id = |text: &str| BrokerOrderId::new(text).expect("an id");
    assert_eq!(upstox.order(&id("1")).await.expect("the order").id, id("1"));
    assert_eq!(
        reads.sent()[0].full_url(),
        "https://api.test/v2/order/details?order_id=1"
    );
    assert_eq!(
        upstox.order(&id("2")).await.expect_err("another").kind(),
        ErrorKind::UnexpectedAnswer
    );
    assert!(upstox.order(&id("1")).await.is_err());
}

#[tokio::test]
async fn a_history_is_put_in_order_and_by_tag_ends_in_one_row_an_order() {
    let at = |id: &str, status: &str, time: &str, filled: u32| {
        row(&format!(r#","order_timestamp":"2026-11-23 {time}""#))
            .replace(r#""order_id":"1""#, &format!(r#""order_id":"{id}""#))
            .replace(r#""status":"open""#, &format!(r#""status":"{status}""#))
            .replace(
                r#""filled_quantity":0"#,
                &format!(r#""filled_quantity":{filled}"#),
            )
    };
    let rows = format!(
        "[{},{},{},{}]",
        at("1", "complete", "09:20:02", 10),
        at("2", "open", "09:20:03", 0),
        at("1", "put order req received", "09:20:01", 0),
        at("1", "open", "09:20:02", 0),
    );
    let (upstox, reads) = over([
        success(&rows),
        success(&rows),
        (
            400,
            r#"{"status":"error","errors":[{"error_code":"UDAPI100010","message":"Order not found"}]}"#
                .to_owned(),
        ),
        (
            400,
            r#"{"status":"error","errors":[{"error_code":"UDAPI100059"}]}"#.to_owned(),
        ),
    ]);
    let events = upstox
        .order_history(&BrokerOrderId::new("1").expect("an id"))
        .await
        .expect("a history");
    let words: Vec<&str> = events.iter().map(|event| event.status_word.as_str()).collect();
    assert_eq!(words, ["put order req received", "complete", "open", "open"]);
    let tag = Tag::new("S1").expect("a tag");
    let orders = upstox.orders_by_tag(&tag).await.expect("orders");
    let states: Vec<_> = orders
        .iter()
        .map(|order| (order.id.as_str(), order.status_word.as_str()))
        .collect();
    assert_eq!(states, [("1", "complete"), ("2", "open")]);
    assert_eq!(
        reads.sent()[1].full_url(),
        "https://api.test/v2/order/history?tag=S1"
    );
    assert_eq!(
        upstox
            .orders_by_tag(&tag)
            .await
            .expect("the broker's own nothing"),
        []
    );
    assert!(upstox.orders_by_tag(&tag).await.is_err());
}

#[tokio::test]
async fn holdings_never_offer_for_sale_what_may_not_be_there() {
    let holding = |quantity: u32, undelivered: u32, in_sales: u32| {
        format!(
            r#"{{"instrument_token":"NSE_EQ|A","exchange":"NSE","quantity":{quantity},"t1_quantity":{undelivered},
                "cnc_used_quantity":{in_sales},"average_price":null}}"#
        )
    };
    let rows = [
        holding(10, 0, 0),
        holding(10, 4, 1),
        holding(0, 5, 0),
        holding(3, 3, 9),
    ];
    let (upstox, _) = over([success(&format!("[{}]", rows.join(",")))]);
    let found: Vec<_> = upstox
        .holdings()
        .await
        .expect("holdings")
        .iter()
        .map(|held| [held.quantity, held.undelivered, held.saleable].map(sangam_core::Quantity::units))
        .collect();
    assert_eq!(found, [[10, 0, 10], [10, 4, 5], [5, 5, 0], [3, 3, 0]]);
}

fn quotes_of(count: usize, from: usize) -> (u16, String) {
    let rows: Vec<String> = (from..from + count)
        .map(|i| format!(r#""NSE_EQ:null":{{"instrument_token":"NSE_EQ|S{i}","last_price":{i}.5}}"#))
        .collect();
    success(&format!("{{{}}}", rows.join(",")))
}

#[tokio::test]
async fn many_quotes_are_split_at_the_brokers_maximum_and_come_back_in_order() {
    let ids: Vec<InstrumentId> = (0..501)
        .map(|i| instrument(&format!("NSE:S{i}")))
        .chain([instrument("NSE:UNLISTED"), instrument("NSE:S7")])
        .collect();
    let (upstox, reads) = over([quotes_of(500, 0), quotes_of(2, 499)]);
    let quotes = upstox.quotes(&ids).await.expect("quotes");
    assert!(quotes.iter().map(|(id, _)| id).eq(&ids));
    for (i, (_, quote)) in quotes[..501].iter().enumerate() {
        assert_eq!(
            quote.as_ref().expect("a quote").last.to_string(),
            format!("{i}.5")
        );
    }
    let unlisted = quotes[501].1.as_ref().expect_err("not listed");
    assert_eq!(
        (unlisted.kind(), unlisted.outcome()),
        (ErrorKind::UnknownInstrument, Outcome::NotSent)
    );
    // Named twice, the second time in another call, which has no row of it.
    assert_eq!(
        quotes[502].1.as_ref().expect_err("no row").kind(),
        ErrorKind::NotFound
    );
    let keys: Vec<usize> = reads
        .sent()
        .iter()
        .map(|request| request.query[0].1.split(',').count())
        .collect();
    assert_eq!(keys, [500, 2]);
}

#[tokio::test]
async fn one_bad_row_or_call_spoils_no_other_quote() {
    let rows = r#"{"a":{"instrument_token":"NSE_EQ|A","last_price":1},"b":{"instrument_token":"NSE_EQ|B","last_price":"x"}}"#;
    let (upstox, _) = over([success(rows), (401, String::new())]);
    let ids = [instrument("NSE:A"), instrument("NSE:B"), instrument("NSE:C")];
    let quotes = upstox.quotes(&ids).await.expect("quotes");
    assert!(quotes[0].1.is_ok());
    assert_eq!(
        quotes[1].1.as_ref().expect_err("bad").kind(),
        ErrorKind::UnexpectedAnswer
    );
    assert_eq!(
        quotes[2].1.as_ref().expect_err("none").kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        upstox.quotes(&ids).await.expect_err("no session").kind(),
        ErrorKind::LoginRequired
    );
    let none = upstox.quotes(&[]).await.expect("nothing asked, nothing sent");
    assert!(none.is_empty());
}

#[tokio::test]
async fn float_noise_is_rounded_away_and_real_decimals_stay() {
    let full = r#"{"x":{"instrument_token":"NSE_EQ|A","last_price":1425.4000244140625,"net_change":5.4,
        "ohlc":{"open":1419.25,"high":null,"low":0,"close":1}}}"#;
    let (upstox, _) = over([success(full)]);
    let depth = upstox.depth(&instrument("NSE:A")).await.expect("depth");
    let quote = depth.quote;
    assert_eq!(quote.last.to_string(), "1425.4");
    assert_eq!(
        quote.previous_close.map(|price| price.to_string()),
        Some("1420".into())
    );
    assert_eq!(quote.open.map(|price| price.to_string()), Some("1419.25".into()));
    assert_eq!(
        (quote.high, quote.low, quote.volume, quote.bid),
        (None, None, None, None)
    );
    assert!(depth.bids.is_empty());
}

#[tokio::test]
async fn quotes_can_be_read_with_the_lighter_calls() {
    let last = r#"{"x":{"instrument_token":"NSE_EQ|A","last_price":10.5,"cp":10,"ltq":3,"volume":7}}"#;
    let day = r#"{"x":{"instrument_token":"NSE_EQ|A","last_price":10.5,"live_ohlc":{"open":10,"high":11,"low":9,"close":10.5,"volume":8},
        "prev_ohlc":null}}"#;
    let orders = ScriptedTransport::silent();
    for (source, body, url, volume) in [
        (
            QuoteSource::LastPrice,
            last,
            "https://api.test/v3/market-quote/ltp?instrument_key=NSE_EQ%7CA",
            7,
        ),
        (
            QuoteSource::DayPrices,
            day,
            "https://api.test/v3/market-quote/ohlc?instrument_key=NSE_EQ%7CA&interval=1d",
            8,
        ),
    ] {
        let reads = ScriptedTransport::answering([success(body)]);
        let mut config = config();
        config.quotes = source;
        let upstox = account(config, &orders, &reads);
        let quotes = upstox.quotes(&[instrument("NSE:A")]).await.expect("quotes");
        let quote = quotes[0].1.as_ref().expect("a quote");
        assert_eq!(quote.volume.map(sangam_core::Quantity::units), Some(volume));
        assert_eq!(reads.sent()[0].full_url(), url);
    }
}

fn candles(from: &str, to: &str, interval: CandleInterval) -> CandleQuery {
    CandleQuery {
        instrument: instrument("NSE_INDEX:NIFTY"),
        interval,
        from: from.parse().expect("a date"),
        to: to.parse().expect("a date"),
    }
}

#[tokio::test]
async fn candles_of_today_and_before_are_joined_oldest_first() {
    let before = r#"{"candles":[["2026-11-20T09:16:00+05:30",2,2,2,2,20,0],["2026-11-20T09:15:00+05:30",1,1,1,1,10]]}"#;
    let today = r#"{"candles":[["2026-11-23T09:15:00+05:30",3,3,3,3,30,0]]}"#;
    let (upstox, reads) = over([success(before), success(today)]);
    let query = candles("2026-11-20", "2026-11-23", CandleInterval::Minutes(1));
    let found = upstox.candles(&query).await.expect("candles");
    let closes: Vec<String> = found.iter().map(|candle| candle.close.to_string()).collect();
    assert_eq!(closes, ["1", "2", "3"]);
    let urls: Vec<String> = reads.sent().iter().map(|request| request.full_url()).collect();
    assert_eq!(
        urls,
        [
            "https://api.test/v3/historical-candle/NSE_INDEX%7CNIFTY/minutes/1/2026-11-22/2026-11-20",
            "https://api.test/v3/historical-candle/intraday/NSE_INDEX%7CNIFTY/minutes/1",
        ]
    );
    assert!(
        reads
            .sent()
            .iter()
            .all(|request| !request.headers.contains_key("authorization"))
    );
}

#[tokio::test]
async fn long_candle_queries_become_several_calls_within_a_bound() {
    let none = || success(r#"{"candles":[]}"#);
    let (upstox, reads) = over([none(), none(), none()]);
    let query = candles("2026-08-01", "2026-10-01", CandleInterval::Minutes(5));
    assert!(upstox.candles(&query).await.expect("candles").is_empty());
    let ends: Vec<String> = reads
        .sent()
        .iter()
        .map(|request| request.url.split("/5/").nth(1).expect("dates").to_owned())
        .collect();
    assert_eq!(
        ends,
        [
            "2026-08-28/2026-08-01",
            "2026-09-25/2026-08-29",
            "2026-10-01/2026-09-26"
        ]
    );
    for bad in [
        candles("2000-01-01", "2026-10-01", CandleInterval::Minutes(1)),
        candles("2026-10-02", "2026-10-01", CandleInterval::Day),
        candles("2026-10-01", "2026-10-01", CandleInterval::Minutes(0)),
    ] {
        let error = upstox.candles(&bad).await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidRequest, Outcome::NotSent)
        );
    }
    assert_eq!(reads.sent().len(), 3);
}
