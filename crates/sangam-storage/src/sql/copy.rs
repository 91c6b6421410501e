//! Whole books into other, empty ones: read of one moment while others go on writing, written in one transaction, and
//! compared with the source row for row before that is committed. So the target has all or nothing, and never something else.
//!
//! The copy writes no entry into either audit log: the target's chain is the source's, byte for byte.

mod compare;
mod pages;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::ports::LedgerError;

use super::ask::{Ask, ask};
use super::failure::{Fault, Place};
use super::session::{Cell, Row, Rows, Session};
use super::tables::{self, Table};
use super::{SqlLedger, columns as c, row};
use crate::chain::{Broken, ChainHead, Verifier};
use pages::Pages;

ask!(DAYS, c::AUDIT_DAYS, "select {} from audit_days order by day");

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyStep {
    /// The table it is at.
    pub table: &'static str,
    /// Rows done, over all tables, written and compared each counted once.
    pub done: u64,
    /// Rows to be done.
    pub of: u64,
    /// Whether they are being compared already.
    pub comparing: bool,
}

/// What was copied and found to be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Each table with its rows.
    pub tables: Vec<(&'static str, u64)>,
    /// The last entry of the audit chain, which was verified from its first entry on.
    pub head: ChainHead,
}

impl Copied {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

/// Is told how far it is, from the task that writes.
pub(super) type Watch = Arc<dyn Fn(CopyStep) + Send + Sync>;

impl SqlLedger {
    /// Copies these books into empty ones and closes those: whoever goes on with them opens them again, as their way to tell
    /// profit from cost may be another now.
    ///
    /// The copy is of the moment it begins; commits that come later are not in it, and are not held up. Leases are copied with
    /// their epochs and as ended: whoever had one has to take it again. `watch` is called after every page of rows.
    ///
    /// # Errors
    /// [`LedgerError::NotWritten`] when the target holds books already or cannot be written, [`LedgerError::Store`] when the
    /// source cannot be read, [`LedgerError::Damaged`] when the source's audit chain is broken or a row was read back
    /// otherwise than it was written; in all of these the target is as it was. [`LedgerError::Store`] also when the commit
    /// itself failed: then the target has everything or nothing.
    pub async fn copy_to(
        &self,
        target: Self,
        watch: impl Fn(CopyStep) + Send + Sync + 'static,
    ) -> Result<Copied, LedgerError> {
        let copied = self.copy_into(&target, Arc::new(watch)).await;
        target.close().await;
        copied
    }

    async fn copy_into(&self, target: &Self, watch: Watch) -> Result<Copied, LedgerError> {
        let from = self.store.place.clone();
        let source = self.told(self.of_this_moment().await)?;
        // The task must be shareable between threads, which a connection is not by itself.
        let source = Mutex::new(source);
        let done = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&done);
        let place = target.store.place.clone();
        target
            .alone(move |session, _| {
                Box::pin(async move {
                    let source = Source {
                        session: source.into_inner(),
                        place: from,
                    };
                    refuse_full(session, &place).await?;
                    let copied = whole(source, session, &watch).await?;
                    *tell.lock() = Some(copied);
                    Ok(())
                })
            })
            .await?;
        let copied = done.lock().take();
        copied.ok_or_else(|| super::failure::closed(&target.store.place))
    }

    /// A connection of its own that reads the books as they are now.
    async fn of_this_moment(&self) -> Result<Box<dyn Session>, Fault> {
        let mut session = self.store.reader().await?;
        session.begin_reading().await?;
        Ok(session)
    }
}

/// The books that are read; what fails on this side is told with their place.
struct Source {
    session: Box<dyn Session>,
    place: Place,
}

impl Source {
    fn told<T>(&self, answer: sqlx::Result<T>) -> Result<T, Fault> {
        answer.map_err(|error| Fault::from(Fault::Sql(error).while_reading(&self.place)))
    }

    async fn next(&mut self, pages: &mut Pages, table: &Table) -> Result<Vec<Row>, Fault> {
        let rows = pages.next(&mut *self.session).await;
        let mut rows = self.told(rows)?;
        if table.name == tables::LEASES.name {
            ended(table, &mut rows);
        }
        Ok(rows)
    }

    async fn count(&mut self, table: &Table) -> Result<u64, Fault> {
        let count = count(&mut *self.session, table).await;
        self.told(count)
    }
}

/// Whoever reads the copy must not think that somebody trades by it.
fn ended(table: &Table, leases: &mut [Row]) {
    let place = table.place("expires_at");
    for lease in leases {
        lease[place] = Cell::from(0);
    }
}

/// How many rows a table has.
pub(super) async fn count(session: &mut dyn Session, table: &Table) -> sqlx::Result<u64> {
    let ask = Ask::new(&format!("select count(*) from {}", table.name));
    let rows = session.rows(&ask, Vec::new()).await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Cell::Int(Some(count))) => Ok(u64::try_from(*count).unwrap_or_default()),
        _ => Ok(0),
    }
}

/// Only books in which nothing was ever written may be written over.
async fn refuse_full(session: &mut dyn Session, place: &Place) -> Result<(), Fault> {
    for table in tables::ALL.iter().filter(|table| !table.never_empty) {
        let ask = Ask::new(&format!("select 1 from {} limit 1", table.name));
        if !session.rows(&ask, Vec::new()).await?.is_empty() {
            return Err(LedgerError::NotWritten {
                what: format!(
                    "{place} holds books already: name an empty database, or a file that is not there"
                ),
                source: format!("the table {} has rows", table.name).into(),
            }
            .into());
        }
    }
    Ok(())
}

async fn whole(mut source: Source, target: &mut dyn Session, watch: &Watch) -> Result<Copied, Fault> {
    let mut counts = Vec::with_capacity(tables::ALL.len());
    for table in tables::ALL {
        counts.push((table.name, source.count(table).await?));
    }
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    let mut progress = Progress {
        watch,
        done: 0,
        of: rows.saturating_mul(2),
    };
    for table in tables::ALL {
        let mut pages = Pages::of(table);
        loop {
            let rows = source.next(&mut pages, table).await?;
            if rows.is_empty() {
                break;
            }
            let count = rows.len();
            let cells = rows.into_iter().flatten().collect();
            target.write(&table.write, Rows { cells }).await?;
            progress.step(table, count, false);
        }
    }
    let mut chain = Chain::default();
    for table in tables::ALL {
        let (mut from, mut to) = (Pages::of(table), Pages::of(table));
        loop {
            let expected = source.next(&mut from, table).await?;
            let found = to.next(target).await?;
            compare::rows(table, &expected, &found)?;
            if found.is_empty() {
                break;
            }
            chain.take(target, table, &found).await?;
            progress.step(table, found.len(), true);
        }
    }
    let head = chain.end(target).await?;
    if let Err(error) = source.session.close().await {
        tracing::debug!(ledger = %source.place, %error, "closing a connection that read failed");
    }
    Ok(Copied { tables: counts, head })
}

struct Progress<'w> {
    watch: &'w Watch,
    done: u64,
    of: u64,
}

impl Progress<'_> {
    fn step(&mut self, table: &Table, rows: usize, comparing: bool) {
        self.done += u64::try_from(rows).unwrap_or_default();
        (self.watch)(CopyStep {
            table: table.name,
            done: self.done,
            of: self.of,
            comparing,
        });
    }
}

/// The audit chain as it is found in some books, verified while its rows pass by.
#[derive(Default)]
struct Chain(Option<Verifier>);

impl Chain {
    async fn begun(&mut self, session: &mut dyn Session) -> Result<&mut Verifier, Fault> {
        if self.0.is_none() {
            let rows = session.rows(&DAYS, Vec::new()).await?;
            let days: Vec<_> = rows.iter().map(row::sealed_day).collect::<Result<_, _>>()?;
            let verifier = Verifier::new(&days, BTreeMap::new());
            self.0 = Some(verifier.map_err(|broken| unsound(&broken))?);
        }
        Ok(self.0.as_mut().expect("it was begun"))
    }

    async fn take(&mut self, session: &mut dyn Session, table: &Table, rows: &[Row]) -> Result<(), Fault> {
        if table.name != tables::AUDIT.name {
            return Ok(());
        }
        let verifier = self.begun(session).await?;
        for found in rows {
            let entry = row::chained(found)?;
            verifier.push(&entry).map_err(|broken| unsound(&broken))?;
        }
        Ok(())
    }

    async fn end(mut self, session: &mut dyn Session) -> Result<ChainHead, Fault> {
        self.begun(session).await?;
        let head = super::audit::head_now(session).await?;
        let verifier = self.0.take().expect("it was begun");
        verifier.finish(&head).map_err(|broken| unsound(&broken))?;
        Ok(head)
    }
}

fn unsound(broken: &Broken) -> LedgerError {
    LedgerError::Damaged {
        subject: "the audit log".to_owned(),
        what: format!("{broken}; `sangam audit verify` looks closer"),
    }
}
