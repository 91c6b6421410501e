//! Positions and their conversion, holdings, limits.

use super::{Session, changed, limit, paise, refusal, rupees};
use serde_json::{Value, json};

const NO_DATA: &str = "Error Occurred : 5 \"no data\"";

async fn position(session: &Session, symbol: &str, product: &str) -> Value {
    let rows = session.done("PositionBook", &json!({})).await;
    let rows = rows.as_array().expect("a list");
    let found = rows
        .iter()
        .find(|row| row["tsym"] == symbol && row["prd"] == product);
    found
        .cloned()
        .unwrap_or_else(|| panic!("{symbol} {product} is not in {rows:?}"))
}

#[tokio::test]
async fn a_fill_shows_in_positions_and_limits() {
    let session = Session::start().await;
    assert_eq!(
        session.refused("PositionBook", &json!({})).await,
        refusal(NO_DATA)
    );
    assert_eq!(session.refused("TradeBook", &json!({})).await, refusal(NO_DATA));
    let before = session.done("Limits", &json!({})).await;
    assert_eq!(
        (&before["cash"], &before["marginused"]),
        (&json!("100000.00"), &json!("0.00"))
    );
    let order = changed(
        limit(&session.around(101).await),
        &json!({ "prd": "I", "qty": "2" }),
    );
    session.place(&order).await;
    // Two more wait to be sold.
    let waiting = changed(
        limit(&session.around(103).await),
        &json!({ "prd": "I", "qty": "2", "trantype": "S" }),
    );
    session.place(&waiting).await;

    let row = position(&session, "RELIANCE-EQ", "I").await;
    let names: Vec<&str> = row
        .as_object()
        .expect("a row")
        .keys()
        .map(String::as_str)
        .collect();
    for name in [
        "stat",
        "uid",
        "actid",
        "exch",
        "tsym",
        "token",
        "prd",
        "instname",
        "pp",
        "ls",
        "ti",
        "mult",
        "prcftr",
        "daybuyqty",
        "daysellqty",
        "daybuyamt",
        "daybuyavgprc",
        "daysellamt",
        "daysellavgprc",
        "cfbuyqty",
        "cfsellqty",
        "cfbuyamt",
        "cfbuyavgprc",
        "cfsellamt",
        "cfsellavgprc",
        "openbuyqty",
        "opensellqty",
        "openbuyamt",
        "openbuyavgprc",
        "opensellamt",
        "opensellavgprc",
        "netqty",
        "netavgprc",
        "lp",
        "urmtom",
        "rpnl",
        "cforgavgprc",
        "bep",
    ] {
        assert!(names.contains(&name), "{name} is missing");
    }
    assert!(
        row.as_object().expect("a row").values().all(Value::is_string),
        "all is text"
    );
    assert_eq!((&row["netqty"], &row["daybuyqty"]), (&json!("2"), &json!("2")));
    assert_eq!(
        (&row["opensellqty"], &row["openbuyqty"]),
        (&json!("2"), &json!("0"))
    );
    let average = paise(&row["netavgprc"]);
    assert_eq!(paise(&row["urmtom"]), 2 * (paise(&row["lp"]) - average));
    assert_eq!(paise(&row["daybuyamt"]), 2 * average);

    let after = session
        .done("Limits", &json!({ "prd": "I", "seg": "CM", "exch": "NSE" }))
        .await;
    assert_eq!(after["request_time"], "10:30:00 23-11-2026");
    // A fifth of an intraday position, rounded up to the paisa.
    assert_eq!(paise(&after["marginused"]), (2 * average * 20 + 99) / 100);
    assert_eq!(after["urmtom"], row["urmtom"]);
    assert_eq!(paise(&after["turnover"]), 2 * average);
    assert_eq!(paise(&after["grexpo"]), 2 * average);
    if row["urmtom"] != "0.00" {
        assert_eq!(after["uzpnl_e_i"], row["urmtom"]);
    }
}

#[tokio::test]
async fn a_closed_position_stays_flat_in_the_list_and_its_loss_is_used_margin() {
    let session = Session::start().await;
    let buy = changed(
        limit(&session.around(101).await),
        &json!({ "prd": "I", "qty": "20" }),
    );
    session.place(&buy).await;
    let sell = changed(
        limit(&session.around(99).await),
        &json!({ "prd": "I", "qty": "20", "trantype": "S" }),
    );
    session.place(&sell).await;
    session.pass(30);
    let row = position(&session, "RELIANCE-EQ", "I").await;
    assert_eq!(
        (&row["netqty"], &row["netavgprc"]),
        (&json!("0"), &json!("0.00")),
        "{row}"
    );
    let result = paise(&row["daysellamt"]) - paise(&row["daybuyamt"]);
    assert_eq!(paise(&row["rpnl"]), result);
    let limits = session.done("Limits", &json!({})).await;
    assert_eq!(paise(&limits["rpnl"]), result);
    assert_eq!(paise(&limits["marginused"]), (-result).max(0));
}

#[tokio::test]
async fn intraday_converts_to_delivery() {
    let session = Session::start().await;
    let order = changed(
        limit(&session.around(101).await),
        &json!({ "prd": "I", "qty": "2" }),
    );
    session.place(&order).await;
    let wanted = json!({
        "ordersource": "API", "exch": "NSE", "tsym": "RELIANCE-EQ", "qty": "2", "prd": "C", "prevprd": "I",
        "trantype": "B", "postype": "Day",
    });
    for (fields, expected) in [
        (
            json!({ "postype": "day" }),
            "Invalid Input :  Invalid Position Type",
        ),
        (json!({ "prevprd": null }), "Invalid Input : prevprd is Missing."),
        (json!({ "prd": "M" }), "Error Occurred : 2 \"invalid input\""),
        (
            json!({ "qty": "3" }),
            "Rejected : RED:RULE:{Check position}Not enough to convert:NSE.RELIANCE-EQ for C-FT000000 [FLATTRADE]",
        ),
        (
            json!({ "postype": "CF" }),
            "Rejected : RED:RULE:{Check position}Not enough to convert:NSE.RELIANCE-EQ for C-FT000000 [FLATTRADE]",
        ),
    ] {
        let wanted = changed(wanted.clone(), &fields);
        assert_eq!(
            session.refused("ProductConversion", &wanted).await,
            refusal(expected),
            "{fields}"
        );
    }
    let answer = session.done("ProductConversion", &wanted).await;
    assert_eq!(
        answer,
        json!({ "stat": "Ok", "request_time": "10:30:00 23-11-2026" })
    );
    assert_eq!(position(&session, "RELIANCE-EQ", "C").await["netqty"], "2");
    assert_eq!(position(&session, "RELIANCE-EQ", "I").await["netqty"], "0");
}

#[tokio::test]
async fn holdings_list_both_exchanges_and_what_was_sold() {
    let session = Session::start().await;
    assert_eq!(
        session.refused("Holdings", &json!({})).await,
        refusal("Invalid Input : Missing uid or actid or prd.")
    );
    assert_eq!(
        session.refused("Holdings", &json!({ "prd": "M" })).await,
        refusal(NO_DATA)
    );
    let price = rupees(session.last("NSE", "3045").await * 99 / 100);
    let sale = changed(
        limit(&price),
        &json!({ "tsym": "SBIN-EQ", "trantype": "S", "qty": "5" }),
    );
    session.place(&sale).await;
    let rows = session.done("Holdings", &json!({ "prd": "C" })).await;
    let expected = json!({
        "stat": "Ok",
        "exch_tsym": [
            { "exch": "NSE", "token": "3045", "tsym": "SBIN-EQ", "pp": "2", "ti": "0.10", "ls": "1" },
            { "exch": "BSE", "token": "500112", "tsym": "SBIN", "pp": "2", "ti": "0.05", "ls": "1" },
        ],
        "holdqty": "20", "dpqty": "0", "npoadqty": "0", "colqty": "0", "benqty": "0", "unplgdqty": "0",
        "brkcolqty": "0", "btstqty": "0", "btstcolqty": "0", "usedqty": "5", "upldprc": "780.00",
    });
    assert_eq!(rows[0], expected);
    assert_eq!(position(&session, "SBIN-EQ", "C").await["netqty"], "-5");
    assert!(paise(&session.done("Limits", &json!({})).await["csc"]) > 0);
}

#[tokio::test]
async fn options_are_carried_to_the_next_day() {
    let session = Session::start().await;
    let chain = json!({ "exch": "NFO", "tsym": "NIFTY29DEC26F", "strprc": "26000", "cnt": "1" });
    let option = session.done("GetOptionChain", &chain).await["values"][0].clone();
    let (token, symbol) = (option["token"].as_str().expect("a token"), &option["tsym"]);
    let price = rupees(session.last("NFO", token).await * 102 / 100);
    let order = changed(
        limit(&price),
        &json!({ "exch": "NFO", "tsym": symbol, "qty": "65", "prd": "M" }),
    );
    let id = session.place(&order).await;
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["instname"]),
        (&json!("COMPLETE"), &json!("OPTIDX"))
    );
    assert!(
        row["dname"].as_str().is_some_and(|name| name.ends_with(" CE ")),
        "{row}"
    );
    session.pass(17 * 3_600);
    let row = position(&session, symbol.as_str().expect("a symbol"), "M").await;
    assert_eq!((&row["cfbuyqty"], &row["daybuyqty"]), (&json!("65"), &json!("0")));
    assert_eq!(row["cforgavgprc"], row["netavgprc"]);
    assert_eq!(
        session.refused("OrderBook", &json!({})).await,
        refusal(NO_DATA),
        "another day"
    );
}
