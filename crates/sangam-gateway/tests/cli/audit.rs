//! `sangam audit`: on a day of orders, on days gone by, and on books and exports that somebody has put a hand to.

use std::fs;
use std::path::PathBuf;

use sangam::SystemClock;
use sangam::books::SqlLedger;
use sangam::core::ports::{AuditEntry, Ledger as _};
use sangam::core::timestamp::{Date, Timestamp};
use sangam::core::{Clock as _, IST};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use crate::program::{Place, mode};

const A_DAY: i64 = 86_400;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn books(place: &Place) -> PathBuf {
    place.path("sangam-data").join(sangam::books::FILE)
}

/// So many days before now, and its Indian date.
fn ago(days: i64) -> (Timestamp, Date) {
    let second = SystemClock::new().now().as_second() - days * A_DAY;
    let at = Timestamp::from_second(second).expect("an instant");
    (at, IST::date(at))
}

/// Books with two entries on each of these days, oldest first.
fn with_days(days_ago: &[i64]) -> Place {
    let place = Place::new();
    runtime().block_on(async {
        let ledger = SqlLedger::open(books(&place)).await.expect("opens");
        for days in days_ago {
            for n in 0..2 {
                let entry = AuditEntry {
                    at: ago(*days).0,
                    actor: "desk".to_owned(),
                    event: "order.received".to_owned(),
                    subject: format!("order {n} of {days} days ago"),
                    detail: r#"{"note":"\u001b[2J"}"#.to_owned(),
                };
                ledger.commit(&[], &entry).await.expect("commits");
            }
        }
        ledger.close().await;
    });
    place
}

/// Bare SQL by somebody who takes the triggers away first.
fn tamper(place: &Place, statements: &str) {
    runtime().block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(books(place));
        let mut file = options.connect().await.expect("connects");
        let triggers =
            "drop trigger if exists audit_is_never_edited; drop trigger if exists audit_is_never_cut;";
        let all = AssertSqlSafe(format!("{triggers} {statements}"));
        file.execute(sqlx::raw_sql(all)).await.expect(statements);
        file.close().await.expect("closes");
    });
}

#[test]
fn a_day_of_orders_is_right_and_each_change_by_hand_is_named() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut order = vec![
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--product",
        "CNC",
    ];
    order.extend(["--quantity", "1", "--json"]);
    let number = place.run(&order).done().json()["orderid"]
        .as_str()
        .expect("a number")
        .to_owned();
    let running = place.run(&["audit", "verify", "--json"]).done().json();
    assert_eq!(running["right"], true);
    let log = place
        .run(&["audit", "log", "--subject", &number, "--json"])
        .done()
        .json();
    let events: Vec<_> = log
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["event"])
        .collect();
    assert!(events.contains(&&Value::from("order.received")), "{log}");
    place
        .run(&["audit", "log", "--subject", "999"])
        .refused(1, &["there is no order 999"]);
    assert!(server.stop().0);

    let told = place.run(&["audit", "verify"]).done();
    assert!(
        told.out.contains("the audit chain is right") && told.out.contains("is open"),
        "{told:?}"
    );
    let verified = place.run(&["audit", "verify", "--json"]).done().json();
    let entries = verified["entries"].as_u64().expect("a number");
    assert!(entries > 4, "{verified}");
    let root = format!(
        "{}={}",
        verified["open"]["day"].as_str().expect("a day"),
        verified["open"]["root"].as_str().expect("a root")
    );
    place.run(&["audit", "verify", "--root", &root]).done();

    let whole = fs::read(books(&place)).expect("reads");
    let cut = format!(
        "delete from audit where sequence = {entries}; update audit_head set sequence = {entries} - 1, hash = (select hash \
         from audit where sequence = {entries} - 1)"
    );
    let said = |sql: &str, args: &[&str], words: &[&str]| {
        fs::write(books(&place), &whole).expect("as it was");
        tamper(&place, sql);
        place
            .run(&[&["audit", "verify"], args].concat())
            .refused(1, words)
    };
    said(
        "update audit set detail = '{}', actor = 'me' where sequence = 2",
        &[],
        &["entry 2 of", "was changed", "ledger.sqlite"],
    );
    said(
        "delete from audit where sequence = 3",
        &[],
        &["entries 3 to 3 are missing"],
    );
    let swap = "update audit set sequence = 99999 where sequence = 2; update audit set sequence = 2 where sequence = 3; update \
                audit set sequence = 3 where sequence = 99999";
    said(swap, &[], &["entry 2 of", "was changed"]);
    said(
        &format!("delete from audit where sequence = {entries}"),
        &[],
        &["the chain is cut"],
    );
    // With the head set back only a root that was kept elsewhere shows it.
    said(&cut, &["--root", &root], &["the root of", "differs"]);
    place.run(&["audit", "verify"]).done();
    let ran = said(
        "update audit set event = 'x' where sequence = 1",
        &["--json"],
        &["entry 1 of"],
    );
    let told = ran.json();
    assert_eq!(told["right"], false);
    assert!(
        told["what"]
            .as_str()
            .is_some_and(|what| what.contains("entry 1 of")),
        "{told}"
    );
}

#[test]
fn days_gone_by_are_exported_and_the_file_is_checked_by_itself() {
    let place = with_days(&[4, 3, 2]);
    let (first, last) = (ago(4).1.to_string(), ago(2).1.to_string());
    let exported = place
        .run(&["audit", "export", "all.jsonl", "--by", "asha", "--json"])
        .done()
        .json();
    assert_eq!(
        (&exported["entries"], &exported["sealed_now"]),
        (&6.into(), &last.as_str().into())
    );
    assert_eq!(mode(&place.path("all.jsonl")), 0o600);
    let roots = place.run(&["audit", "roots", "--json"]).done().json();
    let roots = roots.as_array().expect("a list");
    assert_eq!(roots.len(), 3);
    assert!(
        roots.iter().all(|day| day["exported_at"].is_string()),
        "{roots:?}"
    );
    let table = place.run(&["audit", "roots"]).done().out;
    assert!(
        table.contains(roots[0]["root"].as_str().expect("a root")),
        "{table}"
    );
    let log = place
        .run(&["audit", "log", "--limit", "2", "--json"])
        .done()
        .json();
    assert_eq!(
        (&log[0]["event"], &log[1]["event"]),
        (&"audit.exported".into(), &"day.opened".into())
    );
    assert_eq!(log[0]["actor"], "operator:asha");
    place.run(&["audit", "verify"]).done();

    let root = format!("{first}={}", roots[0]["root"].as_str().expect("a root"));
    let told = place
        .run(&["audit", "verify", "--file", "all.jsonl", "--root", &root])
        .done()
        .out;
    assert!(
        told.contains("6 entries, 1 to 6") && told.contains("held against 1 root"),
        "{told}"
    );
    let other = format!("{first}={}", "0".repeat(64));
    place
        .run(&["audit", "verify", "--file", "all.jsonl", "--root", &other])
        .refused(1, &["the root of", &first]);
    place
        .run(&["audit", "verify", "--root", &root, "--root", &other])
        .refused(1, &["two roots", &first]);
    place
        .run(&["audit", "verify", "--root", "yesterday"])
        .refused(2, &["DAY=ROOT"]);

    let text = fs::read_to_string(place.path("all.jsonl")).expect("reads");
    let damaged = text.replacen("order 1 of", "order 7 of", 1);
    place.write("damaged.jsonl", &damaged);
    place
        .run(&["audit", "verify", "--file", "damaged.jsonl"])
        .refused(1, &["damaged.jsonl", "line 3", "entry 2 of", "was changed"]);
    place.write("cut.jsonl", &text[..text.len() / 2]);
    place
        .run(&["audit", "verify", "--file", "cut.jsonl"])
        .refused(1, &["cut.jsonl", "the export is cut"]);
    place
        .run(&["audit", "verify", "--file", "none.jsonl"])
        .refused(1, &["none.jsonl", "check the name"]);

    place
        .run(&["audit", "export", "all.jsonl"])
        .refused(1, &["all.jsonl is there already"]);
    let (one, today) = (ago(3).1.to_string(), ago(0).1.to_string());
    place
        .run(&["audit", "export", "one.jsonl", "--from", &one, "--to", &one])
        .done();
    place.run(&["audit", "verify", "--file", "one.jsonl"]).done();
    place
        .run(&["audit", "export", "today.jsonl", "--from", &today])
        .refused(1, &["no sealed day"]);
    place
        .run(&["audit", "export", "x", "--from", &last, "--to", &first])
        .refused(1, &["--from", "is after"]);
    let left: Vec<_> = fs::read_dir(place.folder.path())
        .expect("lists")
        .map(|entry| entry.expect("there").file_name())
        .collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().starts_with('.')),
        "no draft is left: {left:?}"
    );
    assert!(!place.path("today.jsonl").exists());
}

#[test]
fn a_running_gateway_goes_on_after_its_books_were_exported() {
    let place = with_days(&[4, 3]);
    let server = place.serve(&[]);
    place.run(&["audit", "export", "all.jsonl"]).done();
    let order = [
        "orders",
        "place",
        "NSE:RELIANCE",
        "--side",
        "buy",
        "--product",
        "CNC",
        "--quantity",
        "1",
    ];
    place.run(&order).done();
    place.run(&["audit", "verify"]).done();
    assert!(server.stop().0);
    let verified = place.run(&["audit", "verify", "--json"]).done().json();
    assert_eq!(verified["sealed"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_broken_chain_is_not_exported() {
    let place = with_days(&[3, 2]);
    tamper(&place, "update audit set subject = 'x' where sequence = 1");
    place
        .run(&["audit", "export", "all.jsonl"])
        .refused(1, &["broken and not exported", "entry 1 of"]);
    assert!(!place.path("all.jsonl").exists());
    let roots = place.run(&["audit", "roots", "--json"]).done().json();
    assert!(roots[0]["exported_at"].is_null());
}

#[test]
fn old_days_go_once_they_are_exported_and_young_ones_stay() {
    let place = with_days(&[2_200, 2_199, 3]);
    let before = ago(2_000).1.to_string();
    let prune = |before: &str| place.run(&["audit", "prune", "--before", before]);
    prune(&before).refused(1, &["was never exported", "keep the file, then prune"]);
    place
        .run(&["audit", "export", "old.jsonl", "--to", &before])
        .done();
    let young = ago(1).1.to_string();
    prune(&young).refused(1, &["entries are kept 5 years", &young]);
    let told = prune(&before).done().out;
    assert!(
        told.contains("entries 1 to 4; the chain now begins with entry 5"),
        "{told}"
    );
    let verified = place.run(&["audit", "verify", "--json"]).done().json();
    assert_eq!(verified["after"]["entry"], 4);
    place.run(&["audit", "verify", "--file", "old.jsonl"]).done();
    prune(&before).refused(1, &["no day before", &before]);
    let gone = ago(2_200).1.to_string();
    place
        .run(&["audit", "export", "x.jsonl", "--from", &gone])
        .refused(1, &["was pruned", "begin after it"]);
    place.run(&["audit", "export", "rest.jsonl"]).done();
    // From broken books nothing is taken.
    tamper(&place, "update audit set subject = 'x' where sequence = 5");
    prune(&before).refused(1, &["nothing is pruned", "entry 5 of"]);
}

#[test]
fn entries_are_shown_to_people_without_moving_their_cursor() {
    let place = with_days(&[3, 2]);
    let table = place.run(&["audit", "log", "--limit", "3"]).done().out;
    let rows: Vec<_> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(
        rows[0].starts_with("    4") && rows[0].contains("order 1 of 2 days ago"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "{table}");
    let day = ago(3).1.to_string();
    let of_a_day = place
        .run(&["audit", "log", "--from", &day, "--to", &day, "--json"])
        .done()
        .json();
    assert_eq!(of_a_day.as_array().map(Vec::len), Some(2));
    let of_one = place
        .run(&["audit", "log", "--subject", "order 0 of 2 days ago", "--json"])
        .done()
        .json();
    assert_eq!(of_one[0]["entry"], 3);
    place
        .run(&["audit", "log", "--from", "Monday"])
        .refused(2, &["--from", "2026-11-23"]);
}

#[test]
fn no_books_are_made_by_looking() {
    let place = Place::new();
    for command in [
        &["audit", "verify"][..],
        &["audit", "roots"],
        &["audit", "export", "x.jsonl"],
    ] {
        place
            .run(command)
            .refused(1, &["there are no books", "--data-dir"]);
    }
    assert!(!place.path("sangam-data").exists());
}
