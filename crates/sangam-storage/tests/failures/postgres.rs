//! Databases that refuse: each time it is said where, why and what to do, and never with the password.

use std::error::Error as _;
use std::time::Duration;

use futures::future::join_all;
use sangam_core::ports::{Ledger, LedgerError, OrderFilter};
use sangam_storage::{PostgresSettings, SqlLedger};
use sangam_testkit::{PostgresServer, samples};
use sqlx::{Connection as _, PgConnection};

use crate::support::{big_order, raw, verified};

/// The password of the tests' servers.
const PASSWORD: &str = "test-password";

pub(crate) fn settings(url: &str) -> PostgresSettings {
    PostgresSettings::of_url(url).expect("an address")
}

pub(crate) async fn connect(url: &str) -> SqlLedger {
    SqlLedger::connect(settings(url)).await.expect("opens")
}

async fn refused(settings: PostgresSettings) -> LedgerError {
    let opened = SqlLedger::connect(settings).await;
    opened.map(drop).expect_err("must not open")
}

pub(crate) async fn by_hand(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("connects")
}

/// The error names the place and the way out, nothing was written, and nowhere in it is the password.
pub(crate) fn check(error: &LedgerError, place: &str, way_out: &str) {
    assert!(matches!(error, LedgerError::NotWritten { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(place), "{text}");
    assert!(text.contains(way_out), "{text}");
    silent(error);
}

/// Nowhere in it is the password.
pub(crate) fn silent(error: &LedgerError) {
    let mut told = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(deeper) = cause {
        told = format!("{told} {deeper} {deeper:?}");
        cause = deeper.source();
    }
    assert!(!told.contains(PASSWORD), "{told}");
    assert!(!told.contains("wrong-words"), "{told}");
}

#[tokio::test]
async fn wrong_log_ins_and_databases_are_named() {
    let server = PostgresServer::shared();
    let address = server.address();
    let url = server.database().url().to_owned();
    let place = settings(&url).name();
    assert!(!place.contains(PASSWORD));

    let wrong = url.replace(PASSWORD, "wrong-words");
    check(&refused(settings(&wrong)).await, &place, "user and password");
    let nobody = format!("postgres://nobody:wrong-words@{address}/sangam");
    let at = format!("nobody@{address}/sangam");
    check(&refused(settings(&nobody)).await, &at, "user and password");
    let nowhere = format!("postgres://sangam:{PASSWORD}@{address}/nowhere");
    let at = format!("{address}/nowhere");
    check(&refused(settings(&nowhere)).await, &at, "create the database");

    server.sql("create role guest login password 'wrong-words'");
    let guest = url.replace(&format!("sangam:{PASSWORD}"), "guest:wrong-words");
    let at = settings(&guest).name();
    check(&refused(settings(&guest)).await, &at, "grant the rights");
}

#[tokio::test]
async fn another_programs_tables_are_left_alone() {
    let database = PostgresServer::shared().database();
    let mut other = by_hand(database.url()).await;
    sqlx::query("create table orders (id integer)")
        .execute(&mut other)
        .await
        .expect("a table");
    let place = settings(database.url()).name();
    check(
        &refused(settings(database.url())).await,
        &place,
        "choose an empty database",
    );
    let tables: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
        .fetch_one(&mut other)
        .await
        .expect("reads");
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn newer_tables_are_refused_and_left_alone() {
    let database = PostgresServer::shared().database();
    connect(database.url()).await.close().await;
    let mut newer = by_hand(database.url()).await;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (99, 'from the future', true, ''::bytea, 0)",
    )
    .execute(&mut newer)
    .await
    .expect("writes");
    let error = refused(settings(database.url())).await;
    assert!(
        matches!(error, LedgerError::NewerSchema { found: 99, known: 3 }),
        "{error:?}"
    );
}

/// A server that does not sync is refused; one that would not by itself is told to.
#[tokio::test]
async fn a_server_that_does_not_sync_is_refused() {
    for setting in [("fsync", "off"), ("full_page_writes", "off")] {
        let server = PostgresServer::start_with(&[setting]);
        let place = settings(&server.url()).name();
        let error = refused(settings(&server.url())).await;
        check(&error, &place, "does not keep commits safe");
        let cause = error.source().expect("a cause").to_string();
        assert!(cause.contains(&format!("{} off", setting.0)), "{cause}");
    }
    let server = PostgresServer::start_with(&[("synchronous_commit", "off")]);
    let ledger = connect(&server.url()).await;
    ledger
        .commit(&[], &samples::audit("a", "b"))
        .await
        .expect("commits");
    // It cannot be undone from outside: a role's own settings come after those of the server and before ours.
    server.sql("alter role sangam set synchronous_commit = off");
    connect(&server.url()).await.close().await;
}

#[tokio::test]
async fn a_server_that_only_reads_by_default_is_written_to() {
    let server = PostgresServer::start();
    let ledger = connect(&server.url()).await;
    ledger
        .commit(&[big_order(1)], &samples::audit("a", "b"))
        .await
        .expect("commits");
    server.sql("alter system set default_transaction_read_only = on");
    server.sql("select pg_reload_conf()");
    let again = connect(&server.url()).await;
    again
        .commit(&[big_order(2)], &samples::audit("a", "b"))
        .await
        .expect("commits");
}

/// Another process that holds the head of the chain: refused within the time, all of a group at once, and reads go on.
#[tokio::test]
async fn books_locked_by_another_process_refuse_until_they_are_free() {
    let database = PostgresServer::shared().database();
    let mut short = settings(database.url());
    short.lock_timeout = Duration::from_millis(200);
    let place = short.name();
    let ledger = SqlLedger::connect(short).await.expect("opens");
    let audit = samples::audit("a", "b");
    ledger.commit(&[big_order(100)], &audit).await.expect("commits");

    let mut other = by_hand(database.url()).await;
    let mut lock = other.begin().await.expect("begins");
    sqlx::query("select * from audit_head for update")
        .execute(&mut *lock)
        .await
        .expect("locks");
    let changes: Vec<_> = (1..=60).map(|seed| [big_order(seed)]).collect();
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    let answers = tokio::time::timeout(Duration::from_secs(10), commits).await;
    for answer in answers.expect("not once a commit") {
        check(&answer.expect_err("locked"), &place, "another process");
    }
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads go on");
    assert_eq!(orders.len(), 1);
    lock.rollback().await.expect("unlocks");
    let commits = join_all(changes.iter().map(|change| ledger.commit(change, &audit)));
    for answer in commits.await {
        answer.expect("free again");
    }
    assert_eq!(verified(&ledger).await, Ok(61));
}

#[tokio::test]
async fn a_new_database_opened_by_several_at_once_is_one_ledger() {
    let database = PostgresServer::shared().database();
    let ledgers = join_all((0..6).map(|_| connect(database.url()))).await;
    let commits = (1..).zip(&ledgers).map(async |(seed, ledger): (u8, &SqlLedger)| {
        ledger
            .commit(&[big_order(seed)], &samples::audit("a", "b"))
            .await
            .expect("commits");
    });
    join_all(commits).await;
    let first = ledgers.first().expect("several");
    assert_eq!(
        first.orders(&OrderFilter::default()).await.expect("reads").len(),
        6
    );
    assert_eq!(verified(first).await, Ok(6));
}

#[tokio::test]
async fn a_row_that_does_not_read_back_is_named() {
    let database = PostgresServer::shared().database();
    let ledger = connect(database.url()).await;
    let audit = samples::audit("a", "b");
    ledger.commit(&[big_order(1)], &audit).await.expect("commits");
    let mut hand = by_hand(database.url()).await;
    for (edit, word) in [
        ("update orders set price = null", "order_type"),
        ("update orders set price = '1e', side = 'BUY'", "price"),
        ("update orders set price = '1', state = 'flying'", "flying"),
        ("update orders set state = 'received', owner = 'a b'", "owner"),
    ] {
        sqlx::query(edit).execute(&mut hand).await.expect("edits");
        let error = ledger.order(samples::uid(1)).await.expect_err("damaged");
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("orders 2611230000001") && text.contains(word),
            "{text}"
        );
    }
    for edit in [
        "update audit set detail = 'e'",
        "delete from audit",
        "truncate audit",
    ] {
        let refused = sqlx::query(edit).execute(&mut hand).await;
        assert!(refused.expect_err(edit).to_string().contains("append-only"));
    }
}

/// The same tables with the same columns in the same order, each of the kind that belongs to the other's.
#[tokio::test]
async fn both_databases_have_the_same_tables() {
    type Columns = Vec<(String, String, String, bool)>;
    let database = PostgresServer::shared().database();
    connect(database.url()).await.close().await;
    let mut server = by_hand(database.url()).await;
    let theirs: Columns = sqlx::query_as(
        "select table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
         from information_schema.columns where table_schema = 'public' and table_name <> '_sqlx_migrations'
         order by table_name, ordinal_position",
    )
    .fetch_all(&mut server)
    .await
    .expect("reads");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    SqlLedger::open(&path).await.expect("opens").close().await;
    let mut file = raw(&path).await;
    // The number of a row may not be null, whatever the table says.
    let ours: Columns = sqlx::query_as(
        "select t.name, c.name, c.type, c.\"notnull\" or (c.pk > 0 and lower(c.type) = 'integer')
         from pragma_table_list t join pragma_table_info(t.name) c
         where t.type = 'table' and t.name not like 'sqlite%' and t.name <> '_sqlx_migrations'
         order by t.name, c.cid",
    )
    .fetch_all(&mut file)
    .await
    .expect("reads");
    let ours: Columns = ours
        .into_iter()
        .map(|(table, column, kind, not_null)| {
            let kind = match kind.to_lowercase().as_str() {
                "integer" => "bigint",
                "blob" => "bytea",
                _ => "text",
            };
            (table, column, kind.to_owned(), not_null)
        })
        .collect();
    assert!(ours.len() > 150, "{}", ours.len());
    let only = |these: &Columns, those: &Columns| -> Columns {
        these.iter().filter(|one| !those.contains(one)).cloned().collect()
    };
    assert_eq!(
        (only(&ours, &theirs), only(&theirs, &ours)),
        (Vec::new(), Vec::new())
    );
    let names = |columns: &Columns| -> Vec<(String, String)> {
        columns
            .iter()
            .map(|(table, column, ..)| (table.clone(), column.clone()))
            .collect()
    };
    let (mut ours, mut theirs) = (names(&ours), names(&theirs));
    ours.sort_by(|one, other| one.0.cmp(&other.0));
    theirs.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(ours, theirs, "in the same order");
}
