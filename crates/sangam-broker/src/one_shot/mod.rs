//! The transport of order commands: one request, once, and a proof when nothing of it left.
//!
//! It stands beside [`Reads`](crate::Reads), which is quicker to forgive: a general HTTP client keeps a pool that
//! repeats a request on a second connection when the first turns out dead, follows redirects unless told not to, and
//! tells afterwards only in which of its queues a request died. None of that may happen to an order. Here each send
//! owns its connection, writes the request to it at most once, follows nothing, repeats nothing, uses no proxy and no
//! early data, and the claim [`Sent::Nothing`] rests on one fact alone: no byte was offered to the connection (see
//! [`counted`](crate::counted)).
//!
//! It leaves out HTTP/2 (one broken connection would put many orders in doubt at once), compression (never asked for;
//! an answer that comes compressed all the same is handed on as it is), cookies, and any decision about what an answer
//! means.

mod connection;
mod head;
mod idle;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use self::connection::Connection;
use self::idle::Idle;
use crate::dial::{BoxedStream, Dial, TcpDial};
use crate::request::{WireRequest, WireResponse};
use crate::target::{Host, Target};
use crate::tls::Trust;
use crate::transport::{Sent, Transport, TransportError, TransportFault};

/// How a [`OneShot`] behaves.
#[derive(Debug, Clone)]
pub struct OneShotSettings {
    /// The local address to send from: the one registered with the broker. `None` leaves it to the machine.
    pub local_addr: Option<IpAddr>,
    /// How long a connection may lie idle before it is dropped instead of used again. 4 s by default, below the 5 s at
    /// which common web servers hang up: a request that meets the hang-up half way is an order in doubt. Nought
    /// gives every request its own connection.
    pub idle_limit: Duration,
    /// How many idle connections to keep to one host. Two by default.
    pub idle_per_host_max: usize,
    /// How large the body of an answer may be, in bytes. 8 MiB by default.
    pub response_bytes_max: usize,
    /// Whether `http://` may leave this machine. False by default: only simulators on loopback do without encryption.
    pub plain_http_anywhere: bool,
    /// Whom to trust. The machine's authorities by default.
    pub trust: Trust,
}

impl Default for OneShotSettings {
    fn default() -> Self {
        Self {
            local_addr: None,
            idle_limit: Duration::from_secs(4),
            idle_per_host_max: 2,
            response_bytes_max: 8 << 20,
            plain_http_anywhere: false,
            trust: Trust::platform(),
        }
    }
}

/// Sends each request once, over HTTP/1.1, one request per connection at a time.
///
/// The whole of [`WireRequest::timeout`] covers connecting, writing and reading the answer to its end. Redirects and
/// error statuses are answers. After a time-out, any error, or an answer whose end was not plain, the connection is
/// closed. Dropping the future of a send closes its connection; what was written by then may have taken effect.
///
/// It must be used within a tokio runtime with time and network enabled.
pub struct OneShot {
    settings: OneShotSettings,
    dial: Arc<dyn Dial>,
    tls: TlsConnector,
    idle: Idle,
}

impl OneShot {
    /// A transport over TCP.
    #[must_use]
    pub fn new(settings: OneShotSettings) -> Self {
        Self::with_dial(settings, Arc::new(TcpDial::default()))
    }

    /// A transport over connections made elsewhere.
    #[must_use]
    pub fn with_dial(settings: OneShotSettings, dial: Arc<dyn Dial>) -> Self {
        let tls = TlsConnector::from(Arc::new(settings.trust.client_config(&["http/1.1"])));
        let idle = Idle::new(settings.idle_limit, settings.idle_per_host_max);
        Self {
            settings,
            dial,
            tls,
            idle,
        }
    }

    /// Makes a connection to a host ahead of a request, so that the request need not wait for it; says whether one was made.
    /// Where a connection is young enough to serve for a while, none is. Nothing is sent on it but the handshake.
    ///
    /// # Errors
    /// [`TransportError`] when there is no connection within `patience`.
    pub async fn warm(&self, url: &str, patience: Duration) -> Result<bool, TransportError> {
        let deadline = Deadline::after(patience);
        let target = Target::parse(url, self.settings.plain_http_anywhere)?;
        let young = self.settings.idle_limit / 2;
        if self.idle.newest_age(&target.host).is_some_and(|age| age < young) {
            return Ok(false);
        }
        let connection = self.connect(&target, deadline).await?;
        self.idle.put(&target.host, connection);
        Ok(true)
    }

    /// Sends on an idle connection if one is alive, else on a new one.
    ///
    /// An idle connection can die between the look at it and the write. If nothing was offered to it by then, the
    /// request has not been sent, and another connection may be used: at most once for each idle connection there is,
    /// then a new one, whose failure is final.
    async fn send_on_some_connection(
        &self,
        target: &Target,
        request: http::Request<Full<Bytes>>,
        deadline: Deadline,
    ) -> Result<WireResponse, TransportError> {
        while let Some(connection) = self.idle.take_alive(&target.host).await {
            match self.send_on(connection, target, request.clone(), deadline).await {
                Err(error) if error.sent == Sent::Nothing && error.fault == TransportFault::Broken => {
                    tracing::debug!(host = %target.host, "an idle connection died before the request was written");
                }
                other => return other,
            }
        }
        let connection = self.connect(target, deadline).await?;
        self.send_on(connection, target, request, deadline).await
    }

    /// Makes a connection. No byte of a request exists yet, so every failure is proof that nothing was sent.
    async fn connect(&self, target: &Target, deadline: Deadline) -> Result<Connection, TransportError> {
        let failed = |fault, what: String| TransportError::new(fault, Sent::Nothing, what);
        match timeout_at(deadline.at, self.open(&target.host)).await {
            Ok(Ok(stream)) => Connection::start(stream).await.map_err(|error| {
                failed(TransportFault::Connect, format!("cannot use {}", target.host)).because(error)
            }),
            Ok(Err(error)) => Err(failed(
                TransportFault::Connect,
                format!("cannot connect to {}: {error}", target.host),
            )
            .because(error)),
            Err(_) => Err(failed(
                TransportFault::Timeout,
                format!("no connection to {} within {:?}", target.host, deadline.patience),
            )),
        }
    }

    async fn open(&self, host: &Host) -> io::Result<BoxedStream> {
        let stream = self
            .dial
            .connect(&host.name, host.port, self.settings.local_addr)
            .await?;
        if !host.tls {
            return Ok(stream);
        }
        let name = ServerName::try_from(host.name.clone()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "no certificate can be for this name")
        })?;
        Ok(Box::new(self.tls.connect(name, stream).await?))
    }

    /// Sends on this connection, and keeps it if it can serve again.
    async fn send_on(
        &self,
        mut connection: Connection,
        target: &Target,
        request: http::Request<Full<Bytes>>,
        deadline: Deadline,
    ) -> Result<WireResponse, TransportError> {
        // A timer rounds up: without this, a request out of time could still be written.
        if timer_now() >= deadline.at {
            return Err(TransportError::new(
                TransportFault::Timeout,
                Sent::Nothing,
                format!(
                    "the {:?} for {} were over before the request was written",
                    deadline.patience, target.host
                ),
            ));
        }
        let tally = connection.begin();
        let exchange = connection.exchange(request, self.settings.response_bytes_max);
        let failure = match timeout_at(deadline.at, exchange).await {
            Ok(Ok(response)) => {
                if connection.rest().await {
                    self.idle.put(&target.host, connection);
                }
                return Ok(response);
            }
            Ok(Err(broken)) => Some(broken),
            Err(_) => None,
        };
        // First close, then look at the count: a closed connection can offer nothing more.
        drop(connection);
        let sent = if tally.is_untouched() {
            Sent::Nothing
        } else {
            Sent::Maybe
        };
        Err(match failure {
            Some(broken) => broken.at(&target.host, sent),
            None => TransportError::new(
                TransportFault::Timeout,
                sent,
                format!(
                    "no whole answer from {} within {:?}",
                    target.host, deadline.patience
                ),
            ),
        })
    }
}

#[async_trait]
impl Transport for OneShot {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        let deadline = Deadline::after(request.timeout);
        let operation = request.operation;
        let target = Target::parse(&request.full_url(), self.settings.plain_http_anywhere)?;
        let request = head::build(request, &target);
        let result = self.send_on_some_connection(&target, request, deadline).await;
        match &result {
            Ok(response) => {
                tracing::debug!(%operation, host = %target.host, status = response.status.as_u16(), "answered");
            }
            Err(error) => {
                tracing::debug!(%operation, host = %target.host, fault = ?error.fault, sent = ?error.sent, "{error}");
            }
        }
        result
    }
}

impl fmt::Debug for OneShot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneShot")
            .field("settings", &self.settings)
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}

/// When a send gives up, and how long that was to be told about.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Instant,
    patience: Duration,
}

impl Deadline {
    fn after(patience: Duration) -> Self {
        // Longer than a day is for ever; a timer cannot count every duration there is.
        let bounded = patience.min(Duration::from_secs(86_400));
        Self {
            at: timer_now() + bounded,
            patience,
        }
    }
}

/// The reading of the clock that tokio's timers run on.
#[expect(
    clippy::disallowed_methods,
    reason = "deadlines and idle times are measured on the timers' own clock, which tests pause and move"
)]
fn timer_now() -> Instant {
    Instant::now()
}
