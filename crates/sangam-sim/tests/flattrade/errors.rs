//! Wrong input, rejections in the book, unknown paths.

use super::{Session, changed, emsg, limit, paise, refusal, rupees, with_user};
use serde_json::{Value, json};

const INVALID: &str = "Error Occurred : 2 \"invalid input\"";

#[tokio::test]
async fn every_wrong_field_is_refused_before_the_book() {
    let session = Session::start().await;
    let good = limit("1400");
    for (fields, expected) in [
        (
            json!({ "prctyp": "MKT", "prc": "0" }),
            "Rejected : ALGO_CHK: MKT Order type not allowed for API order",
        ),
        (
            json!({ "prctyp": "SL-MKT", "prc": "0", "trgprc": "1390" }),
            "Rejected : ALGO_CHK: SL-MKT Order type not allowed for API order",
        ),
        (json!({ "prctyp": "DS" }), INVALID),
        (json!({ "prc": "0" }), "Order price cannot be zero"),
        (json!({ "prc": "0.0" }), "Order price cannot be zero"),
        (json!({ "prc": "-1" }), INVALID),
        (json!({ "prc": "None" }), INVALID),
        (json!({ "prc": null }), "Invalid Input : prc is Missing."),
        (json!({ "tsym": "" }), "Invalid Input : tsym is Missing."),
        (json!({ "uid": null }), "Invalid Input : uid is Missing."),
        (json!({ "dscqty": null }), "Invalid Input : dscqty is Missing."),
        (json!({ "amo": "NO" }), "Invalid AMO"),
        (json!({ "amo": "" }), "Invalid AMO"),
        (json!({ "trgprc": "1390" }), "Trigger price invalid - 1390.00"),
        (json!({ "prctyp": "SL-LMT" }), "Trigger price invalid - 0.00"),
        (
            json!({ "prctyp": "SL-LMT", "trgprc": "None" }),
            "Trigger price invalid - None",
        ),
        (
            json!({ "prctyp": "SL-LMT", "trgprc": "1401" }),
            "Trigger price invalid - 1401.00",
        ),
        (json!({ "qty": "0" }), INVALID),
        (json!({ "qty": "-1" }), INVALID),
        (json!({ "qty": "1.0" }), INVALID),
        (json!({ "dscqty": "2" }), INVALID),
        (json!({ "dscqty": "-1" }), INVALID),
        (json!({ "trantype": "BUY" }), INVALID),
        (json!({ "ret": "GTC" }), INVALID),
        (json!({ "prd": "M" }), INVALID),
        (json!({ "prd": "H" }), INVALID),
        (json!({ "tsym": "RELIANCE" }), INVALID),
        (json!({ "tsym": "Nifty 50" }), INVALID),
        (json!({ "exch": "MCX", "tsym": "CRUDEOIL18DEC26" }), INVALID),
        (
            json!({ "actid": "FT999999" }),
            "Invalid Input : Invalid Account Id",
        ),
        (
            json!({ "qty": 1 }),
            "Invalid Input : One or more input parameters are not in string format",
        ),
    ] {
        let order = changed(with_user(&good), &fields);
        let answer = session.text("PlaceOrder", &order.to_string()).await;
        assert_eq!(emsg(&answer), refusal(expected), "{fields}");
        // The clock stands still: let the rate window pass.
        session.pass(2);
    }
    assert_eq!(
        session.refused("OrderBook", &json!({})).await,
        refusal("Error Occurred : 5 \"no data\""),
        "nothing entered the book"
    );
    assert_eq!(session.stats().await["orders_rejected"], 0);
}

#[tokio::test]
async fn refusals_bear_a_time_where_the_samples_do() {
    let session = Session::start().await;
    let time = |answer: &Value| answer.get("request_time").cloned();
    let market = changed(limit("0"), &json!({ "prctyp": "MKT" }));
    let answer = session.call("PlaceOrder", &market).await.json();
    assert_eq!(time(&answer), Some(json!("10:30:00 23-11-2026")));
    let answer = session.call("PlaceOrder", &limit("0")).await.json();
    assert_eq!(time(&answer), None);
}

#[tokio::test]
async fn bodies_that_are_no_calls() {
    let session = Session::start().await;
    let key = format!("jKey={}", session.token);
    let malformed = "Invalid Input : jData is not valid json object";
    for (body, expected) in [
        (String::new(), "Invalid Input : Missing jData"),
        (key.clone(), "Invalid Input : Missing jData"),
        (format!("jData={{&{key}"), malformed),
        (format!("jData=%7B%22uid%22%3A%22FT000000%22%7D&{key}"), malformed),
    ] {
        let answer = session.raw("POST", "/PiConnectAPI/Limits", &body).await;
        assert_eq!(emsg(&answer), (400, expected.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn what_the_risk_engine_and_the_exchange_find_is_in_the_book() {
    let session = Session::start().await;
    let last = session.last("NSE", "2885").await;
    let id = session
        .place(&changed(limit(&rupees(last)), &json!({ "qty": "1000" })))
        .await;
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["rpt"]),
        (&json!("REJECTED"), &json!("Rejected"))
    );
    let reason = row["rejreason"].as_str().expect("a text");
    assert!(
        reason.starts_with("RED:Margin Shortfall:INR 1,")
            && reason.ends_with(" Available:INR 100,000.00 for C-FT000000 [FLATTRADE]"),
        "{reason}"
    );
    assert!(row.get("exchordid").is_none() && row.get("exch_tm").is_none());
    let expected = [("Rejected", "REJECTED"), ("NewAck", "PENDING")]
        .map(|(report, status)| (report.to_owned(), status.to_owned()));
    assert_eq!(session.reports(&id).await, expected);

    let quote = session
        .done("GetQuotes", &json!({ "exch": "NSE", "token": "2885" }))
        .await;
    let beyond = rupees(paise(&quote["uc"]) + 100);
    for (fields, prefix) in [
        (
            json!({ "prc": "1400.01" }),
            "ORA:Order price is not a multiple of tick size 0.10",
        ),
        (
            json!({ "prc": beyond }),
            "RED:RULE:{Check circuit limit including square off order}Current:INR ",
        ),
        (
            json!({ "trantype": "S", "qty": "3" }),
            "RED:RULE:{Check holdings}Current:3 Available:0:NSE.RELIANCE-EQ for C-FT000000",
        ),
    ] {
        let id = session.place(&changed(limit(&rupees(last)), &fields)).await;
        let row = session.row(&id).await;
        assert_eq!(row["status"], "REJECTED", "{fields}");
        assert!(
            row["rejreason"]
                .as_str()
                .is_some_and(|text| text.starts_with(prefix)),
            "{row}"
        );
    }
    assert_eq!(session.stats().await["orders_rejected"], 4);
}

#[tokio::test]
async fn a_refused_change_is_answered_and_the_old_terms_stand() {
    let session = Session::start().await;
    let low = session.around(97).await;
    let id = session.place(&limit(&low)).await;
    let change = json!({
        "norenordno": id, "exch": "NSE", "tsym": "RELIANCE-EQ", "qty": "1", "prctyp": "LMT", "prc": low, "ret": "DAY",
    });
    for (fields, expected) in [
        (json!({ "trgprc": "0" }), "Trigger price invalid - 0.00"),
        (json!({ "trgprc": "0.0" }), "Trigger price invalid - 0.00"),
        (json!({ "prctyp": "SL-LMT" }), "Trigger price invalid - 0.00"),
        (
            json!({ "prctyp": "MKT", "prc": "0.0" }),
            "Rejected : ALGO_CHK: MKT Order type not allowed for API order",
        ),
        (json!({ "prc": "0" }), "Order price cannot be zero"),
        (json!({ "qty": null }), "Invalid Input : qty is Missing."),
        (json!({ "tsym": "TCS-EQ" }), "Rejected : ORA:Order not found"),
        (json!({ "exch": "BSE" }), "Rejected : ORA:Order not found"),
        (
            json!({ "norenordno": "26112300000000" }),
            "Rejected : ORA:Order not found",
        ),
        (
            json!({ "prc": "1400.01" }),
            "Rejected : ORA:Order price is not a multiple of tick size 0.10",
        ),
    ] {
        let change = changed(change.clone(), &fields);
        assert_eq!(
            session.refused("ModifyOrder", &change).await,
            refusal(expected),
            "{fields}"
        );
        session.pass(2);
    }
    let (_, text) = session
        .refused("ModifyOrder", &changed(change, &json!({ "qty": "1000" })))
        .await;
    assert!(text.starts_with("Rejected : RED:Margin Shortfall:INR "), "{text}");
    let row = session.row(&id).await;
    assert_eq!(
        (&row["prc"], &row["qty"], &row["status"]),
        (&json!(low), &json!("1"), &json!("OPEN"))
    );
}

#[tokio::test]
async fn cover_and_bracket_orders_do_not_exist() {
    let session = Session::start().await;
    let exit = |prd: &str| json!({ "norenordno": "26112300000001", "prd": prd });
    let unknown = refusal("Rejected : ORA:Order not found");
    assert_eq!(session.refused("ExitSNOOrder", &exit("H")).await, unknown);
    assert_eq!(
        session.refused("ExitSNOOrder", &exit("C")).await,
        refusal(INVALID)
    );
}

#[tokio::test]
async fn paths_and_methods_nobody_routes() {
    let session = Session::start().await;
    for path in [
        "/PiConnectAPI/PlaceGTTOrder",
        "/PiConnectAPI/QuickAuth",
        "/PiConnectTP/PlaceOrder",
        "/x",
    ] {
        let answer = session.raw("POST", path, "jData={}").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.headers["content-type"], "text/html");
    }
    assert_eq!(
        session.raw("GET", "/PiConnectAPI/OrderBook", "").await.status,
        405
    );
}
