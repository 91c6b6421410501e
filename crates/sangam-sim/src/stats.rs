//! What the simulator saw, for `GET /__sim/stats`.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;

use crate::limits::RuleReport;

/// Counters of one simulated broker.
#[derive(Debug, Default)]
pub struct Stats {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<String, u64>,
    accepted: u64,
    rejected: u64,
    by_tag: BTreeMap<String, u64>,
    untagged: u64,
    faults: BTreeMap<&'static str, u64>,
}

/// The answer of `GET /__sim/stats`.
#[derive(Clone, Debug, Serialize)]
pub struct StatsReport {
    /// The broker's name.
    pub broker: &'static str,
    /// Requests that arrived, by method and path as the server groups them (`__sim` calls are not counted).
    pub requests: BTreeMap<String, u64>,
    /// All requests together.
    pub requests_total: u64,
    /// Rate rules with the worst counts seen.
    pub rules: Vec<RuleReport>,
    /// Calls beyond a rate rule.
    pub violations: u64,
    /// True while the broker blocks the account for the day.
    pub blocked: bool,
    /// Orders taken into the book and not rejected there.
    pub orders_accepted: u64,
    /// Orders entered as rejected.
    pub orders_rejected: u64,
    /// Accepted orders by tag.
    pub accepted_by_tag: BTreeMap<String, u64>,
    /// Accepted orders without a tag.
    pub accepted_untagged: u64,
    /// Tags that more than one accepted order carries.
    pub duplicate_tags: Vec<String>,
    /// Faults injected, by kind.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Stats {
    /// Counts an arrived request.
    pub fn request(&self, label: String) {
        *self.counts.lock().requests.entry(label).or_default() += 1;
    }

    /// Counts an order taken into the book.
    pub fn accepted(&self, tag: Option<&str>) {
        let mut counts = self.counts.lock();
        counts.accepted += 1;
        match tag {
            Some(tag) => *counts.by_tag.entry(tag.to_owned()).or_default() += 1,
            None => counts.untagged += 1,
        }
    }

    /// Counts an order entered as rejected.
    pub fn rejected(&self) {
        self.counts.lock().rejected += 1;
    }

    /// Counts an injected fault.
    pub fn fault(&self, kind: &'static str) {
        *self.counts.lock().faults.entry(kind).or_default() += 1;
    }

    /// Everything so far, with the limiter's figures.
    #[must_use]
    pub fn report(
        &self,
        broker: &'static str,
        rules: Vec<RuleReport>,
        violations: u64,
        blocked: bool,
    ) -> StatsReport {
        let counts = self.counts.lock();
        StatsReport {
            broker,
            requests: counts.requests.clone(),
            requests_total: counts.requests.values().sum(),
            rules,
            violations,
            blocked,
            orders_accepted: counts.accepted,
            orders_rejected: counts.rejected,
            accepted_by_tag: counts.by_tag.clone(),
            accepted_untagged: counts.untagged,
            duplicate_tags: counts
                .by_tag
                .iter()
                .filter(|(_, n)| **n > 1)
                .map(|(tag, _)| tag.clone())
                .collect(),
            faults: counts.faults.clone(),
        }
    }
}
