//! The broker's rate rules, counted when a call arrives.
//!
//! A rule is a set of windows (count, length); a call is charged to every rule its server names. Rolling windows decide
//! (a rolling window that holds makes each calendar window hold too); calendar windows are kept beside them so that
//! both figures can be shown. What is refused is measured but does not fill a window unless configured.

mod windows;

use std::collections::HashMap;

use parking_lot::Mutex;
use serde::Serialize;

use crate::clock::{DAY_US, Instant64, MINUTE_US, SECOND_US};
use crate::config::SimConfig;
use windows::{Calendar, Rolling};

/// One window of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Calls that fit.
    pub count: u32,
    /// Length in microseconds. Windows of a day end at midnight IST and are not rolling.
    pub length_us: i64,
}

impl Window {
    /// So many calls in so many seconds.
    #[must_use]
    pub const fn of(count: u32, seconds: i64) -> Self {
        Self {
            count,
            length_us: seconds * SECOND_US,
        }
    }

    /// So many calls from midnight to midnight IST.
    #[must_use]
    pub const fn per_day(count: u32) -> Self {
        Self {
            count,
            length_us: DAY_US,
        }
    }

    /// Length in seconds, for messages.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.length_us / SECOND_US
    }
}

/// A named rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRule {
    /// Name, as servers charge it and `/__sim/stats` shows it: `orders`, `all`.
    pub name: &'static str,
    /// Its windows, all of which must hold.
    pub windows: Vec<Window>,
    /// Blocks everything for the rest of the day after more than this many breached minute windows.
    pub day_block_after: Option<u32>,
}

impl RateRule {
    /// A rule without day block.
    #[must_use]
    pub fn new(name: &'static str, windows: &[Window]) -> Self {
        Self {
            name,
            windows: windows.to_vec(),
            day_block_after: None,
        }
    }

    /// Adds the day block: more than `breaches` minute windows breached in a day block the rest of that day.
    #[must_use]
    pub const fn blocking_after(mut self, breaches: u32) -> Self {
        self.day_block_after = Some(breaches);
        self
    }
}

/// A call that was refused for its rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The rule.
    pub rule: &'static str,
    /// The window that is full; a day of no calls while the day block holds.
    pub window: Window,
    /// Until the window has room again.
    pub retry_after_us: i64,
    /// True if the account is blocked to the end of the day.
    pub blocked: bool,
}

impl Excess {
    /// Whole seconds to wait, rounded up, at least 1: what a `Retry-After` header holds.
    #[must_use]
    pub const fn retry_after_s(&self) -> i64 {
        let seconds = (self.retry_after_us + SECOND_US - 1) / SECOND_US;
        if seconds < 1 { 1 } else { seconds }
    }

    /// Milliseconds to wait, rounded up, at least 1.
    #[must_use]
    pub const fn retry_after_ms(&self) -> i64 {
        let ms = (self.retry_after_us + 999) / 1_000;
        if ms < 1 { 1 } else { ms }
    }
}

/// The counters of one account.
#[derive(Debug)]
pub struct Limiter {
    enforce: bool,
    count_refused: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rules: Vec<Counted>,
    by_name: HashMap<&'static str, usize>,
    blocked_until: Option<Instant64>,
    violations: u64,
}

#[derive(Debug)]
struct Counted {
    rule: RateRule,
    windows: Vec<CountedWindow>,
    violations: u64,
    /// Calendar minute of the last breach, and breaches of the day.
    last_breach_minute: i64,
    breach_day: i64,
    breaches: u32,
}

#[derive(Debug)]
struct CountedWindow {
    window: Window,
    /// What fills the window.
    admitted: Rolling,
    admitted_today: Calendar,
    /// All arrivals, for the worst figures.
    seen: Rolling,
    seen_calendar: Calendar,
}

/// The figures of one window in `/__sim/stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowReport {
    /// Calls that fit.
    pub limit: u32,
    /// Length.
    pub seconds: i64,
    /// Most arrivals in any rolling window of that length, refused ones included.
    pub worst_rolling: u64,
    /// Most arrivals in any calendar window, refused ones included.
    pub worst_calendar: u64,
}

/// The figures of one rule in `/__sim/stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// Name.
    pub rule: &'static str,
    /// Calls refused (or that would have been, with the rules off).
    pub violations: u64,
    /// Breached minute windows of the day, for rules with a day block.
    pub day_breaches: u32,
    /// Its windows.
    pub windows: Vec<WindowReport>,
}

impl Limiter {
    /// Counters for a broker's rules with the configuration's changes.
    #[must_use]
    pub fn new(rules: Vec<RateRule>, config: &SimConfig) -> Self {
        let counted = |mut rule: RateRule| {
            if let Some(changed) = config.rules.iter().find(|changed| changed.name == rule.name) {
                rule.windows = changed
                    .windows
                    .iter()
                    .map(|&(count, s)| Window::of(count, i64::from(s)))
                    .collect();
            }
            let windows = rule
                .windows
                .iter()
                .map(|window| CountedWindow::new(*window))
                .collect();
            Counted {
                rule,
                windows,
                violations: 0,
                last_breach_minute: i64::MIN,
                breach_day: 0,
                breaches: 0,
            }
        };
        let rules: Vec<Counted> = rules.into_iter().map(counted).collect();
        let by_name = rules
            .iter()
            .enumerate()
            .map(|(at, counted)| (counted.rule.name, at))
            .collect();
        let state = State {
            rules,
            by_name,
            blocked_until: None,
            violations: 0,
        };
        Self {
            enforce: config.rate_rules,
            count_refused: config.count_refused,
            state: Mutex::new(state),
        }
    }

    /// Counts a call of some weight against rules; the answer says whether the broker takes it.
    ///
    /// # Errors
    /// [`Excess`]: the first rule and window that are full, or the day block.
    pub fn arrive(&self, rules: &[&'static str], weight: u32, now: Instant64) -> Result<(), Excess> {
        let mut state = self.state.lock();
        let charged: Vec<usize> = rules
            .iter()
            .filter_map(|name| state.by_name.get(name).copied())
            .collect();
        for &at in &charged {
            for window in &mut state.rules[at].windows {
                window.seen.add(now, weight);
                window.seen_calendar.add(now, weight);
            }
        }
        let verdict = if charged.is_empty() {
            Ok(())
        } else {
            state.judge(&charged, weight, now)
        };
        if verdict.is_err() {
            state.violations += 1;
        }
        if verdict.is_ok() || self.count_refused || !self.enforce {
            for &at in &charged {
                for window in &mut state.rules[at].windows {
                    window.admitted.add(now, weight);
                    window.admitted_today.add(now, weight);
                }
            }
        }
        if self.enforce { verdict } else { Ok(()) }
    }

    /// Calls refused so far, or that would have been.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.state.lock().violations
    }

    /// True while the day block holds.
    #[must_use]
    pub fn blocked(&self, now: Instant64) -> bool {
        self.state.lock().blocked_until.is_some_and(|until| now < until)
    }

    /// The figures for `/__sim/stats`.
    #[must_use]
    pub fn report(&self) -> Vec<RuleReport> {
        let state = self.state.lock();
        let window = |counted: &CountedWindow| WindowReport {
            limit: counted.window.count,
            seconds: counted.window.seconds(),
            worst_rolling: counted.seen.worst(),
            worst_calendar: counted.seen_calendar.worst(),
        };
        let rule = |counted: &Counted| RuleReport {
            rule: counted.rule.name,
            violations: counted.violations,
            day_breaches: counted.breaches,
            windows: counted.windows.iter().map(window).collect(),
        };
        state.rules.iter().map(rule).collect()
    }
}

impl State {
    fn judge(&mut self, charged: &[usize], weight: u32, now: Instant64) -> Result<(), Excess> {
        if let Some(until) = self.blocked_until.filter(|until| now < *until) {
            let rule = &mut self.rules[charged[0]];
            rule.violations += 1;
            let window = Window::per_day(0);
            return Err(Excess {
                rule: rule.rule.name,
                window,
                retry_after_us: until.0 - now.0,
                blocked: true,
            });
        }
        for &at in charged {
            let counted = &mut self.rules[at];
            let Some((window, retry_after_us)) = counted.full(weight, now) else {
                continue;
            };
            counted.violations += 1;
            let name = counted.rule.name;
            let block = counted.breached(&window, now);
            if block {
                self.blocked_until = Some(end_of_day(now));
            }
            return Err(Excess {
                rule: name,
                window,
                retry_after_us,
                blocked: block,
            });
        }
        Ok(())
    }
}

impl Counted {
    /// The full window that lasts longest, if any, and how long it stays full.
    fn full(&mut self, weight: u32, now: Instant64) -> Option<(Window, i64)> {
        self.windows
            .iter_mut()
            .filter_map(|counted| counted.wait(weight, now).map(|wait| (counted.window, wait)))
            .max_by_key(|(_, wait)| *wait)
    }

    /// Counts a breached minute window, at most one a calendar minute; true if the day block falls now.
    fn breached(&mut self, window: &Window, now: Instant64) -> bool {
        let Some(allowed) = self.rule.day_block_after else {
            return false;
        };
        if window.length_us != MINUTE_US {
            return false;
        }
        if self.breach_day != now.day_number() {
            self.breach_day = now.day_number();
            self.breaches = 0;
        }
        let minute = now.0.div_euclid(MINUTE_US);
        if self.last_breach_minute != minute {
            self.last_breach_minute = minute;
            self.breaches += 1;
        }
        self.breaches > allowed
    }
}

impl CountedWindow {
    fn new(window: Window) -> Self {
        Self {
            window,
            admitted: Rolling::new(window.length_us),
            admitted_today: Calendar::new(window.length_us),
            seen: Rolling::new(window.length_us),
            seen_calendar: Calendar::new(window.length_us),
        }
    }

    /// None if the call fits, else how long until it would.
    fn wait(&mut self, weight: u32, now: Instant64) -> Option<i64> {
        let limit = u64::from(self.window.count);
        if self.window.length_us >= DAY_US {
            let full = self.admitted_today.present(now) + u64::from(weight) > limit;
            return full.then(|| end_of_day(now).0 - now.0);
        }
        self.admitted.wait(limit, weight, now)
    }
}

/// The next midnight IST.
const fn end_of_day(now: Instant64) -> Instant64 {
    now.plus_us(DAY_US - now.since_midnight_us())
}

#[cfg(test)]
mod tests;
