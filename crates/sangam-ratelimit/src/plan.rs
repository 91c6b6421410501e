//! Rules that were checked: scopes by index, their ancestors resolved, window lengths stretched.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::nanos::ns;
use crate::rules::{Anchor, Rules, RulesError, ScopeRules, Window};

/// Scopes are bits of a mask.
const SCOPES_MAX: usize = 32;
const WINDOWS_MAX: usize = 8;
const COUNT_MAX: u32 = 100_000_000;
const LENGTH_MIN: Duration = Duration::from_millis(1);
const LENGTH_MAX: Duration = Duration::from_secs(31 * 86_400);
const WAITING_MAX: usize = 1_000_000;

/// A scope of a [`Plan`] and of the budgets made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub(crate) usize);

/// Rules that passed [`Rules::check`].
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) scopes: Vec<PlannedScope>,
    pub(crate) anchor: Anchor,
    pub(crate) unanswered: Duration,
    pub(crate) reserve_percent: u8,
    #[cfg_attr(
        not(feature = "async"),
        expect(dead_code, reason = "nobody waits without that feature")
    )]
    pub(crate) waiting_max: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct PlannedScope {
    pub(crate) name: Arc<str>,
    /// Itself, then what it lies in, outwards.
    pub(crate) path: Box<[usize]>,
    /// With the time each of its calls is held, shortest first.
    pub(crate) windows: Vec<(Window, u64)>,
    pub(crate) minute_breaches_max: Option<u32>,
}

impl Plan {
    /// A scope by its name.
    #[must_use]
    pub fn scope(&self, name: &str) -> Option<ScopeId> {
        self.scopes
            .iter()
            .position(|scope| &*scope.name == name)
            .map(ScopeId)
    }
}

/// How long a call is held for a window: a little longer than the window is, because the broker's clock may run slower
/// than ours, and by the guard.
fn held(length: Duration, anchor: Anchor) -> u64 {
    let guard = match anchor {
        Anchor::Answer => Duration::ZERO,
        Anchor::Send { guard } => guard,
    };
    ns(length + length / 1_000 + Duration::from_millis(1) + guard)
}

fn wrong(field: impl Into<String>, problem: impl Into<String>) -> RulesError {
    RulesError {
        field: field.into(),
        problem: problem.into(),
    }
}

pub(crate) fn check(rules: &Rules) -> Result<Plan, RulesError> {
    general(rules)?;
    let mut names = HashSet::new();
    for (at, scope) in rules.scopes.iter().enumerate() {
        if scope.name.is_empty() {
            return Err(wrong(format!("scopes[{at}].name"), "is empty: name the scope"));
        }
        if !names.insert(scope.name.as_str()) {
            return Err(wrong(
                format!("scopes[{at}].name"),
                format!("{:?} is there twice", scope.name),
            ));
        }
        windows(scope)?;
        if scope.minute_breaches_max == Some(0) {
            return Err(wrong(
                format!("scopes.{}.minute_breaches_max", scope.name),
                "must be at least 1: leave it out where the broker has no such rule",
            ));
        }
    }
    let mut scopes = Vec::new();
    for at in 0..rules.scopes.len() {
        let path = path(&rules.scopes, at)?;
        for pair in path.windows(2) {
            nested(&rules.scopes[pair[0]], &rules.scopes[pair[1]])?;
        }
        let scope = &rules.scopes[at];
        let mut windows: Vec<(Window, u64)> = scope
            .windows
            .iter()
            .map(|window| (*window, held(window.length, rules.anchor)))
            .collect();
        windows.sort_by_key(|(_, held)| *held);
        scopes.push(PlannedScope {
            name: scope.name.as_str().into(),
            path: path.into_boxed_slice(),
            windows,
            minute_breaches_max: scope.minute_breaches_max,
        });
    }
    Ok(Plan {
        scopes,
        anchor: rules.anchor,
        unanswered: rules.unanswered,
        reserve_percent: rules.reserve_percent,
        waiting_max: rules.waiting_max,
    })
}

fn general(rules: &Rules) -> Result<(), RulesError> {
    if rules.scopes.is_empty() || rules.scopes.len() > SCOPES_MAX {
        return Err(wrong("scopes", format!("must be 1 to {SCOPES_MAX} scopes")));
    }
    if rules.reserve_percent > 90 {
        return Err(wrong(
            "reserve_percent",
            "must be at most 90, or nothing is left to share",
        ));
    }
    if rules.unanswered.is_zero() || rules.unanswered > LENGTH_MAX {
        return Err(wrong(
            "unanswered",
            "must be above nought and at most 31 days: a call given up on may still arrive",
        ));
    }
    if let Anchor::Send { guard } = rules.anchor
        && guard > LENGTH_MAX
    {
        return Err(wrong("anchor.guard", "must be at most 31 days"));
    }
    if rules.waiting_max == 0 || rules.waiting_max > WAITING_MAX {
        return Err(wrong("waiting_max", format!("must be 1 to {WAITING_MAX}")));
    }
    Ok(())
}

fn windows(scope: &ScopeRules) -> Result<(), RulesError> {
    let field = |at: usize, name: &str| format!("scopes.{}.windows[{at}].{name}", scope.name);
    if scope.windows.is_empty() || scope.windows.len() > WINDOWS_MAX {
        return Err(wrong(
            format!("scopes.{}.windows", scope.name),
            format!("must be 1 to {WINDOWS_MAX} windows"),
        ));
    }
    for (at, window) in scope.windows.iter().enumerate() {
        if window.count == 0 || window.count > COUNT_MAX {
            return Err(wrong(field(at, "count"), format!("must be 1 to {COUNT_MAX}")));
        }
        if window.length < LENGTH_MIN || window.length > LENGTH_MAX {
            return Err(wrong(field(at, "length"), "must be 1 ms to 31 days"));
        }
        for (other_at, other) in scope.windows[..at].iter().enumerate() {
            if other.length == window.length {
                return Err(wrong(
                    field(at, "length"),
                    format!("is that of windows[{other_at}] too: keep the smaller of {other} and {window}"),
                ));
            }
            let (short, long) = if other.length < window.length {
                (other, window)
            } else {
                (window, other)
            };
            if short.count > long.count {
                return Err(wrong(
                    field(at, "count"),
                    format!(
                        "{short} can never fill, for {long} is longer and holds less: lower the one or raise the other"
                    ),
                ));
            }
        }
    }
    Ok(())
}

fn path(scopes: &[ScopeRules], of: usize) -> Result<Vec<usize>, RulesError> {
    let mut path = vec![of];
    let mut at = of;
    while let Some(outer) = &scopes[at].within {
        let field = || format!("scopes.{}.within", scopes[at].name);
        let Some(next) = scopes.iter().position(|scope| scope.name == *outer) else {
            return Err(wrong(field(), format!("there is no scope {outer:?}")));
        };
        if path.contains(&next) {
            return Err(wrong(field(), format!("{outer:?} lies within it already")));
        }
        path.push(next);
        at = next;
    }
    Ok(path)
}

/// A window of an inner scope that an outer one of at least its length undercuts can never fill.
fn nested(inner: &ScopeRules, outer: &ScopeRules) -> Result<(), RulesError> {
    for (at, window) in inner.windows.iter().enumerate() {
        let undercut = outer
            .windows
            .iter()
            .find(|other| other.length >= window.length && other.count < window.count);
        if let Some(other) = undercut {
            return Err(wrong(
                format!("scopes.{}.windows[{at}].count", inner.name),
                format!(
                    "{window} can never fill, for {:?} around it holds {other}: lower it too",
                    outer.name
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_field(change: impl FnOnce(&mut Rules), field: &str) {
        let mut rules = Rules::new(vec![
            ScopeRules::new("all", &[Window::per_second(10), Window::per_minute(100)]),
            ScopeRules::new("orders", &[Window::per_second(8), Window::per_minute(40)]).within("all"),
        ]);
        change(&mut rules);
        let error = rules.check().map(|_| ()).expect_err(field);
        assert_eq!(error.field, field, "{error}");
    }

    #[test]
    fn refuses_what_cannot_be_and_names_the_field() {
        check_field(|rules| rules.scopes.clear(), "scopes");
        check_field(|rules| rules.scopes[0].windows.clear(), "scopes.all.windows");
        check_field(
            |rules| rules.scopes[0].windows[1].count = 0,
            "scopes.all.windows[1].count",
        );
        check_field(
            |rules| rules.scopes[1].windows[0].length = Duration::ZERO,
            "scopes.orders.windows[0].length",
        );
        check_field(
            |rules| rules.scopes[0].windows[1].length = Duration::from_secs(1),
            "scopes.all.windows[1].length",
        );
        check_field(
            |rules| rules.scopes[0].windows[1].count = 9,
            "scopes.all.windows[1].count",
        );
        check_field(
            |rules| rules.scopes[1].windows[0].count = 11,
            "scopes.orders.windows[0].count",
        );
        check_field(|rules| rules.scopes[1].name = "all".to_owned(), "scopes[1].name");
        check_field(|rules| rules.scopes[1].name.clear(), "scopes[1].name");
        check_field(
            |rules| rules.scopes[1].within = Some("al".to_owned()),
            "scopes.orders.within",
        );
        check_field(
            |rules| rules.scopes[0].within = Some("orders".to_owned()),
            "scopes.orders.within",
        );
        check_field(
            |rules| rules.scopes[0].minute_breaches_max = Some(0),
            "scopes.all.minute_breaches_max",
        );
        check_field(|rules| rules.reserve_percent = 91, "reserve_percent");
        check_field(|rules| rules.unanswered = Duration::ZERO, "unanswered");
        check_field(|rules| rules.waiting_max = 0, "waiting_max");
    }

    #[test]
    fn windows_are_held_a_little_longer_and_by_the_guard() {
        let mut rules = Rules::new(vec![ScopeRules::new("all", &[Window::per_second(10)])]);
        assert_eq!(rules.check().unwrap().scopes[0].windows[0].1, 1_002_000_000);
        rules.anchor = Anchor::Send {
            guard: Duration::from_millis(5),
        };
        assert_eq!(rules.check().unwrap().scopes[0].windows[0].1, 1_007_000_000);
    }
}
