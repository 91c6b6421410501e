//! A budget that several processes share: each owns a base share that needs nobody, and the rest of the quota is a pool in
//! Redis or Valkey. The same port as the limiter, the same rule, and the promise that no window of the whole is exceeded,
//! whatever becomes of Redis. `docs/shared-budget.md` has the proof.
//!
//! The base share is a limiter of its own, given from outside: this module knows the pool and how both go together.

mod link;
mod permit;
mod plan;
mod pool;
mod settings;
mod split;
mod state;
mod tend;
mod wait;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};
use sangam_core::{AccountId, Clock, Monotonic};
use tokio::task::JoinHandle;

use crate::backoff::Backoff;
use link::Link;
use permit::Both;
use plan::Plan;
use pool::{Ask, Pool};
use state::Standing;

pub use settings::{SharedBudgetError, SharedBudgetSettings};
pub use split::{PoolScope, ShareScope, ShareWindow, Split, SplitError, SplitRule, split};

/// An account and its part in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PooledAccount {
    /// The account.
    pub account: AccountId,
    /// The pool, from [`split`].
    pub pool: Vec<PoolScope>,
}

/// The limiters of what this process owns, each over all accounts.
#[derive(Debug, Clone)]
pub struct OwnShares {
    /// By [`Split::base`].
    pub base: Arc<dyn Limiter>,
    /// By [`Split::long`], for the accounts that have such windows; log-ins and other accounts must pass it freely.
    pub long: HashMap<AccountId, Arc<dyn Limiter>>,
}

/// How it goes with one account's pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolReport {
    /// The account.
    pub account: AccountId,
    /// Whether the pool can be used at the moment.
    pub joined: bool,
    /// How often it was joined.
    pub joins: u64,
    /// Permits it has granted to this process.
    pub granted: u64,
    /// Why this process gives no permits at all, where that is so: its slot is another's.
    pub barred: Option<&'static str>,
}

/// The limiter of a process that shares its accounts' quotas with others.
#[derive(Debug)]
pub struct SharedBudget {
    own: OwnShares,
    pools: HashMap<AccountId, Arc<Pool>>,
    clock: Arc<dyn Clock>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for SharedBudget {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        for pool in self.pools.values() {
            pool.link.close();
        }
    }
}

impl SharedBudget {
    /// Starts to share. Redis need not be there: until it is, only the base shares are used. Must be called on a runtime
    /// with a timer.
    ///
    /// `chance` is 64 random bits, other ones for every start of every process: permits carry them, and they spread the
    /// attempts to reach a Redis that is away.
    ///
    /// # Errors
    /// [`SharedBudgetError`] for a setting that cannot be, and if Redis is there and says that another process runs with
    /// our slot or with other settings. A slot left by a process that was killed is waited for.
    pub async fn connect(
        settings: SharedBudgetSettings,
        accounts: Vec<PooledAccount>,
        own: OwnShares,
        clock: Arc<dyn Clock>,
        chance: u64,
    ) -> Result<Self, SharedBudgetError> {
        settings.check()?;
        let mut budget = Self {
            own,
            pools: HashMap::new(),
            clock,
            tasks: Vec::new(),
        };
        for (at, PooledAccount { account, pool }) in accounts.into_iter().enumerate() {
            let plan = Plan::new(&account, &pool, &settings)?;
            let link = Link::new(&settings.url, settings.patience).map_err(|error| {
                SharedBudgetError::setting("url", format!("is no address of Redis: {}", error.details()))
            })?;
            let identity = format!("{chance:016x}:");
            let backoff = Backoff::new(chance.wrapping_add(at as u64));
            let pool = Pool::new(
                plan,
                settings.clone(),
                link,
                Arc::clone(&budget.clock),
                identity,
                backoff,
            );
            budget.pools.insert(account, Arc::new(pool));
        }
        for pool in budget.pools.values() {
            first_join(pool).await?;
            budget.tasks.push(tokio::spawn(Arc::clone(pool).tend()));
        }
        Ok(budget)
    }

    /// Leaves the slots to whoever comes next. Without it they stay taken for [`SharedBudgetSettings::slot_lease`].
    pub async fn close(self) {
        for task in &self.tasks {
            task.abort();
        }
        for pool in self.pools.values() {
            let left = pool
                .link
                .leave_seat(&pool.plan, pool.settings.slot, &pool.identity)
                .await;
            if let Err(problem) = left {
                tracing::debug!(account = %pool.plan.account, %problem, "the slot was not left");
            }
        }
    }

    /// How it goes with each account's pool.
    #[must_use]
    pub fn report(&self) -> Vec<PoolReport> {
        let report = |pool: &Arc<Pool>| {
            let state = pool.state.lock();
            PoolReport {
                account: pool.plan.account.clone(),
                joined: state.standing == Standing::Joined,
                joins: state.joined,
                granted: state.granted,
                barred: match state.standing {
                    Standing::Barred { problem, .. } => Some(problem),
                    Standing::Joined | Standing::Lost { .. } => None,
                },
            }
        };
        let mut reports: Vec<PoolReport> = self.pools.values().map(report).collect();
        reports.sort_by(|a, b| a.account.cmp(&b.account));
        reports
    }

    /// The digest of an account's script and the keys it is run with, to measure the script by itself.
    #[must_use]
    pub fn script(&self, account: &AccountId) -> Option<(&str, &[String])> {
        let plan = &self.pools.get(account)?.plan;
        Some((&plan.acquire_sha, &plan.keys))
    }

    /// The pool a call is charged to, and its scope there.
    fn find(&self, scope: &Scope) -> Option<(&Arc<Pool>, usize)> {
        let pool = self.pools.get(&scope.account)?;
        Some((pool, pool.plan.scope_of(scope.class)?))
    }

    fn long(&self, account: &AccountId) -> Option<&Arc<dyn Limiter>> {
        self.own.long.get(account)
    }

    /// A permit of the short windows: from the base or from the pool, whichever comes first.
    async fn short(
        &self,
        pool: &Arc<Pool>,
        at: usize,
        request: PermitRequest,
    ) -> Result<Box<dyn Permit>, RateRefusal> {
        let ask = Ask {
            scope: at,
            weight: request.weight.max(1),
            priority: request.priority,
            deadline: request.deadline,
        };
        let base = pool.plan.scopes[at]
            .has_base
            .then(|| self.own.base.acquire(request));
        wait::either(base, pool, ask).await
    }
}

/// One attempt before the start is said to be done, and further ones only to wait for a slot left by a killed process.
async fn first_join(pool: &Arc<Pool>) -> Result<(), SharedBudgetError> {
    let settings = &pool.settings;
    let until = pool.now().after(settings.slot_lease + settings.patience);
    loop {
        let Standing::Barred { problem, .. } = pool.join().await else {
            return Ok(());
        };
        if pool.now() >= until {
            return Err(SharedBudgetError::Slot {
                account: pool.plan.account.to_string(),
                problem: format!("slot {}: {problem}", settings.slot),
            });
        }
        tokio::time::sleep(settings.slot_lease / 10).await;
    }
}

#[async_trait]
impl Limiter for SharedBudget {
    fn earliest(&self, scope: &Scope, weight: u32) -> Monotonic {
        let base = self.own.base.earliest(scope, weight);
        let Some((pool, at)) = self.find(scope) else {
            return base;
        };
        let state = pool.state.lock();
        let mut bound = if pool.plan.scopes[at].has_base {
            base
        } else {
            never()
        };
        match state.standing {
            Standing::Joined if weight <= pool.plan.weight_max(at, false) => {
                bound = bound.min(
                    state
                        .known
                        .due_at(&pool.plan, at, false)
                        .max(self.clock.monotonic()),
                );
            }
            Standing::Joined | Standing::Lost { .. } => {}
            Standing::Barred { until, .. } => bound = bound.max(until),
        }
        drop(state);
        match self.long(&scope.account) {
            Some(long) => bound.max(long.earliest(scope, weight)),
            None => bound,
        }
    }

    async fn acquire(&self, request: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        let Some((pool, at)) = self.find(&request.scope) else {
            return self.own.base.acquire(request).await;
        };
        if let Some(problem) = pool.barred() {
            return Err(RateRefusal {
                window: format!("account {}: {problem};", request.scope.account),
                used: 0,
                limit: 0,
                retry_after: pool.settings.slot_lease,
            });
        }
        let Some(long) = self.long(&request.scope.account) else {
            return self.short(pool, at, request).await;
        };
        let long = long.acquire(request.clone()).await?;
        let short = self.short(pool, at, request).await?;
        Ok(Box::new(Both { long, short }))
    }

    fn fullness_permille(&self, scope: &Scope) -> u32 {
        let base = self.own.base.fullness_permille(scope);
        let Some((pool, at)) = self.find(scope) else {
            return base;
        };
        let now = self.clock.monotonic();
        let state = pool.state.lock();
        let pooled =
            (state.standing == Standing::Joined).then(|| state.known.fullness_permille(&pool.plan, at, now));
        drop(state);
        // A call goes where there is room.
        let short = match (pool.plan.scopes[at].has_base, pooled) {
            (true, Some(pooled)) => base.min(pooled),
            (true, None) => base,
            (false, pooled) => pooled.unwrap_or(1_000),
        };
        let long = self
            .long(&scope.account)
            .map(|long| long.fullness_permille(scope));
        short.max(long.unwrap_or(0))
    }

    fn refused(&self, scope: &Scope, refusal: BrokerRateRefusal) {
        self.own.base.refused(scope, refusal);
        let Some((pool, at)) = self.find(scope) else {
            return;
        };
        if let Some(long) = self.long(&scope.account) {
            long.refused(scope, refusal);
        }
        let now = self.clock.monotonic();
        let length = refusal.retry_after.or(refusal.window);
        let length = length.unwrap_or_else(|| pool.state.lock().known.fullest_short(&pool.plan, at, now));
        pool.shut(at, length.min(Duration::from_secs(86_400)));
    }

    fn usage(&self) -> Vec<WindowUse> {
        let now = self.clock.monotonic();
        let mut uses = self.own.base.usage();
        for window in &mut uses {
            let Some((pool, at)) = self.find(&window.scope) else {
                continue;
            };
            let state = pool.state.lock();
            if let Some((used, limit)) = state.known.window_use(&pool.plan, at, window.window, now) {
                window.used = window.used.saturating_add(used);
                window.limit = window.limit.saturating_add(limit);
            }
        }
        for long in self.own.long.values() {
            let known = |window: &WindowUse| {
                uses.iter()
                    .any(|other| other.scope == window.scope && other.window == window.window)
            };
            let more: Vec<WindowUse> = long.usage().into_iter().filter(|window| !known(window)).collect();
            uses.extend(more);
        }
        uses
    }
}

fn never() -> Monotonic {
    Monotonic::from_origin(Duration::MAX)
}

#[cfg(test)]
mod rule_tests;
