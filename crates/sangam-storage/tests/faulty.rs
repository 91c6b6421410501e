//! The fault-injecting wrapper tells the truth about what its ledger kept.

use sangam_core::ports::{Change, Ledger, LedgerError};
use sangam_storage::MemoryLedger;
use sangam_testkit::{CommitFault, FaultyLedger, samples};

#[tokio::test]
async fn faults_are_what_they_say() {
    let ledger = FaultyLedger::new(MemoryLedger::new());
    ledger.suffer([
        Some(CommitFault::Refused),
        Some(CommitFault::Lost),
        None,
        Some(CommitFault::ReplyLost),
    ]);
    let expected = [
        ("not written", false),
        ("unknown", false),
        ("written", true),
        ("unknown", true),
        ("written", true),
    ];
    for (seed, (word, kept)) in (1..).zip(expected) {
        let change = Change::Received(Box::new(samples::order_record(seed)));
        let answer = ledger.commit(&[change], &samples::audit("a", "b")).await;
        let told = match answer {
            Ok(_) => "written",
            Err(LedgerError::NotWritten { .. }) => "not written",
            Err(LedgerError::Store { .. }) => "unknown",
            Err(other) => panic!("{other:?}"),
        };
        let there = ledger.order(samples::uid(seed)).await.expect("reads").is_some();
        assert_eq!((told, there), (word, kept), "commit {seed}");
    }
}
