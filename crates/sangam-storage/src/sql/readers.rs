//! The connections that read. They are made when first needed and kept; reading never waits for writing.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::ask::Ask;
use super::dialect::Dialect;
use super::failure::{Fault, is_gone};
use super::session::{Cell, Row, Session};
use super::store::Store;

/// Connections that read, so many at once.
#[derive(Debug)]
pub(super) struct Readers {
    store: Arc<Store>,
    free: Mutex<Vec<Box<dyn Session>>>,
    places: Semaphore,
}

/// Questions answered of one moment. Dropped before it is over, its connection is given up.
#[derive(Debug)]
pub(super) struct OneMoment<'r> {
    readers: &'r Readers,
    session: Box<dyn Session>,
    _place: SemaphorePermit<'r>,
}

impl OneMoment<'_> {
    /// Asks one question.
    pub(super) async fn rows(&mut self, ask: &Ask, values: Vec<Cell>) -> Result<Vec<Row>, Fault> {
        Ok(self.session.rows(ask, values).await?)
    }

    /// Gives the connection back.
    pub(super) async fn over(mut self) -> Result<(), Fault> {
        self.session.rollback().await?;
        self.readers.free.lock().push(self.session);
        Ok(())
    }
}

impl Readers {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            free: Mutex::default(),
            places: Semaphore::new(store.readers_max()),
            store,
        }
    }

    /// How many may read at once.
    pub(super) fn most(&self) -> usize {
        self.store.readers_max()
    }

    /// Which database they read.
    pub(super) fn dialect(&self) -> Dialect {
        self.store.dialect()
    }

    /// Asks one question.
    ///
    /// A connection is used again only after it answered. Where it broke, as all do when a server was started anew, the
    /// question is asked once more on a new one: asking twice changes nothing.
    pub(super) async fn rows(&self, ask: &Ask, values: Vec<Cell>) -> Result<Vec<Row>, Fault> {
        let _place = self.place().await?;
        let kept = self.free.lock().pop();
        if let Some(mut session) = kept {
            match session.rows(ask, values.clone()).await {
                Ok(rows) => {
                    self.free.lock().push(session);
                    return Ok(rows);
                }
                Err(error) if is_gone(&error) => {
                    tracing::debug!(ledger = %self.store.place, %error, "a connection that read is gone");
                    self.free.lock().clear();
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut session = self.store.reader().await?;
        let rows = session.rows(ask, values).await?;
        self.free.lock().push(session);
        Ok(rows)
    }

    /// Lets questions be asked that are all answered of one moment. `task` gets the connection for itself.
    pub(super) async fn of_one_moment<T>(
        &self,
        task: impl AsyncFnOnce(&mut dyn Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _place = self.place().await?;
        let mut session = self.begun().await?;
        let answer = task(&mut *session).await?;
        session.rollback().await?;
        self.free.lock().push(session);
        Ok(answer)
    }

    /// A connection that answers all questions of one moment, until it is given back.
    pub(super) async fn one_moment(&self) -> Result<OneMoment<'_>, Fault> {
        let place = self.place().await?;
        Ok(OneMoment {
            session: self.begun().await?,
            readers: self,
            _place: place,
        })
    }

    /// A connection on which reading has begun; a new one where those kept are gone.
    async fn begun(&self) -> Result<Box<dyn Session>, Fault> {
        let kept = self.free.lock().pop();
        if let Some(mut session) = kept {
            match session.begin_reading().await {
                Ok(()) => return Ok(session),
                Err(error) if is_gone(&error) => self.free.lock().clear(),
                Err(error) => return Err(error.into()),
            }
        }
        let mut session = self.store.reader().await?;
        session.begin_reading().await?;
        Ok(session)
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, Fault> {
        match self.places.acquire().await {
            Ok(place) => Ok(place),
            Err(_) => Err(super::failure::closed(&self.store.place).into()),
        }
    }

    /// Answers no more questions.
    pub(super) async fn close(&self) {
        self.places.close();
        let free = std::mem::take(&mut *self.free.lock());
        for session in free {
            if let Err(error) = session.close().await {
                tracing::debug!(ledger = %self.store.place, %error, "closing a connection that read failed");
            }
        }
    }
}
