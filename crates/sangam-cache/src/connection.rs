//! A connection to Redis by fred, made once and never repaired: what goes wrong ends it, and whoever wants another makes
//! one. So nothing is ever sent twice, and nothing waits in a queue for a server that is away.

use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::ClientLike as _;
use fred::types::config::{Config, ConnectionConfig, PerformanceConfig, TcpConfig};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// A client with the task that serves it. Ended when dropped, with all that waits in it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    task: AbortHandle,
    ended: Arc<Notify>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a connection is used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bounds {
    /// Longest a command is waited for; nought leaves that to the caller.
    pub(crate) patience: Duration,
    /// Most commands that wait to be written; nought for any number.
    pub(crate) queue_max: usize,
}

/// Reads an address of one server; its password is in no error.
pub(crate) fn address(url: &str, what_it_holds: &str) -> Result<Config, Error> {
    let config = Config::from_url(url)?;
    if config.server.is_clustered() {
        return Err(Error::new(
            ErrorKind::Config,
            format!("a cluster's address: give the one node that holds {what_it_holds}"),
        ));
    }
    Ok(config)
}

impl Connection {
    /// Told when it ends, to one who waits for it.
    pub(crate) fn ended(&self) -> Arc<Notify> {
        Arc::clone(&self.ended)
    }

    /// Makes one. `None` if that takes longer than `within`.
    pub(crate) async fn open(
        config: Config,
        within: Duration,
        bounds: Bounds,
    ) -> Option<Result<Self, Error>> {
        let connection = ConnectionConfig {
            connection_timeout: within,
            internal_command_timeout: within,
            max_command_attempts: 1,
            max_redirections: 0,
            max_command_buffer_len: bounds.queue_max,
            tcp: TcpConfig {
                nodelay: Some(true),
                ..TcpConfig::default()
            },
            ..ConnectionConfig::default()
        };
        let performance = PerformanceConfig {
            default_command_timeout: bounds.patience,
            ..PerformanceConfig::default()
        };
        // Without a policy a lost connection stays lost.
        let client = Client::new(config, Some(performance), Some(connection), None);
        let serving = client.connect();
        let ended = Arc::new(Notify::new());
        let open = Self {
            task: serving.abort_handle(),
            client,
            ended: Arc::clone(&ended),
        };
        tokio::spawn(async move {
            // However it ended.
            let _ended = serving.await;
            ended.notify_one();
        });
        match tokio::time::timeout(within, open.client.wait_for_connect()).await {
            Err(_) => None,
            Ok(connected) => Some(connected.map(|()| open)),
        }
    }
}
