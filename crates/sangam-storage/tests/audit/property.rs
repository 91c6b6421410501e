//! Whatever history, whatever is done to its file.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use sangam_core::Timestamp;
use sangam_core::ports::{AuditEntry, Ledger as _};
use sangam_storage::chain::Verified;
use tokio::runtime::{Builder, Runtime};

use crate::damage::{Damage, damages};
use crate::days::at;
use crate::place::Place;

const TEXTS: &[&str] = &[
    "",
    "a",
    "aa",
    r#"{"n":1}"#,
    "\"\\",
    "\n\u{7f}\u{2028}",
    "a\0",
    "₹ é",
];

/// Entries over some days, on a clock that goes back at times.
fn histories() -> impl Strategy<Value = Vec<AuditEntry>> {
    let step = prop_oneof![
        6 => 0_i64..3_600_000_000_000,
        3 => 0_i64..200_000_000_000_000,
        1 => -90_000_000_000_000_i64..0,
    ];
    let text = || prop::sample::select(TEXTS).prop_map(str::to_owned);
    prop::collection::vec((step, text(), text(), text(), text()), 1..25).prop_map(|steps| {
        let mut now = at(0).as_nanosecond();
        let entries = steps.into_iter().map(|(step, actor, event, subject, detail)| {
            now += i128::from(step);
            let at = Timestamp::from_nanosecond(now).expect("an instant");
            AuditEntry {
                at,
                actor,
                event,
                subject,
                detail,
            }
        });
        entries.collect()
    })
}

/// Writes it by commits, and closes the books.
async fn written(history: &[AuditEntry]) -> (Place, Verified) {
    let place = Place::file();
    let ledger = place.open().await;
    for entry in history {
        ledger.commit(&[], entry).await.expect("commits");
    }
    let verified = ledger.verify_chain(BTreeMap::new(), |_| {}).await.expect("right");
    ledger.close().await;
    (place, verified)
}

/// All there is, as text.
async fn contents(place: &Place) -> String {
    let ledger = place.open().await;
    let entries = ledger.chained(0, u32::MAX).await;
    let days = ledger.sealed_days().await;
    let head = ledger.chain_head().await;
    ledger.close().await;
    format!("{entries:?} {days:?} {head:?}")
}

async fn is_found(place: &Place, was: &Verified, damage: &Damage) -> Result<(), TestCaseError> {
    let entries = usize::try_from(was.entries).expect("few");
    let sealed = was
        .sealed
        .last()
        .map_or(0, |seal| usize::try_from(seal.last()).expect("few"));
    let sql = damage.sql(entries, was.sealed.len());
    let damaged = place.copy();
    damaged.tamper(&sql).await;
    if contents(&damaged).await == contents(place).await {
        return Ok(());
    }
    let found = damaged.verify().await;
    if !damage.only_a_root_shows_it(entries, sealed) {
        prop_assert!(found.is_err(), "{damage:?}: {sql}: {found:?}");
    }
    // Whatever it was, a root of the newest day that was kept elsewhere shows it too, unless only marks were changed.
    if let (Ok(_), Some(open)) = (&found, &was.open) {
        let ledger = damaged.open().await;
        let found = ledger
            .verify_chain(BTreeMap::from([(open.day, open.root)]), |_| {})
            .await;
        prop_assert!(found.is_err(), "{damage:?}: {sql}: {found:?}");
    }
    Ok(())
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_done_to_the_file_is_found(history in histories(), damages in prop::collection::vec(damages(), 8)) {
        runtime().block_on(async {
            let (place, was) = written(&history).await;
            prop_assert_eq!(was.entries, u64::try_from(history.len()).expect("few"));
            for damage in &damages {
                is_found(&place, &was, damage).await?;
            }
            Ok(())
        })?;
    }
}
