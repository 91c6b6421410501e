//! The transport of everything that is no order command: reads and log-ins.
//!
//! It is a general HTTP client (connection pool, HTTP/2, compression) with the surprises switched off: no redirects,
//! since a token would follow to wherever they point; no repeats; no proxy unless set. Its pool still moves a request
//! that it had not begun to write to another connection, which is why order commands are refused here and go through
//! [`OneShot`](crate::OneShot).

use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::redirect;
use sangam_core::{CallClass, Error, ErrorKind};

use crate::AGENT;
use crate::request::{WireRequest, WireResponse};
use crate::target::{Host, Target};
use crate::tls::Trust;
use crate::transport::{Sent, Transport, TransportError, TransportFault};

/// How a [`Reads`] behaves.
#[derive(Clone)]
pub struct ReadsSettings {
    /// The local address to send from. `None` leaves it to the machine.
    pub local_addr: Option<IpAddr>,
    /// A proxy's address. `None` by default, and then the environment's proxies are not used either.
    pub proxy: Option<String>,
    /// How long to wait for a connection, within a request's own time. 5 s by default.
    pub connect_timeout: Duration,
    /// How long a connection may lie idle before it is dropped. 15 s by default.
    pub idle_limit: Duration,
    /// How many idle connections to keep to one host. 64 by default: as many as the largest window of a second lets out at
    /// once, so that the next burst finds them open.
    pub idle_per_host_max: usize,
    /// How large the body of an answer may be, in bytes, after decompression. 32 MiB by default.
    pub response_bytes_max: usize,
    /// Whether `http://` may leave this machine. False by default: only simulators on loopback do without encryption.
    pub plain_http_anywhere: bool,
    /// Whom to trust. The machine's authorities by default.
    pub trust: Trust,
}

impl Default for ReadsSettings {
    fn default() -> Self {
        Self {
            local_addr: None,
            proxy: None,
            connect_timeout: Duration::from_secs(5),
            idle_limit: Duration::from_secs(15),
            idle_per_host_max: 64,
            response_bytes_max: 32 << 20,
            plain_http_anywhere: false,
            trust: Trust::platform(),
        }
    }
}

impl fmt::Debug for ReadsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadsSettings")
            .field("local_addr", &self.local_addr)
            // Its address may hold a password.
            .field("proxied", &self.proxy.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_limit", &self.idle_limit)
            .field("idle_per_host_max", &self.idle_per_host_max)
            .field("response_bytes_max", &self.response_bytes_max)
            .field("plain_http_anywhere", &self.plain_http_anywhere)
            .finish_non_exhaustive()
    }
}

/// Sends requests that may not change anything at a broker but a session.
///
/// [`Sent::Nothing`] is claimed only where no connection could be made. Order commands are refused.
pub struct Reads {
    client: reqwest::Client,
    response_bytes_max: usize,
    plain_http_anywhere: bool,
}

impl Reads {
    /// A transport with these settings.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the proxy's address is unusable.
    pub fn new(settings: &ReadsSettings) -> Result<Self, Error> {
        let mut client = client_builder(&settings.trust)
            .redirect(redirect::Policy::none())
            .local_address(settings.local_addr)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.idle_limit)
            .pool_max_idle_per_host(settings.idle_per_host_max);
        if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| {
                Error::refused(
                    ErrorKind::InvalidRequest,
                    "the address of the proxy is malformed: write it as http://host:port",
                )
            })?;
            client = client.proxy(proxy);
        }
        Ok(Self {
            client: build(client)?,
            response_bytes_max: settings.response_bytes_max,
            plain_http_anywhere: settings.plain_http_anywhere,
        })
    }

    async fn exchange(&self, request: WireRequest, target: &Target) -> Result<WireResponse, TransportError> {
        let url = request.full_url();
        let mut builder = self
            .client
            .request(request.method, &url)
            .timeout(request.timeout)
            .headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let failed = |error| failure(error, &target.host, request.timeout);
        let mut response = builder.send().await.map_err(failed)?;
        let body = read(&mut response, self.response_bytes_max, |_| ())
            .await
            .map_err(|error| match error {
                ReadFailure::TooLarge => TransportError::new(
                    TransportFault::Malformed,
                    Sent::Maybe,
                    format!(
                        "the answer of {} is larger than {} bytes",
                        target.host, self.response_bytes_max
                    ),
                ),
                ReadFailure::Broken(error) => failed(error),
            })?;
        Ok(WireResponse {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

#[async_trait]
impl Transport for Reads {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        let operation = request.operation;
        if operation.class() == CallClass::Orders {
            return Err(TransportError::new(
                TransportFault::Address,
                Sent::Nothing,
                "order commands go through the one-shot transport only",
            ));
        }
        let target = Target::parse(&request.full_url(), self.plain_http_anywhere)?;
        let result = self.exchange(request, &target).await;
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

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own form would list its proxies.
        f.debug_struct("Reads")
            .field("response_bytes_max", &self.response_bytes_max)
            .field("plain_http_anywhere", &self.plain_http_anywhere)
            .finish_non_exhaustive()
    }
}

/// What every client here starts from: our own TLS settings, no repeats, no proxy, no referrer.
pub(crate) fn client_builder(trust: &Trust) -> reqwest::ClientBuilder {
    let mut defaults = HeaderMap::new();
    defaults.insert(ACCEPT, HeaderValue::from_static("application/json"));
    reqwest::Client::builder()
        .tls_backend_preconfigured(trust.client_config(&["h2", "http/1.1"]))
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .gzip(true)
        .user_agent(AGENT)
        .default_headers(defaults)
}

pub(crate) fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| {
        Error::refused(ErrorKind::Internal, "the http client cannot be made").with_source(error.without_url())
    })
}

/// Why a body was not read to its end.
pub(crate) enum ReadFailure {
    Broken(reqwest::Error),
    TooLarge,
}

/// Reads a body of at most so many bytes, telling how many there are after each piece.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    max: usize,
    mut progress: impl FnMut(usize),
) -> Result<Bytes, ReadFailure> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > u64::try_from(max).unwrap_or(u64::MAX)) {
        return Err(ReadFailure::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(ReadFailure::Broken)? {
        if whole.len() + piece.len() > max {
            return Err(ReadFailure::TooLarge);
        }
        whole.extend_from_slice(&piece);
        progress(whole.len());
    }
    Ok(whole.freeze())
}

/// The client's error in our words.
pub(crate) fn failure(error: reqwest::Error, host: &Host, patience: Duration) -> TransportError {
    let error = error.without_url();
    let (fault, sent, what) = if error.is_builder() {
        (
            TransportFault::Address,
            Sent::Nothing,
            format!("the request to {host} cannot be built"),
        )
    } else if error.is_connect() {
        let fault = if error.is_timeout() {
            TransportFault::Timeout
        } else {
            TransportFault::Connect
        };
        (fault, Sent::Nothing, format!("cannot connect to {host}"))
    } else if error.is_timeout() {
        (
            TransportFault::Timeout,
            Sent::Maybe,
            format!("no whole answer from {host} within {patience:?}"),
        )
    } else if is_malformed(&error) {
        (
            TransportFault::Malformed,
            Sent::Maybe,
            format!("the answer of {host} is not http"),
        )
    } else {
        (
            TransportFault::Broken,
            Sent::Maybe,
            format!("the connection to {host} broke before the answer was whole"),
        )
    };
    TransportError::new(fault, sent, what).because(error)
}

fn is_malformed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return error.is_parse();
        }
        cause = error.source();
    }
    // A body that is not what its `Content-Encoding` says. A body cut short looks the same, and has a cause above.
    error.is_decode()
}
