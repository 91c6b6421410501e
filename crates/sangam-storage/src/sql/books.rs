//! What these books offer beyond the port: positions kept from fills, the audit chain, and their upkeep.

use sangam_core::ports::{AuditEntry, LedgerError};

use super::ask::ask;
use super::cells::Cells;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, blob, int};
use super::rebuild::Rebuilt;
use super::session::{Row, Session};
use super::writer::Work;
use super::{SqlLedger, columns as c, rebuild, row};
use crate::chain::{ChainHead, ChainedEntry, SealedDay};
use crate::cost::{CostMethod, KeptPosition};
use crate::rules::entry_fits;

ask!(KEPT, c::KEPT, "select {} from kept_positions order by position");
const HEAD_COLUMNS: &[Column] = &[int("sequence"), blob("hash")];
ask!(HEAD, "select sequence, hash from audit_head where id = 1");
ask!(DAYS, c::AUDIT_DAYS, "select {} from audit_days order by day");
ask!(
    ENTRIES,
    c::AUDIT,
    "select {} from audit where sequence >= ? order by sequence limit ?"
);

impl SqlLedger {
    /// The positions kept from fills, without their lots: what was bought and sold, what is open, what it cost and what was
    /// realised. Read, not computed.
    ///
    /// # Errors
    /// [`LedgerError::Store`] when the books cannot be read, [`LedgerError::Damaged`] naming a row that does not read.
    pub async fn kept_positions(&self) -> Result<Vec<KeptPosition>, LedgerError> {
        let method = self.method;
        let rows = self.told(self.readers.rows(&KEPT, Vec::new()).await)?;
        rows.iter()
            .map(|found| row::kept(found, method, |_| None))
            .collect()
    }

    /// The last entry of the audit chain.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn chain_head(&self) -> Result<ChainHead, LedgerError> {
        let rows = self.told(self.readers.rows(&HEAD, Vec::new()).await)?;
        head_of(&rows)
    }

    /// The days of the audit chain that are sealed, oldest first.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn sealed_days(&self) -> Result<Vec<SealedDay>, LedgerError> {
        let rows = self.told(self.readers.rows(&DAYS, Vec::new()).await)?;
        rows.iter().map(row::sealed_day).collect()
    }

    /// Entries of the audit chain from a number on, at most so many.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn chained(&self, from: u64, most: u32) -> Result<Vec<ChainedEntry>, LedgerError> {
        let mut values = Encode::default();
        values.count(from).int(most.into());
        let rows = self.told(self.readers.rows(&ENTRIES, values.0).await)?;
        rows.iter().map(row::chained).collect()
    }

    /// Computes all positions anew from their fills and compares them with those kept. Nothing is written.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn check_positions(&self) -> Result<Rebuilt, LedgerError> {
        let method = self.method;
        let compared = self
            .readers
            .of_one_moment(async |session: &mut dyn Session| rebuild::compare(session, method).await)
            .await;
        self.told(compared)
    }

    /// Computes all positions anew from their fills, by a method, and writes them in place of those kept. The books have to
    /// be opened again afterwards if the method is another.
    ///
    /// # Errors
    /// As [`commit`](sangam_core::ports::Ledger::commit).
    pub async fn rebuild_positions(&self, method: CostMethod, audit: AuditEntry) -> Result<(), LedgerError> {
        self.alone(move |session, working| {
            Box::pin(async move {
                entry_fits(&audit)?;
                rebuild::rewrite(session, method).await?;
                working.append(&audit);
                Ok(())
            })
        })
        .await
    }

    /// Takes the time of an entry for the newest there is, after a clock was set wrong: from here on orders may be dated after
    /// it. The entry says who did it and why.
    ///
    /// # Errors
    /// As [`commit`](sangam_core::ports::Ledger::commit).
    pub async fn accept_clock(&self, audit: AuditEntry) -> Result<(), LedgerError> {
        self.alone(move |_, working| {
            Box::pin(async move {
                entry_fits(&audit)?;
                working.chain.newest = None;
                working.append(&audit);
                Ok(())
            })
        })
        .await
    }

    /// Has a task done that has the books for itself, in one transaction.
    pub(super) async fn alone(
        &self,
        task: impl for<'a> FnOnce(
            &'a mut dyn Session,
            &'a mut crate::rules::Working,
        )
            -> std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>
        + Send
        + Sync
        + 'static,
    ) -> Result<(), LedgerError> {
        self.writer
            .ask(|answer| Work::Alone {
                task: Box::new(task),
                answer,
            })
            .await
    }
}

/// The last entry of the audit chain as a connection sees it.
pub(super) async fn head(session: &mut dyn Session) -> Result<ChainHead, Fault> {
    Ok(head_of(&session.rows(&HEAD, Vec::new()).await?)?)
}

fn head_of(rows: &[Row]) -> Result<ChainHead, LedgerError> {
    let missing = || LedgerError::Damaged {
        subject: "audit_head".to_owned(),
        what: "its row is missing: restore a backup".to_owned(),
    };
    let cells = Cells::new(
        rows.first().ok_or_else(missing)?,
        "audit_head",
        HEAD_COLUMNS,
        "sequence",
    );
    Ok(ChainHead {
        sequence: cells.count("sequence")?,
        hash: cells.digest("hash")?,
    })
}
