//! Everything that can be asked of books.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use sangam_core::ports::{Ledger, OrderFilter};
use sangam_storage::chain::Verifier;
use sangam_storage::{KeptPosition, MemoryLedger, SqlLedger};
use sangam_testkit::samples;

/// Everything that can be asked, as one text.
pub(crate) async fn asked(ledger: &dyn Ledger) -> String {
    let mut told = Vec::new();
    for open_only in [false, true] {
        for since in [None, Some(samples::morning())] {
            for limit in [None, Some(2)] {
                let filter = OrderFilter {
                    since,
                    open_only,
                    limit,
                };
                told.push(format!("{:#?}", ledger.orders(&filter).await.expect("reads")));
            }
        }
    }
    for seed in 1..4 {
        let uid = samples::uid(seed);
        told.push(format!("{:#?}", ledger.order(uid).await.expect("reads")));
        told.push(format!("{:#?}", ledger.attempts(uid).await.expect("reads")));
        told.push(format!("{:#?}", ledger.fills_of(uid).await.expect("reads")));
    }
    for key in ["k1", "k2", "k3"] {
        let (owner, key) = ("asha".parse().expect("an owner"), key.parse().expect("a key"));
        let found = ledger.order_by_client_id(&owner, &key).await;
        told.push(format!("{:#?}", found.expect("reads")));
    }
    for id in ["b1", "b2", "b3"] {
        let account = samples::attempt_record(1).account;
        let found = ledger
            .order_by_broker_id(&account, &id.parse().expect("an id"))
            .await;
        told.push(format!("{:#?}", found.expect("reads")));
    }
    let date = samples::fill_record("b1", "t1").trading_date;
    told.push(format!("{:#?}", ledger.open_attempts().await.expect("reads")));
    for days in 0..3_i64 {
        let fills = ledger.fills(date.saturating_sub(days.days())).await;
        told.push(format!("{:#?}", fills.expect("reads")));
    }
    told.push(format!("{:#?}", ledger.positions().await.expect("reads")));
    told.push(format!("{:#?}", ledger.holdings().await.expect("reads")));
    told.push(format!("{:#?}", ledger.sessions().await.expect("reads")));
    told.push(format!("{:#?}", ledger.window_counts().await.expect("reads")));
    told.push(format!("{:#?}", ledger.stops().await.expect("reads")));
    // Leases end by different clocks.
    for lease in ledger.leases().await.expect("reads") {
        told.push(format!("{} {} {}", lease.group, lease.holder, lease.epoch));
    }
    told.push(format!("{:#?}", ledger.audit_of("a step").await.expect("reads")));
    told.join("\n")
}

/// What the two offer beyond the port is the same: the chain to the last hash, its seals, and the positions kept from fills.
pub(crate) async fn same_beyond_the_port(books: &SqlLedger, memory: &MemoryLedger) {
    let (entries, days) = memory.chain();
    assert_eq!(books.chained(1, u32::MAX).await.expect("reads"), entries);
    let sealed = books.sealed_days().await.expect("reads");
    assert_eq!(sealed, days);
    let mut verifier = Verifier::new(&sealed, BTreeMap::new()).expect("seals in order");
    for entry in &entries {
        verifier.push(entry).expect("an entry of the chain");
    }
    let head = books.chain_head().await.expect("reads");
    verifier.finish(&head).expect("the whole chain");

    // Lots are not read with them; `check_positions` compares those.
    let bare = |mut kept: Vec<KeptPosition>| {
        kept.iter_mut().for_each(|kept| kept.lots.clear());
        kept.sort_by(|one, other| one.key.cmp(&other.key));
        kept
    };
    let kept = books.kept_positions().await.expect("reads");
    assert_eq!(bare(kept), bare(memory.kept_positions()));
    let checked = books.check_positions().await.expect("reads");
    assert_eq!(checked.differing, []);
    assert_eq!(checked.positions, memory.kept_positions().len() as u64);
}
