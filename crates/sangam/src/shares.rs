//! This process's part of accounts that several processes share: its base share with its own journals, and the pool in
//! Redis. Redis need not be there: until it is, only the base share is used.

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sangam_cache::shared_budget::{
    OwnShares, PooledAccount, ShareScope, ShareWindow, SharedBudget, SharedBudgetError, SharedBudgetSettings,
    Split, SplitRule, split,
};
use sangam_core::Clock;
use sangam_core::ports::Limiter;
use sangam_ratelimit::port::AccountBudgets;
use sangam_ratelimit::{Anchor, Plan, Rules, ScopeRules, Window};
use secrecy::ExposeSecret as _;

use crate::config::{AccountConfig, Config, SharedConfig};
use crate::entropy::random_bytes;
use crate::error::StartError;
use crate::limits;

/// The most that passes between a permit and the first byte of its call: an order's deadline may lie between them.
const HOLD_MIN: Duration = Duration::from_secs(1);

/// Of windows longer than this each process owns its part: a pool that is new, or has lost its memory, stays shut for as
/// long as its longest window.
const POOLED_MAX: Duration = Duration::from_secs(60);

/// What this process owns of each account by itself: the rules of its base share.
pub(crate) fn base_plan(account: &AccountConfig, shared: &SharedConfig) -> Result<Plan, StartError> {
    let parts = parts(account, shared)?;
    plan(account, &parts.base)
}

/// Joins the others. Also gives the base share, for people to look at.
pub(crate) async fn join(
    config: &Config,
    shared: &SharedConfig,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<SharedBudget>, Arc<AccountBudgets>), StartError> {
    let mut base = Vec::new();
    let mut long = HashMap::new();
    let mut pooled = Vec::new();
    for account in &config.accounts {
        if matches!(account.limits.rules.anchor, Anchor::Send { .. }) {
            return Err(StartError::Limits(format!(
                "account.{}.limits.anchor: a shared budget is measured from the answer; leave anchor out",
                account.name
            )));
        }
        let parts = parts(account, shared)?;
        base.push((account, plan(account, &parts.base)?));
        if !parts.long.is_empty() {
            let own = [(account, plan(account, &parts.long)?)];
            let own: Arc<dyn Limiter> =
                limits::journaled(own, &data_dir.join("limits").join("long"), data_dir, clock)?;
            long.insert(account.name.clone(), own);
        }
        pooled.push(PooledAccount {
            account: account.name.clone(),
            pool: parts.pool,
        });
    }
    let base = limits::journaled(base, &data_dir.join("limits"), data_dir, clock)?;
    let own = OwnShares {
        base: Arc::<AccountBudgets>::clone(&base),
        long,
    };
    let budget = SharedBudget::connect(
        settings(config, shared),
        pooled,
        own,
        Arc::clone(clock),
        u64::from_le_bytes(random_bytes::<8>()),
    );
    // Boxed, or the futures of whoever starts a system would be as large as Redis's client.
    let budget: Pin<Box<dyn Future<Output = Result<SharedBudget, SharedBudgetError>> + Send>> =
        Box::pin(budget);
    let budget = budget
        .await
        .map_err(|error| StartError::Limits(error.to_string()))?;
    Ok((Arc::new(budget), base))
}

fn settings(config: &Config, shared: &SharedConfig) -> SharedBudgetSettings {
    let of = |longest: &dyn Fn(&AccountConfig) -> Duration| {
        config.accounts.iter().map(longest).max().unwrap_or_default()
    };
    SharedBudgetSettings {
        url: shared.redis_url.expose_secret().to_owned(),
        key_prefix: shared.key_prefix.clone(),
        processes: shared.processes,
        slot: shared.slot,
        hold: config.desk.deadline.max(HOLD_MIN),
        timeout: of(&|account| account.order_timeout.max(account.read_timeout)),
        unanswered: of(&|account| account.limits.rules.unanswered),
        reserve_percent: config
            .accounts
            .iter()
            .map(|a| a.limits.rules.reserve_percent)
            .max()
            .unwrap_or(10),
        waiting_max: config
            .accounts
            .iter()
            .map(|a| a.limits.rules.waiting_max)
            .max()
            .unwrap_or(1_024),
        ..SharedBudgetSettings::default()
    }
}

fn parts(account: &AccountConfig, shared: &SharedConfig) -> Result<Split, StartError> {
    let scopes = account.limits.rules.scopes.iter().map(|scope| ShareScope {
        name: scope.name.clone(),
        within: scope.within.clone(),
        windows: scope
            .windows
            .iter()
            .map(|w| ShareWindow::new(w.count, w.length))
            .collect(),
        // Counted by each process for itself.
        minute_breaches_max: scope
            .minute_breaches_max
            .map(|most| (most / shared.processes).max(1)),
    });
    let scopes: Vec<ShareScope> = scopes.collect();
    let rule = SplitRule {
        processes: shared.processes,
        base_percent: shared.base_percent,
        pooled_max: POOLED_MAX,
    };
    split(&scopes, &rule)
        .map_err(|error| StartError::Limits(format!("account {} cannot be shared: {error}", account.name)))
}

fn plan(account: &AccountConfig, scopes: &[ShareScope]) -> Result<Plan, StartError> {
    let scopes = scopes.iter().map(|scope| {
        let windows: Vec<Window> = scope
            .windows
            .iter()
            .map(|w| Window::new(w.count, w.length))
            .collect();
        ScopeRules {
            within: scope.within.clone(),
            minute_breaches_max: scope.minute_breaches_max,
            ..ScopeRules::new(scope.name.clone(), &windows)
        }
    });
    let rules = Rules {
        scopes: scopes.collect(),
        ..account.limits.rules.clone()
    };
    rules
        .check()
        .map_err(|error| StartError::Limits(format!("account {} cannot be shared: {error}", account.name)))
}
