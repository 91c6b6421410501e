//! `sangam backup`, `restore` and `ledger` on files: beside a gateway that trades, into another folder, and what is refused.

use std::fs;

use serde_json::Value;

use crate::program::{Place, mode};

const BUY: [&str; 8] = [
    "orders",
    "place",
    "NSE:RELIANCE",
    "--side",
    "buy",
    "--quantity",
    "1",
    "--json",
];

pub(crate) fn place_order(place: &Place, env: &[(&str, &str)]) -> Value {
    place.run_with(env, &BUY).done().json()
}

/// The rows of each table.
pub(crate) fn tables(told: &Value) -> Value {
    told["tables"].clone()
}

pub(crate) fn count(told: &Value, table: &str) -> u64 {
    told["tables"][table].as_u64().expect("a count")
}

#[test]
fn a_backup_beside_a_trading_gateway_is_what_a_second_folder_trades_by() {
    let place = Place::new();
    let server = place.serve(&[]);
    place_order(&place, &[]);
    // Orders go on while it is made.
    let (told, placed) = std::thread::scope(|scope| {
        let trading = scope.spawn(|| (0..5).map(|_| place_order(&place, &[])).collect::<Vec<_>>());
        let told = place.run(&["backup", "kept/first.sqlite", "--json"]);
        (told, trading.join().expect("trades"))
    });
    let first = told.done().json();
    assert!((1..=6).contains(&count(&first, "orders")), "{first}");
    assert_eq!(placed.len(), 5);
    let told = std::thread::scope(|scope| {
        let trading = scope.spawn(|| (0..3).for_each(|_| drop(place_order(&place, &[]))));
        let told = place.run(&["backup", "today.sqlite", "--json"]).done().json();
        trading.join().expect("trades");
        told
    });
    assert!((6..=9).contains(&count(&told, "orders")), "{told}");
    assert_eq!(mode(&place.path("today.sqlite")), 0o600);
    assert!(!place.path("today.sqlite.partial").exists());

    // Not over a file that is there, and never over the books themselves.
    place
        .run(&["backup", "today.sqlite"])
        .refused(1, &["today.sqlite", "--force"]);
    place
        .run(&["backup", "sangam-data/ledger.sqlite", "--force"])
        .refused(1, &["is there already"]);
    let said = place.run(&["backup", "today.sqlite", "--force"]).done().out;
    assert!(
        said.contains("each the same") && said.contains("up to entry"),
        "{said}"
    );

    // Not under a gateway that runs.
    place
        .run(&["restore", "today.sqlite"])
        .refused(1, &["in use", &server.id().to_string()]);
    assert!(server.stop().0);
    let all = place.run(&["backup", "last.sqlite", "--json"]).done().json();
    assert_eq!(count(&all, "orders"), 9);

    let elsewhere = ["--data-dir", "second"];
    let restored = place
        .run(&[&elsewhere[..], &["restore", "last.sqlite", "--json"]].concat())
        .done()
        .json();
    assert_eq!(
        (tables(&restored), &restored["hash"]),
        (tables(&all), &all["hash"])
    );
    assert_eq!(restored["moved_aside"], Value::Null);
    let status = place
        .run(&[&elsewhere[..], &["ledger", "status", "--json"]].concat())
        .done()
        .json();
    assert_eq!(status["last_entry"]["event"], "ledger.restored");
    assert_eq!(count(&status, "audit"), count(&all, "audit") + 1);
    assert_eq!(count(&status, "orders"), 9);
    assert_eq!(mode(&place.path("second/ledger.sqlite")), 0o600);
    let check = [&elsewhere[..], &["ledger", "rebuild", "--check"]].concat();
    place.run(&check).done();
    let server = place.serve(&elsewhere);
    let orders = place
        .run(&[&elsewhere[..], &["orders", "list", "--json"]].concat())
        .done()
        .json();
    assert_eq!(orders.as_array().map(Vec::len), Some(9), "{orders}");
    assert!(server.stop().0);
}

#[test]
fn books_that_are_there_stay_unless_they_are_moved_aside() {
    let place = Place::new();
    let server = place.serve(&[]);
    place_order(&place, &[]);
    place.run(&["backup", "old.sqlite"]).done();
    place_order(&place, &[]);
    assert!(server.stop().0);
    let before = place.run(&["ledger", "status", "--json"]).done().json();
    place
        .run(&["restore", "old.sqlite"])
        .refused(1, &["holds books already", "--force"]);
    assert_eq!(
        place.run(&["ledger", "status", "--json"]).done().json()["tables"],
        before["tables"]
    );
    let restored = place
        .run(&["restore", "old.sqlite", "--force", "--json"])
        .done()
        .json();
    assert_eq!(count(&restored, "orders"), 1);
    let aside = restored["moved_aside"].as_str().expect("a path");
    assert!(aside.contains("ledger.sqlite.before-"), "{aside}");
    // It is whole: a backup of it is one more restore away.
    let back = place
        .run(&["--data-dir", "third", "restore", aside, "--json"])
        .done()
        .json();
    assert_eq!(tables(&back), before["tables"]);
    let left: Vec<_> = fs::read_dir(place.path("sangam-data"))
        .expect("listed")
        .map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("ledger") && !name.contains("before"))
        .collect();
    assert_eq!(left, ["ledger.sqlite"]);
}

#[test]
fn what_is_no_whole_backup_is_refused_and_changes_nothing() {
    let place = Place::new();
    place
        .run(&["backup", "x.sqlite"])
        .refused(1, &["there are no books at", "--data-dir"]);
    place
        .run(&["ledger", "status"])
        .refused(1, &["there are no books at"]);
    assert!(!place.path("sangam-data").exists(), "nothing is made");
    let server = place.serve(&[]);
    place_order(&place, &[]);
    assert!(server.stop().0);
    place.run(&["backup", "good.sqlite"]).done();
    let good = fs::read(place.path("good.sqlite")).expect("readable");
    fs::write(place.path("cut.sqlite"), &good[..good.len() / 2]).expect("written");
    fs::write(place.path("empty.sqlite"), "").expect("written");
    let before = place.run(&["ledger", "status", "--json"]).done().json();
    for (file, word) in [
        ("cut.sqlite", "was cut off"),
        ("empty.sqlite", "0 bytes"),
        ("nowhere.sqlite", "is not there"),
        ("sangam-data/api-key", "too few"),
    ] {
        place
            .run(&["restore", file, "--force"])
            .refused(1, &[word, "another backup"]);
    }
    assert_eq!(place.run(&["ledger", "status", "--json"]).done().json(), before);
}

#[test]
fn the_books_are_shown_and_a_clock_is_accepted_with_a_reason() {
    let place = Place::new();
    let server = place.serve(&[]);
    place_order(&place, &[]);
    let said = place.run(&["ledger", "status"]).done().out;
    for word in [
        "ledger.sqlite",
        "version 3",
        "KiB",
        "fifo",
        "orders",
        "main",
        "until ",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    place.run(&["ledger", "accept-clock"]).refused(2, &["--reason"]);
    place
        .run(&["ledger", "accept-clock", "--reason", " "])
        .refused(1, &["--reason"]);
    // Also beside a gateway, which goes on.
    place
        .run(&["ledger", "accept-clock", "--reason", "it was a day ahead"])
        .done();
    let last = place.run(&["ledger", "status", "--json"]).done().json();
    assert_eq!(last["last_entry"]["event"], "ledger.clock_accepted");
    assert_eq!(last["last_entry"]["actor"], "operator");
    place_order(&place, &[]);
    place.run(&["ledger", "rebuild", "--check"]).done();
    place.run(&["ledger", "rebuild"]).refused(1, &["in use"]);
    assert!(server.stop().0);
}

#[test]
fn another_method_of_cost_is_written_and_stays() {
    let place = Place::new();
    let server = place.serve(&[]);
    place_order(&place, &[]);
    assert!(server.stop().0);
    let rebuilt = place
        .run(&["ledger", "rebuild", "--method", "average", "--json"])
        .done()
        .json();
    assert_eq!(
        (&rebuilt["written"], &rebuilt["differing"]),
        (&"average".into(), &Value::Array(Vec::new()))
    );
    let status = place.run(&["ledger", "status", "--json"]).done().json();
    assert_eq!(status["cost_method"], "average");
    place.run(&["ledger", "rebuild", "--check"]).done();
    // A configuration that says otherwise is told.
    place
        .run_with(
            &[("SANGAM_LEDGER__COST_METHOD", "fifo")],
            &["serve", "--listen", "127.0.0.1:0"],
        )
        .refused(1, &["average", "sangam ledger rebuild --method fifo"]);
    place
        .run(&["ledger", "rebuild", "--method", "lifo"])
        .refused(2, &["lifo"]);
}
