//! Rules: for each operation the brokers to try first, and one fallback chain behind them all. Plain data.

use std::collections::BTreeMap;

use sangam_core::{BrokerName, Operation};

/// Which brokers come first for which operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingRules {
    fallback: Vec<BrokerName>,
    by_operation: BTreeMap<Operation, Vec<BrokerName>>,
}

impl RoutingRules {
    /// Rules with only a fallback chain, first choice first.
    #[must_use]
    pub fn new(fallback: impl IntoIterator<Item = BrokerName>) -> Self {
        Self {
            fallback: fallback.into_iter().collect(),
            by_operation: BTreeMap::new(),
        }
    }

    /// Adds the brokers to try first for one operation.
    #[must_use]
    pub fn with(mut self, operation: Operation, brokers: impl IntoIterator<Item = BrokerName>) -> Self {
        self.by_operation.insert(operation, brokers.into_iter().collect());
        self
    }

    /// The place of a broker for an operation, lower first, and which list put it there.
    #[must_use]
    pub fn place(&self, operation: Operation, broker: BrokerName) -> (usize, Origin) {
        let rule = self.by_operation.get(&operation).map_or(&[][..], Vec::as_slice);
        if let Some(at) = rule.iter().position(|b| *b == broker) {
            return (at, Origin::Rule);
        }
        match self.fallback.iter().position(|b| *b == broker) {
            Some(at) => (rule.len() + at, Origin::Fallback),
            None => (rule.len() + self.fallback.len(), Origin::Rest),
        }
    }
}

/// Which list put a broker where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operation's own list.
    Rule,
    /// The fallback chain.
    Fallback,
    /// Neither names it.
    Rest,
}
