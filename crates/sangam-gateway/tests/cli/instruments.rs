//! `sangam instruments`: masters from files and addresses, what is wrong with them, and what names mean.

use std::fs;
use std::path::PathBuf;

use crate::program::{Place, Server};

/// The Fyers master of shares, from its simulator.
fn master(place: &Place, sim: &Server) -> PathBuf {
    let (status, _, body) = sim.http("GET /sym_details/NSE_CM.csv", &[], b"");
    assert_eq!(status, 200);
    place.write("NSE_CM.csv", &body)
}

#[test]
fn masters_from_files_and_addresses() {
    let place = Place::new();
    let sim = place.sim("fyers");
    let file = master(&place, &sim);
    let file = file.to_str().expect("text");
    place
        .run(&["instruments", "search", "RELIANCE"])
        .refused(1, &["no masters are kept", "instruments sync"]);
    assert!(!place.path("sangam-data").exists(), "a search makes nothing");

    let ran = place.run(&["instruments", "sync", file]).done();
    assert!(
        ran.out.contains("fyers") && ran.out.contains("NSE_CM.csv"),
        "{ran:?}"
    );
    let url = format!("fyers={}/sym_details/NSE_FO.csv", sim.address());
    let told = place.run(&["instruments", "sync", &url, "--json"]).done().json();
    assert_eq!(told["files"][0]["skipped"], 0);
    assert!(
        told["instruments"].as_u64().is_some_and(|count| count > 500),
        "{told}"
    );

    let table = place.run(&["instruments", "search", "RELIANCE"]).done().out;
    assert!(table.contains("NSE:RELIANCE"), "{table}");
    let found = place
        .run(&["instruments", "search", "NIFTY", "CE", "--limit", "1", "--json"])
        .done()
        .json();
    let (canonical, outside) = (
        found[0]["instrument"].as_str().expect("a name"),
        found[0]["openalgo_symbol"].as_str().expect("a name"),
    );
    let by_canonical = place
        .run(&["instruments", "resolve", canonical, "--json"])
        .done()
        .json();
    let by_alias = place
        .run(&["instruments", "resolve", &format!("NFO:{outside}"), "--json"])
        .done()
        .json();
    assert_eq!(by_canonical, by_alias);
    let brokers = by_canonical["brokers"].as_array().expect("a list");
    let fyers = brokers
        .iter()
        .find(|row| row["broker"] == "fyers")
        .expect("its name");
    assert_eq!(fyers["derived"], false);
    assert!(
        brokers
            .iter()
            .all(|row| row["broker"] == "fyers" || row["derived"] == true),
        "{brokers:?}"
    );
    let theirs = fyers["order_symbol"].as_str().expect("a name");
    let by_broker = place
        .run(&["instruments", "resolve", theirs, "--broker", "fyers", "--json"])
        .done()
        .json();
    assert_eq!(by_broker, by_canonical);
    let shown = place.run(&["instruments", "resolve", "NSE:M&M"]).done().out;
    assert!(shown.contains("NSE:M&M-EQ"), "{shown}");

    place
        .run(&["instruments", "resolve", "NSE:NOPE"])
        .refused(1, &["NOPE"]);
    place
        .run(&["instruments", "resolve", "NSE:X-EQ", "--broker", "fyers"])
        .refused(1, &["fyers has no NSE:X-EQ"]);
    place
        .run(&["instruments", "resolve", "x", "--broker", "zerodha"])
        .refused(1, &["known are"]);
    // Straight from a file, without keeping anything.
    let other = Place::new();
    other
        .run(&["instruments", "resolve", "NSE:TCS", "--master", file])
        .done();
    assert!(!other.path("sangam-data").exists());
}

#[test]
fn rows_and_files_that_are_wrong_are_told_and_what_was_kept_stays() {
    let place = Place::new();
    let sim = place.sim("fyers");
    let file = master(&place, &sim);
    let good = fs::read_to_string(&file).expect("there");
    place
        .run(&["instruments", "sync", file.to_str().expect("text")])
        .done();

    let mut lines: Vec<_> = good.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace(',', ";");
    let bad = place.write("bad.csv", &lines.join("\n"));
    let ran = place
        .run(&[
            "instruments",
            "sync",
            bad.to_str().expect("text"),
            "--date",
            "2026-01-01",
        ])
        .done();
    assert!(
        ran.out.contains("skipped: ") && ran.out.contains("bad.csv line 2: "),
        "{ran:?}"
    );

    let before = place
        .run(&["instruments", "search", "RELIANCE", "--json"])
        .done()
        .json();
    let none = place.write("NSE_CM.html", "<html>busy</html>");
    place
        .run(&["instruments", "sync", none.to_str().expect("text")])
        .refused(1, &["NSE_CM.html", "what was kept stays"]);
    place
        .run(&["instruments", "sync", &format!("upstox={}", file.display())])
        .refused(1, &["a master of fyers, not of upstox"]);
    place
        .run(&["instruments", "sync", "nowhere.csv"])
        .refused(1, &["nowhere.csv", "name of the file"]);
    place
        .run(&[
            "instruments",
            "sync",
            &format!("{}/sym_details/NO_SUCH.csv", sim.address()),
        ])
        .refused(1, &["NO_SUCH.csv", "404"]);
    // One that is read and one that is not: the first is kept, and the code says that not all is well.
    let ran = place.run(&[
        "instruments",
        "sync",
        file.to_str().expect("text"),
        none.to_str().expect("text"),
    ]);
    let ran = ran.refused(1, &["1 of 2 sources"]);
    assert!(ran.out.contains("refused: "), "{ran:?}");
    assert_eq!(
        place
            .run(&["instruments", "search", "RELIANCE", "--json"])
            .done()
            .json(),
        before
    );
    place
        .run(&["instruments", "sync"])
        .refused(1, &["no account is configured"]);
    place
        .run(&[
            "instruments",
            "sync",
            file.to_str().expect("text"),
            "--date",
            "tomorrow",
        ])
        .refused(1, &["--date", "2026-11-23"]);
}

#[test]
fn a_running_gateway_fetches_anew_when_asked() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let ran = place.run(&["instruments", "sync"]).done();
    assert!(ran.out.contains("in force at the gateway"), "{ran:?}");
    let report = place.run(&["instruments", "sync", "--json"]).done().json();
    assert_eq!(report["refused"], serde_json::json!([]));
    // The simulators' masters agree with one another: each share is tradable at all three.
    let shown = place
        .run(&["instruments", "resolve", "NSE:RELIANCE", "--json"])
        .done()
        .json();
    assert_eq!(shown["brokers"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["tradable"], true);
}
