//! What a broker counts, as settings: named scopes with their windows, one within another. Plain fields; what they must
//! not be is said by [`Rules::check`], which names the field that is wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::plan::{self, Plan};

/// So many calls in any stretch of such a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Calls that fit.
    pub count: u32,
    /// The length.
    pub length: Duration,
}

impl Window {
    /// So many calls in so long.
    #[must_use]
    pub const fn new(count: u32, length: Duration) -> Self {
        Self { count, length }
    }

    /// So many calls a second.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self::new(count, Duration::from_secs(1))
    }

    /// So many calls a minute.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60))
    }

    /// So many calls in 24 hours.
    #[must_use]
    pub const fn per_day(count: u32) -> Self {
        Self::new(count, Duration::from_secs(86_400))
    }
}

/// `8/1s`, `36/1min`, `9000/1d`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.length.as_millis();
        let (length, unit) = match ms {
            0 => (self.length.as_nanos(), "ns"),
            _ if ms.is_multiple_of(86_400_000) => (ms / 86_400_000, "d"),
            _ if ms.is_multiple_of(60_000) => (ms / 60_000, "min"),
            _ if ms.is_multiple_of(1_000) => (ms / 1_000, "s"),
            _ => (ms, "ms"),
        };
        write!(f, "{}/{length}{unit}", self.count)
    }
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no window; write calls and length like 8/1s, 36/1min, 1800/30min or 9000/1d")]
pub struct WindowError(String);

/// `8/1s`, `8/s`, `36/1min`, `9000/1d`, `50/250ms`; a length without unit is in seconds: `10/1`.
impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError(text.to_owned());
        let (count, length) = text.split_once('/').ok_or_else(wrong)?;
        let length = length.trim();
        let digits = length.find(|c: char| !c.is_ascii_digit()).unwrap_or(length.len());
        let (number, unit) = length.split_at(digits);
        let number: u64 = match number {
            "" => 1,
            number => number.parse().map_err(|_| wrong())?,
        };
        let unit_ms = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "" if digits > 0 => 1_000,
            "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let ms = number.checked_mul(unit_ms).ok_or_else(wrong)?;
        let count = count.trim().parse().map_err(|_| wrong())?;
        Ok(Self::new(count, Duration::from_millis(ms)))
    }
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRules {
    /// Its name: `orders`, `all`.
    pub name: String,
    /// The scope around it: a call of this scope is counted there too.
    pub within: Option<String>,
    /// Its windows, all of which must hold.
    pub windows: Vec<Window>,
    /// The broker blocks the account for the rest of the day after more than this many breached minutes. One before
    /// that the scope is closed for the day but for its reserve. `None`: no such rule.
    pub minute_breaches_max: Option<u32>,
}

impl ScopeRules {
    /// A scope of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, windows: &[Window]) -> Self {
        Self {
            name: name.into(),
            within: None,
            windows: windows.to_vec(),
            minute_breaches_max: None,
        }
    }

    /// Puts it into another.
    #[must_use]
    pub fn within(mut self, outer: impl Into<String>) -> Self {
        self.within = Some(outer.into());
        self
    }
}

/// What a window is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// From the answer: the permit is held from the send until the window has passed after the answer. Exact whatever
    /// the network does.
    Answer,
    /// From the send, with each window longer by `guard`. Holds only as far as the way to the broker varies by less
    /// than the guard; for those who have measured it.
    Send {
        /// The most by which one-way delays differ.
        guard: Duration,
    },
}

/// Everything a [`Budget`](crate::Budget) is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The scopes.
    pub scopes: Vec<ScopeRules>,
    /// What windows are measured from. Default: the answer.
    pub anchor: Anchor,
    /// How long after its connection was aborted a call without an answer counts as in flight. Default: 30 s. It bounds
    /// permits and proves nothing about what became of the call.
    pub unanswered: Duration,
    /// The share of each window that only [`Priority::Protective`](crate::Priority::Protective) and
    /// [`Priority::Reconcile`](crate::Priority::Reconcile) may use, in percent: at least one call wherever the window
    /// holds two. 0: no reserve. Default: 10.
    pub reserve_percent: u8,
    /// The most callers that wait at a time. Default: 1,024.
    pub waiting_max: usize,
}

impl Rules {
    /// These scopes, everything else as by default.
    #[must_use]
    pub fn new(scopes: Vec<ScopeRules>) -> Self {
        Self {
            scopes,
            anchor: Anchor::Answer,
            unanswered: Duration::from_secs(30),
            reserve_percent: 10,
            waiting_max: 1_024,
        }
    }

    /// Turns the settings into a plan that cannot be wrong.
    ///
    /// # Errors
    /// [`RulesError`] naming the first field that cannot be: no scope, a window of no calls or no length, two windows of
    /// one length, a window that can never fill because a longer or an outer one is smaller, a scope within itself.
    pub fn check(&self) -> Result<Plan, RulesError> {
        plan::check(self)
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RulesError {
    /// The field, for example `scopes.orders.windows[1].count`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_as_it_is_shown() {
        for (text, shown) in [
            ("8/1s", "8/1s"),
            ("8/s", "8/1s"),
            ("10/1", "10/1s"),
            ("36 / 1min", "36/1min"),
            ("1800/30min", "1800/30min"),
            ("9000/1d", "9000/1d"),
            ("7/24h", "7/1d"),
            ("50/250ms", "50/250ms"),
        ] {
            let window: Window = text.parse().expect(text);
            assert_eq!(window.to_string(), shown);
            assert_eq!(shown.parse(), Ok(window));
        }
        for text in [
            "",
            "8",
            "8/",
            "/1s",
            "x/1s",
            "8/1y",
            "-1/1s",
            "8/99999999999999999999s",
            "1/9999999999999999999d",
        ] {
            let error = text.parse::<Window>().expect_err(text);
            assert!(error.to_string().contains("8/1s"), "{error}");
        }
    }
}
