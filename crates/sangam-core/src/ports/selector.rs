//! The port to routing: which accounts may serve a call, best first, and why the others were passed over.

use std::fmt::Debug;
use std::time::Duration;

use crate::broker::BrokerName;
use crate::calls::Operation;
use crate::error::ErrorKind;
use crate::ids::AccountId;
use crate::instrument::InstrumentId;

/// What is to be routed.
#[derive(Debug, Clone, Copy)]
pub struct RouteQuery<'a> {
    /// What is asked.
    pub operation: Operation,
    /// About which instrument, where one is named: accounts whose broker does not list it are passed over.
    pub instrument: Option<&'a InstrumentId>,
    /// The caller's choice of broker.
    pub pinned: Option<BrokerName>,
}

/// An account that may serve the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Why it stands where it stands, in words.
    pub reason: String,
}

/// An account that may not, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Why.
    pub reason: String,
}

/// The answer: every account is in exactly one of the two lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// The rest.
    pub passed_over: Vec<PassedOver>,
}

/// How one call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallReport {
    /// What was asked.
    pub operation: Operation,
    /// How long it took.
    pub took: Duration,
    /// How it failed, `None` when it did not.
    pub failed: Option<ErrorKind>,
}

/// Ranks accounts and learns from how calls end.
///
/// An implementation owes: `rank` answers from memory without waiting and never invents an account.
pub trait Selector: Send + Sync + Debug {
    /// Ranks the accounts for a call.
    fn rank(&self, query: RouteQuery<'_>) -> Ranking;

    /// Tells how a call to an account ended.
    fn record(&self, account: &AccountId, report: CallReport);

    /// Tells what a health check found: `None` for healthy, else the reason in words.
    fn observe_health(&self, account: &AccountId, unhealthy: Option<String>);
}
