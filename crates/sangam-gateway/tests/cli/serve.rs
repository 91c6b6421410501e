//! `sangam serve`: the screen, one gateway a folder, the wire's edges, the end.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Place, Server, mode};

#[test]
fn the_screen_says_what_runs_and_that_it_is_simulated() {
    let place = Place::new();
    let server = place.serve(&[]);
    let first = server.screen.lines().next().expect("a heading");
    assert!(first.contains("SIMULATED"), "{}", server.screen);
    let address = server.address();
    let gateway = server.screen.lines().find(|line| line.contains("http://"));
    assert!(gateway.is_some_and(|line| line.contains("gateway") && line.contains(&address)));
    for broker in ["flattrade", "fyers", "upstox"] {
        let line = server
            .screen
            .lines()
            .find(|line| line.trim_start().starts_with(broker));
        let line = line.unwrap_or_else(|| panic!("{broker} is not named: {}", server.screen));
        assert!(line.contains("SIMULATED") && line.ends_with("healthy"), "{line}");
    }
    let key = server.key();
    assert!(
        key.len() >= 24 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "{key}"
    );
    assert_eq!(
        server
            .screen
            .lines()
            .filter(|line| line.contains("orders place"))
            .count(),
        1
    );
    assert!(!server.screen.contains("WARNING"), "{}", server.screen);
    assert_eq!(mode(&place.path("sangam-data/api-key")), 0o600);
    assert_eq!(
        fs::read_to_string(place.path("sangam-data/address"))
            .expect("kept")
            .trim(),
        address
    );
    let (ended_well, rest) = server.stop();
    assert!(ended_well && rest.contains("stopped"), "{rest}");
    assert!(!place.path("sangam-data/address").exists());
    // The key stays the same at the next start, and nothing of the screen is lost to programs.
    let again = place.run(&["doctor", "--json"]).done().json();
    assert!(
        again
            .as_array()
            .is_some_and(|rows| rows.iter().all(|row| row["fine"] == true)),
        "{again}"
    );
    let server = place.serve(&[]);
    assert_eq!(server.key(), key);
}

#[test]
fn a_folder_has_one_gateway_and_one_kind_of_trading() {
    let place = Place::new();
    let server = place.serve(&[]);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).refused(
        1,
        &["is in use", &format!("process {}", server.id()), "--data-dir"],
    );
    assert_eq!(place.run(&["ping-is-no-command"]).code, Some(2));
    // The first one is as it was.
    place.run(&["funds"]).done();
    server.stop();
    let real = place.write(
        "real.toml",
        "[[account]]\nname = \"real\"\nbroker = \"flattrade\"\nuser_id = \"FT000000\"\napi_key = \"k\"\napi_secret = \"s\"\n",
    );
    place
        .run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            real.to_str().expect("text"),
        ])
        .refused(1, &["holds simulated trading", "are real", "data_dir"]);
}

#[test]
fn a_port_in_use_and_a_folder_that_cannot_be_written_are_told_with_the_way_out() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").to_string();
    place
        .run(&["serve", "--listen", &port])
        .refused(1, &[&port, "--listen 127.0.0.1:0"]);
    assert!(
        !place.path("sangam-data/ledger.sqlite").exists(),
        "nothing is made then"
    );
    let file = place.write("file", "");
    let below = file.join("data");
    place
        .run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            below.to_str().expect("text"),
        ])
        .refused(1, &["data folder", "--data-dir"]);
    place
        .run(&["serve", "--listen", "5000"])
        .refused(1, &["listen", "127.0.0.1:5000"]);
}

#[test]
fn listening_beyond_this_machine_works_and_warns() {
    let place = Place::new();
    let server = place.serve(&["--listen", "0.0.0.0:0"]);
    assert!(server.screen.contains("WARNING"), "{}", server.screen);
    assert!(server.screen.contains("0.0.0.0:"), "{}", server.screen);
    assert!(server.address().starts_with("http://127.0.0.1:"));
    place.run(&["brokers"]).done();
}

#[test]
fn printed_commands_lead_back_to_this_gateway() {
    let place = Place::new();
    let server = place.serve(&["--data-dir", "else where"]);
    assert!(
        server.screen.contains("--data-dir 'else where' quote"),
        "{}",
        server.screen
    );
    place
        .run(&["--data-dir", "else where", "quote", "NSE:TCS"])
        .done();
    place
        .run(&["quote", "NSE:TCS"])
        .refused(1, &["no API key", "sangam serve"]);
}

#[test]
fn one_line_for_programs() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("text");
    let said: Value = serde_json::from_str(&line).expect("json");
    assert_eq!(said["accounts"].as_array().map(Vec::len), Some(3));
    assert!(
        said["address"]
            .as_str()
            .is_some_and(|a| a.starts_with("http://127.0.0.1:"))
    );
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

#[test]
fn every_answer_is_json_whatever_comes_in() {
    let place = Place::new();
    let server = place.serve(&[]);
    let check = |line: &str, headers: &[&str], body: &[u8], wanted: u16| {
        let (status, head, body) = server.http(line, headers, body);
        assert_eq!(status, wanted, "{line}: {head} {body}");
        assert!(head.contains("content-type: application/json"), "{line}: {head}");
        if line.starts_with("HEAD") {
            assert_eq!(body, "");
            return Value::Null;
        }
        serde_json::from_str::<Value>(&body).unwrap_or_else(|error| panic!("{line}: {error}: {body}"))
    };
    let ping = json!({"apikey": server.key()}).to_string();
    let said = check("POST /api/v1/ping", &[], ping.as_bytes(), 200);
    assert_eq!(said["mode"], "analyze");
    check(
        "POST /api/v1/ping/",
        &["content-type: text/plain"],
        ping.as_bytes(),
        200,
    );
    check(
        "POST /api/v1/ping",
        &["content-type: application/x-www-form-urlencoded"],
        b"apikey=1",
        400,
    );
    let said = check("GET /api/v1/ping", &[], b"", 404);
    assert_eq!(
        said,
        json!({"status": "error", "message": "Not found", "path": "/api/v1/ping"})
    );
    check("HEAD /api/v1/ping", &[], b"", 404);
    check("PUT /api/v1/placeorder", &[], b"{}", 404);
    check("POST /api/v1/ping//", &[], ping.as_bytes(), 404);
    check("POST /", &[], b"", 404);
    check("POST /api/v1/ping", &[], b"", 400);
    check("POST /api/v1/ping", &[], b"null", 400);
    check("POST /api/v1/ping", &[], b"\xff\xfe", 400);
    check("POST /api/v1/ping", &[], "[".repeat(100_000).as_bytes(), 400);
    let said = check("POST /api/v1/ping", &[], &vec![b' '; 1024 * 1024 + 1], 413);
    assert_eq!(said["status"], "error");
    for (id, wanted) in [
        (json!(999), "Order 999 not found"),
        (json!("0999"), "Order 0999 not found"),
        (json!("+5"), "Order +5 not found"),
    ] {
        let body = json!({"apikey": server.key(), "strategy": "t", "orderid": id}).to_string();
        for endpoint in ["orderstatus", "cancelorder"] {
            let said = check(&format!("POST /api/v1/{endpoint}"), &[], body.as_bytes(), 404);
            assert_eq!(said["message"], wanted);
        }
    }
}

/// The simulators that come with it begin anew at each start: orders and trades stay in the books, and what still stood
/// there is ended instead of standing for ever.
#[test]
fn a_restart_keeps_the_books_and_ends_what_the_simulators_forgot() {
    let folder = Place::new();
    let gateway = folder.serve(&[]);
    folder
        .run(&[
            "orders",
            "place",
            "NSE:RELIANCE",
            "--side",
            "buy",
            "--quantity",
            "1",
        ])
        .done();
    folder
        .run(&[
            "orders",
            "place",
            "NSE:INFY",
            "--side",
            "buy",
            "--quantity",
            "1",
            "--limit",
            "1400",
        ])
        .done();
    let trades = |server: &Server| -> Vec<Value> {
        let body = format!("{{\"apikey\":\"{}\"}}", server.key());
        let (status, _, body) = server.http(
            "POST /api/v1/tradebook",
            &["Content-Type: application/json"],
            body.as_bytes(),
        );
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).expect("json");
        answer["data"].as_array().expect("a list").clone()
    };
    let before = trades(&gateway);
    assert_eq!(before.len(), 1, "{before:?}");
    let (fine, _) = gateway.stop();
    assert!(fine);

    let gateway = folder.serve(&[]);
    assert_eq!(trades(&gateway), before);
    let orders = folder.run(&["orders", "list", "--json"]).done().json();
    let states: Vec<_> = orders
        .as_array()
        .expect("a list")
        .iter()
        .map(|order| order["state"].clone())
        .collect();
    assert_eq!(states, ["expired", "filled"], "{orders}");
}
