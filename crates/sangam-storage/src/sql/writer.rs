//! Whoever writes holds the one writer with its connection: a task that takes what waits, or a caller who found nobody waiting
//! and writes its own commit, which saves two changes of threads. Both go to the end once they began, also where the caller
//! stops waiting, so that no half-made transaction is left behind. A connection that failed in a commit is never used again.
//!
//! Commits that wait are written as one group: one transaction, one statement a table, one sync of the disk. One that the
//! rules refuse fails alone; where writing a group fails, each is tried by itself.

mod group;
mod to_the_end;
mod work;

use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::OrderNumber;
use sangam_core::ports::{AuditEntry, Change, Lease, LedgerError};
use tokio::runtime::Handle;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::failure;
use super::session::Session;
use super::store::Store;
use crate::rules::Working;
use to_the_end::ToTheEnd;
pub(super) use work::Work;

/// Commits that may wait for the writer; further callers wait to be let in.
const QUEUE_MAX: usize = 1024;
/// Most commits of one group.
const GROUP_MAX: usize = 256;

/// The way to the writer.
#[derive(Debug)]
pub(super) struct WriterHandle {
    store: Arc<Store>,
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    writer: Arc<Turn<Writer>>,
    runtime: Handle,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl WriterHandle {
    /// Starts the writer on the current runtime.
    pub(super) fn start(store: Arc<Store>, session: Box<dyn Session>, working: Working) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let writer = Arc::new(Turn::new(Writer {
            store: Arc::clone(&store),
            session: Some(session),
            working,
            in_hand: false,
            crowded: false,
        }));
        let task = tokio::spawn(run(Arc::clone(&writer), waiting));
        Self {
            store,
            queue: Mutex::new(Some(queue)),
            writer,
            runtime: Handle::current(),
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
        let work = work(answer);
        match self.writer_if_free(&queue) {
            Some(mut writer) => {
                // Given up here and below, or `close` would wait for this caller as well as for the commit.
                drop(queue);
                let writing = Box::pin(async move { writer.all(vec![work]).await });
                ToTheEnd::of(writing, &self.runtime).await;
            }
            None => {
                if queue.send(work).await.is_err() {
                    return Err(failure::closed(&self.store.place));
                }
                drop(queue);
            }
        }
        told.await
            .map_err(|error| failure::lost(&self.store.place, error))?
    }

    /// The writer, if nobody holds it and nobody waits for it. Not where the last ones came together: the next do, too, and the
    /// first of them would have a sync for itself while the others wait for it.
    fn writer_if_free(&self, queue: &mpsc::Sender<Work>) -> Option<OwnedMutexGuard<Writer>> {
        let writer = Arc::clone(&self.writer).try_lock_owned().ok()?;
        (queue.capacity() == QUEUE_MAX && !writer.crowded).then_some(writer)
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

#[derive(Debug)]
struct Writer {
    store: Arc<Store>,
    session: Option<Box<dyn Session>>,
    working: Working,
    /// Whether something is being written.
    in_hand: bool,
    /// Whether those of the last group were several.
    crowded: bool,
}

/// Writes what waits in groups, until nobody can hand over any more.
async fn run(writer: Arc<Turn<Writer>>, mut waiting: mpsc::Receiver<Work>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut writer = writer.lock().await;
        // What came while another was writing shares this sync.
        while group.len() < GROUP_MAX
            && let Ok(work) = waiting.try_recv()
        {
            group.push(work);
        }
        writer.crowded = group.len() > 1;
        writer.all(std::mem::take(&mut group)).await;
        if writer.crowded {
            // Those who were just answered often have the next commit ready: they shall share a sync.
            tokio::task::yield_now().await;
        }
    }
    if let Some(session) = writer.lock().await.session.take()
        && let Err(error) = session.close().await
    {
        tracing::warn!(%error, "closing the ledger failed; no commit is lost by that");
    }
}
