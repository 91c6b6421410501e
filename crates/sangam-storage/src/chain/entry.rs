//! One entry of the chain: its number, its day and its hash, made from what came before it.

use sangam_core::IST;
use sangam_core::ports::AuditEntry;
use sangam_core::timestamp::{Date, Timestamp};
use sha2::{Digest as _, Sha256};

use super::Digest;

/// The first byte of what is hashed. Another encoding takes another number.
const ENCODING: u8 = 1;

/// An audit entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedEntry {
    /// Its number: from 1, without a gap.
    pub sequence: u64,
    /// The Indian date it belongs to ([`day_of`]).
    pub day: Date,
    /// What happened.
    pub entry: AuditEntry,
    /// Over all of the above and the hash before ([`entry_hash`]).
    pub hash: Digest,
}

/// The last entry of a chain, as it is written beside the entries: what tells a cut tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of the last entry; nought when there is none.
    pub sequence: u64,
    /// Its hash; [`Digest::GENESIS`] when there is none.
    pub hash: Digest,
}

/// A place in the chain: all that the next entry builds on.
///
/// ```
/// use sangam_core::ports::AuditEntry;
/// use sangam_storage::chain::Link;
/// let entry = AuditEntry {
///     at: "2026-11-23T18:29:59Z".parse().unwrap(),
///     actor: "desk".into(),
///     event: "order.received".into(),
///     subject: "018f".into(),
///     detail: "{}".into(),
/// };
/// let first = Link::GENESIS.next(entry.clone());
/// assert_eq!((first.sequence, first.day.to_string()), (1, "2026-11-23".to_owned()));
/// let second = first.link().next(entry);
/// assert_ne!(first.hash, second.hash);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The number of the entry at this place; nought before the first.
    pub sequence: u64,
    /// Its hash.
    pub hash: Digest,
    /// Its day; `None` where the entry after it begins a day.
    pub day: Option<Date>,
}

impl ChainHead {
    /// The head of a chain without entries.
    pub const EMPTY: Self = Self {
        sequence: 0,
        hash: Digest::GENESIS,
    };
}

impl Link {
    /// Before the first entry.
    pub const GENESIS: Self = Self {
        sequence: 0,
        hash: Digest::GENESIS,
        day: None,
    };

    /// The entry that follows here.
    #[must_use]
    pub fn next(&self, entry: AuditEntry) -> ChainedEntry {
        let sequence = self.sequence + 1;
        let day = day_of(self.day, entry.at);
        ChainedEntry {
            sequence,
            day,
            hash: entry_hash(&self.hash, sequence, day, &entry),
            entry,
        }
    }

    /// As the head of the chain that ends here.
    #[must_use]
    pub fn head(&self) -> ChainHead {
        ChainHead {
            sequence: self.sequence,
            hash: self.hash,
        }
    }
}

impl ChainedEntry {
    /// The place of this entry, for the next one.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            sequence: self.sequence,
            hash: self.hash,
            day: Some(self.day),
        }
    }
}

/// The Indian date an entry belongs to: its own, or that of the entry before where the clock has gone back since.
///
/// So days never decrease along the chain, and an entry begins a day only on that very date. A day that is over, because an
/// entry of a later one exists, never takes another entry, whatever the clock does.
#[must_use]
pub fn day_of(previous: Option<Date>, at: Timestamp) -> Date {
    let its = IST::date(at);
    previous.map_or(its, |previous| previous.max(its))
}

/// The hash of an entry. Allocates nothing.
///
/// SHA-256 over, in this order and big-endian throughout: one byte 1; the 32 bytes before it; the sequence in eight
/// bytes; the day as year (two, signed), month and day of month (one each); the instant as nanoseconds since 1970 UTC
/// (sixteen, signed); actor, event, subject and detail, each as its length in bytes (eight) and its UTF-8.
#[must_use]
pub fn entry_hash(previous: &Digest, sequence: u64, day: Date, entry: &AuditEntry) -> Digest {
    let mut head = [0; 61];
    head[0] = ENCODING;
    head[1..33].copy_from_slice(previous.as_bytes());
    head[33..41].copy_from_slice(&sequence.to_be_bytes());
    head[41..43].copy_from_slice(&day.year().to_be_bytes());
    head[43] = day.month().cast_unsigned();
    head[44] = day.day().cast_unsigned();
    head[45..61].copy_from_slice(&entry.at.as_nanosecond().to_be_bytes());
    let mut hasher = Sha256::new_with_prefix(head);
    for text in [&entry.actor, &entry.event, &entry.subject, &entry.detail] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    Digest::of(hasher)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            at: "2026-11-23T03:45:00.000000007Z".parse().expect("an instant"),
            actor: "desk".to_owned(),
            event: "order.received".to_owned(),
            subject: "2611230000001".to_owned(),
            detail: "{}".to_owned(),
        }
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_encoding_is_the_written_one() {
        // Computed by the few lines of Python in docs/audit.md.
        let hash = entry_hash(&Digest::GENESIS, 1, date("2026-11-23"), &entry());
        assert_eq!(
            hash.to_string(),
            "52972d873b13ff54063fcfccd93c3c5a6b600e9840f3097d61f6a36a7ad6ed6e"
        );
    }

    #[test]
    fn every_part_is_in_the_hash() {
        let day = date("2026-11-23");
        let base = entry_hash(&Digest::GENESIS, 1, day, &entry());
        let with = |change: fn(&mut AuditEntry)| {
            let mut other = entry();
            change(&mut other);
            entry_hash(&Digest::GENESIS, 1, day, &other)
        };
        let others = [
            entry_hash(&base, 1, day, &entry()),
            entry_hash(&Digest::GENESIS, 2, day, &entry()),
            entry_hash(&Digest::GENESIS, 1, date("2026-11-24"), &entry()),
            with(|e| e.at = at("2026-11-23T03:45:00.000000008Z")),
            with(|e| e.actor.push('x')),
            with(|e| e.event.push('x')),
            with(|e| e.subject.push('x')),
            with(|e| e.detail.push('x')),
            // The same bytes, cut elsewhere.
            with(|e| {
                e.actor = "des".to_owned();
                e.event = "korder.received".to_owned();
            }),
        ];
        for other in others {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn days_are_indian_and_never_go_back() {
        assert_eq!(day_of(None, at("2026-11-23T18:29:59Z")), date("2026-11-23"));
        assert_eq!(day_of(None, at("2026-11-23T18:30:00Z")), date("2026-11-24"));
        let monday = Some(date("2026-11-23"));
        assert_eq!(day_of(monday, at("2026-11-23T18:30:00Z")), date("2026-11-24"));
        assert_eq!(day_of(monday, at("2026-11-22T10:00:00Z")), date("2026-11-23"));
    }
}
