//! A chain of a million entries over 250 days, as the order desk writes them.

use sangam_core::Timestamp;
use sangam_core::ports::AuditEntry;
use sangam_storage::chain::{ChainedEntry, Link, OpenDay, SealedDay};

pub(crate) const ENTRIES: u64 = 1_000_000;
const A_DAY: u64 = 4_000;

fn entry(n: u64) -> AuditEntry {
    let (day, within) = (n / A_DAY, n % A_DAY);
    let second = 1_795_405_500 + i64::try_from(day * 86_400 + within * 5).expect("small");
    AuditEntry {
        at: Timestamp::new(second, 123_456_789).expect("an instant"),
        actor: "desk".to_owned(),
        event: "attempt.acked".to_owned(),
        subject: "019abf3c-6c00-7abc-8def-0123456789ab".to_owned(),
        detail: format!(r#"{{"attempt":1,"broker_order_id":"26112300{n:07}"}}"#),
    }
}

/// A chain and the seals of all its days but the last.
pub(crate) fn chain() -> (Vec<ChainedEntry>, Vec<SealedDay>) {
    let mut at = Link::GENESIS;
    let mut open: Option<OpenDay> = None;
    let mut sealed = Vec::new();
    let entries = (0..ENTRIES)
        .map(|n| {
            let entry = at.next(entry(n));
            at = entry.link();
            match &mut open {
                Some(day) if day.day() == entry.day => day.push(&entry.hash),
                _ => {
                    let over = open.replace(OpenDay::begin(&entry));
                    sealed.extend(over.map(|day| SealedDay::new(day.seal(), entry.entry.at)));
                }
            }
            entry
        })
        .collect();
    (entries, sealed)
}
