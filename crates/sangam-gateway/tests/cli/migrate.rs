//! `sangam migrate` on a real PostgreSQL: there and back, and everything that goes wrong on the way.

use std::process::Stdio;
use std::time::Duration;

use sangam_testkit::PostgresServer;
use serde_json::Value;

use crate::books::{count, place_order, tables};
use crate::program::Place;

/// Longest a condition may take to come true; it takes milliseconds.
const LOOKS: usize = 2_000;

/// A folder with the books of a short day.
fn traded() -> Place {
    let place = Place::new();
    let server = place.serve(&[]);
    place_order(&place, &[]);
    place_order(&place, &[]);
    assert!(server.stop().0);
    place
}

#[test]
fn there_and_back_nothing_is_lost() {
    let place = traded();
    let before = place.run(&["backup", "before.sqlite", "--json"]).done().json();
    let database = PostgresServer::shared().database();
    let env = [("SANGAM_MIGRATE_TO", database.url())];
    let ran = place.run_with(&env, &["migrate"]).done();
    for word in [
        "each the same",
        "SANGAM_LEDGER_URL='postgres://sangam:PASSWORD@",
        "[ledger]",
        "stay as they are",
    ] {
        assert!(ran.out.contains(word), "{word}: {ran:?}");
    }
    assert!(
        !ran.out.contains("test-password") && !ran.err.contains("test-password"),
        "{ran:?}"
    );

    let ledger = [("SANGAM_LEDGER_URL", database.url())];
    let status = place
        .run_with(&ledger, &["ledger", "status", "--json"])
        .done()
        .json();
    assert_eq!(status["last_entry"]["event"], "ledger.migrated");
    assert!(
        status["place"]
            .as_str()
            .is_some_and(|place| place.starts_with("postgres://sangam@")),
        "{status}"
    );
    place.run_with(&ledger, &["ledger", "rebuild", "--check"]).done();
    // The old books know of it, too.
    let old = place.run(&["ledger", "status", "--json"]).done().json();
    assert_eq!(old["last_entry"], status["last_entry"]);
    assert_eq!(tables(&old), tables(&status));

    // A gateway trades by them.
    let server = place.serve_with(&ledger, &[]);
    assert_eq!(
        place
            .run(&["orders", "list", "--json"])
            .done()
            .json()
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    place_order(&place, &[]);
    assert!(server.stop().0);

    let back = place
        .run_with(&ledger, &["migrate", "--to", "back.sqlite", "--json"])
        .done()
        .json();
    assert_eq!(count(&back, "orders"), 3);
    let again = place
        .run(&["--data-dir", "again", "restore", "back.sqlite", "--json"])
        .done()
        .json();
    for table in [
        "attempts",
        "fills",
        "postings",
        "kept_positions",
        "lots",
        "sessions",
    ] {
        assert_eq!(count(&again, table), count(&back, table), "{table}");
    }
    assert!(count(&back, "fills") >= count(&before, "fills"));
    place
        .run_with(&ledger, &["migrate", "--to", "back.sqlite"])
        .refused(1, &["is there already"]);
    place
        .run_with(&env, &["migrate"])
        .refused(1, &["holds books already"]);
}

#[test]
fn what_is_wrong_with_the_other_place_is_told_without_the_password() {
    let place = traded();
    let server = PostgresServer::shared();
    let database = server.database();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    let right = database.url();
    let cases = [
        (
            right.replace("test-password", "wrong-password"),
            "refused the log-in",
        ),
        (
            right.replace(database.name(), "no_such_database"),
            "create the database",
        ),
        (
            right.replace(&format!(":{}/", server.port()), &format!(":{port}/")),
            "cannot be reached",
        ),
        (
            "postgres://sangam:test-password@db".to_owned(),
            "no place for books",
        ),
        (
            "mysql://sangam:test-password@db/books".to_owned(),
            "no place for books",
        ),
    ];
    for (to, word) in &cases {
        let ran = place.run(&["migrate", "--to", to]).refused(1, &[word]);
        for text in [&ran.out, &ran.err] {
            assert!(
                !text.contains("test-password") && !text.contains("wrong-password"),
                "{ran:?}"
            );
        }
    }
    // A gateway that runs would write what the copy has not.
    let running = place.serve(&[]);
    place
        .run(&["migrate", "--to", right])
        .refused(1, &["in use", &running.id().to_string()]);
    assert!(running.stop().0);
    place.run(&["migrate", "--to", right]).done();
}

/// The program and the server, each killed while rows are written: the database is empty both times, and whole in the end.
#[test]
fn whoever_dies_in_the_middle_the_database_has_all_or_nothing() {
    let place = traded();
    let mut server = PostgresServer::start();
    let url = server.url();
    let env = [("SANGAM_MIGRATE_TO", url.as_str())];
    let ledger = [("SANGAM_LEDGER_URL", url.as_str())];
    let is_empty = |place: &Place| {
        let status = place
            .run_with(&ledger, &["ledger", "status", "--json"])
            .done()
            .json();
        assert_eq!(
            (count(&status, "orders"), count(&status, "audit")),
            (0, 0),
            "{status}"
        );
        assert_eq!(status["last_entry"], Value::Null);
    };
    is_empty(&place);
    server.sql(
        "create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return new; end $$;
         create trigger wait before insert on fills for each row execute function wait();",
    );
    for kills_server in [false, true] {
        let mut child = place
            .command(&["migrate"])
            .envs(env)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let waits = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
        let mut looks = 0;
        while server.sql(waits) != "1" {
            looks += 1;
            assert!(looks < LOOKS, "it writes fills");
        }
        if kills_server {
            server.kill();
            let ran: crate::program::Ran = child.wait_with_output().expect("it ends").into();
            let ran = ran.refused(1, &["postgres://sangam@"]);
            assert!(!ran.err.contains("test-password"), "{ran:?}");
            server.restart();
        } else {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
            // The server notices only when it next speaks to whoever is gone.
            server.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
        }
        is_empty(&place);
    }
    server.sql("drop trigger wait on fills");
    place.run_with(&env, &["migrate"]).done();
    let status = place
        .run_with(&ledger, &["ledger", "status", "--json"])
        .done()
        .json();
    assert_eq!(count(&status, "orders"), 2);
}

/// A position somebody changed by hand is found, and put right from its fills.
#[test]
fn positions_are_held_against_their_fills() {
    let server = PostgresServer::start();
    let url = server.url();
    let ledger = [("SANGAM_LEDGER_URL", url.as_str())];
    let place = Place::new();
    let gateway = place.serve_with(&ledger, &[]);
    place_order(&place, &[]);
    assert!(gateway.stop().0);
    let check = || place.run_with(&ledger, &["ledger", "rebuild", "--check"]);
    let right = check().done().out;
    assert!(right.contains("0 are kept otherwise"), "{right}");
    server.sql("update kept_positions set net = net + 5");
    let wrong = check().refused(1, &["1 of 1 positions", "sangam ledger rebuild"]);
    assert!(
        wrong.out.contains("RELIANCE") && wrong.out.contains("net 6"),
        "{wrong:?}"
    );
    let told = place
        .run_with(&ledger, &["ledger", "rebuild", "--json"])
        .done()
        .json();
    assert_eq!(told["differing"].as_array().map(Vec::len), Some(1), "{told}");
    check().done();
    let status = place
        .run_with(&ledger, &["ledger", "status", "--json"])
        .done()
        .json();
    assert_eq!(status["last_entry"]["event"], "ledger.rebuilt");
    // Restoring goes into an empty database only.
    place.run_with(&ledger, &["backup", "of-server.sqlite"]).done();
    place
        .run_with(&ledger, &["restore", "of-server.sqlite", "--force"])
        .refused(1, &["holds books already", "empty database"]);
    let empty = PostgresServer::shared().database();
    let other = [("SANGAM_LEDGER_URL", empty.url())];
    place
        .run_with(&other, &["--data-dir", "other", "restore", "of-server.sqlite"])
        .done();
    let restored = place
        .run_with(&other, &["ledger", "status", "--json"])
        .done()
        .json();
    assert_eq!(count(&restored, "orders"), 1);
    assert!(
        restored["leases"][0]["epoch"]
            .as_u64()
            .is_some_and(|epoch| epoch > Duration::from_secs(1_000_000).as_secs()),
        "{restored}"
    );
}
