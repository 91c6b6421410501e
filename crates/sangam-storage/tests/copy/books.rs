//! Books with rows in every table, and what a file holds, read past the ledger.

use std::path::Path;
use std::time::Duration;

use sangam_core::ports::{
    Change, FillRecord, HoldingRecord, Ledger, OrderRecord, SessionRecord, StopKind, StopSubject,
    WindowCount, Wishes,
};
use sangam_core::timestamp::Date;
use sangam_core::{AttemptState, Holding};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

/// Tables of the books; those of two leases differ in when they end.
pub(crate) const TABLES: [&str; 18] = [
    "settings",
    "orders",
    "attempts",
    "fills",
    "postings",
    "kept_positions",
    "lots",
    "positions",
    "holdings",
    "holding_days",
    "book_reads",
    "sessions",
    "window_counts",
    "leases",
    "stops",
    "audit_days",
    "audit",
    "audit_head",
];

/// More rows than a page, under a key of several columns, some of them the same in many rows and some in letters that
/// languages sort otherwise than bytes.
pub(crate) const MANY: &str = "with recursive n(i) as (select 0 union all select i + 1 from n where i < 12344)
    insert into window_counts
    select case i % 2 when 0 then 'Account-' else 'account-' end || (i / 4000), 'scope_' || (i % 3), 1 + i / 3, i, i, i from n";

/// Writes something into every table, on two days.
pub(crate) async fn fill(ledger: &SqlLedger) {
    let position = samples::position_record("fyers-1", 4);
    let account = position.account.clone();
    let keyed = OrderRecord {
        client_order_id: Some("chart:1".parse().expect("a key")),
        message: Some("रुपये ₹ \"quoted\"\n".to_owned()),
        ..samples::order_record(1)
    };
    let timed = OrderRecord {
        wishes: Wishes {
            deadline: Some(samples::morning()),
            ..Wishes::default()
        },
        ..samples::order_record(2)
    };
    let mut steps = vec![
        Change::Received(Box::new(keyed)),
        Change::Intended(Box::new(samples::attempt_record(1))),
        Change::AttemptMoved {
            order: samples::uid(1),
            no: sangam_core::AttemptNo::FIRST,
            from: "intent",
            to: AttemptState::Unknown {
                reason: "timeout".to_owned(),
            },
            at: samples::morning(),
        },
        Change::Received(Box::new(timed)),
        Change::CancelRequested {
            order: samples::uid(2),
            at: samples::morning(),
        },
        Change::TermsAwaited {
            order: samples::uid(2),
            terms: Some(Box::new(samples::request())),
            at: samples::morning(),
        },
        Change::Stopped(Box::new(samples::stop(
            StopSubject::Account(account.clone()),
            StopKind::Evidence,
            "-999 \"quoted\"",
        ))),
        Change::PositionsRead {
            account: account.clone(),
            positions: vec![position],
        },
        Change::HoldingsRead {
            account: account.clone(),
            date: day(),
            holdings: vec![holding()],
        },
        Change::SessionSeen(Box::new(SessionRecord {
            account: account.clone(),
            broker: sangam_core::BrokerName::Fyers,
            began_at: samples::morning(),
            expires_at: samples::morning(),
        })),
        Change::WindowsCounted {
            account: account.clone(),
            counts: vec![WindowCount {
                account,
                scope: "orders".to_owned(),
                window_ms: 1_000,
                used: 3,
                quota: 10,
                counted_at: samples::morning(),
            }],
        },
    ];
    for (order, trade) in [("808", "t1"), ("808", "t2"), ("809", "t1")] {
        steps.push(Change::Filled(Box::new(FillRecord {
            order: (order == "808").then(|| samples::uid(1)),
            ..samples::fill_record(order, trade)
        })));
    }
    for step in steps {
        let audit = samples::audit("a.step", "books");
        ledger.commit(&[step], &audit).await.expect("commits");
    }
    let mut tomorrow = samples::audit("lease.taken", "main");
    tomorrow.at = tomorrow
        .at
        .checked_add(Duration::from_hours(24))
        .expect("a day later");
    let group = "main".parse().expect("a group");
    ledger
        .take_lease(&group, "mumbai-1", Duration::from_mins(10), &tomorrow)
        .await
        .expect("it is free");
}

fn day() -> Date {
    samples::fill_record("808", "t1").trading_date
}

fn holding() -> HoldingRecord {
    HoldingRecord {
        account: "fyers-1".parse().expect("an account"),
        broker: sangam_core::BrokerName::Fyers,
        holding: Holding {
            instrument: samples::book_instrument(),
            isin: Some("INE002A01018".to_owned()),
            quantity: samples::quantity(7),
            undelivered: samples::quantity(1),
            saleable: samples::quantity(6),
            average_price: Some(samples::price("1400.5")),
            last_price: None,
        },
        read_at: samples::morning(),
    }
}

/// A connection that knows nothing of ledgers.
pub(crate) async fn raw(path: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("a bare connection")
}

/// Does this to a file.
pub(crate) async fn tamper(path: &Path, sql: &'static str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(sql)
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Every row of a table, each value as SQL would write it; without the times leases end at, which no copy keeps.
pub(crate) async fn rows(path: &Path, table: &str) -> Vec<String> {
    let mut connection = raw(path).await;
    let names = format!(
        "select name from pragma_table_info('{table}') where name <> 'expires_at' or '{table}' <> 'leases'"
    );
    let names: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(names))
        .fetch_all(&mut connection)
        .await
        .expect("columns");
    let quoted: Vec<_> = names.iter().map(|name| format!("quote({name})")).collect();
    let all = format!(
        "select {} as line from {table} order by line",
        quoted.join(" || '|' || ")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(all))
        .fetch_all(&mut connection)
        .await
        .expect("rows");
    rows.iter().map(|row| row.get("line")).collect()
}

/// Two files hold the same.
pub(crate) async fn same(one: &Path, other: &Path) {
    for table in TABLES {
        assert_eq!(rows(one, table).await, rows(other, table).await, "{table}");
    }
}
