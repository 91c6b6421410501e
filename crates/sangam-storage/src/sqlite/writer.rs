//! The one task that writes. It owns the connection, so that a caller who stops waiting leaves no half-made transaction
//! behind, and a connection that failed in a commit is never used again.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use sangam_core::OrderNumber;
use sangam_core::ports::{AuditEntry, Change, LedgerError};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::failure::{self, Fault};
use super::settings::SqliteSettings;
use super::{apply, open};

/// Commits that may wait for the writer; further callers wait to be let in.
const QUEUE_MAX: usize = 1024;

type Answer = Result<Option<OrderNumber>, LedgerError>;

struct Request {
    changes: Vec<Change>,
    audit: AuditEntry,
    answer: oneshot::Sender<Answer>,
}

/// The way to the writer.
#[derive(Debug)]
pub(super) struct WriterHandle {
    path: PathBuf,
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl WriterHandle {
    /// Starts the writer on the current runtime.
    pub(super) fn start(path: PathBuf, settings: SqliteSettings, connection: SqliteConnection) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE_MAX);
        let writer = Writer {
            path: path.clone(),
            settings,
            connection: Some(connection),
        };
        let task = tokio::spawn(writer.run(requests));
        Self {
            path,
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Has the changes committed and waits for the answer.
    pub(super) async fn commit(&self, changes: Vec<Change>, audit: AuditEntry) -> Answer {
        let queue = self.queue.lock().clone();
        let Some(queue) = queue else {
            return Err(failure::closed(&self.path));
        };
        let (answer, told) = oneshot::channel();
        let request = Request {
            changes,
            audit,
            answer,
        };
        if queue.send(request).await.is_err() {
            return Err(failure::closed(&self.path));
        }
        // Given up here, or `close` would wait for this caller as well as for the commit.
        drop(queue);
        told.await.map_err(|error| failure::lost(&self.path, error))?
    }

    /// Takes no more commits, waits for those under way and for the file to be closed.
    pub(super) async fn close(&self) {
        self.queue.lock().take();
        let task = self.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(path = %self.path.display(), %error, "the ledger's writer did not end well");
        }
    }
}

struct Writer {
    path: PathBuf,
    settings: SqliteSettings,
    connection: Option<SqliteConnection>,
}

impl Writer {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            let answer = self.commit(&request.changes, &request.audit).await;
            if let Err(unheard) = request.answer.send(answer) {
                tracing::debug!(kept = unheard.is_ok(), "nobody waited for a commit's answer");
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(path = %self.path.display(), %error, "closing the ledger failed; no commit is lost by that");
        }
    }

    /// Commits, keeping the connection only if it is known to be in no transaction.
    async fn commit(&mut self, changes: &[Change], audit: &AuditEntry) -> Answer {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open::writer(&self.path, &self.settings).await?,
        };
        let (answer, sound) = commit_on(&mut connection, &self.path, changes, audit).await;
        if sound {
            self.connection = Some(connection);
        }
        answer
    }
}

/// One transaction. The second part of the answer says whether the connection may be used again.
async fn commit_on(
    connection: &mut SqliteConnection,
    path: &Path,
    changes: &[Change],
    audit: &AuditEntry,
) -> (Answer, bool) {
    let mut transaction = match connection.begin_with("begin immediate").await {
        Ok(transaction) => transaction,
        Err(error) => {
            let locked = error.as_database_error().is_some();
            return (Err(Fault::Sql(error).before_commit("writing to", path)), locked);
        }
    };
    match apply::all(&mut transaction, changes, audit).await {
        Ok(number) => match transaction.commit().await {
            Ok(()) => (Ok(number), true),
            Err(error) => (Err(failure::in_commit(path, error)), false),
        },
        Err(fault) => {
            let sound = transaction.rollback().await.is_ok();
            (Err(fault.before_commit("writing to", path)), sound)
        }
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::ports::AuditEntry;
    use sangam_core::timestamp::Timestamp;

    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            at: Timestamp::UNIX_EPOCH,
            actor: "desk".to_owned(),
            event: "a.step".to_owned(),
            subject: "a".to_owned(),
            detail: "{}".to_owned(),
        }
    }

    async fn writer(path: &Path) -> Writer {
        let settings = SqliteSettings::default();
        let connection = open::writer(path, &settings).await.expect("opens");
        Writer {
            path: path.to_path_buf(),
            settings,
            connection: Some(connection),
        }
    }

    async fn entries(writer: &mut Writer) -> i64 {
        let connection = writer.connection.as_mut().expect("a connection");
        sqlx::query_scalar("select count(*) from audit")
            .fetch_one(connection)
            .await
            .expect("reads")
    }

    /// A commit that fails in its last step: its outcome is not known, its connection is given up, and the next commit
    /// works on a new one.
    #[tokio::test]
    async fn a_failed_commit_is_unknown_and_costs_the_connection() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = writer(&folder.path().join("books.db")).await;
        writer.commit(&[], &entry()).await.expect("sound");
        // A row whose order is missing, checked only by COMMIT, stands for whatever may fail there.
        for statement in [
            "create table promises (order_uid blob references orders (uid) deferrable initially deferred)",
            "create trigger break_commit after insert on audit begin insert into promises values (x'00'); end",
        ] {
            let connection = writer.connection.as_mut().expect("a connection");
            sqlx::query(statement)
                .execute(connection)
                .await
                .expect("prepares");
        }
        let error = writer.commit(&[], &entry()).await.expect_err("fails in COMMIT");
        assert!(matches!(error, LedgerError::Store { .. }), "{error:?}");
        assert!(error.to_string().contains("not known"), "{error}");
        assert!(writer.connection.is_none());

        let mut mended = open::writer(&writer.path, &writer.settings).await.expect("opens");
        sqlx::query("drop trigger break_commit")
            .execute(&mut mended)
            .await
            .expect("mends");
        drop(mended);
        writer.commit(&[], &entry()).await.expect("works again");
        assert_eq!(entries(&mut writer).await, 2);
    }
}
