//! Processes of one account as budgets in this process, over a real Redis, and servers that are none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sangam_cache::shared_budget::{
    OwnShares, PooledAccount, ShareScope, ShareWindow, SharedBudget, SharedBudgetError, SharedBudgetSettings,
    Split, SplitRule, split,
};
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};
use sangam_core::{AccountId, CallClass, Clock, Monotonic, Priority, Timestamp};
use sangam_ratelimit::port::AccountBudgets;
use sangam_ratelimit::{Rules, ScopeRules, Window};

mod fake;
mod until;

pub(crate) use fake::{Answers, fake};
pub(crate) use until::{PATIENCE, ms, until};

pub(crate) const ACCOUNT: &str = "acct";

#[derive(Debug)]
pub(crate) struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.0.elapsed())
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(MachineClock(Instant::now()))
}

/// Windows of `all`, and of `orders` in it.
pub(crate) fn scopes(all: &[(u32, u64)], orders: &[(u32, u64)]) -> Vec<ShareScope> {
    let scope = |name: &str, within: Option<&str>, windows: &[(u32, u64)]| ShareScope {
        name: name.into(),
        within: within.map(str::to_owned),
        windows: windows
            .iter()
            .map(|(count, length)| ShareWindow::new(*count, ms(*length)))
            .collect(),
        minute_breaches_max: None,
    };
    vec![scope("all", None, all), scope("orders", Some("all"), orders)]
}

/// Short lengths, no reserve, two processes.
pub(crate) fn settings(url: &str) -> SharedBudgetSettings {
    SharedBudgetSettings {
        url: url.to_owned(),
        processes: 2,
        slot: 0,
        patience: ms(100),
        hold: ms(100),
        timeout: ms(100),
        unanswered: ms(100),
        reserve_percent: 0,
        slot_lease: ms(500),
        ..SharedBudgetSettings::default()
    }
}

pub(crate) fn account() -> AccountId {
    AccountId::new(ACCOUNT).unwrap()
}

pub(crate) fn parts(settings: &SharedBudgetSettings, scopes: &[ShareScope]) -> Split {
    let rule = SplitRule {
        processes: settings.processes,
        pooled_max: Duration::from_secs(5),
        ..SplitRule::default()
    };
    split(scopes, &rule).unwrap()
}

pub(crate) fn limiter(
    scopes: &[ShareScope],
    settings: &SharedBudgetSettings,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Limiter> {
    let rules = scopes.iter().map(|scope| {
        let windows: Vec<Window> = scope
            .windows
            .iter()
            .map(|window| Window::new(window.count, window.length))
            .collect();
        ScopeRules {
            within: scope.within.clone(),
            ..ScopeRules::new(scope.name.clone(), &windows)
        }
    });
    let mut rules = Rules::new(rules.collect());
    rules.reserve_percent = settings.reserve_percent;
    rules.unanswered = settings.unanswered;
    Arc::new(AccountBudgets::new(
        [(account(), rules.check().unwrap())],
        clock,
        Arc::new(tokio::time::sleep),
    ))
}

/// One process.
pub(crate) async fn process(
    settings: SharedBudgetSettings,
    scopes: &[ShareScope],
    chance: u64,
) -> Result<SharedBudget, SharedBudgetError> {
    let clock = clock();
    let parts = parts(&settings, scopes);
    let own = OwnShares {
        base: limiter(&parts.base, &settings, &clock),
        long: if parts.long.is_empty() {
            [].into()
        } else {
            [(account(), limiter(&parts.long, &settings, &clock))].into()
        },
    };
    let pooled = vec![PooledAccount {
        account: account(),
        pool: parts.pool,
    }];
    SharedBudget::connect(settings, pooled, own, clock, chance).await
}

/// One process without a base share.
pub(crate) async fn pool_alone(
    settings: SharedBudgetSettings,
    scopes: &[ShareScope],
    chance: u64,
) -> SharedBudget {
    let clock = clock();
    let parts = parts(&settings, scopes);
    let own = OwnShares {
        base: Arc::new(Nothing),
        long: [].into(),
    };
    let pooled = vec![PooledAccount {
        account: account(),
        pool: parts.pool,
    }];
    SharedBudget::connect(settings, pooled, own, clock, chance)
        .await
        .unwrap()
}

/// A base that never has room.
#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Limiter for Nothing {
    fn earliest(&self, _: &Scope, _: u32) -> Monotonic {
        Monotonic::from_origin(Duration::MAX)
    }

    async fn acquire(&self, _: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        std::future::pending().await
    }

    fn fullness_permille(&self, _: &Scope) -> u32 {
        1_000
    }

    fn refused(&self, _: &Scope, _: BrokerRateRefusal) {}

    fn usage(&self) -> Vec<WindowUse> {
        Vec::new()
    }
}

pub(crate) fn scope() -> Scope {
    Scope {
        account: account(),
        class: CallClass::Orders,
    }
}

/// A wish that is given up after so long.
pub(crate) async fn ask_for(
    budget: &SharedBudget,
    priority: Priority,
    within: Duration,
) -> Result<Box<dyn Permit>, RateRefusal> {
    // Every budget's clock begins when it is made; the deadline is far, and the test's own timer decides.
    let request = PermitRequest {
        scope: scope(),
        weight: 1,
        priority,
        deadline: Monotonic::from_origin(Duration::from_secs(86_400)),
    };
    tokio::time::timeout(within, budget.acquire(request))
        .await
        .unwrap_or_else(|_| {
            Err(RateRefusal {
                window: "the test's patience".into(),
                used: 0,
                limit: 0,
                retry_after: Duration::ZERO,
            })
        })
}

/// Every permit there is at the moment, held.
pub(crate) async fn drain(budget: &SharedBudget) -> Vec<Box<dyn Permit>> {
    let mut permits = Vec::new();
    while let Ok(permit) = ask_for(budget, Priority::Order, ms(60)).await {
        permits.push(permit);
    }
    permits
}

/// Waits until the pool gives permits: it was begun, and what it may have forgotten counts no more.
pub(crate) async fn opened(budget: &SharedBudget) {
    let before = budget.report()[0].granted;
    let waiting = async {
        // Those of the base are held, so that the next is of the pool.
        let mut held = Vec::new();
        while budget.report()[0].granted == before {
            held.extend(ask_for(budget, Priority::Order, PATIENCE).await);
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "the pool stays shut: {:?}",
        budget.report()
    );
}

pub(crate) fn joined(budget: &SharedBudget) -> bool {
    budget.report()[0].joined
}
