//! The selector of the first form: room under the rate limits, rules, health. The lock guards one small table and is never held while waiting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use sangam_core::ports::{
    CallReport, Candidate, Limiter, PassedOver, Ranking, RouteQuery, Scope, Selector, SymbolMap,
};
use sangam_core::{AccountId, BrokerName, Clock};

use crate::health::Health;
use crate::rules::{Origin, RoutingRules};

/// From which use of a window on an account is passed over while another has room, where nothing else is set.
const SOFT_PERMILLE: u32 = 800;

/// Ranks accounts by room, rules and health.
#[derive(Debug)]
pub struct Router {
    rules: RoutingRules,
    accounts: Vec<(AccountId, BrokerName)>,
    health: RwLock<BTreeMap<AccountId, Health>>,
    symbols: Option<Arc<dyn SymbolMap>>,
    limits: Option<Limits>,
}

/// What the ranking asks the limiter.
#[derive(Debug)]
struct Limits {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
    /// From which use of a window on an account is passed over while another has room, in thousandths.
    soft_permille: BTreeMap<AccountId, u32>,
}

/// How much room an account has for a call; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// Below its soft threshold.
    Enough,
    /// At or above it, in thousandths of its fullest window.
    Little(u32),
    /// None for so long at least.
    None(Duration),
}

/// An account with its health, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountHealth {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Its health.
    pub health: Health,
}

impl Router {
    /// A router over accounts, all taken to be healthy.
    #[must_use]
    pub fn new(rules: RoutingRules, accounts: impl IntoIterator<Item = (AccountId, BrokerName)>) -> Self {
        Self {
            rules,
            accounts: accounts.into_iter().collect(),
            health: RwLock::default(),
            symbols: None,
            limits: None,
        }
    }

    /// Passes over brokers that do not list the instrument asked for.
    #[must_use]
    pub fn with_symbols(mut self, symbols: Arc<dyn SymbolMap>) -> Self {
        self.symbols = Some(symbols);
        self
    }

    /// Ranks by room first: accounts below their soft threshold, then those at or above it with room left, the emptiest
    /// first, then those that would have to wait, the shortest wait first. An account without a threshold has the default,
    /// 800 thousandths.
    #[must_use]
    pub fn with_limits(
        mut self,
        limiter: Arc<dyn Limiter>,
        clock: Arc<dyn Clock>,
        soft_permille: impl IntoIterator<Item = (AccountId, u32)>,
    ) -> Self {
        self.limits = Some(Limits {
            limiter,
            clock,
            soft_permille: soft_permille.into_iter().collect(),
        });
        self
    }

    fn room(&self, account: &AccountId, query: RouteQuery<'_>) -> Room {
        let Some(limits) = &self.limits else {
            return Room::Enough;
        };
        let scope = Scope {
            account: account.clone(),
            class: query.operation.class(),
        };
        let bound = limits.limiter.earliest(&scope, 1);
        let wait = bound.since(limits.clock.monotonic());
        if !wait.is_zero() {
            return Room::None(wait);
        }
        let soft = limits
            .soft_permille
            .get(account)
            .copied()
            .unwrap_or(SOFT_PERMILLE);
        match limits.limiter.fullness_permille(&scope) {
            used if used >= soft => Room::Little(used),
            _ => Room::Enough,
        }
    }

    /// Every account with its health, in the order of the configuration.
    #[must_use]
    pub fn health(&self) -> Vec<AccountHealth> {
        let table = self.health.read();
        self.accounts
            .iter()
            .map(|(account, broker)| AccountHealth {
                account: account.clone(),
                broker: *broker,
                health: table.get(account).cloned().unwrap_or_default(),
            })
            .collect()
    }

    fn obstacle(&self, account: &AccountId, broker: BrokerName, query: RouteQuery<'_>) -> Option<String> {
        if let Some(pinned) = query.pinned.filter(|pinned| *pinned != broker) {
            return Some(format!("the call asks for {pinned}"));
        }
        if let (Some(symbols), Some(id)) = (&self.symbols, query.instrument)
            && symbols.listing(broker, id).is_none()
        {
            return Some(format!("{id} is not in {broker}'s symbol master"));
        }
        let table = self.health.read();
        let reason = table.get(account).and_then(Health::unhealthy)?;
        Some(format!("unhealthy: {reason}"))
    }
}

impl Selector for Router {
    fn rank(&self, query: RouteQuery<'_>) -> Ranking {
        let mut ranking = Ranking::default();
        let mut ranked = Vec::with_capacity(self.accounts.len());
        for (account, broker) in &self.accounts {
            match self.obstacle(account, *broker, query) {
                Some(reason) => ranking.passed_over.push(PassedOver {
                    account: account.clone(),
                    broker: *broker,
                    reason,
                }),
                None => {
                    let room = self.room(account, query);
                    ranked.push((room, self.rules.place(query.operation, *broker), account, *broker));
                }
            }
        }
        ranked.sort_by_key(|(room, (place, _), ..)| (*room, *place));
        ranking.candidates = ranked
            .into_iter()
            .map(|(room, (place, origin), account, broker)| Candidate {
                account: account.clone(),
                broker,
                reason: match (room, origin) {
                    (Room::None(wait), _) => {
                        format!("its rate windows are full for {} ms", wait.as_millis())
                    }
                    (Room::Little(used), _) => format!("its fullest rate window is at {} %", used / 10),
                    (_, Origin::Rule) => format!("choice {} of the rule for {}", place + 1, query.operation),
                    (_, Origin::Fallback) => format!("place {} by the fallback chain", place + 1),
                    (_, Origin::Rest) => "named by no rule".to_owned(),
                },
            })
            .collect();
        ranking
    }

    fn record(&self, account: &AccountId, report: CallReport) {
        let mut table = self.health.write();
        let health = table.entry(account.clone()).or_default();
        let before = health.unhealthy().is_some();
        health.record(report.failed);
        if let (false, Some(reason)) = (before, health.unhealthy()) {
            tracing::warn!(%account, reason, "account passed over");
        }
    }

    fn observe_health(&self, account: &AccountId, unhealthy: Option<String>) {
        let mut table = self.health.write();
        let health = table.entry(account.clone()).or_default();
        let before = health.unhealthy().map(str::to_owned);
        if before != unhealthy {
            tracing::info!(%account, before, after = unhealthy, "health changed");
        }
        health.observe(unhealthy);
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;
    use sangam_core::Operation;

    use super::*;

    fn brokers() -> impl Strategy<Value = Vec<BrokerName>> {
        proptest::sample::subsequence(BrokerName::ALL.to_vec(), 0..=3).prop_shuffle()
    }

    fn name(broker: BrokerName) -> AccountId {
        broker.as_str().parse().expect("a name")
    }

    proptest! {
        /// Every account is in exactly one list, the rule's order is kept, and no unhealthy account is a candidate.
        #[test]
        fn a_ranking_is_a_partition_in_the_order_of_the_rules(
            fallback in brokers(),
            rule in brokers(),
            sick in brokers(),
            pinned in proptest::option::of(proptest::sample::select(BrokerName::ALL.to_vec())),
        ) {
            let rules = RoutingRules::new(fallback.clone()).with(Operation::Place, rule.clone());
            let router = Router::new(rules, BrokerName::ALL.map(|b| (name(b), b)));
            for broker in &sick {
                router.observe_health(&name(*broker), Some("down".into()));
            }
            let ranking = router.rank(RouteQuery { operation: Operation::Place, instrument: None, pinned });
            prop_assert_eq!(ranking.candidates.len() + ranking.passed_over.len(), 3);
            let order: Vec<_> = ranking.candidates.iter().map(|c| c.broker).collect();
            let mut wanted: Vec<_> = rule.iter().chain(&fallback).chain(&BrokerName::ALL).copied().collect();
            wanted.retain(|b| !sick.contains(b) && pinned.is_none_or(|pin| pin == *b));
            let mut seen = Vec::new();
            for broker in wanted {
                if !seen.contains(&broker) {
                    seen.push(broker);
                }
            }
            prop_assert_eq!(order, seen);
        }
    }
}
