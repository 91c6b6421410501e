//! One of several processes on one account, as the programs that test and measure the shared budget set it up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sangam_cache::shared_budget::{
    OwnShares, PooledAccount, ShareScope, ShareWindow, SharedBudget, SharedBudgetSettings, SplitRule, split,
};
use sangam_core::ports::Limiter;
use sangam_core::{AccountId, Clock, Monotonic, Timestamp};
use sangam_ratelimit::port::AccountBudgets;
use sangam_ratelimit::{Rules, ScopeRules, Window};

/// The machine's clocks.
#[derive(Debug)]
pub struct MachineClock(Instant);

impl MachineClock {
    /// Starts at nought.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation that reads the machine's clock"
    )]
    pub fn start() -> Arc<dyn Clock> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.0.elapsed())
    }
}

/// The account of all processes.
///
/// # Panics
/// Never: the name is one.
#[must_use]
pub fn account() -> AccountId {
    AccountId::new("shared").expect("a name")
}

/// One scope `all` with these windows, of a count and milliseconds.
#[must_use]
pub fn all(windows: &[(u32, u64)]) -> Vec<ShareScope> {
    let window = |(count, ms): &(u32, u64)| ShareWindow::new(*count, Duration::from_millis(*ms));
    vec![ShareScope {
        name: "all".to_owned(),
        within: None,
        windows: windows.iter().map(window).collect(),
        minute_breaches_max: None,
    }]
}

/// Joins the others with these settings; `own` replaces the base share.
///
/// # Errors
/// Settings that cannot be, or a slot that is taken.
pub async fn join(
    settings: SharedBudgetSettings,
    scopes: &[ShareScope],
    clock: &Arc<dyn Clock>,
    chance: u64,
    own: Option<Arc<dyn Limiter>>,
) -> Result<SharedBudget> {
    let rule = SplitRule {
        processes: settings.processes,
        ..SplitRule::default()
    };
    let parts = split(scopes, &rule)?;
    let base = match own {
        Some(own) => own,
        None => limiter(&parts.base, &settings, clock)?,
    };
    let pooled = PooledAccount {
        account: account(),
        pool: parts.pool,
    };
    let own = OwnShares {
        base,
        long: [].into(),
    };
    let joined = SharedBudget::connect(settings, vec![pooled], own, Arc::clone(clock), chance).await;
    joined.context("join the shared budget")
}

fn limiter(
    scopes: &[ShareScope],
    settings: &SharedBudgetSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Limiter>> {
    let rules = scopes.iter().map(|scope| {
        let windows = scope.windows.iter();
        let windows: Vec<Window> = windows
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
    let plan = rules.check()?;
    Ok(Arc::new(AccountBudgets::new(
        [(account(), plan)],
        clock,
        Arc::new(tokio::time::sleep),
    )))
}
