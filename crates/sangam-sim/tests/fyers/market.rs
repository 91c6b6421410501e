//! Quotes, depth, candles, market status, symbol files.

use sangam_sim::{Paise, SimConfig};
use serde_json::{Value, json};

use super::{RELIANCE, Session, names, price, sorted, text};

const VALUES: &str = "ch chp lp spread ask bid open_price high_price low_price prev_close_price atp volume short_name \
    exchange description original_name symbol fyToken tt";
const BOOK: &str = "totalbuyqty totalsellqty bids ask";
const FIGURES: &str =
    "o h l c chp tick_Size ch ltq ltt ltp v atp lower_ckt upper_ckt expiry oi oiflag pdoi oipercent";

#[tokio::test]
async fn quotes_of_shares_and_indices() {
    let session = Session::start().await;
    let answer = session
        .get("/data/quotes?symbols=NSE%3ASBIN-EQ%2CNSE%3ANIFTY50-INDEX,NSE:NOSUCH-EQ,NSE:M%26M-EQ")
        .await;
    assert_eq!((&answer["code"], &answer["message"]), (&json!(200), &json!("")));
    let rows = answer["d"].as_array().expect("a list");
    let symbols: Vec<String> = rows.iter().map(|row| text(&row["n"])).collect();
    assert_eq!(
        symbols,
        ["NSE:SBIN-EQ", "NSE:NIFTY50-INDEX", "NSE:NOSUCH-EQ", "NSE:M&M-EQ"]
    );
    let share = &rows[0]["v"];
    assert_eq!(names(share), sorted(VALUES));
    assert_eq!(
        (&share["exchange"], &share["short_name"]),
        (&json!("NSE"), &json!("SBIN-EQ"))
    );
    assert_eq!(
        price(&share["spread"]),
        price(&share["ask"]) - price(&share["bid"])
    );
    assert_eq!(
        price(&share["ch"]),
        price(&share["lp"]) - price(&share["prev_close_price"])
    );
    // Monday, 00:00 UTC.
    assert_eq!(share["tt"], "1795392000");
    let index = &rows[1]["v"];
    assert_eq!(
        (&index["bid"], &index["ask"], &index["volume"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(index["tt"], 1_795_392_000);
    assert_eq!(rows[2]["s"], "error");
    assert_eq!(
        rows[2]["v"],
        json!({ "code": -300, "errmsg": "Invalid symbol provided" })
    );

    let posted = session
        .ok("POST", "/data/quotes", &json!({ "symbols": ["NSE:SBIN-EQ"] }))
        .await;
    assert_eq!(posted["d"][0]["n"], "NSE:SBIN-EQ");
    for (query, code) in [
        ("?symbols=NSE:NOSUCH-EQ".to_owned(), -300),
        ("?symbols=SBIN-EQ".to_owned(), -300),
        ("?symbols=".to_owned(), -50),
        (String::new(), -50),
        (format!("?symbols={}", ["NSE:SBIN-EQ"; 51].join(",")), -50),
    ] {
        let (status, found, _) = session
            .refused("GET", &format!("/data/quotes{query}"), &Value::Null)
            .await;
        assert_eq!((status, found), (400, code), "{query}");
    }
    let (_, code, _) = session
        .refused("POST", "/data/quotes", &json!({ "symbols": "NSE:SBIN-EQ" }))
        .await;
    assert_eq!(code, -50);
}

#[tokio::test]
async fn depth_with_and_without_the_days_figures() {
    let session = Session::start().await;
    let answer = session
        .get("/data/depth?symbol=NSE%3AM%26M-EQ&ohlcv_flag=1")
        .await;
    assert_eq!(names(&answer), sorted("s d message"));
    let book = &answer["d"]["NSE:M&M-EQ"];
    assert_eq!(names(book), sorted(&format!("{BOOK} {FIGURES}")));
    let prices = |side: &str| {
        book[side]
            .as_array()
            .expect("a list")
            .iter()
            .map(|level| price(&level["price"]))
            .collect::<Vec<_>>()
    };
    let (bids, asks) = (prices("bids"), prices("ask"));
    assert_eq!((bids.len(), asks.len()), (5, 5));
    assert!(bids.is_sorted_by(|a, b| a > b) && asks.is_sorted_by(|a, b| a < b) && bids[0] < asks[0]);
    assert_eq!(names(&book["ask"][0]), sorted("price volume ord"));
    assert_eq!(
        (&book["expiry"], &book["oi"], &book["oiflag"]),
        (&json!(""), &json!(0), &json!(false))
    );
    assert!(price(&book["lower_ckt"]) < bids[4] && asks[4] < price(&book["upper_ckt"]));

    let bare = session.get("/data/depth?symbol=NSE:M%26M-EQ&ohlcv_flag=0").await;
    assert_eq!(names(&bare["d"]["NSE:M&M-EQ"]), sorted(BOOK));

    let option = session.option("PE");
    let answer = session
        .get(&format!("/data/depth?symbol={option}&ohlcv_flag=1"))
        .await;
    let book = &answer["d"][&option];
    assert_eq!(book["oiflag"], true);
    let expiry: i64 = text(&book["expiry"]).parse().expect("epoch seconds");
    assert!(expiry > 1_795_392_000 && book["oi"].as_i64() > Some(0), "{book}");
    for (query, code) in [
        ("?symbol=NSE:NOSUCH-EQ&ohlcv_flag=1", -300),
        ("?symbol=NSE:SBIN-EQ,NSE:TCS-EQ&ohlcv_flag=1", -300),
        ("?ohlcv_flag=1", -50),
        ("?symbol=NSE:SBIN-EQ&ohlcv_flag=2", -50),
    ] {
        let (status, found, _) = session
            .refused("GET", &format!("/data/depth{query}"), &Value::Null)
            .await;
        assert_eq!((status, found), (400, code), "{query}");
    }
}

/// The rows of a call for candles.
async fn candles(session: &Session, query: &str) -> Vec<Vec<Value>> {
    let answer = session.get(&format!("/data/history?{query}")).await;
    assert_eq!(names(&answer), sorted("s candles"));
    let rows = answer["candles"].as_array().expect("a list");
    rows.iter()
        .map(|row| row.as_array().expect("a list").clone())
        .collect()
}

#[tokio::test]
async fn candles_by_epoch_and_by_date() {
    let weekdays = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    let session = Session::with(weekdays, (23, 10, 30)).await;
    // 09:15 to 10:00 on Monday, in quarters of an hour.
    let from = 1_795_405_500_i64;
    let query = format!(
        "symbol={RELIANCE}&resolution=15&date_format=0&range_from={from}&range_to={}&cont_flag=1",
        from + 2_700
    );
    let quarters = candles(&session, &query).await;
    let starts: Vec<Option<i64>> = quarters.iter().map(|row| row[0].as_i64()).collect();
    assert_eq!(starts, [0, 900, 1_800, 2_700].map(|after| Some(from + after)));
    for row in &quarters {
        assert_eq!(row.len(), 6);
        let [open, high, low, close] = [1, 2, 3, 4].map(|at| price(&row[at]));
        assert!(low <= open.min(close) && open.max(close) <= high && low > Paise::ZERO);
        assert!(row[5].as_i64() >= Some(0));
    }
    let with_interest = candles(&session, &format!("{query}&oi_flag=1")).await;
    assert!(with_interest.iter().all(|row| row.len() == 7));

    let daily = |resolution: &str, from: &str, to: &str| {
        format!(
            "symbol={RELIANCE}&resolution={resolution}&date_format=1&range_from={from}&range_to={to}&cont_flag=1"
        )
    };
    // Ten weekdays but the holiday of Tuesday the 10th.
    let days = candles(&session, &daily("1D", "2026-11-09", "2026-11-22")).await;
    assert_eq!(days.len(), 9);
    assert_eq!(days[0][0], 1_794_182_400, "Monday the 9th, 00:00 UTC");
    assert_eq!(
        candles(&session, &daily("D", "2026-11-09", "2026-11-22")).await,
        days
    );

    let weeks = candles(&session, &daily("1W", "2026-11-09", "2026-11-22")).await;
    assert_eq!(
        (weeks.len(), &weeks[0][0], &weeks[1][0]),
        (2, &json!(1_794_182_400), &json!(1_794_787_200))
    );
    assert_eq!((&weeks[0][1], &weeks[0][4]), (&days[0][1], &days[3][4]));
    let highest = days[..4].iter().map(|row| price(&row[2])).max();
    assert_eq!(Some(price(&weeks[0][2])), highest);
    let months = candles(&session, &daily("1M", "2026-10-01", "2026-11-22")).await;
    assert_eq!(
        (months.len(), &months[1][0]),
        (2, &json!(1_793_491_200)),
        "the first of November"
    );

    let sunday = session
        .call(
            "GET",
            &format!("/data/history?{}", daily("1D", "2026-11-22", "2026-11-22")),
            &Value::Null,
        )
        .await;
    assert_eq!(
        (sunday.status, sunday.json()),
        (200, json!({ "s": "no_data", "candles": [] }))
    );
}

#[tokio::test]
async fn candles_that_cannot_be_are_refused() {
    let session = Session::start().await;
    let good = [
        ("symbol", RELIANCE),
        ("resolution", "5"),
        ("date_format", "1"),
        ("range_from", "2026-11-20"),
        ("range_to", "2026-11-23"),
        ("cont_flag", "1"),
    ];
    for (name, value, code) in [
        ("symbol", "NSE:NOSUCH-EQ", -300),
        ("symbol", "", -50),
        ("resolution", "7", -50),
        ("resolution", "5S", -50),
        ("date_format", "2", -50),
        ("range_from", "20-11-2026", -50),
        ("range_from", "2026-11-24", -50),
        ("range_from", "2026-08-01", -50),
        ("date_format", "0", -50),
        ("cont_flag", "x", -50),
    ] {
        let query = good
            .map(|(key, usual)| format!("{key}={}", if key == name { value } else { usual }))
            .join("&");
        let (status, found, _) = session
            .refused("GET", &format!("/data/history?{query}"), &Value::Null)
            .await;
        assert_eq!((status, found), (400, code), "{name} {value}");
    }
}

#[tokio::test]
async fn a_hundred_days_of_minutes_come_whole() {
    let session = Session::start().await;
    let query =
        format!("symbol={RELIANCE}&resolution=15&date_format=1&range_from=2026-08-15&range_to=2026-11-22");
    let rows = candles(&session, &query).await;
    assert_eq!(rows.len(), 100 * 96, "the market of the simulator is always open");
    assert!(rows.is_sorted_by_key(|row| row[0].as_i64()));
}

#[tokio::test]
async fn the_market_is_open_or_closed_by_segment() {
    let status = async |session: &Session, exchange: i64, segment: i64| {
        let answer = session.get("/data/marketStatus").await;
        let rows = answer["marketStatus"].as_array().expect("a list");
        let wanted = |row: &&Value| {
            row["exchange"] == exchange && row["segment"] == segment && row["market_type"] == "NORMAL"
        };
        text(&rows.iter().find(wanted).expect("a row")["status"])
    };
    let session = Session::start().await;
    assert_eq!(
        (status(&session, 10, 10).await, status(&session, 12, 11).await),
        ("OPEN".into(), "OPEN".into())
    );
    assert_eq!(
        (status(&session, 11, 20).await, status(&session, 10, 12).await),
        ("CLOSED".into(), "CLOSED".into())
    );
    let night = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    let session = Session::with(night, (22, 11, 0)).await;
    assert_eq!(status(&session, 10, 10).await, "CLOSED");
}

#[tokio::test]
async fn symbol_files_need_no_log_in_and_name_what_can_be_traded() {
    let session = Session::start().await;
    for (name, known) in [
        ("NSE_CM", "NSE:M&M-EQ"),
        ("BSE_CM", "BSE:SENSEX-INDEX"),
        ("NSE_FO", ""),
        ("BSE_FO", ""),
    ] {
        let answer = session
            .raw("GET", &format!("/sym_details/{name}.csv"), &[], "")
            .await;
        assert_eq!(answer.status, 200, "{name}");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(answer.body.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
        assert!(rows.len() > 5 && rows.iter().all(|row| row.len() == 21), "{name}");
        assert!(
            known.is_empty() || rows.iter().any(|row| &row[9] == known),
            "{name}"
        );
        let symbol = rows[rows.len() - 1][9].to_owned();
        assert!(session.last(&symbol).await > Paise::ZERO, "{symbol}");
    }
    for name in ["NSE_CM", "MCX_COM.csv", "NSE_CM_sym_master.json"] {
        assert_eq!(
            session
                .raw("GET", &format!("/sym_details/{name}"), &[], "")
                .await
                .status,
            404,
            "{name}"
        );
    }
}
