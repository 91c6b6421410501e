//! One HTTP/1.1 connection that is run by whoever uses it.
//!
//! The client library splits a connection into a handle and a future that does the reading and writing. That future is
//! not given to a task of its own: it lives beside the handle and runs only while a send is waiting on it. So a send
//! that is dropped takes its connection with it at once, an idle connection does nothing behind our back, and there is
//! no task to leak.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::counted::{Counted, Tally};
use crate::dial::BoxedStream;
use crate::request::WireResponse;
use crate::target::Host;
use crate::transport::{Sent, TransportError, TransportFault};

type Driver = http1::Connection<TokioIo<Counted<BoxedStream>>, Full<Bytes>>;

/// A connection with at most one request on it.
pub(super) struct Connection {
    handle: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has run to its end: the connection is closed.
    driver: Option<Box<Driver>>,
    tally: Arc<Tally>,
    /// Whether the last answer's end was plain, so that the next one's beginning is.
    clean: bool,
}

impl Connection {
    /// Speaks HTTP over a stream. Nothing is written yet.
    pub(super) async fn start(stream: BoxedStream) -> hyper::Result<Self> {
        let stream = Counted::new(stream);
        let tally = stream.tally();
        let (handle, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            handle,
            driver: Some(Box::new(driver)),
            tally,
            clean: true,
        })
    }

    /// Begins the count for a new request.
    pub(super) fn begin(&mut self) -> Arc<Tally> {
        self.tally.reset();
        Arc::clone(&self.tally)
    }

    /// Whether it is open and waiting for a request. Runs the connection once, so a hang-up that has arrived is seen;
    /// then what is known is known before the first byte is written.
    pub(super) async fn is_alive(&mut self) -> bool {
        if !self.clean {
            return false;
        }
        poll_fn(|cx| {
            let Some(driver) = &mut self.driver else {
                return Poll::Ready(false);
            };
            if Pin::new(driver.as_mut()).poll(cx).is_ready() {
                self.driver = None;
                return Poll::Ready(false);
            }
            Poll::Ready(matches!(self.handle.poll_ready(cx), Poll::Ready(Ok(()))))
        })
        .await
    }

    /// After an exchange: whether the connection may serve another.
    pub(super) async fn rest(&mut self) -> bool {
        self.is_alive().await
    }

    /// Writes the request and reads the answer to its end.
    pub(super) async fn exchange(
        &mut self,
        request: http::Request<Full<Bytes>>,
        body_max: usize,
    ) -> Result<WireResponse, Failure> {
        self.clean = false;
        run(&mut self.driver, self.handle.ready())
            .await
            .map_err(Failure::Broken)?;
        let response = run(&mut self.driver, self.handle.send_request(request))
            .await
            .map_err(Failure::Broken)?;
        // Whatever this answers, it is not a request that has not left yet: a server that gave up waiting (408), or the
        // rest of an older conversation.
        if !self.tally.is_delivered() {
            return Err(Failure::Early);
        }
        // The library skips the other interim answers; this one is final for it. We never ask to switch protocols.
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::Switched);
        }
        let clean = ends_plainly(&response);
        let (parts, body) = response.into_parts();
        let body = self.read(body, body_max).await?;
        self.clean = clean;
        Ok(WireResponse {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    async fn read(&mut self, mut body: Incoming, max: usize) -> Result<Bytes, Failure> {
        let announced = body.size_hint().lower();
        if announced > u64::try_from(max).unwrap_or(u64::MAX) {
            return Err(Failure::TooLarge(max));
        }
        let mut whole = BytesMut::new();
        while let Some(frame) = run(&mut self.driver, body.frame()).await {
            // Trailers carry nothing for us.
            let Ok(data) = frame.map_err(Failure::Broken)?.into_data() else {
                continue;
            };
            if whole.len() + data.len() > max {
                return Err(Failure::TooLarge(max));
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}

/// Whether the end of this answer is told in exactly one way, and both sides mean to go on after it. An answer that
/// ends when the connection does, or that gives its length twice, is read but never followed by another.
fn ends_plainly(response: &http::Response<Incoming>) -> bool {
    let headers = response.headers();
    let bodiless = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    let length = headers.contains_key(CONTENT_LENGTH);
    let coded = headers.contains_key(TRANSFER_ENCODING);
    let closing = headers.get_all(CONNECTION).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.to_ascii_lowercase().contains("close"))
    });
    response.version() == Version::HTTP_11 && !closing && (bodiless || (length != coded))
}

/// Runs the connection until `wanted` has happened.
async fn run<F: Future>(driver: &mut Option<Box<Driver>>, wanted: F) -> F::Output {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| {
        if let Poll::Ready(output) = wanted.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        let Some(running) = driver else {
            return Poll::Pending;
        };
        if Pin::new(running.as_mut()).poll(cx).is_ready() {
            // It has told the request its end, if there was one to tell; dropping it tells all others.
            *driver = None;
        }
        wanted.as_mut().poll(cx)
    })
    .await
}

/// Why an exchange did not end in an answer.
#[derive(Debug)]
pub(super) enum Failure {
    Broken(hyper::Error),
    TooLarge(usize),
    Early,
    Switched,
}

impl Failure {
    /// The error, with what can have been sent.
    pub(super) fn at(self, host: &Host, sent: Sent) -> TransportError {
        match self {
            Self::Broken(error) if error.is_parse() => TransportError::new(
                TransportFault::Malformed,
                sent,
                format!("the answer of {host} is not http"),
            )
            .because(error),
            Self::Broken(error) => TransportError::new(
                TransportFault::Broken,
                sent,
                format!("the connection to {host} broke before the answer was whole"),
            )
            .because(error),
            Self::TooLarge(max) => TransportError::new(
                TransportFault::Malformed,
                sent,
                format!("the answer of {host} is larger than {max} bytes"),
            ),
            Self::Early => TransportError::new(
                TransportFault::Malformed,
                sent,
                format!("{host} answered before the request had left"),
            ),
            Self::Switched => TransportError::new(
                TransportFault::Malformed,
                sent,
                format!("{host} switched to another protocol, which was not asked for"),
            ),
        }
    }
}
