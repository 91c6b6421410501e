//! The engine over real sockets: orders, rate rules, log-ins, statistics, every fault.

#![expect(
    clippy::disallowed_methods,
    reason = "a test over real sockets measures real time"
)]

mod support;

use std::io::ErrorKind;

use sangam_sim::SimConfig;
use serde_json::json;
use support::{BUY_ONE, ask, faults, logged_in_toy, send, stats, toy};

#[tokio::test]
async fn an_order_fills_and_is_in_the_book_and_the_statistics() {
    let (sim, addr) = logged_in_toy(SimConfig::default()).await;
    let placed = ask(addr, "POST", "/orders", BUY_ONE).await.json();
    assert_eq!(
        (placed["state"].as_str(), placed["filled"].as_i64()),
        (Some("Complete"), Some(1))
    );
    ask(addr, "POST", "/orders", BUY_ONE).await;
    let dear = r#"{"symbol":"NSE:RELIANCE-EQ","side":"buy","qty":1000}"#;
    let rejected = ask(addr, "POST", "/orders", dear).await.json();
    assert_eq!(rejected["state"], "Rejected");
    assert!(
        rejected["reason"]
            .as_str()
            .expect("a reason")
            .starts_with("margin shortfall"),
        "{rejected}"
    );
    let bad = ask(
        addr,
        "POST",
        "/orders",
        r#"{"symbol":"NSE:SBIN-EQ","side":"buy","qty":0}"#,
    )
    .await;
    assert_eq!(bad.status, 400);
    assert_eq!(
        ask(addr, "GET", "/orders", "")
            .await
            .json()
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    let seen = stats(addr).await;
    assert_eq!(seen["orders_accepted"], 2);
    assert_eq!(seen["orders_rejected"], 1);
    assert_eq!(seen["accepted_by_tag"], json!({ "t1": 2 }));
    assert_eq!(seen["duplicate_tags"], json!(["t1"]));
    assert_eq!(
        seen["requests"],
        json!({ "POST /login": 1, "POST /orders": 4, "GET /orders": 1 })
    );
    assert_eq!(
        (seen["violations"].as_u64(), seen["faults"].clone()),
        (Some(0), json!({}))
    );
    sim.shutdown().await;
    assert_eq!(
        send(addr, "GET", "/orders", "")
            .await
            .expect_err("nobody listens")
            .kind(),
        ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn simulators_with_one_seed_and_clock_show_one_market() {
    let clock = sangam_sim::SimClock::manual(SimConfig::default().clock().now());
    let mut prices = Vec::new();
    for _ in 0..3 {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let api = std::sync::Arc::new(support::Toy);
        let sim = sangam_sim::SimServer::bind_with(api, SimConfig::default(), clock.clone(), address).await;
        let sim = sim.expect("a free port");
        let market = ask(sim.local_addr(), "GET", "/__sim/market", "").await.json();
        prices.push(market["prices"].clone());
        sim.shutdown().await;
    }
    assert!(prices[0].as_array().expect("rows").len() > 1_000);
    assert_eq!(prices[0], prices[1]);
    assert_eq!(prices[1], prices[2]);
    let row = |symbol: &str| {
        let rows = prices[0].as_array().expect("rows");
        rows.iter()
            .find(|row| row["symbol"] == symbol)
            .expect(symbol)
            .clone()
    };
    assert_eq!(row("NSE:NIFTY50-INDEX")["synthetic"], false);
    assert_eq!(row("NSE:RELIANCE-EQ")["synthetic"], true);
}

#[tokio::test]
async fn the_eleventh_order_of_a_second_is_refused_in_the_brokers_words() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    let mut refused = None;
    // Eleven orders in one second may straddle its end on a slow machine; forty-one cannot pass the minute's window.
    for _ in 0..41 {
        let answer = ask(addr, "POST", "/orders", BUY_ONE).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a rule was broken");
    assert_eq!(refused.json()["rule"], "orders");
    assert!(refused.headers["retry-after"].parse::<u64>().expect("seconds") >= 1);
    let seen = stats(addr).await;
    assert_eq!(seen["violations"], 1);
    assert_eq!(
        seen["orders_accepted"].as_u64().map(|n| n + 1),
        seen["requests"]["POST /orders"].as_u64()
    );
    let orders = seen["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["rule"] == "orders")
        .expect("orders");
    let over = orders["windows"]
        .as_array()
        .expect("windows")
        .iter()
        .any(|w| w["worst_rolling"].as_u64() > w["limit"].as_u64());
    assert!(over, "{orders}");
    for _ in 0..20 {
        assert_eq!(
            ask(addr, "GET", "/masters/NSE_CM.csv", "").await.status,
            200,
            "files are not counted"
        );
    }
}

#[tokio::test]
async fn tokens_it_did_not_issue_and_expired_ones_are_refused() {
    let sim = toy(SimConfig::default()).await.expect("a free port");
    let addr = sim.local_addr();
    assert_eq!(ask(addr, "GET", "/orders", "").await.json()["error"], "Unknown");
    assert_eq!(ask(addr, "POST", "/login", "").await.status, 200);
    assert_eq!(ask(addr, "GET", "/orders", "").await.status, 200);
    let answer = ask(addr, "POST", "/__sim/faults", r#"{"sessions":"expire"}"#)
        .await
        .json();
    assert_eq!(answer["sessions_expired"], 1);
    assert_eq!(ask(addr, "GET", "/orders", "").await.json()["error"], "Expired");
    assert_eq!(ask(addr, "POST", "/login", "").await.status, 200);
    assert_eq!(
        ask(addr, "GET", "/orders", "").await.status,
        200,
        "logging in again is enough"
    );
}

#[tokio::test]
async fn a_dropped_request_did_nothing_and_a_dropped_answer_did() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "drop_before": 1.0, "paths": ["/orders"] })).await;
    assert!(
        send(addr, "POST", "/orders", BUY_ONE)
            .await
            .expect("a clean close")
            .is_none()
    );
    let seen = stats(addr).await;
    assert_eq!(
        (&seen["orders_accepted"], &seen["faults"]),
        (&json!(0), &json!({ "drop_before": 1 }))
    );
    assert_eq!(
        seen["requests"].get("POST /orders"),
        None,
        "a lost request never arrived"
    );
    faults(
        addr,
        &json!({ "clear": true, "drop_after_accept": 1.0, "paths": ["/orders"] }),
    )
    .await;
    assert!(
        send(addr, "POST", "/orders", BUY_ONE)
            .await
            .expect("a clean close")
            .is_none()
    );
    let seen = stats(addr).await;
    assert_eq!(
        (&seen["orders_accepted"], &seen["faults"]["drop_after_accept"]),
        (&json!(1), &json!(1))
    );
    faults(addr, &json!({ "clear": true })).await;
    assert_eq!(ask(addr, "GET", "/orders", "").await.json()[0]["tag"], "t1");
}

#[tokio::test]
async fn a_reset_is_a_reset_before_or_after_the_order() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "reset": 1.0, "seed": 5 })).await;
    for _ in 0..8 {
        let error = send(addr, "POST", "/orders", BUY_ONE)
            .await
            .expect_err("no clean close");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    let seen = stats(addr).await;
    let accepted = seen["orders_accepted"].as_u64().expect("a count");
    assert!((1..8).contains(&accepted), "some before, some after: {accepted}");
    assert_eq!(seen["faults"]["reset"], 8);
}

#[tokio::test]
async fn a_cut_body_promises_more_than_it_holds() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "cut_body": 1.0 })).await;
    let answer = ask(addr, "POST", "/orders", BUY_ONE).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), answer.promised() / 2);
    assert!(!answer.body.is_empty());
    assert_eq!(stats(addr).await["orders_accepted"], 1);
}

#[tokio::test]
async fn redirects_and_chosen_statuses_come_as_told() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "redirect": 1.0 })).await;
    let answer = ask(addr, "POST", "/orders?x=1", BUY_ONE).await;
    assert_eq!(
        (answer.status, answer.headers["location"].as_str()),
        (307, "/orders?x=1")
    );
    assert_eq!(stats(addr).await["orders_accepted"], 0);
    faults(
        addr,
        &json!({ "clear": true, "status": { "code": 502, "body": "<html>" } }),
    )
    .await;
    let answer = ask(addr, "POST", "/orders", BUY_ONE).await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (502, b"<html>".as_slice())
    );
    assert_eq!(stats(addr).await["orders_accepted"], 0);
    let late = json!({ "clear": true, "status": { "code": 429, "body": { "s": "error" }, "rate": 1, "after_accept": true } });
    faults(addr, &late).await;
    let answer = ask(addr, "POST", "/orders", BUY_ONE).await;
    assert_eq!((answer.status, answer.json()), (429, json!({ "s": "error" })));
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(stats(addr).await["orders_accepted"], 1);
}

#[tokio::test]
async fn orders_or_reads_can_be_down_alone() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "orders_down": true })).await;
    assert_eq!(ask(addr, "POST", "/orders", BUY_ONE).await.status, 503);
    assert_eq!(ask(addr, "GET", "/orders", "").await.json(), json!([]));
    faults(addr, &json!({ "orders_down": false, "reads_down": true })).await;
    assert_eq!(ask(addr, "POST", "/orders", BUY_ONE).await.status, 200);
    assert_eq!(ask(addr, "GET", "/orders", "").await.status, 503);
}

#[tokio::test]
async fn a_stale_book_hides_what_just_happened() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "stale_book_s": 60, "paths": ["/orders"] })).await;
    assert_eq!(
        ask(addr, "POST", "/orders", BUY_ONE).await.json()["state"],
        "Complete"
    );
    assert_eq!(ask(addr, "GET", "/orders", "").await.json(), json!([]));
    faults(addr, &json!({ "stale_book_s": 0 })).await;
    assert_eq!(
        ask(addr, "GET", "/orders", "").await.json()[0]["state"],
        "Complete"
    );
}

#[tokio::test]
async fn delays_hold_the_answer_back() {
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(addr, &json!({ "delay_ms": { "min": 120, "max": 140 } })).await;
    let began = std::time::Instant::now();
    assert_eq!(ask(addr, "POST", "/orders", BUY_ONE).await.status, 200);
    assert!(began.elapsed() >= std::time::Duration::from_millis(120));
    assert_eq!(stats(addr).await["faults"]["delay"], 1);
}

#[tokio::test]
async fn faults_that_are_mistyped_are_refused_by_name() {
    let sim = toy(SimConfig::default()).await.expect("a free port");
    let addr = sim.local_addr();
    for (json, field) in [
        ("{\"drop\":1}", "drop"),
        ("{\"reset\":7}", "reset"),
        ("{\"status\":{\"code\":1}}", "status.code"),
        ("x", "body"),
    ] {
        let answer = ask(addr, "POST", "/__sim/faults", json).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some(field))
        );
    }
    assert_eq!(
        ask(addr, "GET", "/__sim/faults", "").await.json()["reset"],
        0.0,
        "nothing was changed"
    );
    assert_eq!(ask(addr, "GET", "/__sim/nothing", "").await.status, 404);
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let config = SimConfig {
        body_limit: 2_048,
        ..SimConfig::default()
    };
    let (_sim, addr) = logged_in_toy(config).await;
    let answer = ask(addr, "POST", "/orders", &"x".repeat(4_096)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(ask(addr, "POST", "/orders", BUY_ONE).await.status, 200);
}

#[tokio::test]
async fn an_address_in_use_is_an_error_and_a_dropped_handle_frees_it() {
    let sim = toy(SimConfig::default()).await.expect("a free port");
    let addr = sim.local_addr();
    let again =
        sangam_sim::SimServer::bind(std::sync::Arc::new(support::Toy), SimConfig::default(), addr).await;
    assert_eq!(again.expect_err("taken").kind(), ErrorKind::AddrInUse);
    drop(sim);
    // The listener closes as soon as its task runs; the bound keeps a failure from hanging.
    for _ in 0..10_000 {
        if send(addr, "GET", "/orders", "").await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("still listening");
}

#[tokio::test]
async fn resting_orders_are_matched_while_nobody_looks() {
    let config = SimConfig {
        fill_delay_ms: 30,
        ..SimConfig::default()
    };
    let (sim, addr) = logged_in_toy(config).await;
    let placed = ask(addr, "POST", "/orders", BUY_ONE).await.json();
    assert_eq!(placed["state"], "Open");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        // `order` matches lazily; the history tells when the fill fell due.
        let order = sim
            .world()
            .order(placed["id"].as_str().expect("an id"))
            .expect("in the book");
        if order.filled == 1 {
            assert!(
                order.fills[0].at.0 - order.placed_at.0 < 1_000_000,
                "within a second"
            );
            return;
        }
        assert!(std::time::Instant::now() < deadline, "never filled");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_undo_its_order() {
    use tokio::io::AsyncWriteExt as _;
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    faults(
        addr,
        &json!({ "delay_ms": { "max": 50, "min": 50 }, "paths": ["/orders"] }),
    )
    .await;
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("it listens");
    let length = BUY_ONE.len();
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: sim\r\ntoken: toy-token\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{BUY_ONE}"
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    wait_for(addr, |seen| seen["requests"]["POST /orders"] == 1).await;
    drop(stream);
    wait_for(addr, |seen| seen["orders_accepted"] == 1).await;
}

/// Reads the statistics until they show something, for five seconds at most.
async fn wait_for(addr: std::net::SocketAddr, shown: impl Fn(&serde_json::Value) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let seen = stats(addr).await;
        if shown(&seen) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "never shown: {seen}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_sim, addr) = logged_in_toy(SimConfig::default()).await;
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("it listens");
    let get = "GET /quote?symbol=NSE:TCS-EQ HTTP/1.1\r\nhost: sim\r\ntoken: toy-token\r\n";
    let pair = format!("{get}\r\n{get}connection: close\r\n\r\n");
    stream.write_all(pair.as_bytes()).await.expect("it reads");
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .await
        .expect("it answers and closes");
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(text.matches("{\"last\":").count(), 2);
}

#[tokio::test]
async fn names_in_the_settings_that_mean_nothing_are_refused() {
    for (text, named) in [
        (
            "[[rules]]\nname = \"order\"\nwindows = [[1, 1]]",
            "rules: unknown \"order\"; this broker has orders, all",
        ),
        (
            "[[prices]]\nsymbol = \"RELIANCES\"\nprice = 5",
            "prices: unknown \"RELIANCES\"",
        ),
        (
            "[[moves]]\nsymbol = \"NIFTI\"\nat_s = 1\npercent = 1",
            "moves: unknown \"NIFTI\"",
        ),
        (
            "[[holdings]]\nsymbol = \"SBIN\"\nquantity = 1\naverage = 1",
            "holdings: unknown \"SBIN\"",
        ),
    ] {
        let error = toy(SimConfig::from_toml(text).expect("well formed"))
            .await
            .expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(named), "{error}");
    }
}
