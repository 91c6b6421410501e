//! `sangam orders`, `quote`, `positions`, `holdings`, `portfolio`, `funds`, `brokers`: round trips against a running gateway.

use serde_json::Value;

use crate::program::Place;

/// A limit far enough below the market for an order to rest, on the tick.
fn below(place: &Place) -> String {
    let quotes = place.run(&["quote", "NSE:RELIANCE", "--json"]).done().json();
    let last = quotes[0]["data"]["ltp"].as_f64().expect("a price");
    format!("{:.1}", last * 0.97)
}

#[test]
fn an_order_placed_changed_listed_and_cancelled() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let limit = below(&place);
    let placing = [
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--quantity",
        "2",
        "--product",
        "cnc",
        "--limit",
        &limit,
        "--client-order-id",
        "alert-7",
        "--broker",
        "upstox",
        "--json",
    ];
    let placed = place.run(&placing).done().json();
    assert_eq!(
        [
            &placed["order_status"],
            &placed["broker"],
            &placed["pricetype"],
            &placed["product"]
        ],
        ["open", "upstox", "LIMIT", "CNC"]
    );
    let number = placed["orderid"].as_str().expect("a number");
    // The same id again is the same order.
    assert_eq!(place.run(&placing).done().json()["orderid"], placed["orderid"]);

    let table = place.run(&["orders", "list"]).done().out;
    assert!(
        table.contains(number) && table.lines().next().is_some_and(|line| line.contains("status")),
        "{table}"
    );
    let changed = place
        .run(&["orders", "modify", number, "--quantity", "1", "--json"])
        .done()
        .json();
    assert_eq!(changed["quantity"], 1);
    assert_eq!(changed["price"], placed["price"], "what is not given stays");
    let status = place.run(&["orders", "status", number]).done().out;
    assert!(status.contains("NSE:RELIANCE"), "{status}");
    let cancelled = place.run(&["orders", "cancel", number, "--json"]).done().json();
    assert_eq!(cancelled["order_status"], "cancelled");
    place
        .run(&["orders", "cancel", number])
        .refused(1, &[number, "cancelled"]);
    place
        .run(&["orders", "status", "999"])
        .refused(1, &["Order 999 not found"]);
    let listed = place.run(&["orders", "list", "--json"]).done().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_with_an_order_is_said_and_exit_codes_tell_usage_from_refusal() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let order = |instrument: &str, more: &[&str]| {
        let mut args = vec!["orders", "place", instrument, "--side", "buy"];
        args.extend(more);
        place.run(&args)
    };
    order("RELIANCE", &["--quantity", "1"]).refused(2, &["EXCHANGE:SYMBOL", "NSE:RELIANCE"]);
    order("NSE:RELIANCE", &["--quantity", "some"]).refused(2, &["--quantity"]);
    order("NSE:RELIANCE", &[]).refused(2, &["--quantity"]);
    order("NSE:NOPE", &["--quantity", "1"]).refused(1, &["NOPE", "not found"]);
    order("NSE:RELIANCE", &["--quantity", "1", "--limit", "1400.03"]).refused(1, &["price", "tick"]);
    order("NSE:RELIANCE", &["--quantity", "1", "--product", "nrml"]).refused(1, &["product", "CNC or MIS"]);
    order("NSE:RELIANCE", &["--quantity", "1", "--broker", "zerodha"]).refused(1, &["broker", "known are"]);
    let listed = place.run(&["orders", "list", "--json"]).done().json();
    assert_eq!(listed, Value::Array(Vec::new()), "none of them left a trace");
}

/// Flattrade takes an order first and refuses it in its book a moment later.
#[test]
fn an_order_taken_and_then_refused_is_no_success() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let args = [
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--quantity",
        "1000",
        "--product",
        "CNC",
        "--broker",
        "flattrade",
    ];
    let ran = place.run(&args).refused(1, &["was rejected", "Margin Shortfall"]);
    assert!(ran.out.contains("rejected"), "the row is shown: {ran:?}");
    let ran = place
        .run(&[&args[..], &["--json"]].concat())
        .refused(1, &["Margin Shortfall"]);
    assert_eq!(ran.json()["order_status"], "rejected");
}

/// A reply that is lost leaves a doubt: the exit code says so, and the text what to do.
#[test]
fn a_doubt_has_an_exit_code_of_its_own() {
    let place = Place::new();
    let sim = place.sim("upstox");
    place.write(
        "sangam.toml",
        &format!(
            "[[account]]\nname = \"up\"\nbroker = \"upstox\"\nsimulated = true\napi_key = \"test-client-id\"\napi_secret = \
             \"test-client-secret\"\nredirect_uri = \"http://127.0.0.1/\"\nbase_url = \"{}\"\n",
            sim.address()
        ),
    );
    let _server = place.serve(&[]);
    let limit = below(&place);
    let fault = br#"{"drop_after_accept": 1.0, "paths": ["/order/place"]}"#;
    assert_eq!(sim.http("POST /__sim/faults", &[], fault).0, 200);
    let ran = place
        .run(&[
            "orders",
            "place",
            "NSE:RELIANCE",
            "--side",
            "buy",
            "--quantity",
            "1",
            "--product",
            "CNC",
            "--limit",
            &limit,
        ])
        .refused(3, &["outcome unknown", "do not resend"]);
    assert_eq!(ran.out, "");
}

#[test]
fn tables_for_people_and_json_for_programs() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for (command, heading) in [
        ("brokers", "healthy"),
        ("funds", "availablecash"),
        ("holdings", "pnlpercent"),
        ("positions", "quantity"),
    ] {
        let table = place.run(&[command]).done().out;
        assert!(
            table.lines().next().is_some_and(|line| line.contains(heading)),
            "{table}"
        );
        let json = place.run(&[command, "--json"]).done().json();
        assert!(json.is_array() || json.is_object(), "{json}");
    }
    let funds = place.run(&["funds", "--json"]).done().json();
    assert_eq!(funds["accounts"].as_array().map(Vec::len), Some(3));
    let ran = place
        .run(&["quote", "NSE:RELIANCE", "NSE:NOPE"])
        .refused(1, &["1 of 2 instruments"]);
    assert!(
        ran.out.contains("NSE:RELIANCE") && ran.out.contains("not found"),
        "{ran:?}"
    );
}

#[test]
fn no_gateway_and_a_wrong_key_say_the_next_step() {
    let place = Place::new();
    place
        .run(&["orders", "list"])
        .refused(1, &["no API key", "sangam serve"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("bound");
    let url = format!("http://{nobody}");
    place
        .run(&["funds", "--url", &url, "--api-key", "x"])
        .refused(1, &["no gateway answers", &url, "sangam serve"]);
    let server = place.serve(&[]);
    let env = [
        ("SANGAM_URL", server.address()),
        ("SANGAM_API_KEY", "not-the-key".to_owned()),
    ];
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ran = place
        .run_with(&env, &["funds"])
        .refused(1, &["Invalid openalgo apikey"]);
    assert!(!ran.err.contains("not-the-key"), "{ran:?}");
}

#[test]
fn a_portfolio_for_eyes_and_for_programs() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let buy = [
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--quantity",
        "2",
        "--product",
        "mis",
        "--broker",
        "upstox",
    ];
    place.run(&buy).done();
    let table = place.run(&["portfolio", "--refresh"]).done().out;
    let line = table
        .lines()
        .find(|line| line.starts_with("NSE:RELIANCE"))
        .expect("a line");
    assert!(line.contains("MIS"), "{table}");
    assert!(table.lines().any(|line| line.starts_with("all ")), "{table}");
    let parts = place.run(&["portfolio", "--by", "broker"]).done().out;
    assert!(
        parts
            .lines()
            .any(|line| line.starts_with("upstox") && line.contains("NSE:RELIANCE")),
        "{parts}"
    );
    let data = place
        .run(&["portfolio", "--stale-after", "0", "--json"])
        .done()
        .json();
    let lines = data["lines"].as_array().expect("lines");
    let line = lines
        .iter()
        .find(|line| line["symbol"] == "RELIANCE")
        .expect("it is there");
    assert_eq!(
        (&line["quantity"], &line["price"]["stale"]),
        (&2.into(), &true.into())
    );
    assert!(line["value"].is_string(), "exact, not a float: {line}");
    place
        .run(&["portfolio", "--by", "day"])
        .refused(2, &["broker", "account"]);
    place
        .run(&["portfolio", "--stale-after", "86401"])
        .refused(1, &["Must be whole seconds"]);
}
