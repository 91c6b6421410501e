//! Old days go, and the chain is right afterwards from where it now begins.

use std::collections::BTreeMap;
use std::sync::Once;
use std::sync::mpsc::sync_channel;

use sangam_core::timestamp::Date;
use sangam_storage::SqlLedger;
use sangam_storage::chain::Verified;

use crate::days::{THREE_DAYS, at, commit, date};
use crate::place::Place;

/// Six years later, in seconds.
const LATER: i64 = 6 * 366 * 86_400;

async fn export(ledger: &SqlLedger) -> Verified {
    let all = Date::MIN..=Date::MAX;
    let (_, written) = ledger
        .export_days(all, Vec::new(), |_| {})
        .await
        .expect("written");
    ledger
        .mark_exported(&written, "operator", at(172_802))
        .await
        .expect("marked");
    written
}

#[tokio::test]
async fn old_exported_days_go_and_the_rest_stays_right() {
    for place in Place::each() {
        let ledger = place.open().await;
        commit(&ledger, &THREE_DAYS).await;
        let exported = export(&ledger).await;
        let pruned = ledger
            .prune(date("2026-11-25"), "operator:asha", at(LATER))
            .await
            .expect("pruned");
        assert_eq!(
            (pruned.days, pruned.entries),
            (date("2026-11-23")..=date("2026-11-24"), 1..=5)
        );
        assert!(
            ledger
                .chained(0, 100)
                .await
                .expect("reads")
                .iter()
                .all(|entry| entry.sequence > 5)
        );
        // A root of a pruned day is still held against its seal.
        let roots = BTreeMap::from([(exported.sealed[0].day, exported.sealed[0].root)]);
        let verified = ledger.verify_chain(roots, |_| {}).await.expect("right");
        assert_eq!(verified.after.sequence, 5);
        // What writes afterwards goes on as before, also where the books were opened before the pruning.
        commit(&ledger, &[LATER + 1]).await;
        let said = ledger
            .export_days(Date::MIN..=Date::MAX, Vec::new(), |_| {})
            .await;
        let said = said.map(drop).expect_err("pruned").to_string();
        assert!(said.contains("2026-11-24 was pruned"), "{said}");
        let again = ledger
            .prune(date("2026-11-25"), "operator", at(LATER))
            .await
            .expect_err("none left");
        assert_eq!(
            again.to_string(),
            "nothing is pruned: there is no day before 2026-11-25 to prune"
        );
        ledger.close().await;
        place.verify().await.expect("right");
        // By hand no further day may go.
        place.tamper("update audit_days set pruned_at = 5 where pruned_at is null; delete from audit where sequence <= 8").await;
        let said = place.said().await;
        assert!(
            said.contains("is marked as pruned, but no entry says that it was"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_must_stay_stays_and_is_named() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let refused = async |before: &str, second| {
        let refused = ledger.prune(date(before), "operator", at(second)).await;
        refused.expect_err("refused").to_string()
    };
    assert_eq!(
        refused("2026-11-24", LATER).await,
        "nothing is pruned: 2026-11-23 was never exported: export it, keep the file, then prune"
    );
    export(&ledger).await;
    assert_eq!(
        refused("2026-11-24", 172_803).await,
        "nothing is pruned: entries are kept 5 years: only days before 2021-11-25 may be pruned, not all before 2026-11-24"
    );
    // A day with other entries than were sealed is not pruned half.
    place.tamper("delete from audit where sequence = 4").await;
    let said = refused("2026-11-25", LATER).await;
    assert!(
        said.contains("it has 1 entries, sealed were 2: nothing was pruned"),
        "{said}"
    );
    assert_eq!(ledger.chained(1, 3).await.expect("reads").len(), 3);
    let days = ledger.sealed_days().await.expect("reads");
    assert!(days.iter().all(|day| day.pruned_at.is_none()));
}

/// What was read is held against seals of before, and then days go under the eyes of those who verify.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chain_that_is_pruned_while_it_is_verified_is_right() {
    for place in Place::each() {
        let ledger = place.open().await;
        let days: Vec<_> = (0..60).map(|day| day * 86_400).collect();
        commit(&ledger, &days).await;
        export(&ledger).await;
        let (other, (begun, wait), (done, waited)) = (place.open().await, sync_channel(1), sync_channel(1));
        let pruning = tokio::spawn(async move {
            let begun = tokio::task::spawn_blocking(move || wait.recv()).await;
            begun.expect("ends").expect("it has begun");
            let pruned = other
                .prune(date("2027-01-20"), "operator", at(LATER))
                .await
                .expect("pruned");
            done.send(()).expect("waited for");
            pruned
        });
        let (once, waited) = (Once::new(), std::sync::Mutex::new(waited));
        let hold_up = |_| {
            once.call_once(|| {
                begun.send(()).expect("it waits");
                waited.lock().expect("whole").recv().expect("pruned");
            });
        };
        let verified = ledger
            .verify_chain(BTreeMap::new(), hold_up)
            .await
            .expect("right");
        let pruned = pruning.await.expect("ends");
        assert_eq!(verified.after.sequence, *pruned.entries.end());
    }
}
