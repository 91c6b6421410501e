//! Tests of the server that other tests rely upon.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::*;

#[test]
fn a_server_starts_with_an_empty_database_and_settings_as_in_production() {
    let server = PostgresServer::shared();
    assert_eq!(
        server.sql("select count(*) from pg_tables where schemaname = 'public'"),
        "0"
    );
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(server.sql(&format!("show {name}")), "on", "{name}");
    }
    assert_eq!(
        server.psql(&server.url(), "select current_user, 1").as_deref(),
        Ok("sangam|1")
    );
}

#[test]
fn settings_of_a_test_go_before_ours() {
    let server = PostgresServer::start_with(&[("synchronous_commit", "off"), ("max_connections", "7")]);
    assert_eq!(server.sql("show synchronous_commit"), "off");
    assert_eq!(server.sql("show max_connections"), "7");
}

#[test]
fn databases_are_apart_and_belong_to_a_role_that_owns_nothing_else() {
    let server = PostgresServer::shared();
    let [one, other] = [server.database(), server.database()];
    assert_ne!(one.name(), other.name());
    let made = server.psql(
        one.url(),
        "create table t (id int); insert into t values (1); select id from t",
    );
    assert_eq!(made.as_deref(), Ok("1"));
    let missing = server
        .psql(other.url(), "select id from t")
        .expect_err("it is empty");
    assert!(missing.contains("relation \"t\" does not exist"), "{missing}");
    let refused = server
        .psql(one.url(), "create role other")
        .expect_err("it is no superuser");
    assert!(refused.contains("permission denied"), "{refused}");
}

#[test]
fn a_wrong_password_is_refused() {
    let server = PostgresServer::shared();
    let url = server.url().replace(PASSWORD, "another");
    let refused = server.psql(&url, "select 1").expect_err("it is wrong");
    assert!(
        refused.contains("password authentication failed for user \"sangam\""),
        "{refused}"
    );
}

#[test]
fn what_was_confirmed_is_there_after_a_kill_and_after_a_stop() {
    let mut server = PostgresServer::start();
    server.sql("create table t (id int)");
    server.sql("insert into t values (1)");
    server.kill();
    let refused = server.psql(&server.url(), "select 1").expect_err("it is killed");
    assert!(refused.contains("Connection refused"), "{refused}");
    server.restart();
    assert!(server.keeper.said().contains("automatic recovery in progress"));
    server.sql("insert into t values (2)");
    server.stop();
    assert!(server.psql(&server.url(), "select 1").is_err());
    server.restart();
    assert!(server.keeper.said().contains("database system was shut down"));
    // While it runs, and while it is frozen.
    server.restart();
    server.freeze();
    server.restart();
    assert_eq!(
        server.sql("select string_agg(id::text, ',' order by id) from t"),
        "1,2"
    );
    server.freeze();
    server.stop();
    assert!(server.psql(&server.url(), "select 1").is_err());
}

#[test]
fn a_frozen_server_keeps_its_connections_and_answers_when_thawed() {
    let mut server = PostgresServer::start();
    let mut client = Command::new(TEMPLATE.programs.path("psql"))
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--dbname",
        ])
        .arg(server.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`psql` starts");
    let mut questions = client.stdin.take().expect("stdin was asked for as a pipe");
    let answers = BufReader::new(client.stdout.take().expect("stdout was asked for as a pipe"));
    let (sender, answered) = channel();
    let reader = std::thread::spawn(move || {
        for line in answers.lines() {
            sender.send(line.expect("text")).expect("the test listens");
        }
    });
    let soon = Duration::from_secs(60);
    writeln!(questions, "select 1;").expect("written");
    assert_eq!(answered.recv_timeout(soon).as_deref(), Ok("1"));
    server.freeze();
    writeln!(questions, "select 2;").expect("written");
    // An answer from a running server takes a millisecond.
    assert!(answered.recv_timeout(Duration::from_millis(300)).is_err());
    server.thaw();
    assert_eq!(answered.recv_timeout(soon).as_deref(), Ok("2"));
    drop(questions);
    assert!(client.wait().expect("it ends").success());
    reader.join().expect("nothing but two answers");
}
