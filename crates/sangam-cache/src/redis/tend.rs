//! The task beside the callers: reaches a Redis that is away, tells it what it is owed before anybody may ask it again, and
//! closes the breaker.

use std::sync::Arc;
use std::time::Duration;

use super::line::Trouble;
use super::store::Store;
use crate::backoff::Backoff;
use crate::connection::{Bounds, Connection};

/// The longest a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How long a debt waits that could not be paid although Redis is there.
const PAY_AGAIN: Duration = Duration::from_millis(100);
/// Most commands that wait to be written to the socket.
const QUEUE_MAX: usize = 65_536;

impl Store {
    /// Looks after the line until the task is ended.
    pub(super) async fn tend(self: Arc<Self>, mut backoff: Backoff) {
        loop {
            if let (Ok(wire), Some(ended)) = (self.line.wire(), self.line.ended()) {
                if self.owes() {
                    if self.pay(&wire).await.is_err() {
                        tokio::time::sleep(PAY_AGAIN).await;
                    }
                    continue;
                }
                tokio::select! {
                    () = self.wake.notified() => {}
                    // Seen also when nobody asks, or nobody has the patience to hear of it.
                    () = ended.notified() => {
                        let trouble = Trouble::Lost("the connection was closed".to_owned());
                        self.line.give_up(&wire, self.clock.now(), &trouble);
                    }
                }
                continue;
            }
            if self.line.was_proven() {
                backoff.succeeded();
            }
            if let Some((_, why)) = self.line.away() {
                tracing::warn!(why, "Redis is left alone: the cache does without it");
            }
            loop {
                let (wait, _) = backoff.failed();
                tokio::time::sleep(wait).await;
                if self.reach().await {
                    break;
                }
            }
        }
    }

    /// One attempt to reach Redis. Whether it succeeded.
    pub(super) async fn reach(&self) -> bool {
        match self.try_reach().await {
            Ok(connection) => {
                self.line.close(connection);
                tracing::info!("the cache is in Redis");
                true
            }
            Err(trouble) => {
                if self.line.still_away(&trouble) {
                    tracing::warn!(%trouble, "Redis cannot be used: the cache does without it");
                }
                false
            }
        }
    }

    async fn try_reach(&self) -> Result<Connection, Trouble> {
        let within = CONNECT_WITHIN.max(self.settings.patience);
        let bounds = Bounds {
            patience: self.settings.patience,
            queue_max: QUEUE_MAX,
        };
        let opened = Connection::open(self.config.clone(), within, bounds).await;
        let connection = match opened {
            None => return Err(Trouble::Late(within)),
            Some(Err(error)) => return Err(Trouble::of(&error, within)),
            Some(Ok(connection)) => connection,
        };
        self.ping(&connection.client).await?;
        // What was forgotten while it was away must not come back with it.
        self.pay(&self.line.beside(&connection.client)).await?;
        Ok(connection)
    }
}
