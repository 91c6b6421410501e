//! The word to stop: SIGTERM or Ctrl-C, listened for before anything is started, so that one that comes early is heard.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the word to stop from the moment it is made.
#[derive(Debug)]
pub(crate) struct StopWord {
    terminate: Signal,
    interrupt: Signal,
}

impl StopWord {
    /// Begins to listen; from here on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self> {
        let on = |kind| signal(kind).context("listen for the signals that end the program");
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    /// Waits for it.
    pub(crate) async fn given(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
