//! Entries by the thousand. SQLite packs a page of them into one JSON text: a row and its eight values cost more on their way
//! from the thread of its driver than everything that is computed from them.

use std::borrow::Cow;

use sangam_core::ports::{AuditEntry, LedgerError};
use sangam_core::timestamp::{Date, Timestamp};
use serde::Deserialize;

use super::{ENTRIES, page_at};
use crate::chain::ChainedEntry;
use crate::sql::ask::ask;
use crate::sql::dialect::Dialect;
use crate::sql::encode::Encode;
use crate::sql::failure::Fault;
use crate::sql::readers::Readers;
use crate::sql::row;
use crate::sql::session::{Cell, Row};

/// Most entries of a page.
pub(super) const PAGE: u32 = 4096;

// SQLite's words; rows of a PostgreSQL server come over many at a time.
ask!(
    PACKED,
    "select json_group_array(json_array(sequence, day, at, actor, event, subject, detail, hex(hash))) \
     from (select * from audit where sequence >= ? order by sequence limit ?)"
);
ask!(FIRST_FROM, "select min(sequence) from audit where sequence >= ?");

/// Entries from a number on, in order, at most so many.
pub(super) async fn page(readers: &Readers, from: u64, most: u32) -> Result<Vec<ChainedEntry>, Fault> {
    if readers.dialect() == Dialect::Sqlite {
        match readers.rows(&PACKED, page_at(from, most)).await {
            Ok(rows) => {
                if let Some(entries) = unpacked(&rows) {
                    return Ok(entries);
                }
            }
            Err(Fault::Sql(error)) => tracing::debug!(%error, "a page of the audit log does not read"),
            Err(fault) => return Err(fault),
        }
        // Something in it does not read. Row by row it has a name.
    }
    match readers.rows(&ENTRIES, page_at(from, most)).await {
        Ok(rows) => Ok(rows.iter().map(row::chained).collect::<Result<_, _>>()?),
        Err(Fault::Sql(error @ sqlx::Error::Decode(_))) => Err(unreadable(readers, from, most, error).await),
        Err(fault) => Err(fault),
    }
}

/// An entry in a page, in the order of [`PACKED`].
#[derive(Deserialize)]
struct Packed<'a>(
    u64,
    #[serde(borrow)] Cow<'a, str>,
    i64,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
);

/// The entries of a page, if all of them read as they were written.
fn unpacked(rows: &[Row]) -> Option<Vec<ChainedEntry>> {
    let text = match rows.first()?.first()? {
        Cell::Text(Some(text)) => text,
        Cell::Int(_) | Cell::Text(None) | Cell::Blob(_) => return None,
    };
    let packed: Vec<Packed<'_>> = serde_json::from_str(text).ok()?;
    let mut entries = Vec::with_capacity(packed.len());
    let mut days = Days::default();
    for Packed(sequence, day, at, actor, event, subject, detail, hash) in packed {
        entries.push(ChainedEntry {
            sequence,
            day: days.read(&day)?,
            entry: AuditEntry {
                at: Timestamp::from_nanosecond(at.into()).ok()?,
                actor: actor.into_owned(),
                event: event.into_owned(),
                subject: subject.into_owned(),
                detail: detail.into_owned(),
            },
            hash: hash.parse().ok()?,
        });
    }
    Some(entries)
}

/// Reads dates that are mostly the same as the one before.
#[derive(Default)]
struct Days(Option<(String, Date)>);

impl Days {
    /// The date, if it is in the one form dates are written in.
    fn read(&mut self, text: &str) -> Option<Date> {
        if let Some((last, date)) = &self.0
            && last == text
        {
            return Some(*date);
        }
        let date: Date = text.parse().ok()?;
        let written = date.to_string();
        if written != text {
            return None;
        }
        self.0 = Some((written, date));
        Some(date)
    }
}

/// Finds the entry that is no text where text belongs, which the database tells of no row in particular.
async fn unreadable(readers: &Readers, from: u64, most: u32, error: sqlx::Error) -> Fault {
    for at in from..from.saturating_add(most.into()) {
        let error = match readers.rows(&ENTRIES, page_at(at, 1)).await {
            Ok(_) => continue,
            Err(Fault::Sql(error @ sqlx::Error::Decode(_))) => error,
            Err(fault) => return fault,
        };
        let mut values = Encode::default();
        values.count(at);
        let sequence = match readers.rows(&FIRST_FROM, values.0).await.as_deref() {
            Ok([row]) => row.first().cloned(),
            _ => None,
        };
        if let Some(Cell::Int(Some(sequence))) = sequence {
            return Fault::Ledger(LedgerError::Damaged {
                subject: format!("audit {sequence}"),
                what: error.to_string(),
            });
        }
    }
    Fault::Sql(error)
}
