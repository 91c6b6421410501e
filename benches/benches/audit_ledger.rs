//! What verifying and exporting the audit chain costs where it is kept: a million entries over 250 days in a SQLite file
//! and in a PostgreSQL database. The entries are those of the bench `audit`, written here by bare SQL.

#[path = "audit/entries.rs"]
mod entries;

use std::collections::BTreeMap;
use std::io::BufWriter;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use entries::{ENTRIES, chain};
use sangam_core::timestamp::Date;
use sangam_storage::{PostgresSettings, SqlLedger};
use sangam_testkit::PostgresServer;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::runtime::Runtime;

/// Rows of one statement.
const ROWS: usize = 500;

async fn fill_sqlite(path: &std::path::Path) -> SqlLedger {
    SqlLedger::open(path).await.expect("opens").close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut file = options.connect().await.expect("connects");
    let (entries, sealed) = chain();
    let mut all = file.begin().await.expect("begins");
    for some in entries.chunks(ROWS) {
        let mut sql = sqlx::QueryBuilder::new("insert into audit ");
        sql.push_values(some, |mut row, entry| {
            row.push_bind(i64::try_from(entry.sequence).expect("small"))
                .push_bind(entry.day.to_string())
                .push_bind(i64::try_from(entry.entry.at.as_nanosecond()).expect("in this century"))
                .push_bind(&entry.entry.actor)
                .push_bind(&entry.entry.event)
                .push_bind(&entry.entry.subject)
                .push_bind(&entry.entry.detail)
                .push_bind(entry.hash.as_bytes().as_slice());
        });
        sql.build().execute(&mut *all).await.expect("writes");
    }
    for day in &sealed {
        let seal = &day.seal;
        sqlx::query("insert into audit_days values (?, ?, ?, ?, ?, ?, null, null)")
            .bind(seal.day.to_string())
            .bind(i64::try_from(seal.first).expect("small"))
            .bind(i64::try_from(seal.entries).expect("small"))
            .bind(seal.root.as_bytes().as_slice())
            .bind(seal.last_hash.as_bytes().as_slice())
            .bind(i64::try_from(day.sealed_at.as_nanosecond()).expect("in this century"))
            .execute(&mut *all)
            .await
            .expect("writes");
    }
    let last = entries.last().expect("there are");
    sqlx::query("update audit_head set sequence = ?, hash = ?")
        .bind(i64::try_from(last.sequence).expect("small"))
        .bind(last.hash.as_bytes().as_slice())
        .execute(&mut *all)
        .await
        .expect("writes");
    all.commit().await.expect("commits");
    file.close().await.expect("closes");
    SqlLedger::open(path).await.expect("opens")
}

async fn fill_postgres(url: &str) -> SqlLedger {
    let settings = || PostgresSettings::of_url(url).expect("an address");
    SqlLedger::connect(settings()).await.expect("opens").close().await;
    let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
    let mut server = options.connect().await.expect("connects");
    let (entries, sealed) = chain();
    let mut all = server.begin().await.expect("begins");
    for some in entries.chunks(ROWS * 8) {
        let texts =
            |of: fn(&sangam_storage::chain::ChainedEntry) -> String| some.iter().map(of).collect::<Vec<_>>();
        sqlx::query(
            "insert into audit select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], \
             $6::text[], $7::text[], $8::bytea[])",
        )
        .bind(some.iter().map(|entry| i64::try_from(entry.sequence).expect("small")).collect::<Vec<_>>())
        .bind(texts(|entry| entry.day.to_string()))
        .bind(
            some.iter()
                .map(|entry| i64::try_from(entry.entry.at.as_nanosecond()).expect("in this century"))
                .collect::<Vec<_>>(),
        )
        .bind(texts(|entry| entry.entry.actor.clone()))
        .bind(texts(|entry| entry.entry.event.clone()))
        .bind(texts(|entry| entry.entry.subject.clone()))
        .bind(texts(|entry| entry.entry.detail.clone()))
        .bind(some.iter().map(|entry| entry.hash.as_bytes().to_vec()).collect::<Vec<_>>())
        .execute(&mut *all)
        .await
        .expect("writes");
    }
    for day in &sealed {
        let seal = &day.seal;
        sqlx::query("insert into audit_days values ($1, $2, $3, $4, $5, $6, null, null)")
            .bind(seal.day.to_string())
            .bind(i64::try_from(seal.first).expect("small"))
            .bind(i64::try_from(seal.entries).expect("small"))
            .bind(seal.root.as_bytes().as_slice())
            .bind(seal.last_hash.as_bytes().as_slice())
            .bind(i64::try_from(day.sealed_at.as_nanosecond()).expect("in this century"))
            .execute(&mut *all)
            .await
            .expect("writes");
    }
    let last = entries.last().expect("there are");
    sqlx::query("update audit_head set sequence = $1, hash = $2")
        .bind(i64::try_from(last.sequence).expect("small"))
        .bind(last.hash.as_bytes().as_slice())
        .execute(&mut *all)
        .await
        .expect("writes");
    all.commit().await.expect("commits");
    sqlx::query("vacuum analyze audit")
        .execute(&mut server)
        .await
        .expect("tidied");
    server.close().await.expect("closes");
    SqlLedger::connect(settings()).await.expect("opens")
}

fn measure(c: &mut Criterion, runtime: &Runtime, name: &str, ledger: &SqlLedger) {
    let mut group = c.benchmark_group("audit_ledger");
    group.sample_size(10).throughput(Throughput::Elements(ENTRIES));
    group.bench_function(format!("verify_a_million_in_{name}"), |b| {
        b.to_async(runtime).iter(async || {
            let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
            assert_eq!(verified.entries, ENTRIES);
        });
    });
    group.bench_function(format!("export_from_{name}"), |b| {
        b.to_async(runtime).iter(async || {
            let file = BufWriter::new(tempfile::tempfile().expect("a file"));
            ledger
                .export_days(Date::MIN..=Date::MAX, file, |_| {})
                .await
                .expect("written")
        });
    });
    group.finish();
}

fn audit_ledger(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = runtime.block_on(fill_sqlite(&folder.path().join("ledger.sqlite")));
    measure(c, &runtime, "sqlite", &ledger);
    let database = PostgresServer::shared().database();
    let ledger = runtime.block_on(fill_postgres(database.url()));
    measure(c, &runtime, "postgres", &ledger);
}

criterion_group!(benches, audit_ledger);
criterion_main!(benches);
