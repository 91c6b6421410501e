//! A chain as a ledger would keep it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sangam_core::ports::AuditEntry;
use sangam_core::timestamp::{Date, Timestamp};
use sangam_storage::chain::{
    Broken, ChainHead, ChainedEntry, Digest, Link, OpenDay, Part, SealedDay, Verified, Verifier,
};

/// Short enough that moving a byte from one to the next gives another of them; with what JSON escapes.
const TEXTS: &[&str] = &[
    "",
    "a",
    "aa",
    "desk",
    r#"{"n":1}"#,
    "\"\\",
    "\n\u{7f}\u{2028}",
    "\0",
    "₹ é",
];

/// All that is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) entries: Vec<ChainedEntry>,
    pub(crate) sealed: Vec<SealedDay>,
    pub(crate) head: ChainHead,
}

impl Kept {
    /// Entries as they are written one after the other; a day is sealed when the next begins.
    pub(crate) fn write(entries: Vec<AuditEntry>) -> Self {
        let mut kept = Self {
            entries: Vec::new(),
            sealed: Vec::new(),
            head: ChainHead::EMPTY,
        };
        let mut at = Link::GENESIS;
        let mut open: Option<OpenDay> = None;
        for entry in entries {
            let entry = at.next(entry);
            match &mut open {
                Some(day) if day.day() == entry.day => day.push(&entry.hash),
                _ => {
                    let over = open.replace(OpenDay::begin(&entry));
                    let sealed = over.map(|day| SealedDay::new(day.seal(), entry.entry.at));
                    kept.sealed.extend(sealed);
                }
            }
            at = entry.link();
            kept.head = at.head();
            kept.entries.push(entry);
        }
        kept
    }

    /// The same entries with everything computed anew, as someone would who owns the file.
    pub(crate) fn forged(&self) -> Self {
        Self::write(self.entries.iter().map(|entry| entry.entry.clone()).collect())
    }

    pub(crate) fn roots(&self) -> BTreeMap<Date, Digest> {
        self.sealed
            .iter()
            .map(|day| (day.seal.day, day.seal.root))
            .collect()
    }

    pub(crate) fn verify(&self, expected: BTreeMap<Date, Digest>) -> Result<Verified, Broken> {
        let mut verifier = Verifier::new(&self.sealed, expected)?;
        for entry in &self.entries {
            verifier.push(entry)?;
        }
        verifier.finish(&self.head)
    }

    /// The same in parts, each of which is read by number and only knows the entry before it.
    pub(crate) fn verify_in_parts(&self, longest: u64) -> Result<Verified, Broken> {
        let mut verifier = Verifier::new(&self.sealed, BTreeMap::new())?;
        let start = verifier.start();
        let numbers = || self.entries.iter().map(|entry| entry.sequence);
        let rows = numbers()
            .min()
            .zip(numbers().max())
            .map(|(first, last)| first..=last);
        for range in verifier.parts(rows, &self.head, longest)? {
            let before = self.entries.iter().find(|e| e.sequence + 1 == *range.start());
            let mut part = Part::after(before.map_or(start, ChainedEntry::link));
            for entry in self.entries.iter().filter(|e| range.contains(&e.sequence)) {
                part.push(entry)?;
            }
            verifier.join(part)?;
        }
        verifier.finish(&self.head)
    }

    /// Takes out the entries of the oldest sealed days.
    pub(crate) fn prune(&mut self, days: usize) {
        for day in &mut self.sealed[..days] {
            day.exported_at = Some(day.sealed_at);
            day.pruned_at = Some(day.sealed_at);
            let last = day.seal.last();
            self.entries.retain(|entry| entry.sequence > last);
        }
    }
}

/// An entry at so many seconds after a Monday morning.
pub(crate) fn entry_at(second: i64, detail: &str) -> AuditEntry {
    let monday: Timestamp = "2026-11-23T03:45:00Z".parse().expect("an instant");
    AuditEntry {
        at: Timestamp::from_second(monday.as_second() + second).expect("an instant"),
        actor: "desk".to_owned(),
        event: "order.received".to_owned(),
        subject: "2611230000001".to_owned(),
        detail: detail.to_owned(),
    }
}

/// So many entries on each of these days after each other.
pub(crate) fn days_of(counts: &[i64]) -> Kept {
    let entries = counts.iter().zip(0..).flat_map(|(count, day)| {
        (0..*count).map(move |n| entry_at(day * 86_400 + n, &format!(r#"{{"n":{n}}}"#)))
    });
    Kept::write(entries.collect())
}

/// Entries over some days, on a clock that goes back at times.
pub(crate) fn chains() -> impl Strategy<Value = Kept> {
    let step = prop_oneof![
        6 => 0_i64..3_600_000_000_000,
        2 => 0_i64..200_000_000_000_000,
        1 => -90_000_000_000_000_i64..0,
    ];
    let text = || prop::sample::select(TEXTS).prop_map(str::to_owned);
    prop::collection::vec((step, text(), text(), text(), text()), 1..40).prop_map(|steps| {
        let mut nanosecond: i64 = 1_795_000_000_000_000_000;
        let entries = steps.into_iter().map(|(step, actor, event, subject, detail)| {
            nanosecond += step;
            AuditEntry {
                at: Timestamp::from_nanosecond(nanosecond.into()).expect("an instant"),
                actor,
                event,
                subject,
                detail,
            }
        });
        Kept::write(entries.collect())
    })
}
