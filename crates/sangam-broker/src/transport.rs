//! The port requests leave through, and what it can prove about a request that got no answer.

use std::fmt::Debug;

use async_trait::async_trait;
use sangam_core::ports::RateRefusal;
use sangam_core::{Advice, Error, ErrorKind, Outcome};

use crate::request::{WireRequest, WireResponse};

/// Whether any byte of a request can have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Proven: no connection was made, or nothing was written to the one that was.
    Nothing,
    /// Bytes were written, or it is not known.
    Maybe,
}

/// What broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFault {
    /// The address cannot be used.
    Address,
    /// No connection: refused, unreachable, name unknown, handshake failed.
    Connect,
    /// The time ran out.
    Timeout,
    /// The connection broke before the answer was whole.
    Broken,
    /// The answer is larger than allowed or is not HTTP.
    Malformed,
    /// The account's budget had no room for it in time.
    RateLimited,
}

/// A request without a whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct TransportError {
    /// What broke.
    pub fault: TransportFault,
    /// What can have left.
    pub sent: Sent,
    /// The text: host and port, no path, query or secret.
    pub what: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// An error without a cause. `what` names host and port, no path, query or secret.
    #[must_use]
    pub fn new(fault: TransportFault, sent: Sent, what: impl Into<String>) -> Self {
        Self {
            fault,
            sent,
            what: what.into(),
            source: None,
        }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error a broker call ends in.
    #[must_use]
    pub fn into_error(self) -> Error {
        let kind = match self.fault {
            TransportFault::Address => ErrorKind::InvalidRequest,
            TransportFault::Connect | TransportFault::Broken => ErrorKind::Network,
            TransportFault::Timeout => ErrorKind::Timeout,
            TransportFault::Malformed => ErrorKind::UnexpectedAnswer,
            TransportFault::RateLimited => ErrorKind::RateLimited,
        };
        let outcome = match self.sent {
            Sent::Nothing => Outcome::NotSent,
            Sent::Maybe => Outcome::Unknown,
        };
        let error = Error::new(kind, outcome, self.what.clone());
        let refusal = self
            .source
            .as_deref()
            .and_then(|source| source.downcast_ref::<RateRefusal>());
        let error = match refusal.map(|refusal| refusal.retry_after) {
            Some(wait) => error.with_advice(Advice::Wait(Some(wait))),
            None => error,
        };
        error.with_source(self)
    }
}

/// Sends one request and reads its answer whole.
///
/// An implementation owes: it sends at most once, follows no redirect, repeats nothing, uses no proxy for orders; it
/// answers any status as a response; [`Sent::Nothing`] only with proof.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends the request.
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError>;
}
