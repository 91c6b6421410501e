//! Days of entries, written by real commits.

use sangam_core::Timestamp;
use sangam_core::ports::{AuditEntry, Ledger as _};
use sangam_core::timestamp::Date;
use sangam_storage::SqlLedger;

/// Nine in the morning of Monday, 23 November 2026, India.
const MONDAY: i64 = 1_795_404_600;

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// So many seconds after that.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(MONDAY + second).expect("an instant")
}

pub(crate) fn entry(second: i64) -> AuditEntry {
    AuditEntry {
        at: at(second),
        actor: "desk".to_owned(),
        event: "order.received".to_owned(),
        subject: format!("order {second}"),
        detail: r#"{"n":1}"#.to_owned(),
    }
}

/// Commits an entry for each of these seconds.
pub(crate) async fn commit(ledger: &SqlLedger, seconds: &[i64]) {
    for second in seconds {
        ledger.commit(&[], &entry(*second)).await.expect("commits");
    }
}

/// Three on Monday, two on Tuesday, two on Wednesday, which is open.
pub(crate) const THREE_DAYS: [i64; 7] = [0, 1, 2, 86_400, 86_401, 172_800, 172_801];
