//! What of an account's quota each process owns by itself and what they share: a pure function, with the sum as its promise.
//! It knows nothing of Redis.

use std::collections::HashMap;
use std::time::Duration;

/// So many calls in any stretch of such a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareWindow {
    /// Calls that fit.
    pub count: u32,
    /// The length.
    pub length: Duration,
}

impl ShareWindow {
    /// So many calls in so long.
    #[must_use]
    pub const fn new(count: u32, length: Duration) -> Self {
        Self { count, length }
    }
}

/// What a broker counts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareScope {
    /// Its name: `orders`, `all`.
    pub name: String,
    /// The scope around it: a call of this scope is counted there too.
    pub within: Option<String>,
    /// Its windows.
    pub windows: Vec<ShareWindow>,
    /// Breached minutes of a day that the broker lets pass; handed on to the parts as it is.
    pub minute_breaches_max: Option<u32>,
}

/// How to split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitRule {
    /// Processes that run on the account at the same time, 1 to 64.
    pub processes: u32,
    /// How much of each window the processes own together, in percent; the rest is the pool. At least one call each, where
    /// the window holds one for each. Default: 50.
    pub base_percent: u8,
    /// Windows up to this length are pooled; of longer ones each process owns an equal part, so that the pool need not
    /// remember a day. After Redis lost its memory the pool stays shut for as long as its longest window. Default: 1 h.
    pub pooled_max: Duration,
}

impl Default for SplitRule {
    fn default() -> Self {
        Self {
            processes: 1,
            base_percent: 50,
            pooled_max: Duration::from_secs(3_600),
        }
    }
}

/// A scope of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolScope {
    /// Its name.
    pub name: String,
    /// The scope around it.
    pub within: Option<String>,
    /// The pool's part of its windows.
    pub windows: Vec<ShareWindow>,
    /// Whether each process owns a part as well. Not so where a window holds fewer calls than there are processes: then
    /// all of it is in the pool, and without Redis such calls wait.
    pub has_base: bool,
}

/// An account's quota in parts. For each window of each scope: processes x part of a process + part of the pool is at most
/// the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The rules of a process's own limiter of short windows.
    pub base: Vec<ShareScope>,
    /// The rules of a process's own limiter of windows that are not pooled; empty where there are none. A scope without
    /// such windows repeats those around it, or has one that never fills.
    pub long: Vec<ShareScope>,
    /// The pool.
    pub pool: Vec<PoolScope>,
}

/// A quota that cannot be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SplitError {
    /// Which field.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// Never full: a hundred million calls a millisecond.
const OPEN: ShareWindow = ShareWindow::new(100_000_000, Duration::from_millis(1));

/// Splits an account's quota among processes.
///
/// ```
/// use std::time::Duration;
/// use sangam_cache::shared_budget::{ShareScope, ShareWindow, SplitRule, split};
/// let orders = ShareScope {
///     name: "orders".into(),
///     within: None,
///     windows: vec![ShareWindow::new(10, Duration::from_secs(1)), ShareWindow::new(9_000, Duration::from_secs(86_400))],
///     minute_breaches_max: None,
/// };
/// let parts = split(&[orders], &SplitRule { processes: 4, ..SplitRule::default() }).unwrap();
/// assert_eq!(parts.base[0].windows, [ShareWindow::new(1, Duration::from_secs(1))]);
/// assert_eq!(parts.pool[0].windows, [ShareWindow::new(6, Duration::from_secs(1))]);
/// assert_eq!(parts.long[0].windows, [ShareWindow::new(2_250, Duration::from_secs(86_400))]);
/// ```
///
/// # Errors
/// [`SplitError`] naming the first field that cannot be: no processes, a percentage above 100, an unknown or circular outer
/// scope, a long window that holds fewer calls than there are processes.
pub fn split(scopes: &[ShareScope], rule: &SplitRule) -> Result<Split, SplitError> {
    check(scopes, rule)?;
    let mut parts = Split {
        base: Vec::new(),
        long: Vec::new(),
        pool: Vec::new(),
    };
    let by_name: HashMap<&str, &ShareScope> =
        scopes.iter().map(|scope| (scope.name.as_str(), scope)).collect();
    let path = |scope: &ShareScope| -> Vec<&ShareScope> {
        let first = by_name[scope.name.as_str()];
        std::iter::successors(Some(first), |at| at.within.as_deref().map(|name| by_name[name])).collect()
    };
    let any_long = scopes.iter().any(|scope| !long_of(scope, rule).is_empty());
    for scope in scopes {
        let has_base = path(scope).iter().all(|at| owns_part(at, rule));
        parts.pool.push(PoolScope {
            name: scope.name.clone(),
            within: scope.within.clone(),
            windows: short(scope, rule)
                .map(|window| pool_part(window, rule, has_base))
                .collect(),
            has_base,
        });
        let own: Vec<ShareWindow> = short(scope, rule).map(|window| base_part(window, rule)).collect();
        let base = if own.is_empty() { long_of(scope, rule) } else { own };
        parts.base.push(ShareScope {
            windows: base,
            ..scope.clone()
        });
        if any_long {
            let windows = path(scope)
                .iter()
                .map(|at| long_of(at, rule))
                .find(|windows| !windows.is_empty());
            let windows = windows.unwrap_or_else(|| vec![OPEN]);
            parts.long.push(ShareScope {
                windows,
                ..scope.clone()
            });
        }
    }
    Ok(parts)
}

fn short<'a>(scope: &'a ShareScope, rule: &'a SplitRule) -> impl Iterator<Item = ShareWindow> + 'a {
    scope
        .windows
        .iter()
        .copied()
        .filter(|window| window.length <= rule.pooled_max)
}

fn long_of(scope: &ShareScope, rule: &SplitRule) -> Vec<ShareWindow> {
    let long = scope
        .windows
        .iter()
        .filter(|window| window.length > rule.pooled_max);
    long.map(|window| ShareWindow {
        count: window.count / rule.processes,
        ..*window
    })
    .collect()
}

/// Whether each process can own at least one call of every short window.
fn owns_part(scope: &ShareScope, rule: &SplitRule) -> bool {
    short(scope, rule).all(|window| window.count >= rule.processes)
}

fn base_part(window: ShareWindow, rule: &SplitRule) -> ShareWindow {
    let share = u64::from(window.count) * u64::from(rule.base_percent) / 100 / u64::from(rule.processes);
    let count = u32::try_from(share).unwrap_or(u32::MAX).max(1);
    ShareWindow { count, ..window }
}

fn pool_part(window: ShareWindow, rule: &SplitRule, owned: bool) -> ShareWindow {
    let taken = if owned {
        base_part(window, rule).count * rule.processes
    } else {
        0
    };
    ShareWindow {
        count: window.count - taken,
        ..window
    }
}

fn check(scopes: &[ShareScope], rule: &SplitRule) -> Result<(), SplitError> {
    let wrong = |field: &str, problem: &str| {
        Err(SplitError {
            field: field.to_owned(),
            problem: problem.to_owned(),
        })
    };
    if !(1..=64).contains(&rule.processes) {
        return wrong("processes", "must be 1 to 64");
    }
    if rule.base_percent > 100 {
        return wrong("base_percent", "must be at most 100");
    }
    if scopes.is_empty() || scopes.len() > 32 {
        return wrong("scopes", "must be 1 to 32 scopes");
    }
    for (at, scope) in scopes.iter().enumerate() {
        let field = |name: &str| format!("scopes.{}.{name}", scope.name);
        if scopes[..at].iter().any(|other| other.name == scope.name) {
            return wrong(&field("name"), "is there twice");
        }
        if scope.windows.is_empty() || scope.windows.len() > 8 {
            return wrong(&field("windows"), "must be 1 to 8 windows");
        }
        for (at, window) in scope.windows.iter().enumerate() {
            if window.count == 0 || window.length.is_zero() {
                return wrong(
                    &field(&format!("windows[{at}]")),
                    "must hold a call and have a length",
                );
            }
            if window.length > rule.pooled_max && window.count < rule.processes {
                return wrong(
                    &field(&format!("windows[{at}].count")),
                    "is less than one call for each process: run fewer processes, or pool longer windows",
                );
            }
        }
        let mut outer = scope.within.as_deref();
        for _ in 0..=scopes.len() {
            let Some(name) = outer else { break };
            let Some(next) = scopes.iter().find(|other| other.name == name) else {
                return wrong(&field("within"), "names no scope");
            };
            outer = next.within.as_deref();
        }
        if outer.is_some() {
            return wrong(&field("within"), "lies within itself");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
