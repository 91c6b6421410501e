//! The audit chain in the database: verified, exported, pruned and looked at. What is right and what may go is decided by
//! [`crate::chain`]; here rows are read for it, several connections at a time, and the marks of days are written.

mod error;
mod export;
mod log;
mod page;
mod prune;
mod verify;

use sangam_core::ports::{AuditEntry, LedgerError};
use sangam_core::timestamp::{Date, Timestamp};

use super::SqlLedger;
use super::ask::ask;
use super::cells::Cells;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, blob, int};
use super::session::{Row, Session};
use super::{columns as c, row};
use crate::chain::{ChainHead, ChainedEntry, SealedDay, day_of};
use crate::rules::{Working, entry_fits};

pub use error::{AuditError, AuditProgress};
pub use log::AuditFilter;

/// The event of an entry that begins a day so that the one before is sealed.
const DAY_OPENED: &str = "day.opened";
/// The event of an entry that says which days were exported.
const EXPORTED: &str = "audit.exported";
/// The event of an entry that says which days were pruned; its subject is the last of them.
const PRUNED: &str = "audit.pruned";

const HEAD_COLUMNS: &[Column] = &[int("sequence"), blob("hash")];
ask!(HEAD, "select sequence, hash from audit_head where id = 1");
ask!(DAYS, c::AUDIT_DAYS, "select {} from audit_days order by day");
ask!(
    ENTRIES,
    c::AUDIT,
    "select {} from audit where sequence >= ? order by sequence limit ?"
);

impl SqlLedger {
    /// The last entry of the audit chain.
    ///
    /// # Errors
    /// [`LedgerError::Store`] when the books cannot be read, [`LedgerError::Damaged`] naming a row that does not read.
    pub async fn chain_head(&self) -> Result<ChainHead, LedgerError> {
        head(&self.told(self.readers.rows(&HEAD, Vec::new()).await)?)
    }

    /// The days of the audit chain that are sealed, oldest first.
    ///
    /// # Errors
    /// As [`chain_head`](Self::chain_head).
    pub async fn sealed_days(&self) -> Result<Vec<SealedDay>, LedgerError> {
        days(&self.told(self.readers.rows(&DAYS, Vec::new()).await)?)
    }

    /// Entries of the audit chain from a number on, at most so many.
    ///
    /// # Errors
    /// As [`chain_head`](Self::chain_head).
    pub async fn chained(&self, from: u64, most: u32) -> Result<Vec<ChainedEntry>, LedgerError> {
        let rows = self.told(self.readers.rows(&ENTRIES, page_at(from, most)).await)?;
        rows.iter().map(row::chained).collect()
    }

    /// Begins the day of an instant with an entry that says so, if the newest entry is of an earlier day: that day is sealed
    /// by it and can be exported before anything else happens. Answers the day that was sealed.
    ///
    /// # Errors
    /// As [`commit`](sangam_core::ports::Ledger::commit).
    pub async fn open_day(&self, actor: &str, at: Timestamp) -> Result<Option<Date>, LedgerError> {
        let actor = actor.to_owned();
        self.alone(move |_, working| {
            Box::pin(async move {
                let open = working.chain.open.as_ref().map(crate::chain::OpenDay::day);
                let day = day_of(open, at);
                let over = open.filter(|open| *open < day);
                if over.is_some() {
                    append(working, &own(&actor, at, DAY_OPENED, day, "{}"))?;
                }
                Ok(over)
            })
        })
        .await
    }
}

/// An entry about the audit log itself.
fn own(actor: &str, at: Timestamp, event: &str, subject: Date, detail: &str) -> AuditEntry {
    AuditEntry {
        at,
        actor: actor.to_owned(),
        event: event.to_owned(),
        subject: subject.to_string(),
        detail: detail.to_owned(),
    }
}

/// Appends an entry, if its time can be kept.
pub(super) fn append(working: &mut Working, entry: &AuditEntry) -> Result<(), Fault> {
    entry_fits(entry)?;
    working.append(entry);
    Ok(())
}

fn page_at(from: u64, most: u32) -> Vec<super::session::Cell> {
    let mut values = Encode::default();
    values.count(from).int(most.into());
    values.0
}

fn head(rows: &[Row]) -> Result<ChainHead, LedgerError> {
    let missing = || LedgerError::Damaged {
        subject: "audit_head".to_owned(),
        what: "its row is missing: restore a backup".to_owned(),
    };
    let found = rows.first().ok_or_else(missing)?;
    let cells = Cells::new(found, "audit_head", HEAD_COLUMNS, "sequence");
    Ok(ChainHead {
        sequence: cells.count("sequence")?,
        hash: cells.digest("hash")?,
    })
}

fn days(rows: &[Row]) -> Result<Vec<SealedDay>, LedgerError> {
    rows.iter().map(row::sealed_day).collect()
}

/// The sealed days as a connection sees them.
async fn days_now(session: &mut dyn Session) -> Result<Vec<SealedDay>, Fault> {
    Ok(days(&session.rows(&DAYS, Vec::new()).await?)?)
}

/// The last entry of the audit chain as a connection sees it.
pub(super) async fn head_now(session: &mut dyn Session) -> Result<ChainHead, Fault> {
    Ok(head(&session.rows(&HEAD, Vec::new()).await?)?)
}
