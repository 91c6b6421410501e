//! `sangam login`: link, code, session file; with a gateway running and without.

use crate::program::{Place, Server, mode};

fn configured(place: &Place) -> Server {
    let sim = place.sim("upstox");
    place.write(
        "sangam.toml",
        &format!(
            "[[account]]\nname = \"up\"\nbroker = \"upstox\"\nsimulated = true\napi_key = \"test-client-id\"\napi_secret = \
             \"test-client-secret\"\nredirect_uri = \"http://127.0.0.1/\"\nbase_url = \"{}\"\n",
            sim.address()
        ),
    );
    sim
}

#[test]
fn without_a_gateway_the_session_is_made_here() {
    let place = Place::new();
    let sim = configured(&place);
    let link = place.run(&["login", "up", "--json"]).done().json();
    assert!(
        link["url"]
            .as_str()
            .is_some_and(|url| url.contains("test-client-id")),
        "{link}"
    );
    let file = place.path("sangam-data/sessions/up.json");
    assert!(!file.exists());

    // The whole address the browser ended at will do.
    let ran = place
        .run_reading("http://127.0.0.1/?code=test-code&state=up\n", &["login", "up"])
        .done();
    assert!(
        ran.out.contains("Open this address") && ran.out.contains("Code or address: "),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("up is logged in") && ran.out.contains("sessions/up.json"),
        "{ran:?}"
    );
    assert_eq!(mode(&file), 0o600);
    let kept = std::fs::read_to_string(&file).expect("kept");
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("json");
    assert!(kept["expires_at"].is_string(), "{kept}");
    let token = kept["access_token"].as_str().expect("a token");
    assert!(
        !ran.out.contains(token) && !ran.err.contains(token),
        "the token is not shown"
    );

    let doctor = place.run(&["doctor"]).done().out;
    assert!(doctor.contains("up until "), "{doctor}");
    place.run(&["login", "up", "--out"]).done();
    assert!(!file.exists());

    place
        .run_reading("\n", &["login", "up"])
        .refused(1, &["no code was given", "--code"]);
    place
        .run(&["login", "down", "--code", "x"])
        .refused(1, &["\"down\"", "known are up"]);
    place.run(&["login"]).refused(2, &["<ACCOUNT>"]);
    let address = sim.address();
    sim.stop();
    place
        .run(&["login", "up", "--code", "test-code"])
        .refused(1, &["upstox", address.trim_start_matches("http://")]);
    assert!(!file.exists());
}

#[test]
fn a_running_gateway_logs_in_and_out() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let out = place
        .run(&["login", "sim-upstox", "--out", "--json"])
        .done()
        .json();
    assert_eq!(out["session"], "none");
    let brokers = place.run(&["brokers", "--json"]).done().json();
    let of = |name: &str| {
        let rows = brokers.as_array().expect("rows");
        rows.iter()
            .find(|row| row["account"] == name)
            .expect("an account")
            .clone()
    };
    assert_eq!(of("sim-upstox")["healthy"], false);
    assert_eq!(of("sim-fyers")["healthy"], true);
    place.run(&["doctor"]).refused(1, &["found something wrong"]);

    let session = place
        .run(&["login", "sim-upstox", "--code", "test-code", "--json"])
        .done()
        .json();
    assert_eq!(session["account"], "sim-upstox");
    assert_eq!(mode(&place.path("sangam-data/sessions/sim-upstox.json")), 0o600);
    place.run(&["doctor"]).done();
    place
        .run(&["login", "nobody", "--code", "x"])
        .refused(1, &["\"nobody\"", "sim-flattrade"]);
}
