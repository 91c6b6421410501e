//! A transport that answers from a script and remembers what was sent: for the tests of adapters, which all need one.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;

use crate::request::{WireRequest, WireResponse};
use crate::transport::{Sent, Transport, TransportError, TransportFault};

/// Requests in, scripted answers out, in order. With no answer left the connection breaks after the request has left.
///
/// ```
/// # use sangam_broker::{ScriptedTransport, Transport as _, WireRequest};
/// # use sangam_core::Operation;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let reads = ScriptedTransport::answering([(200, "{}")]);
/// let request = || WireRequest::new(Operation::Funds, http::Method::GET, "http://broker.test/funds");
/// assert_eq!(reads.send(request()).await.unwrap().body, "{}");
/// assert!(reads.send(request()).await.is_err());
/// assert_eq!(reads.sent().len(), 2);
/// # }
/// ```
#[derive(Debug, Default)]
pub struct ScriptedTransport {
    answers: Mutex<VecDeque<WireResponse>>,
    sent: Mutex<Vec<WireRequest>>,
}

impl ScriptedTransport {
    /// One without answers: enough to see a request leave.
    #[must_use]
    pub fn silent() -> Arc<Self> {
        Arc::default()
    }

    /// One with these statuses and bodies to answer.
    ///
    /// # Panics
    /// If a number is no HTTP status.
    #[must_use]
    pub fn answering<B: AsRef<[u8]>>(answers: impl IntoIterator<Item = (u16, B)>) -> Arc<Self> {
        let script = Self::default();
        for (status, body) in answers {
            script.answer(status, body);
        }
        Arc::new(script)
    }

    /// Adds a status and body to answer.
    ///
    /// # Panics
    /// If the number is no HTTP status.
    pub fn answer(&self, status: u16, body: impl AsRef<[u8]>) {
        self.answer_with(status, HeaderMap::new(), body);
    }

    /// Adds an answer with headers.
    ///
    /// # Panics
    /// If the number is no HTTP status.
    pub fn answer_with(&self, status: u16, headers: HeaderMap, body: impl AsRef<[u8]>) {
        self.answers.lock().push_back(WireResponse {
            status: StatusCode::from_u16(status).expect("a script names HTTP statuses"),
            headers,
            body: Bytes::copy_from_slice(body.as_ref()),
        });
    }

    /// What was sent so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<WireRequest> {
        self.sent.lock().clone()
    }

    /// What was sent since it was last asked for.
    #[must_use]
    pub fn take_sent(&self) -> Vec<WireRequest> {
        std::mem::take(&mut *self.sent.lock())
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        self.sent.lock().push(request);
        let answer = self.answers.lock().pop_front();
        answer.ok_or_else(|| {
            TransportError::new(
                TransportFault::Broken,
                Sent::Maybe,
                "the script has no answer left",
            )
        })
    }
}
