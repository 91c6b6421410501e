//! `sangam limits`: every window of every account with its use; and a gateway that is killed takes them up where they were.

use serde_json::Value;

use crate::program::Place;

fn used(accounts: &Value, account: &str, scope: &str, window: &str) -> u64 {
    let find = |list: &Value, key: &str, name: &str| -> Value {
        let rows = list.as_array().expect("a list");
        let row = rows.iter().find(|row| row[key] == name);
        row.unwrap_or_else(|| panic!("{name} is not in {list}")).clone()
    };
    let account = find(accounts, "account", account);
    let scope = find(&account["scopes"], "scope", scope);
    find(&scope["windows"], "window", window)["used"]
        .as_u64()
        .expect("a count")
}

#[test]
fn every_window_is_shown_and_a_killed_gateway_takes_them_up() {
    let place = Place::new();
    let server = place.serve(&[]);
    for symbol in ["NSE:TCS", "NSE:INFY", "NSE:SBIN"] {
        place.run(&["quote", symbol]).done();
    }
    let table = place.run(&["limits"]).done().out;
    for wanted in [
        "sim-flattrade",
        "sim-fyers",
        "sim-upstox",
        "8/1s",
        "100/1min",
        "90000/1d",
        "450/1min",
        "open",
    ] {
        assert!(table.contains(wanted), "{wanted} is not in {table}");
    }
    let before = place.run(&["limits", "--json"]).done().json();
    let day = used(&before, "sim-fyers", "all", "90000/1d");
    assert!(day > 0, "log-in and session check count: {before}");
    drop(server); // killed
    let _again = place.serve(&[]);
    let after = place.run(&["limits", "--json"]).done().json();
    assert!(used(&after, "sim-fyers", "all", "90000/1d") > day, "{after}");
}
