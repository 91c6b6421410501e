//! What these books offer beyond the port and the audit log: positions kept from fills, and their upkeep.

use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::ports::{AuditEntry, LedgerError};

use super::ask::ask;
use super::failure::{self, Fault};
use super::rebuild::Rebuilt;
use super::session::Session;
use super::writer::Work;
use super::{SqlLedger, audit, columns as c, rebuild, row};
use crate::cost::{CostMethod, KeptPosition};

ask!(
    pub(super) KEPT,
    c::KEPT,
    "select {} from kept_positions order by position"
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
                rebuild::rewrite(session, method).await?;
                audit::append(working, &audit)
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
                working.chain.newest = None;
                audit::append(working, &audit)
            })
        })
        .await
    }

    /// Has a task done that has the books for itself, in one transaction.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        task: impl for<'a> FnOnce(
            &'a mut dyn Session,
            &'a mut crate::rules::Working,
        )
            -> std::pin::Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>
        + Send
        + Sync
        + 'static,
    ) -> Result<T, LedgerError> {
        let told = Arc::new(Mutex::new(None));
        let tell = Arc::clone(&told);
        self.writer
            .ask(|answer| Work::Alone {
                task: Box::new(move |session, working| {
                    let doing = task(session, working);
                    Box::pin(async move {
                        *tell.lock() = Some(doing.await?);
                        Ok(())
                    })
                }),
                answer,
            })
            .await?;
        let done = told.lock().take();
        done.ok_or_else(|| failure::closed(&self.store.place))
    }
}
