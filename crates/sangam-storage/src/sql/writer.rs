//! The one task that writes. It owns the connection, so that a caller who stops waiting leaves no half-made transaction
//! behind, and a connection that failed in a commit is never used again.
//!
//! Commits that wait are written as one group: one transaction, one statement a table, one sync of the disk. One that the
//! rules refuse fails alone; where writing a group fails, each is tried by itself.

mod group;
mod work;

use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::OrderNumber;
use sangam_core::ports::{AuditEntry, Change, Lease, LedgerError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::failure;
use super::session::Session;
use super::store::Store;
use crate::rules::Working;
pub(super) use work::Work;

/// Commits that may wait for the writer; further callers wait to be let in.
const QUEUE_MAX: usize = 1024;
/// Most commits of one group.
const GROUP_MAX: usize = 256;
/// Rows kept in memory between groups; beyond it everything is forgotten and read again.
const ROWS_MAX: usize = 100_000;

/// The way to the writer.
#[derive(Debug)]
pub(super) struct WriterHandle {
    store: Arc<Store>,
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl WriterHandle {
    /// Starts the writer on the current runtime.
    pub(super) fn start(store: Arc<Store>, session: Box<dyn Session>, working: Working) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let writer = Writer {
            store: Arc::clone(&store),
            session: Some(session),
            working,
        };
        let task = tokio::spawn(writer.run(waiting));
        Self {
            store,
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Has the changes committed and waits for the answer.
    pub(super) async fn commit(
        &self,
        lease: Option<Lease>,
        changes: Vec<Change>,
        audit: AuditEntry,
    ) -> Result<Option<OrderNumber>, LedgerError> {
        self.ask(|answer| Work::Commit {
            lease,
            changes,
            audit,
            answer,
        })
        .await
    }

    /// Hands work over and waits for its answer.
    pub(super) async fn ask<T>(
        &self,
        work: impl FnOnce(oneshot::Sender<Result<T, LedgerError>>) -> Work,
    ) -> Result<T, LedgerError> {
        let queue = self.queue.lock().clone();
        let Some(queue) = queue else {
            return Err(failure::closed(&self.store.place));
        };
        let (answer, told) = oneshot::channel();
        if queue.send(work(answer)).await.is_err() {
            return Err(failure::closed(&self.store.place));
        }
        // Given up here, or `close` would wait for this caller as well as for the commit.
        drop(queue);
        told.await
            .map_err(|error| failure::lost(&self.store.place, error))?
    }

    /// Takes no more commits, waits for those under way and for the connection to be closed.
    pub(super) async fn close(&self) {
        self.queue.lock().take();
        let task = self.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(ledger = %self.store.place, %error, "the ledger's writer did not end well");
        }
    }
}

struct Writer {
    store: Arc<Store>,
    session: Option<Box<dyn Session>>,
    working: Working,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Work>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
            let together = group.len() > 1;
            self.all(std::mem::take(&mut group)).await;
            if together {
                // Those who were just answered often have the next commit ready: they shall share a sync.
                tokio::task::yield_now().await;
            }
            if self.working.len() > ROWS_MAX {
                self.working.forget_rows();
            }
        }
        if let Some(session) = self.session.take()
            && let Err(error) = session.close().await
        {
            tracing::warn!(ledger = %self.store.place, %error, "closing the ledger failed; no commit is lost by that");
        }
    }
}
