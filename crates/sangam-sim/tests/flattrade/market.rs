//! Quotes, search, security details, chains, charts, contract files.

use super::{Session, paise, refusal};
use serde_json::{Value, json};

const NO_DATA: &str = "Error Occurred : 5 \"no data\"";

fn texts(row: &Value) -> bool {
    row.as_object().expect("a row").values().all(Value::is_string)
}

#[tokio::test]
async fn a_share_is_quoted_with_depth() {
    let session = Session::start().await;
    let quote = session
        .done("GetQuotes", &json!({ "exch": "NSE", "token": "2885" }))
        .await;
    for (name, expected) in [
        ("exch", "NSE"),
        ("tsym", "RELIANCE-EQ"),
        ("cname", "RELIANCE INDUSTRIES LTD"),
        ("symname", "RELIANCE"),
        ("seg", "EQT"),
        ("instname", "EQ"),
        ("isin", "INE002A01018"),
        ("ti", "0.10"),
        ("prcftr_d", "(1 / 1 ) * (1 / 1)"),
        ("ltt", "10:30:00"),
        ("ltd", "23-11-2026"),
        ("request_time", "10:30:00 23-11-2026"),
    ] {
        assert_eq!(quote[name], expected, "{name}");
    }
    assert!(texts(&quote), "{quote}");
    assert!(quote.get("oi").is_none(), "shares have no open interest");
    let (low, last, high) = (paise(&quote["l"]), paise(&quote["lp"]), paise(&quote["h"]));
    assert!(paise(&quote["lc"]) < low && low <= last && last <= high && high < paise(&quote["uc"]));
    for level in 1..5 {
        let price = |side: &str, level: i32| paise(&quote[format!("{side}p{level}")]);
        assert!(price("b", level) > price("b", level + 1) && price("s", level) < price("s", level + 1));
    }
    assert!(paise(&quote["bp1"]) < paise(&quote["sp1"]));
}

#[tokio::test]
async fn indices_and_derivatives_are_quoted_in_their_own_way() {
    let session = Session::start().await;
    let index = session
        .done("GetQuotes", &json!({ "exch": "NSE", "token": "26000" }))
        .await;
    assert_eq!(
        (&index["tsym"], &index["instname"]),
        (&json!("Nifty 50"), &json!("INDEX"))
    );
    assert!(index.get("bp1").is_none() && index.get("uc").is_none(), "{index}");
    let sensex = session
        .done("GetQuotes", &json!({ "exch": "BSE", "token": "1" }))
        .await;
    assert_eq!(
        (&sensex["tsym"], &sensex["instname"]),
        (&json!("SENSEX"), &json!("UNDIND"))
    );

    let found = session
        .done(
            "SearchScrip",
            &json!({ "exch": "NFO", "stext": "BANKNIFTY29DEC26F" }),
        )
        .await;
    let token = &found["values"][0]["token"];
    let future = session
        .done("GetQuotes", &json!({ "exch": "NFO", "token": token }))
        .await;
    assert_eq!(
        (&future["und_exch"], &future["und_tk"]),
        (&json!("NSE"), &json!("26009"))
    );
    assert_eq!((&future["ls"], &future["seg"]), (&json!("30"), &json!("DER")));
    assert!(paise(&future["oi"]) > 0);
}

#[tokio::test]
async fn unknown_instruments_have_no_data() {
    let session = Session::start().await;
    for name in ["GetQuotes", "GetSecurityInfo", "TPSeries"] {
        for fields in [
            json!({ "exch": "NSE", "token": "987654321" }),
            json!({ "exch": "MCX", "token": "2885" }),
            json!({ "exch": "NSE", "token": "RELIANCE" }),
        ] {
            assert_eq!(
                session.refused(name, &fields).await,
                refusal(NO_DATA),
                "{name} {fields}"
            );
        }
        let missing = session.refused(name, &json!({ "exch": "NSE" })).await;
        assert_eq!(missing, refusal("Invalid Input : token is Missing."), "{name}");
    }
}

#[tokio::test]
async fn security_details_are_those_of_the_readme() {
    let session = Session::start().await;
    let row = session
        .done("GetSecurityInfo", &json!({ "exch": "NSE", "token": "2885" }))
        .await;
    let expected = json!({
        "request_time": "10:30:00 23-11-2026", "stat": "Ok", "exch": "NSE", "tsym": "RELIANCE-EQ",
        "cname": "RELIANCE INDUSTRIES LTD", "symname": "RELIANCE", "seg": "EQT", "instname": "EQ",
        "isin": "INE002A01018", "pp": "2", "ls": "1", "ti": "0.10", "mult": "1",
        "prcftr_d": "(1 / 1 ) * (1 / 1)", "trdunt": "", "delunt": "RELIANCE", "token": "2885", "varmrg": "20.00",
    });
    assert_eq!(row, expected);
}

#[tokio::test]
async fn search_takes_spaces_raw_and_encoded() {
    let session = Session::start().await;
    let answer = session
        .done("SearchScrip", &json!({ "exch": "NSE", "stext": "RELIANCE" }))
        .await;
    let expected = json!({
        "stat": "Ok",
        "values": [{
            "exch": "NSE", "token": "2885", "tsym": "RELIANCE-EQ", "pp": "2", "ti": "0.10", "ls": "1",
            "instname": "EQ", "symname": "RELIANCE", "cname": "RELIANCE INDUSTRIES LTD",
        }],
    });
    assert_eq!(answer, expected);
    let raw = session
        .done(
            "SearchScrip",
            &json!({ "exch": "NFO", "stext": "NIFTY 29DEC26 26000" }),
        )
        .await;
    let plus = session
        .done(
            "SearchScrip",
            &json!({ "exch": "NFO", "stext": "NIFTY+29DEC26+26000" }),
        )
        .await;
    assert_eq!(raw, plus);
    let rows = raw["values"].as_array().expect("a list");
    assert_eq!(rows.len(), 2, "call and put: {rows:?}");
    let call = rows.iter().find(|row| row["optt"] == "CE").expect("a call");
    let expected = json!({
        "exch": "NFO", "token": call["token"], "tsym": "NIFTY29DEC26C26000", "dname": "NIFTY 29DEC26 26000 CE ",
        "symname": "NIFTY", "instname": "OPTIDX", "optt": "CE", "exd": "29-DEC-2026", "pp": "2", "ti": "0.05",
        "ls": "65",
    });
    assert_eq!(call, &expected);
    // Names that are only part of a longer one come after it.
    let nifty = session
        .done("SearchScrip", &json!({ "exch": "NFO", "stext": "NIFTY" }))
        .await;
    let rows = nifty["values"].as_array().expect("a list");
    assert!(
        rows[0]["tsym"]
            .as_str()
            .is_some_and(|name| name.starts_with("NIFTY")),
        "{}",
        rows[0]
    );
    assert!(rows.last().is_some_and(|row| row["symname"] == "BANKNIFTY"));
    let ampersand = session.done("SearchScrip", &json!({ "stext": "M%26M" })).await;
    assert_eq!(ampersand["values"][0]["tsym"], "M&M-EQ");
    let sensex = session
        .done(
            "SearchScrip",
            &json!({ "exch": "BFO", "stext": "SENSEX 85000 CE" }),
        )
        .await;
    assert_eq!(sensex["values"][0]["symname"], "BSXOPT");

    let nothing = session
        .refused("SearchScrip", &json!({ "exch": "NSE", "stext": "XYZZY" }))
        .await;
    assert_eq!(nothing, refusal("No Data :  "));
    let missing = session.refused("SearchScrip", &json!({ "exch": "NSE" })).await;
    assert_eq!(missing, refusal("Invalid Input : stext is Missing."));
}

#[tokio::test]
async fn a_chain_has_strikes_on_both_sides() {
    let session = Session::start().await;
    let asked = json!({ "exch": "NFO", "tsym": "NIFTY29DEC26C26000", "strprc": "26000", "cnt": "5" });
    let answer = session.done("GetOptionChain", &asked).await;
    let rows = answer["values"].as_array().expect("a list");
    assert_eq!(rows.len(), 20, "five strikes on each side, calls and puts");
    assert!(
        rows.iter()
            .all(|row| texts(row) && row["tsym"].as_str().is_some_and(|n| n.contains("29DEC26")))
    );
    let strikes: Vec<i64> = rows.iter().map(|row| paise(&row["strprc"])).collect();
    assert_eq!(
        (strikes.iter().min(), strikes.iter().max()),
        (Some(&2_580_000), Some(&2_625_000))
    );
    let stock = json!({ "exch": "NSE", "tsym": "TCS-EQ", "strprc": "3500" });
    assert_eq!(session.refused("GetOptionChain", &stock).await, refusal(NO_DATA));
}

#[tokio::test]
async fn minutes_come_newest_first() {
    let session = Session::start().await;
    // Midnight, as the official client writes its default.
    let asked = json!({ "exch": "NSE", "token": "2885", "st": "1795372200.0", "intrv": "5" });
    let answer = session.done("TPSeries", &asked).await;
    let rows = answer.as_array().expect("a list");
    assert_eq!(
        rows.len(),
        127,
        "from midnight to half past ten, the running one too"
    );
    assert!(rows.iter().all(texts));
    assert_eq!(
        (&rows[0]["time"], &rows[0]["ssboe"]),
        (&json!("23-11-2026 10:30:00"), &json!("1795410000"))
    );
    assert_eq!(rows[126]["time"], "23-11-2026 00:00:00");
    let number = |row: &Value, name: &str| row[name].as_str().and_then(|text| text.parse::<i64>().ok());
    let mut day = Some(0);
    for row in rows.iter().rev() {
        day = day.zip(number(row, "intv")).map(|(day, own)| day + own);
        assert_eq!(number(row, "v"), day, "the day's volume so far: {row}");
        assert!(
            paise(&row["intl"]) <= paise(&row["intvwap"]) && paise(&row["intvwap"]) <= paise(&row["inth"])
        );
    }
    // Part of the day: its volume still counts from the beginning.
    let part =
        json!({ "exch": "NSE", "token": "2885", "st": "1795408200", "et": "1795409400", "intrv": "5" });
    let part = session.done("TPSeries", &part).await;
    let part = part.as_array().expect("a list");
    assert_eq!(part.as_slice(), &rows[2..7]);

    for (fields, expected) in [
        (json!({ "intrv": "7" }), "Error Occurred : 2 \"invalid input\""),
        (
            json!({ "st": "yesterday" }),
            "Error Occurred : 2 \"invalid input\"",
        ),
        (json!({ "st": "1795410001", "et": "1795410000" }), NO_DATA),
        (json!({ "st": "1795999999" }), NO_DATA),
    ] {
        let asked = super::changed(json!({ "exch": "NSE", "token": "2885" }), &fields);
        assert_eq!(
            session.refused("TPSeries", &asked).await,
            refusal(expected),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn days_are_texts_within_text() {
    let session = Session::start().await;
    let asked = json!({ "sym": "NSE:RELIANCE-EQ", "from": "1795100000", "to": "1795410000" });
    let answer = session.call("EODChartData", &asked).await.json();
    let rows: Vec<Value> = answer
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| serde_json::from_str(row.as_str().expect("a text")).expect("JSON within"))
        .collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(
        (&rows[0]["time"], &rows[0]["ssboe"]),
        (&json!("23-NOV-2026"), &json!("1795392000"))
    );
    assert!(
        rows.iter()
            .all(|row| texts(row) && row["intv"].as_str().is_some_and(|v| v.ends_with(".00")))
    );
    for fields in [
        json!({ "sym": "NSE:NOBODY-EQ" }),
        json!({ "sym": "RELIANCE-EQ" }),
        json!({ "from": "1795999999", "to": "1796999999" }),
    ] {
        let answer = session
            .call("EODChartData", &super::changed(asked.clone(), &fields))
            .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{fields}");
    }
}

#[tokio::test]
async fn contract_files_lead_to_what_is_quoted() {
    let session = Session::start().await;
    let mut rows = 0;
    for file in [
        "NSE_Equity",
        "BSE_Equity",
        "Nfo_Index_Derivatives",
        "Bfo_Index_Derivatives",
        "Commodity",
    ] {
        let answer = session.raw("GET", &format!("/scripmaster/{file}.csv"), "").await;
        assert_eq!(
            (answer.status, answer.headers["content-type"].as_str()),
            (200, "text/csv")
        );
        let mut reader = csv::Reader::from_reader(answer.body.as_slice());
        let headers = reader.headers().expect("a header").clone();
        assert_eq!(&headers[4], "Tradingsymbol");
        for record in reader.records() {
            let record = record.expect("a row");
            rows += 1;
            if rows % 97 == 0 {
                session.pass(1);
                let asked = json!({ "exch": &record[0], "token": &record[1] });
                let quote = session.done("GetQuotes", &asked).await;
                assert_eq!(quote["tsym"], &record[4]);
            }
        }
    }
    assert!(rows > 500, "{rows} rows");
    for path in [
        "/scripmaster/Nobody.csv",
        "/scripmaster/NSE_Equity.txt",
        "/NSE_Equity.csv",
    ] {
        assert_eq!(session.raw("GET", path, "").await.status, 404, "{path}");
    }
    assert_eq!(session.stats().await["requests"]["GET /scripmaster"], 6);
}
