//! Positions with their exits and conversions, holdings, funds.

use sangam_sim::Paise;
use serde_json::{Value, json};

use super::{BOOK, ORDERS, RELIANCE, Session, beside, limit, names, price, sorted, text, with};

const POSITIONS: &str = "/api/v3/positions";
const POSITION: &str = "netQty qty avgPrice netAvg side productType realized_profit unrealized_profit pl ltp buyQty \
    buyAvg buyVal sellQty sellAvg sellVal slNo fyToken crossCurrency rbiRefRate qtyMulti_com segment symbol id \
    cfBuyQty cfSellQty dayBuyQty daySellQty exchange";
const HOLDING: &str = "holdingType quantity costPrice marketVal remainingQuantity pl ltp id fyToken exchange symbol \
    segment isin qty_t1 remainingPledgeQuantity collateralQuantity";

async fn buy(session: &Session, symbol: &str, quantity: i64, product: &str) {
    let last = session.last(symbol).await;
    let order = json!({ "qty": quantity, "productType": product, "orderTag": null });
    let id = session.place(&with(limit(symbol, beside(last, 1)), &order)).await;
    assert_eq!(session.order(&id).await["status"], 2);
}

#[tokio::test]
async fn a_position_opens_and_closes() {
    let session = Session::start().await;
    let empty = session.get(POSITIONS).await;
    assert_eq!(
        empty,
        json!({
            "s": "ok", "code": 200, "message": "", "netPositions": [],
            "overall": { "count_total": 0, "count_open": 0, "pl_total": 0, "pl_realized": 0, "pl_unrealized": 0 },
        })
    );
    buy(&session, RELIANCE, 3, "INTRADAY").await;
    let answer = session.get(POSITIONS).await;
    let row = &answer["netPositions"][0];
    assert_eq!(names(row), sorted(POSITION));
    for (name, expected) in [
        ("netQty", json!(3)),
        ("qty", json!(3)),
        ("side", json!(1)),
        ("id", json!("NSE:RELIANCE-EQ-INTRADAY")),
        ("dayBuyQty", json!(3)),
        ("cfBuyQty", json!(0)),
        ("sellQty", json!(0)),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    assert_eq!(row["rbiRefRate"].to_string(), "1.0");
    assert_eq!(price(&row["buyVal"]), price(&row["buyAvg"]).times(3));
    assert_eq!(answer["overall"]["count_open"], 1);

    let closed = session
        .ok("DELETE", POSITIONS, &json!({ "id": "NSE:RELIANCE-EQ-INTRADAY" }))
        .await;
    assert_eq!(
        closed,
        json!({ "s": "ok", "code": 200, "message": "The position is closed." })
    );
    let answer = session.get(POSITIONS).await;
    let row = &answer["netPositions"][0];
    assert_eq!(
        (&row["netQty"], &row["side"], &row["netAvg"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(
        (
            &answer["overall"]["count_total"],
            &answer["overall"]["count_open"]
        ),
        (&json!(1), &json!(0))
    );
    assert_eq!(row["pl"], row["realized_profit"]);
}

#[tokio::test]
async fn exits_take_what_they_name_and_nothing_when_they_name_nothing() {
    let session = Session::start().await;
    let exit = async |body: &Value| session.refused("DELETE", POSITIONS, body).await;
    assert_eq!(
        exit(&json!({ "exit_all": 1 })).await,
        (400, -352, "No open positions to exit".to_owned())
    );
    buy(&session, RELIANCE, 1, "INTRADAY").await;
    buy(&session, "NSE:SBIN-EQ", 2, "CNC").await;
    buy(&session, "NSE:INFY-EQ", 1, "INTRADAY").await;
    for body in [
        json!({}),
        json!({ "exit_all": 0 }),
        json!({ "id": [] }),
        json!({ "id": 5 }),
        json!({ "side": 1 }),
    ] {
        let (status, code, _) = exit(&body).await;
        assert_eq!((status, code), (400, -50), "{body}");
    }
    assert_eq!(exit(&json!({ "id": "NSE:TCS-EQ-CNC" })).await.1, -53);

    let low = beside(session.last(RELIANCE).await, -3);
    let pending = session
        .place(&with(limit(RELIANCE, low), &json!({ "productType": "INTRADAY" })))
        .await;
    let other = session.place(&limit(RELIANCE, low)).await;
    let body = json!({ "id": ["NSE:RELIANCE-EQ-INTRADAY"], "pending_orders_cancel": 1 });
    session.ok("DELETE", POSITIONS, &body).await;
    assert_eq!(session.order(&pending).await["status"], 1);
    assert_eq!(
        session.order(&other).await["status"],
        6,
        "another product's order stays"
    );
    assert_eq!(open(&session).await, ["NSE:SBIN-EQ-CNC", "NSE:INFY-EQ-INTRADAY"]);

    session
        .ok(
            "DELETE",
            POSITIONS,
            &json!({ "segment": [10], "side": [1], "productType": ["CNC"] }),
        )
        .await;
    assert_eq!(open(&session).await, ["NSE:INFY-EQ-INTRADAY"]);
    assert_eq!(exit(&json!({ "side": [-1] })).await.1, -352);
    session.ok("DELETE", POSITIONS, &json!({ "exit_all": 1 })).await;
    assert!(open(&session).await.is_empty());
}

/// The ids of the open positions.
async fn open(session: &Session) -> Vec<String> {
    let answer = session.get(POSITIONS).await;
    let rows = answer["netPositions"].as_array().expect("a list").clone();
    let mut open: Vec<String> = rows
        .iter()
        .filter(|row| row["netQty"] != 0)
        .map(|row| text(&row["id"]))
        .collect();
    open.sort_unstable_by(|a, b| b.cmp(a));
    open
}

#[tokio::test]
async fn an_intraday_position_becomes_delivery() {
    let session = Session::start().await;
    buy(&session, "NSE:SBIN-EQ", 2, "INTRADAY").await;
    let wanted = json!({
        "symbol": "NSE:SBIN-EQ-INTRADAY", "positionSide": 1, "convertQty": 1, "convertFrom": "INTRADAY",
        "convertTo": "CNC", "overnight": 0,
    });
    for (changes, code) in [
        (json!({ "symbol": "NSE:SBIN-EQ" }), -53),
        (json!({ "convertQty": 3 }), -53),
        (json!({ "positionSide": -1 }), -53),
        (json!({ "convertFrom": "CNC" }), -50),
        (json!({ "convertTo": "MARGIN" }), -50),
        (json!({ "overnight": 2 }), -50),
        (json!({ "convertQty": null }), -50),
    ] {
        let (status, found, message) = session
            .refused("POST", POSITIONS, &with(wanted.clone(), &changes))
            .await;
        assert_eq!((status, found), (400, code), "{changes}: {message}");
    }
    let answer = session.ok("POST", POSITIONS, &wanted).await;
    assert_eq!(
        answer,
        json!({
            "s": "ok", "code": 200, "message": "Position Converted Successfully!!", "positionDetails": 1101,
        })
    );
    assert_eq!(open(&session).await, ["NSE:SBIN-EQ-INTRADAY", "NSE:SBIN-EQ-CNC"]);
}

#[tokio::test]
async fn holdings_shrink_by_todays_sales() {
    let session = Session::start().await;
    let before = session.get("/api/v3/holdings").await;
    let row = before["holdings"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["symbol"] == "NSE:SBIN-EQ");
    let row = row.expect("held").clone();
    assert_eq!(names(&row), sorted(HOLDING));
    assert_eq!(
        (
            &row["holdingType"],
            &row["quantity"],
            &row["costPrice"],
            &row["fyToken"],
            &row["isin"]
        ),
        (
            &json!("HLD"),
            &json!(20),
            &json!(780),
            &json!(10_100_000_003_045_u64),
            &json!("INE062A01020")
        )
    );
    assert_eq!(before["overall"]["count_total"], 2);
    assert_eq!(before["overall"]["total_investment"], 20 * 780 + 5 * 3_400);

    let last = session.last("NSE:SBIN-EQ").await;
    let sale = json!({ "side": -1, "qty": 8 });
    let id = session
        .place(&with(limit("NSE:SBIN-EQ", beside(last, -1)), &sale))
        .await;
    assert_eq!(session.order(&id).await["status"], 2);
    let after = session.get("/api/v3/holdings").await;
    let row = after["holdings"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["symbol"] == "NSE:SBIN-EQ");
    let row = row.expect("held");
    assert_eq!(
        (&row["quantity"], &row["remainingQuantity"]),
        (&json!(20), &json!(12))
    );
    assert_eq!(price(&row["marketVal"]), price(&row["ltp"]).times(12));
}

#[tokio::test]
async fn funds_are_ten_rows_that_add_up() {
    let session = Session::start().await;
    buy(&session, RELIANCE, 2, "CNC").await;
    let low = beside(session.last(RELIANCE).await, -3);
    session.ok("POST", ORDERS, &limit(RELIANCE, low)).await;
    assert_eq!(
        session.get(BOOK).await["orderBook"].as_array().map(Vec::len),
        Some(2)
    );
    let answer = session.get("/api/v3/funds").await;
    let rows = answer["fund_limit"].as_array().expect("a list");
    let ids: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    assert_eq!(ids, (1..=10).collect::<Vec<_>>());
    assert_eq!(rows[1]["title"], "Utilized Amount");
    let amount = |id: usize| price(&rows[id - 1]["equityAmount"]);
    assert!(amount(2) > low.times(3), "two bought and one pending");
    assert_eq!(amount(1), amount(2) + amount(10));
    assert_eq!((amount(3), amount(9)), (amount(10), Paise::rupees(100_000)));
    assert!(rows.iter().all(|row| row["commodityAmount"] == 0));
}
