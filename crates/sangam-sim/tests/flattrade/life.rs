//! Orders from placing to the end, and what they leave in the books.

use super::{Session, changed, emsg, escaped, limit, paise, refusal, rupees, with_user};
use serde_json::{Value, json};

/// Reports and statuses, newest first.
fn reports(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(report, status)| ((*report).to_owned(), (*status).to_owned()))
        .collect()
}

#[tokio::test]
async fn the_whole_life_of_a_limit_order() {
    let session = Session::start().await;
    let low = session.around(97).await;
    let answer = session.done("PlaceOrder", &limit(&low)).await;
    assert_eq!(answer["request_time"], "10:30:00 23-11-2026");
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(3), "{answer}");
    let id = answer["norenordno"].as_str().expect("a number").to_owned();
    assert!(id.len() == 14 && id.starts_with("261123"), "{id}");

    let row = session.row(&id).await;
    let expected = json!({
        "stat": "Ok", "norenordno": id, "uid": "FT000000", "actid": "FT000000", "exch": "NSE", "tsym": "RELIANCE-EQ",
        "qty": "1", "rorgqty": "1", "rorgprc": low, "ordenttm": "1795410000", "trantype": "B", "prctyp": "LMT",
        "ret": "DAY", "token": "2885", "mult": "1", "prcftr": "1.000000", "instname": "EQ", "dname": "RELIANCE",
        "pp": "2", "ls": "1", "ti": "0.10", "prc": low, "trgprc": "0.00", "rprc": low, "dscqty": "0", "prd": "C",
        "status": "OPEN", "rpt": "New", "fillshares": "0", "avgprc": "0.00", "norentm": "10:30:00 23-11-2026",
        "exch_tm": "23-11-2026 10:30:00", "remarks": "oms-1", "exchordid": row["exchordid"],
    });
    assert_eq!(row, expected);
    assert!(row["exchordid"].is_string());

    session.pass(1);
    let higher = session.around(98).await;
    let change = json!({
        "norenordno": id, "exch": "NSE", "tsym": "RELIANCE-EQ", "qty": "2", "prctyp": "LMT", "prc": higher,
    });
    let answer = session.done("ModifyOrder", &change).await;
    assert_eq!(answer["result"], json!(id));
    let row = session.row(&id).await;
    assert_eq!((&row["prc"], &row["qty"]), (&json!(higher), &json!("2")));
    assert_eq!((&row["rorgqty"], &row["rorgprc"]), (&json!("1"), &json!(low)));
    assert_eq!(
        (&row["status"], &row["remarks"]),
        (&json!("OPEN"), &json!("oms-1"))
    );

    let answer = session.done("CancelOrder", &json!({ "norenordno": id })).await;
    assert_eq!(answer["result"], json!(id));
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["cancelqty"]),
        (&json!("CANCELED"), &json!("2"))
    );
    let expected = [
        ("Canceled", "CANCELED"),
        ("Replaced", "OPEN"),
        ("New", "OPEN"),
        ("PendingNew", "PENDING"),
        ("NewAck", "PENDING"),
    ];
    assert_eq!(session.reports(&id).await, reports(&expected));
    let rows = session.done("SingleOrdHist", &json!({ "norenordno": id })).await;
    let first = rows[4].as_object().expect("a row");
    for absent in ["dscqty", "fillshares", "avgprc", "exchordid", "exch_tm"] {
        assert!(!first.contains_key(absent), "{absent} is not in the first report");
    }
    assert_eq!(
        (&rows[4]["prc"], &rows[4]["remarks"]),
        (&json!(low), &json!("oms-1"))
    );
    assert_eq!(
        rows[2]["exch_tm"], "10:30:00 23-11-2026",
        "time first in a history"
    );

    for (name, text) in [
        ("CancelOrder", "Rejected : ORA:Order not found to Cancel"),
        ("ModifyOrder", "Rejected : ORA:Order not found"),
    ] {
        assert_eq!(session.refused(name, &change).await, refusal(text));
    }
    session.sim.shutdown().await;
}

#[tokio::test]
async fn the_double_slash_of_the_official_client_works() {
    let session = Session::start().await;
    let order = escaped(&with_user(&limit(&session.around(97).await)));
    let body = format!("jData={order}&jKey={}", session.token);
    let answer = session
        .raw("POST", "/PiConnectAPI//PlaceOrder", &body)
        .await
        .json();
    assert_eq!(answer["stat"], "Ok", "{answer}");
    assert_eq!(
        session.stats().await["requests"]["POST /PiConnectAPI/PlaceOrder"],
        1
    );
}

#[tokio::test]
async fn the_official_clients_artefacts_are_taken() {
    let session = Session::start().await;
    let low = session.around(97).await;
    let mut order = with_user(&changed(limit(&low), &json!({ "trgprc": "None" })));
    order["remarks"] = Value::Null;
    let answer = session.text("PlaceOrder", &order.to_string()).await.json();
    let id = answer["norenordno"].as_str().expect("a number").to_owned();
    assert!(
        session.row(&id).await.get("remarks").is_none(),
        "no tag, no field"
    );
    for trigger in ["0", "0.00", ""] {
        session
            .place(&changed(limit(&low), &json!({ "trgprc": trigger })))
            .await;
    }
}

#[tokio::test]
async fn symbols_with_an_ampersand_in_both_spellings() {
    let session = Session::start().await;
    let price = rupees(session.last("NSE", "2031").await * 97 / 100);
    for spelling in ["M%26M-EQ", "M\\u0026M-EQ"] {
        let order = with_user(&changed(limit(&price), &json!({ "tsym": "SYMBOL" })));
        let answer = session
            .text("PlaceOrder", &order.to_string().replace("SYMBOL", spelling))
            .await
            .json();
        let id = answer["norenordno"]
            .as_str()
            .unwrap_or_else(|| panic!("{spelling}: {answer}"));
        assert_eq!(session.row(id).await["tsym"], "M&M-EQ");
        let change = json!({
            "uid": "FT000000", "norenordno": id, "exch": "NSE", "tsym": "SYMBOL", "qty": "2", "prctyp": "LMT",
            "prc": price, "ret": "DAY",
        });
        let answer = session
            .text("ModifyOrder", &change.to_string().replace("SYMBOL", spelling))
            .await
            .json();
        assert_eq!(answer["result"], json!(id));
    }
    let order = with_user(&changed(limit(&price), &json!({ "tsym": "M&M-EQ" })));
    let answer = session.text("PlaceOrder", &order.to_string()).await;
    let expected = (400, "Invalid Input : jData is not valid json object".to_owned());
    assert_eq!(emsg(&answer), expected, "a literal one ends the JSON");
}

#[tokio::test]
async fn a_stop_order_waits_for_its_trigger() {
    let session = Session::start().await;
    let (trigger, price) = (session.around(102).await, session.around(103).await);
    let order = changed(
        limit(&price),
        &json!({ "prctyp": "SL-LMT", "trgprc": trigger, "prd": "I" }),
    );
    let id = session.place(&order).await;
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["prctyp"]),
        (&json!("TRIGGER_PENDING"), &json!("SL-LMT"))
    );
    assert_eq!((&row["trgprc"], &row["prc"]), (&json!(trigger), &json!(price)));
    let change = json!({
        "norenordno": id, "exch": "NSE", "tsym": "RELIANCE-EQ", "qty": "1", "prctyp": "LMT", "prc": session.around(97).await,
    });
    session.done("ModifyOrder", &change).await;
    let row = session.row(&id).await;
    assert_eq!((&row["status"], &row["trgprc"]), (&json!("OPEN"), &json!("0.00")));
    let history = session.reports(&id).await;
    assert_eq!(
        history[1],
        ("New".to_owned(), "TRIGGER_PENDING".to_owned()),
        "{history:?}"
    );
}

#[tokio::test]
async fn a_large_order_fills_in_parts() {
    let session = Session::start().await;
    let high = session.around(101).await;
    let order = changed(
        limit(&high),
        &json!({ "prd": "I", "qty": "300", "remarks": null }),
    );
    let id = session.place(&order).await;
    let row = session.row(&id).await;
    let filled: i64 = row["fillshares"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    assert!(0 < filled && filled < 300, "{row}");
    assert_eq!(
        (&row["status"], &row["rpt"]),
        (&json!("OPEN"), &json!("Fill")),
        "no status of its own"
    );

    let trades = session.done("TradeBook", &json!({})).await;
    let trades = trades.as_array().expect("a list");
    assert!(trades.len() > 1, "several levels");
    let mut running = (0, 0);
    for trade in trades {
        let quantity: i64 = trade["flqty"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a number");
        running.0 += quantity;
        running.1 += quantity * paise(&trade["flprc"]);
        assert_eq!(trade["fillshares"], running.0.to_string());
        assert!((paise(&trade["avgprc"]) - running.1 / running.0).abs() <= 1);
        assert_eq!((&trade["norenordno"], &trade["qty"]), (&json!(id), &json!("300")));
        assert_eq!(trade["fltm"], "23-11-2026 10:30:00");
        assert!(trade.get("remarks").is_none());
    }
    assert_eq!(running.0, filled);
    session.pass(30);
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["fillshares"]),
        (&json!("COMPLETE"), &json!("300"))
    );
}

#[tokio::test]
async fn immediate_or_cancel_leaves_nothing_behind() {
    let session = Session::start().await;
    let order = changed(limit(&session.around(97).await), &json!({ "ret": "IOC" }));
    let id = session.place(&order).await;
    let row = session.row(&id).await;
    assert_eq!(
        (&row["status"], &row["cancelqty"]),
        (&json!("CANCELED"), &json!("1"))
    );
    assert_eq!((&row["ret"], &row["rpt"]), (&json!("IOC"), &json!("Canceled")));
    let order = changed(limit(&session.around(97).await), &json!({ "ret": "EOS" }));
    let id = session.place(&order).await;
    assert_eq!(session.row(&id).await["ret"], "EOS");
}

#[tokio::test]
async fn after_market_orders_wait_for_the_session() {
    let config = sangam_sim::SimConfig {
        always_open: false,
        ..sangam_sim::SimConfig::default()
    };
    let session = Session::with(config, (23, 8, 0)).await;
    let order = changed(limit(&session.around(97).await), &json!({ "amo": "Yes" }));
    let id = session.place(&order).await;
    let row = session.row(&id).await;
    assert_eq!((&row["status"], &row["amo"]), (&json!("PENDING"), &json!("Yes")));
    assert!(row.get("exchordid").is_none() && row.get("exch_tm").is_none());
    let plain = session.place(&limit(&session.around(97).await)).await;
    let row = session.row(&plain).await;
    assert_eq!(
        (&row["status"], &row["rejreason"]),
        (&json!("REJECTED"), &json!("ORA:Market is closed"))
    );
    session.pass(75 * 60 + 1);
    assert_eq!(session.row(&id).await["status"], "OPEN");
    assert_eq!(
        session.reports(&id).await,
        reports(&[("New", "OPEN"), ("PendingNew", "PENDING"), ("NewAck", "PENDING"),])
    );
    assert_eq!(
        session.refused("PlaceOrder", &order).await,
        refusal("Invalid AMO"),
        "in the session"
    );
}

#[tokio::test]
async fn an_answer_lost_on_the_way_leaves_the_order_in_the_book() {
    let session = Session::start().await;
    let order = escaped(&with_user(&limit(&session.around(97).await)));
    session
        .faults(&json!({ "drop_after_accept": 1.0, "paths": ["/PlaceOrder"] }))
        .await;
    let body = format!("jData={order}&jKey={}", session.token);
    let lost = super::send(session.addr, "POST", "/PiConnectAPI/PlaceOrder", &[], &body).await;
    assert!(!matches!(lost, Ok(Some(_))), "no answer comes back: {lost:?}");
    let rows = session.done("OrderBook", &json!({})).await;
    assert_eq!(
        (&rows[0]["remarks"], &rows[0]["status"]),
        (&json!("oms-1"), &json!("OPEN"))
    );
    let stats = session.stats().await;
    assert_eq!(stats["accepted_by_tag"], json!({ "oms-1": 1 }));
    assert_eq!(stats["faults"], json!({ "drop_after_accept": 1 }));
}

#[tokio::test]
async fn a_stale_book_is_for_readers_only() {
    let session = Session::start().await;
    session.pass(60);
    let id = session.place(&limit(&session.around(97).await)).await;
    session.faults(&json!({ "stale_book_s": 30 })).await;
    let no_data = refusal("Error Occurred : 5 \"no data\"");
    assert_eq!(session.refused("OrderBook", &json!({})).await, no_data);
    assert_eq!(
        session
            .refused("SingleOrdHist", &json!({ "norenordno": id }))
            .await,
        no_data
    );
    session.done("CancelOrder", &json!({ "norenordno": id })).await;
    session.pass(31);
    assert_eq!(session.row(&id).await["status"], "CANCELED");
}
