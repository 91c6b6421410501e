//! Sealed days out of real books, and the marks that let them be pruned.

use std::collections::BTreeMap;

use sangam_core::timestamp::Date;
use sangam_storage::AuditFilter;
use sangam_storage::chain::verify_export;

use crate::days::{THREE_DAYS, at, commit, date};
use crate::place::Place;

#[tokio::test]
async fn sealed_days_are_exported_and_then_marked() {
    for place in Place::each() {
        let ledger = place.open().await;
        commit(&ledger, &THREE_DAYS).await;
        let (file, written) = ledger
            .export_days(Date::MIN..=Date::MAX, Vec::new(), |_| {})
            .await
            .expect("written");
        assert_eq!(written.sealed.len(), 2, "the open day is not in it");
        let read = verify_export(file.as_slice(), BTreeMap::new()).expect("accepted");
        assert_eq!(read, written);
        assert!(
            ledger
                .sealed_days()
                .await
                .expect("reads")
                .iter()
                .all(|day| day.exported_at.is_none())
        );
        ledger
            .mark_exported(&written, "operator:asha", at(172_802))
            .await
            .expect("marked");
        let days = ledger.sealed_days().await.expect("reads");
        assert!(
            days.iter().all(|day| day.exported_at == Some(at(172_802))),
            "{days:?}"
        );
        let newest = AuditFilter {
            limit: 1,
            ..AuditFilter::default()
        };
        let said = ledger.audit_log(&newest).await.expect("reads").remove(0).entry;
        assert_eq!(
            [said.actor.as_str(), said.event.as_str(), said.subject.as_str()],
            ["operator:asha", "audit.exported", "2026-11-24"]
        );
        ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    }
}

#[tokio::test]
async fn exports_that_follow_each_other_join() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let day = async |day: Date| ledger.export_days(day..=day, Vec::new(), |_| {}).await;
    let (_, monday) = day(date("2026-11-23")).await.expect("written");
    let (file, tuesday) = day(date("2026-11-24")).await.expect("written");
    assert_eq!(monday.head, tuesday.after.head());
    let roots = BTreeMap::from([(tuesday.sealed[0].day, tuesday.sealed[0].root)]);
    verify_export(file.as_slice(), roots).expect("accepted");
    let said = day(date("2026-11-25")).await.expect_err("open").to_string();
    assert!(said.contains("no sealed day"), "{said}");
}

/// Nothing happened today, and yesterday is to be exported.
#[tokio::test]
async fn a_day_is_sealed_by_opening_the_next() {
    for place in Place::each() {
        let ledger = place.open().await;
        assert_eq!(
            ledger.open_day("operator", at(0)).await.expect("nothing to seal"),
            None
        );
        commit(&ledger, &[0, 1]).await;
        assert_eq!(
            ledger.open_day("operator", at(2)).await.expect("the same day"),
            None
        );
        let sealed = ledger.open_day("operator", at(86_400)).await.expect("sealed");
        assert_eq!(sealed, Some(date("2026-11-23")));
        assert_eq!(
            ledger
                .open_day("operator", at(86_401))
                .await
                .expect("open already"),
            None
        );
        let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
        assert_eq!((verified.entries, verified.sealed.len()), (3, 1));
    }
}

#[tokio::test]
async fn a_broken_chain_is_neither_exported_nor_marked() {
    let place = Place::file();
    let ledger = place.open().await;
    commit(&ledger, &THREE_DAYS).await;
    let all = Date::MIN..=Date::MAX;
    let (_, written) = ledger
        .export_days(all.clone(), Vec::new(), |_| {})
        .await
        .expect("written");
    place
        .tamper("update audit set actor = 'x' where sequence = 5")
        .await;
    let said = ledger
        .export_days(all, Vec::new(), |_| {})
        .await
        .expect_err("broken")
        .to_string();
    assert!(said.contains("entry 5 of 2026-11-24 was changed"), "{said}");
    place
        .tamper("update audit_days set entries = 1 where day = '2026-11-24'")
        .await;
    let said = ledger
        .mark_exported(&written, "operator", at(172_802))
        .await
        .expect_err("another")
        .to_string();
    assert!(
        said.contains("2026-11-24 is not in state sealed as exported"),
        "{said}"
    );
}
