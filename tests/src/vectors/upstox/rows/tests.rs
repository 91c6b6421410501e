//! The comparison of rows notices a change of any field it compares.

use sangam_core::ports::Books as _;
use serde_json::json;

use super::*;
use crate::vectors::upstox::responses::block;
use crate::vectors::upstox::setup::{Setup, answering};

fn fixture(file: &str, name: &str) -> Value {
    let path = crate::vectors::fixtures().join("upstox").join(file);
    let items: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    let item = items
        .as_array()
        .expect("a list")
        .iter()
        .find(|item| item["name"] == name);
    item.expect("an item of that name").clone()
}

/// Another value of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(_) => json!(
            decimal(value)
                .expect("a number")
                .to_string()
                .parse::<f64>()
                .expect("a double")
                + 7.0
        ),
        Value::String(text) if time(text).is_some() => json!("2020-02-02 02:02:02"),
        Value::String(text) => json!(format!("{text}X")),
        _ => json!(7),
    }
}

/// Changing any of these fields of the first row that has it must be noticed.
fn check_notices(data: &Value, fields: &[&str], compare: impl Fn(&Value, &mut Differences)) {
    let mut out = Differences::default();
    compare(data, &mut out);
    assert_eq!(out.to_string(), "");
    for field in fields {
        let mut changed = data.clone();
        let row = changed
            .as_array_mut()
            .expect("rows")
            .iter_mut()
            .find(|row| !row[*field].is_null())
            .expect("a row with the field");
        row[*field] = other(&row[*field]);
        let mut out = Differences::default();
        compare(&changed, &mut out);
        assert!(!out.is_empty(), "a changed {field} was not noticed");
    }
}

#[test]
fn every_field_of_a_row_is_compared() {
    let item = fixture("responses-orders.json", "order_book_mixed");
    let found = block(Setup::new().over(&answering(200, &item)).order_book()).expect("orders");
    let fields = [
        "order_id",
        "exchange_order_id",
        "exchange",
        "instrument_token",
        "transaction_type",
        "order_type",
        "product",
        "validity",
        "quantity",
        "filled_quantity",
        "disclosed_quantity",
        "price",
        "trigger_price",
        "average_price",
        "status",
        "status_message",
        "tag",
        "order_timestamp",
        "exchange_timestamp",
        "is_amo",
    ];
    check_notices(&item["body"]["data"], &fields, |data, out| {
        orders(data, &found, out)
    });

    let item = fixture("responses-orders.json", "trades_for_day");
    let found = block(Setup::new().over(&answering(200, &item)).trades()).expect("trades");
    let fields = [
        "order_id",
        "trade_id",
        "exchange",
        "instrument_token",
        "transaction_type",
        "product",
        "quantity",
        "average_price",
        "exchange_timestamp",
    ];
    check_notices(&item["body"]["data"], &fields, |data, out| {
        trades(data, &found, out)
    });

    let item = fixture("responses-portfolio.json", "positions_long_short_flat");
    let found = block(Setup::new().over(&answering(200, &item)).positions()).expect("positions");
    let fields = [
        "exchange",
        "instrument_token",
        "product",
        "quantity",
        "average_price",
        "buy_price",
        "sell_price",
        "day_buy_quantity",
        "overnight_buy_quantity",
        "day_sell_quantity",
        "overnight_sell_quantity",
        "last_price",
        "realised",
        "unrealised",
    ];
    check_notices(&item["body"]["data"], &fields, |data, out| {
        positions(data, &found, out)
    });

    let item = fixture("responses-portfolio.json", "holdings_two");
    let found = block(Setup::new().over(&answering(200, &item)).holdings()).expect("holdings");
    let fields = [
        "exchange",
        "instrument_token",
        "isin",
        "quantity",
        "t1_quantity",
        "cnc_used_quantity",
        "average_price",
        "last_price",
    ];
    check_notices(&item["body"]["data"], &fields, |data, out| {
        holdings(data, &found, out)
    });
}
