//! The error every call to a broker can end in. A caller asks three things of it: what kind, may I try again, and
//! *could it have taken effect?*

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::broker::BrokerName;

/// The result of a call to a broker.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is wrong.
    InvalidRequest,
    /// The instrument is unknown here, expired, or not listed at this broker.
    UnknownInstrument,
    /// No such order, position or row.
    NotFound,
    /// The order is already final, so it can be neither modified nor cancelled.
    OrderNotOpen,
    /// The broker or its risk checks refused the order.
    OrderRejected,
    /// The session is dead or was never made: log in again.
    LoginRequired,
    /// The account, app or key may not do this.
    Permission,
    /// The call did not come from the registered static address.
    StaticAddress,
    /// A rate rule refused the call.
    RateLimited,
    /// The market or the service is closed at this hour.
    Closed,
    /// The broker is down or faulty.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The connection failed.
    Network,
    /// The answer is not what the broker's documents promise.
    UnexpectedAnswer,
    /// The broker does not offer this, or not through its interface.
    NotOffered,
    /// A bug of ours.
    Internal,
}

impl ErrorKind {
    /// The name used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnknownInstrument => "unknown_instrument",
            Self::NotFound => "not_found",
            Self::OrderNotOpen => "order_not_open",
            Self::OrderRejected => "order_rejected",
            Self::LoginRequired => "login_required",
            Self::Permission => "permission",
            Self::StaticAddress => "static_address",
            Self::RateLimited => "rate_limited",
            Self::Closed => "closed",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::NotOffered => "not_offered",
            Self::Internal => "internal",
        }
    }
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Repeating the same call cannot help: change the request.
    Fix,
    /// Log in, then call again.
    LogIn,
    /// Call again later; after this long where the broker said so.
    Wait(Option<Duration>),
    /// The outcome is not known: look in the books before anything else.
    Look,
    /// Another broker may serve the call.
    Elsewhere,
}

/// Whether a call could have taken effect at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No byte of it left, proven by our own transport or because it was refused locally.
    NotSent,
    /// The broker's own refusal, on the list of refusals that mean exactly that.
    Rejected,
    /// It may have taken effect.
    Unknown,
}

/// A call that did not end well.
///
/// ```
/// use sangam_core::{Error, ErrorKind, Outcome};
/// let error = Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer within 5 s");
/// assert!(!error.outcome().is_certainly_not_placed());
/// ```
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    outcome: Outcome,
    advice: Advice,
    broker: Option<BrokerName>,
    code: Option<String>,
    broker_order_id: Option<crate::ids::BrokerOrderId>,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Outcome {
    /// Whether nothing can have been placed: the only ground on which a placement may move to another broker.
    #[must_use]
    pub fn is_certainly_not_placed(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

impl Error {
    /// An error with the advice that usually goes with its kind. `message` is lower case, names the thing and holds no
    /// secret.
    #[must_use]
    pub fn new(kind: ErrorKind, outcome: Outcome, message: impl Into<String>) -> Self {
        let advice = match (outcome, kind) {
            (_, ErrorKind::LoginRequired) => Advice::LogIn,
            (_, ErrorKind::RateLimited | ErrorKind::Closed) => Advice::Wait(None),
            (Outcome::Unknown, _) => Advice::Look,
            (
                _,
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Network | ErrorKind::StaticAddress,
            ) => Advice::Elsewhere,
            _ => Advice::Fix,
        };
        Self {
            kind,
            outcome,
            advice,
            broker: None,
            code: None,
            broker_order_id: None,
            message: message.into(),
            source: None,
        }
    }

    /// A refusal by our own checks: nothing was sent.
    #[must_use]
    pub fn refused(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, Outcome::NotSent, message)
    }

    /// Names the broker.
    #[must_use]
    pub fn at(mut self, broker: BrokerName) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Keeps the broker's own code, or the HTTP status as `http 502`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Replaces the advice.
    #[must_use]
    pub fn with_advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    /// Replaces the outcome; an outcome of `Unknown` on anything but log-in and rate errors brings the advice to look.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        if outcome == Outcome::Unknown && !matches!(self.advice, Advice::LogIn | Advice::Wait(_)) {
            self.advice = Advice::Look;
        }
        self
    }

    /// Keeps an order id that came with the failure (Fyers may send one).
    #[must_use]
    pub fn with_broker_order_id(mut self, id: crate::ids::BrokerOrderId) -> Self {
        self.broker_order_id = Some(id);
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error for another of those a call failed together. The cause stays with the first: it cannot be copied.
    #[must_use]
    pub fn repeated(&self) -> Self {
        Self {
            kind: self.kind,
            outcome: self.outcome,
            advice: self.advice,
            broker: self.broker,
            code: self.code.clone(),
            broker_order_id: self.broker_order_id.clone(),
            message: self.message.clone(),
            source: None,
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the call could have taken effect.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.advice
    }

    /// The broker, where one was involved.
    #[must_use]
    pub fn broker(&self) -> Option<BrokerName> {
        self.broker
    }

    /// The broker's own code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The order id that came with the failure.
    #[must_use]
    pub fn broker_order_id(&self) -> Option<&crate::ids::BrokerOrderId> {
        self.broker_order_id.as_ref()
    }

    /// The text, without broker and code.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(broker) = self.broker {
            write!(f, "{broker}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_kind_and_outcome() {
        let check = |kind, outcome, advice| assert_eq!(Error::new(kind, outcome, "x").advice(), advice);
        check(ErrorKind::LoginRequired, Outcome::Rejected, Advice::LogIn);
        check(ErrorKind::RateLimited, Outcome::Unknown, Advice::Wait(None));
        check(ErrorKind::Timeout, Outcome::Unknown, Advice::Look);
        check(ErrorKind::Network, Outcome::NotSent, Advice::Elsewhere);
        check(ErrorKind::InvalidRequest, Outcome::NotSent, Advice::Fix);
    }

    #[test]
    fn shows_broker_text_and_code() {
        let error = Error::new(
            ErrorKind::OrderRejected,
            Outcome::Rejected,
            "price is off the tick",
        )
        .at(BrokerName::Fyers)
        .with_code("-392");
        assert_eq!(error.to_string(), "fyers: price is off the tick (-392)");
    }

    #[test]
    fn a_repeated_error_says_the_same() {
        let first = Error::new(ErrorKind::Unavailable, Outcome::Unknown, "the gateway is away")
            .at(BrokerName::Upstox)
            .with_code("http 502")
            .with_advice(Advice::Elsewhere)
            .with_source(std::io::Error::other("cause"));
        let again = first.repeated();
        assert_eq!(again.to_string(), first.to_string());
        assert_eq!(
            (again.kind(), again.outcome(), again.advice(), again.broker()),
            (first.kind(), first.outcome(), first.advice(), first.broker())
        );
        assert!(std::error::Error::source(&again).is_none());
    }
}
