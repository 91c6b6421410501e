//! Quotes, candles, instrument files, search, holdings.

use std::io::Read as _;

use super::{RELIANCE, Session, paise, refusal};
use sangam_sim::SimConfig;
use serde_json::{Value, json};

#[tokio::test]
async fn full_quotes_are_keyed_by_segment_and_symbol() {
    let session = Session::start().await;
    let keys = "NSE_EQ%7CINE101A01026%2CNSE_INDEX%7CNifty+50%2CNSE_FO%7C1";
    let rows = session
        .get(&format!("/v2/market-quote/quotes?instrument_key={keys}"))
        .await;
    let names: Vec<&String> = rows.as_object().expect("a map").keys().collect();
    assert_eq!(
        names,
        ["NSE_EQ:M&M", "NSE_INDEX:Nifty 50"],
        "what has no data is left out"
    );
    assert_eq!(
        rows,
        session
            .get(&format!("/v2/market-quote/quotes?symbol={keys}"))
            .await,
        "the older name"
    );
    let share = &rows["NSE_EQ:M&M"];
    assert_eq!(
        (&share["instrument_token"], &share["symbol"]),
        (&json!("NSE_EQ|INE101A01026"), &json!("M&M"))
    );
    assert_eq!(share["depth"]["buy"].as_array().map(Vec::len), Some(5));
    assert!(
        share["last_trade_time"]
            .as_str()
            .is_some_and(|text| text.len() == 13),
        "{share}"
    );
    assert_eq!(share["timestamp"], "2026-11-23T10:30:00.000+05:30");
    assert!(paise(&share["depth"]["buy"][0]["price"]) < paise(&share["depth"]["sell"][0]["price"]));
    let index = &rows["NSE_INDEX:Nifty 50"];
    assert_eq!(
        (&index["volume"], &index["average_price"], &index["symbol"]),
        (&Value::Null, &Value::Null, &json!("NA"))
    );
    assert_eq!(
        index["depth"]["sell"][4],
        json!({ "quantity": 0, "price": 0, "orders": 0 })
    );
    assert_eq!(index["upper_circuit_limit"], 0);

    let third = session
        .get("/v3/market-quote/quotes?instrument_key=NSE_EQ%7CINE002A01018")
        .await;
    let row = &third["NSE_EQ:RELIANCE"];
    assert_eq!(paise(&row["last_price"]), session.last().await);
    let change = paise(&row["last_price"]) - paise(&row["prev_close_price"]);
    assert_eq!(paise(&row["net_change"]), change);
    assert!(paise(&row["year_low"]) <= paise(&row["last_price"]));
}

#[tokio::test]
async fn last_prices_and_bars() {
    let session = Session::start().await;
    let second = session
        .get("/v2/market-quote/ltp?symbol=NSE_EQ%7CINE002A01018")
        .await;
    assert_eq!(
        second["NSE_EQ:RELIANCE"].as_object().map(serde_json::Map::len),
        Some(2)
    );
    let third = session
        .get("/v3/market-quote/ltp?instrument_key=NSE_EQ%7CINE002A01018")
        .await;
    for field in ["last_price", "instrument_token", "ltq", "volume", "cp"] {
        assert!(third["NSE_EQ:RELIANCE"].get(field).is_some(), "{field}");
    }
    let path = |version: u8, interval: &str| {
        format!("/v{version}/market-quote/ohlc?instrument_key=NSE_EQ%7CINE002A01018&interval={interval}")
    };
    let day = session.get(&path(3, "1d")).await;
    let row = &day["NSE_EQ:RELIANCE"];
    // Monday and, in a market that is always open, Sunday.
    assert_eq!(
        (&row["live_ohlc"]["ts"], &row["prev_ohlc"]["ts"]),
        (&json!(1_795_372_200_000_i64), &json!(1_795_285_800_000_i64))
    );
    assert_eq!(row["live_ohlc"]["close"], row["last_price"]);
    assert!(session.get(&path(3, "I1")).await["NSE_EQ:RELIANCE"]["prev_ohlc"]["volume"].is_i64());
    assert!(session.get(&path(2, "I30")).await["NSE_EQ:RELIANCE"]["ohlc"]["open"].is_number());
    let without = "/v3/market-quote/ohlc?instrument_key=NSE_EQ%7CINE002A01018";
    assert_eq!(
        session.refused("GET", without, "").await,
        refusal(400, "UDAPI1027")
    );
    assert_eq!(
        session.refused("GET", &path(3, "2d"), "").await,
        refusal(400, "UDAPI1028")
    );
    assert_eq!(
        session.refused("GET", "/v3/market-quote/ltp", "").await,
        refusal(400, "UDAPI1009")
    );
    let many = format!(
        "/v3/market-quote/ltp?instrument_key={}",
        vec!["NSE_FO%7C1"; 501].join("%2C")
    );
    assert_eq!(
        session.refused("GET", &many, "").await,
        refusal(400, "UDAPI100043")
    );
}

#[tokio::test]
async fn candles_need_no_token_and_come_newest_first() {
    let session = Session::start().await;
    let candles =
        async |path: &str| session.raw("GET", path, &[], "").await.json()["data"]["candles"].clone();
    let days = candles("/v3/historical-candle/NSE_INDEX%7CNifty%2050/days/1/2026-11-23/2026-11-19").await;
    let starts: Vec<&Value> = days
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row[0])
        .collect();
    assert_eq!(starts.len(), 5, "{days}");
    assert_eq!(
        (starts[0], starts[4]),
        (
            &json!("2026-11-23T00:00:00+05:30"),
            &json!("2026-11-19T00:00:00+05:30")
        )
    );
    assert_eq!(days[0].as_array().map(Vec::len), Some(7));
    let minutes = candles("/v3/historical-candle/intraday/NSE_EQ%7CINE002A01018/minutes/5").await;
    assert_eq!(minutes[0][0], "2026-11-23T10:30:00+05:30");
    let old = candles("/v2/historical-candle/intraday/NSE_EQ%7CINE002A01018/30minute").await;
    assert_eq!(old[1][0], "2026-11-23T10:00:00+05:30");
    let weeks = candles("/v3/historical-candle/NSE_EQ%7CINE002A01018/weeks/1/2026-11-22/2026-11-09").await;
    assert_eq!(
        (&weeks[0][0], &weeks[1][0]),
        (
            &json!("2026-11-16T00:00:00+05:30"),
            &json!("2026-11-09T00:00:00+05:30")
        )
    );
    for (path, expected) in [
        (
            "/v3/historical-candle/NSE_EQ%7CNONE/days/1/2026-11-23",
            "UDAPI100011",
        ),
        (
            "/v3/historical-candle/NSE_EQ%7CINE002A01018/days/2/2026-11-23",
            "UDAPI1028",
        ),
        (
            "/v3/historical-candle/NSE_EQ%7CINE002A01018/days/1/yesterday",
            "UDAPI100036",
        ),
        (
            "/v3/historical-candle/NSE_EQ%7CINE002A01018/days/1/2026-11-01/2026-11-23",
            "UDAPI100036",
        ),
    ] {
        assert_eq!(
            session.refused("GET", path, "").await,
            refusal(400, expected),
            "{path}"
        );
    }
}

#[tokio::test]
async fn instrument_files_can_be_read_back_and_every_key_is_known() {
    let session = Session::start().await;
    let mut sizes = Vec::new();
    for name in ["NSE", "BSE", "complete"] {
        let path = format!("/market-quote/instruments/exchange/{name}.json.gz");
        let answer = session.raw("GET", &path, &[], "").await;
        assert_eq!(
            (answer.status, answer.headers["content-type"].as_str()),
            (200, "application/gzip")
        );
        let mut text = String::new();
        flate2::read::GzDecoder::new(answer.body.as_slice())
            .read_to_string(&mut text)
            .expect("gzip of text");
        let rows: Vec<Value> = serde_json::from_str(&text).expect("an array");
        let universe = session.sim.world().universe();
        for row in &rows {
            let key = row["instrument_key"].as_str().expect("a key");
            let contract = universe.by_upstox(key).expect("a contract");
            assert_eq!(row["exchange_token"], contract.token.to_string(), "{key}");
        }
        sizes.push(rows.len());
    }
    assert!(sizes[0] > 100 && sizes[1] > 20, "{sizes:?}");
    assert_eq!(sizes[2], sizes[0] + sizes[1]);
}

#[tokio::test]
async fn search_status_and_holdings() {
    let session = Session::start().await;
    let answer = session
        .call(
            "GET",
            "/v2/instruments/search?query=M%26M&exchanges=NSE&segments=EQ",
            "",
        )
        .await
        .json();
    assert_eq!(
        answer["data"][0]["instrument_key"], "NSE_EQ|INE101A01026",
        "{answer}"
    );
    assert_eq!(answer["meta_data"]["page"]["page_number"], 1);
    let future = session
        .call(
            "GET",
            "/v2/instruments/search?query=NIFTY+FUT&segments=FO&records=1",
            "",
        )
        .await
        .json();
    assert!(
        future["data"][0]["expiry"]
            .as_str()
            .is_some_and(|day| day.len() == 10),
        "{future}"
    );
    assert_eq!(future["data"].as_array().map(Vec::len), Some(1));
    let status = session.get("/v2/market/status/NSE").await;
    assert_eq!(
        (&status["exchange"], &status["status"]),
        (&json!("NSE"), &json!("NORMAL_OPEN"))
    );
    let holdings = session.get("/v2/portfolio/long-term-holdings").await;
    let row = &holdings[0];
    assert_eq!(
        (&row["trading_symbol"], &row["quantity"]),
        (&json!("SBIN"), &json!(20))
    );
    let gain = paise(&row["last_price"]) - paise(&row["average_price"]);
    assert_eq!(paise(&row["pnl"]), gain * 20);
    assert_ne!(row["instrument_token"], RELIANCE);
    assert_eq!(session.get("/v3/portfolio/mtf-positions").await, json!([]));

    let config = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    let sunday = Session::with(config, (22, 11, 0)).await;
    let status = sunday.get("/v2/market/status/BSE").await;
    assert_eq!(status["status"], "CLOSING_END");
}
