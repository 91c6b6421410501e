//! The lines of an export. Their form is fixed to the byte: the fields in this order, without spaces.

use std::borrow::Cow;

use sangam_core::ports::AuditEntry;
use sangam_core::timestamp::{Date, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::{ChainedEntry, Digest, Seal};

/// What this is, with the version of the form.
pub(super) const FORMAT: &str = "sangam audit export 1";

/// A line, under the name of its kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line<'a> {
    /// The first.
    Header(Header<'a>),
    /// An entry.
    #[serde(borrow)]
    Entry(Entry<'a>),
    /// After the entries of a day.
    Seal(Seal),
    /// The last.
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    /// [`FORMAT`].
    pub(super) format: Cow<'a, str>,
    /// The first day in it.
    pub(super) from: Date,
    /// The last day in it.
    pub(super) to: Date,
    /// The number of the first entry.
    pub(super) first: u64,
    /// The hash before the first entry.
    pub(super) previous: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry<'a> {
    sequence: u64,
    day: Date,
    at: Timestamp,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    /// As text: its bytes are hashed, and JSON inside JSON would not keep them.
    #[serde(borrow)]
    detail: Cow<'a, str>,
    hash: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// How many days.
    pub(super) days: u64,
    /// How many entries.
    pub(super) entries: u64,
    /// Over all lines before this one, line feeds included.
    pub(super) sha256: Digest,
}

/// Only what tells a later version from something else.
#[derive(Deserialize)]
pub(super) struct Opening<'a> {
    #[serde(borrow)]
    pub(super) header: Version<'a>,
}

#[derive(Deserialize)]
pub(super) struct Version<'a> {
    #[serde(borrow)]
    pub(super) format: Cow<'a, str>,
}

impl Line<'_> {
    /// The kind, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Header(_) => "a header",
            Self::Entry(_) => "an entry",
            Self::Seal(_) => "a seal",
            Self::End(_) => "the last line",
        }
    }

    /// Writes it with its line feed, in place of what is in the buffer.
    pub(super) fn write(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        serde_json::to_writer(&mut *buffer, self)
            .expect("texts, numbers and dates are JSON, and memory takes them");
        buffer.push(b'\n');
    }
}

impl<'a> From<&'a ChainedEntry> for Entry<'a> {
    fn from(chained: &'a ChainedEntry) -> Self {
        let AuditEntry {
            at,
            actor,
            event,
            subject,
            detail,
        } = &chained.entry;
        Self {
            sequence: chained.sequence,
            day: chained.day,
            at: *at,
            actor: actor.into(),
            event: event.into(),
            subject: subject.into(),
            detail: detail.into(),
            hash: chained.hash,
        }
    }
}

impl From<Entry<'_>> for ChainedEntry {
    fn from(entry: Entry<'_>) -> Self {
        Self {
            sequence: entry.sequence,
            day: entry.day,
            entry: AuditEntry {
                at: entry.at,
                actor: entry.actor.into_owned(),
                event: entry.event.into_owned(),
                subject: entry.subject.into_owned(),
                detail: entry.detail.into_owned(),
            },
            hash: entry.hash,
        }
    }
}
