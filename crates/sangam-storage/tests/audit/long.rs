//! A day of more entries than are read at once.

use std::collections::BTreeMap;

use sangam_core::timestamp::Date;
use sangam_storage::chain::{ChainedEntry, Link, OpenDay, verify_export};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::days::entry;
use crate::place::Place;

const ENTRIES: i64 = 9_000;

/// A long Monday and one entry on Tuesday, written by bare SQL.
async fn long_day() -> Place {
    let place = Place::file();
    place.open().await.close().await;
    let mut entries: Vec<ChainedEntry> = Vec::new();
    for second in (0..ENTRIES).chain([86_400]) {
        let after = entries.last().map_or(Link::GENESIS, ChainedEntry::link);
        entries.push(after.next(entry(second)));
    }
    let (last, monday) = entries.split_last().expect("there are");
    let mut day = OpenDay::begin(&monday[0]);
    monday[1..].iter().for_each(|entry| day.push(&entry.hash));
    let seal = day.seal();

    let path = place.file_path().expect("it was just made as a file");
    let mut file = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("connects");
    let mut all = file.begin().await.expect("begins");
    let whole = |value: u64| i64::try_from(value).expect("small");
    let instant = |at: sangam_core::Timestamp| i64::try_from(at.as_nanosecond()).expect("in this century");
    for some in entries.chunks(500) {
        let mut sql = sqlx::QueryBuilder::new("insert into audit ");
        sql.push_values(some, |mut row, entry| {
            row.push_bind(whole(entry.sequence))
                .push_bind(entry.day.to_string())
                .push_bind(instant(entry.entry.at))
                .push_bind(&entry.entry.actor)
                .push_bind(&entry.entry.event)
                .push_bind(&entry.entry.subject)
                .push_bind(&entry.entry.detail)
                .push_bind(entry.hash.as_bytes().as_slice());
        });
        sql.build().execute(&mut *all).await.expect("writes");
    }
    sqlx::query("insert into audit_days values (?, ?, ?, ?, ?, ?, null, null)")
        .bind(seal.day.to_string())
        .bind(whole(seal.first))
        .bind(whole(seal.entries))
        .bind(seal.root.as_bytes().as_slice())
        .bind(seal.last_hash.as_bytes().as_slice())
        .bind(instant(last.entry.at))
        .execute(&mut *all)
        .await
        .expect("writes");
    sqlx::query("update audit_head set sequence = ?, hash = ?")
        .bind(whole(last.sequence))
        .bind(last.hash.as_bytes().as_slice())
        .execute(&mut *all)
        .await
        .expect("writes");
    all.commit().await.expect("commits");
    file.close().await.expect("closes");
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_day_is_read_in_parts() {
    let place = long_day().await;
    let ledger = place.open().await;
    let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    assert_eq!(verified.entries, 9_001);
    let (file, written) = ledger
        .export_days(Date::MIN..=Date::MAX, Vec::new(), |_| {})
        .await
        .expect("written");
    assert_eq!(written.entries, 9_000);
    assert_eq!(
        verify_export(file.as_slice(), BTreeMap::new()).expect("accepted"),
        written
    );
    ledger.close().await;
    // Where the parts meet, and over where they do.
    for (first, last) in [
        (512, 512),
        (513, 513),
        (510, 515),
        (4_096, 4_096),
        (4_097, 4_097),
        (4_000, 8_500),
    ] {
        let damaged = place.copy();
        damaged
            .tamper(&format!(
                "delete from audit where sequence between {first} and {last}"
            ))
            .await;
        let said = damaged.said().await;
        assert_eq!(
            said,
            format!("the audit chain is broken: entries {first} to {last} are missing")
        );
    }
}
