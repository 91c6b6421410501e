//! What is right passes; what was done by hand is found and named, and a root from before tells what nothing else can.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sangam_storage::chain::{ChainHead, Digest, Link};

use crate::days::{THREE_DAYS, at, commit, date, entry};
use crate::place::Place;

#[tokio::test]
async fn what_was_committed_is_right() {
    for place in Place::each() {
        let ledger = place.open().await;
        let empty = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
        assert_eq!((empty.head, empty.open), (ChainHead::EMPTY, None));
        commit(&ledger, &THREE_DAYS).await;
        let heard = Mutex::new(Vec::new());
        let hear = |progress| heard.lock().expect("whole").push(progress);
        let verified = ledger.verify_chain(BTreeMap::new(), hear).await.expect("right");
        assert_eq!((verified.after, verified.entries), (Link::GENESIS, 7));
        assert_eq!(verified.head, ledger.chain_head().await.expect("reads"));
        let days: Vec<_> = verified
            .sealed
            .iter()
            .map(|seal| (seal.day, seal.entries))
            .collect();
        assert_eq!(days, [(date("2026-11-23"), 3), (date("2026-11-24"), 2)]);
        assert_eq!(verified.open.map(|open| open.entries), Some(2));
        let heard = heard.into_inner().expect("whole");
        assert!(heard.is_sorted_by_key(|progress| progress.done), "{heard:?}");
        assert_eq!(heard.last().map(|last| (last.done, last.of)), Some((7, 7)));
    }
}

#[tokio::test]
async fn it_is_verified_while_others_write() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let (other, more) = (place.open().await, [172_802; 30]);
    let writing = commit(&other, &more);
    let verifying = async {
        for _ in 0..10 {
            let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
            assert!(verified.entries >= 7);
        }
    };
    tokio::join!(writing, verifying);
    let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    assert_eq!(verified.entries, 37);
}

/// What may be done by hand, and what is said of it.
const DAMAGES: &[(&str, &str)] = &[
    (
        "update audit set detail = '{}' where sequence = 4",
        "entry 4 of 2026-11-24 was changed",
    ),
    (
        "update audit set at = at + 1 where sequence = 1",
        "entry 1 of 2026-11-23 was changed",
    ),
    (
        "delete from audit where sequence in (2, 3)",
        "entries 2 to 3 are missing",
    ),
    (
        "delete from audit where sequence = 7",
        "its last entry is 6, its head says 7",
    ),
    (
        "update audit set sequence = 100 where sequence = 2; update audit set sequence = 2 where sequence = 5; \
         update audit set sequence = 5 where sequence = 100",
        "entry 2 of 2026-11-24 was changed",
    ),
    (
        "update audit set day = '20261123' where sequence = 2",
        "row audit 2 is damaged: day",
    ),
    (
        "update audit_head set hash = (select hash from audit where sequence = 6)",
        "the head of the chain differs",
    ),
    (
        "delete from audit_days where day = '2026-11-24'",
        "2026-11-24 is over and has entries, but no seal",
    ),
    (
        "update audit_days set entries = 1 where day = '2026-11-24'",
        "2026-11-24 is not what was sealed",
    ),
    (
        "update audit_days set sealed_at = sealed_at + 1",
        "the seal of 2026-11-23 was changed",
    ),
    (
        "update audit_days set pruned_at = 1, exported_at = 1 where day = '2026-11-23'; delete from audit where sequence < 4",
        "2026-11-23 is marked as pruned, but no entry says that it was",
    ),
];

#[tokio::test]
async fn what_was_done_by_hand_is_named() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    ledger.close().await;
    for (damage, named) in DAMAGES {
        let damaged = place.copy();
        damaged.tamper(damage).await;
        let said = damaged.said().await;
        assert!(said.contains(named), "{damage}: {said}");
    }
}

/// Some of it: each needs a database of its own.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn what_was_done_by_hand_to_a_server_is_named() {
    for (damage, named) in DAMAGES.iter().step_by(3) {
        let place = Place::server();
        let ledger = place.open().await;
        commit(&ledger, &THREE_DAYS).await;
        ledger.close().await;
        place.tamper(damage).await;
        let said = place.said().await;
        assert!(said.contains(named), "{damage}: {said}");
    }
}

#[tokio::test]
async fn a_cut_with_the_head_set_back_is_told_by_a_root_alone() {
    let head_back = "update audit_head set sequence = 6, hash = (select hash from audit where sequence = 6)";
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    let open = verified.open.expect("a day");
    ledger.close().await;
    place
        .tamper(&format!("delete from audit where sequence = 7; {head_back}"))
        .await;
    place.verify().await.expect("as if the entry had never been");
    let ledger = place.open().await;
    let expected = BTreeMap::from([(open.day, open.root)]);
    let said = ledger
        .verify_chain(expected, |_| {})
        .await
        .expect_err("cut")
        .to_string();
    assert!(
        said.contains(&format!("the root of {} differs", open.day)),
        "{said}"
    );
}

/// A text that goes on behind a character nought is another text.
#[tokio::test]
async fn what_stands_behind_a_nought_is_seen() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    ledger.close().await;
    place
        .tamper("update audit set detail = detail || char(0) || 'x' where sequence = 3")
        .await;
    let said = place.said().await;
    assert!(said.contains("entry 3 of 2026-11-23 was changed"), "{said}");
}

/// SQLite keeps bytes that are no text in a text column; the database's own error names no row.
#[tokio::test]
async fn bytes_that_are_no_text_are_named() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    ledger.close().await;
    place.tamper("delete from audit where sequence = 4; update audit set actor = cast(x'ff' as text) where sequence = 5").await;
    let said = place.said().await;
    assert!(said.contains("audit 5 is damaged"), "{said}");
}

#[tokio::test]
async fn a_root_of_before_is_held_against_all_computed_anew() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let sealed = ledger.sealed_days().await.expect("reads");
    let roots: BTreeMap<_, _> = sealed.iter().map(|day| (day.seal.day, day.seal.root)).collect();
    ledger.verify_chain(roots.clone(), |_| {}).await.expect("right");
    let other = BTreeMap::from([(date("2026-11-23"), Digest([7; 32]))]);
    let said = ledger
        .verify_chain(other, |_| {})
        .await
        .expect_err("another")
        .to_string();
    assert!(said.contains("the root of 2026-11-23 differs"), "{said}");
    let never = BTreeMap::from([(date("2026-11-20"), Digest([7; 32]))]);
    let said = ledger
        .verify_chain(never, |_| {})
        .await
        .expect_err("none")
        .to_string();
    assert!(said.contains("2026-11-20, which has no entries here"), "{said}");

    // The books of somebody who wrote them anew, without one entry.
    let forged = Place::file();
    let ledger = forged.open().await;
    commit(&ledger, &[0, 2, 86_400, 86_401, 172_800, 172_801]).await;
    ledger
        .verify_chain(BTreeMap::new(), |_| {})
        .await
        .expect("right in itself");
    let said = ledger
        .verify_chain(roots, |_| {})
        .await
        .expect_err("forged")
        .to_string();
    assert!(said.contains("the root of 2026-11-23 differs"), "{said}");
}

#[tokio::test]
async fn a_time_that_cannot_be_kept_leaves_the_chain_right() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let late = sangam_core::Timestamp::MAX;
    let refused = ledger.open_day("operator", late).await.expect_err("refused");
    assert!(refused.to_string().contains("set the clock"), "{refused}");
    let wrong = sangam_core::ports::AuditEntry { at: late, ..entry(0) };
    assert!(ledger.accept_clock(wrong).await.is_err());
    ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    assert_eq!(
        ledger
            .open_day("operator", at(172_900))
            .await
            .expect("nothing to do"),
        None
    );
    assert_eq!(ledger.chain_head().await.expect("reads").sequence, 7);
}
