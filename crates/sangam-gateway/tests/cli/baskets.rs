//! `sangam basket` and `sangam checks`: legs from a file and from standard input, exit codes, today's counts.

use serde_json::json;

use crate::program::Place;

#[test]
fn a_basket_of_a_file_is_sent_once_and_counted() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let leg = |symbol: &str| json!({"exchange": "NSE", "symbol": symbol, "action": "BUY", "quantity": 1, "product": "CNC"});
    place.write("basket.json", &json!([leg("RELIANCE"), leg("INFY")]).to_string());
    let args = ["basket", "basket.json", "--client-order-id", "morning", "--json"];
    let first = place.run(&args).done().json();
    let again = place.run(&args).done().json();
    for at in 0..2 {
        assert_eq!(first[at]["status"], "success", "{first}");
        assert_eq!(first[at]["orderid"], again[at]["orderid"], "{again}");
        assert_eq!(again[at]["replayed"], true, "{again}");
    }
    let args = ["basket", "-", "--client-order-id", "morning"];
    let read = place.run_reading(&json!([leg("RELIANCE"), leg("INFY")]).to_string(), &args);
    let table = read.done().out;
    assert!(table.contains("RELIANCE") && table.contains("INFY"), "{table}");

    // A leg that is refused ends with an error, and the other is placed.
    let mixed = json!({"strategy": "mine", "orders": [leg("NOPE"), leg("TCS")]});
    place.write("mixed.json", &mixed.to_string());
    let ran = place.run(&["basket", "mixed.json"]).refused(1, &["1 of 2 legs"]);
    assert!(
        ran.out.contains("not found") && ran.out.contains("success"),
        "{ran:?}"
    );
    place.write("broken.json", "[{");
    place.run(&["basket", "broken.json"]).refused(1, &["no JSON"]);
    place
        .run(&["basket", "nowhere.json"])
        .refused(1, &["nowhere.json"]);

    let checks = place.run(&["checks", "--json"]).done().json();
    let accounts = checks[0]["accounts"].as_array().expect("a list");
    let orders: u64 = accounts
        .iter()
        .filter_map(|account| account["orders"].as_u64())
        .sum();
    assert_eq!(orders, 3, "{checks}");
    assert_eq!(checks[0]["simulated"], true);
    let shown = place.run(&["checks"]).done().out;
    for wanted in [
        "sim-flattrade",
        "ratio",
        "SIMULATED",
        "in session at any hour",
        "of 100000000.0",
    ] {
        assert!(shown.contains(wanted), "{wanted} is not in {shown}");
    }
}

#[test]
fn what_a_check_refuses_is_told_with_its_rule() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let order = [
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--limit",
        "1400",
        "--quantity",
    ];
    let placing = |quantity: &'static str| place.run(&[&order[..], &[quantity]].concat());
    placing("200000").refused(1, &["order_quantity", "100000", "checks.quantity_max"]);
    placing("9000").refused(1, &["order_value", "12600000", "10000000"]);
    let listed = place.run(&["orders", "list", "--json"]).done().json();
    assert_eq!(listed, json!([]), "neither left a trace");
}
