//! Settings of a shared budget: as written, and what they come to.

use std::fmt;
use std::time::Duration;

/// Settings of a budget that several processes share. All processes of an account must have the same ones but for `slot`.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedBudgetSettings {
    /// Where Redis or Valkey (6.2 or later) is: `redis://127.0.0.1:6379/0`, with TLS `rediss://`. May hold a password; it
    /// is not shown. Default: `redis://127.0.0.1:6379`.
    pub url: String,
    /// What keys begin with. Default: `sangam`.
    pub key_prefix: String,
    /// Processes that run on each account at the same time, 1 to 64. Default: 1.
    pub processes: u32,
    /// Which of them this is, from 0. Default: 0.
    pub slot: u32,
    /// How long an answer of Redis is waited for; a later one gives no permit. Default: 100 ms.
    pub patience: Duration,
    /// The most that passes between a permit and its call's first byte. Default: 1 s.
    pub hold: Duration,
    /// The most a call takes until it is answered or its connection is aborted. Default: 10 s.
    pub timeout: Duration,
    /// How long an aborted call may still arrive, as in the limiter. Default: 30 s.
    pub unanswered: Duration,
    /// The share of each of the pool's windows that only exits, cancels and reconciliation may use, in percent: at least
    /// one call wherever the window holds two. Default: 10.
    pub reserve_percent: u8,
    /// How long a slot stays taken after its process has gone. Default: 5 s.
    pub slot_lease: Duration,
    /// The most callers of an account that wait for the pool at a time. Default: 1,024.
    pub waiting_max: usize,
}

impl Default for SharedBudgetSettings {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379".to_owned(),
            key_prefix: "sangam".to_owned(),
            processes: 1,
            slot: 0,
            patience: Duration::from_millis(100),
            hold: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
            unanswered: Duration::from_secs(30),
            reserve_percent: 10,
            slot_lease: Duration::from_secs(5),
            waiting_max: 1_024,
        }
    }
}

impl fmt::Debug for SharedBudgetSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBudgetSettings")
            .field("key_prefix", &self.key_prefix)
            .field("processes", &self.processes)
            .field("slot", &self.slot)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Why a shared budget cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharedBudgetError {
    /// A setting that cannot be.
    #[error("shared_budget.{field}: {problem}")]
    Setting {
        /// Which.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// Another process is running with our slot, or with other settings.
    #[error("account {account}: {problem}")]
    Slot {
        /// The account.
        account: String,
        /// What is wrong.
        problem: String,
    },
}

impl SharedBudgetError {
    pub(super) fn setting(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

const LENGTH_MIN: Duration = Duration::from_millis(1);
const LENGTH_MAX: Duration = Duration::from_secs(3_600);

impl SharedBudgetSettings {
    pub(super) fn check(&self) -> Result<(), SharedBudgetError> {
        let wrong = |field: &str, problem: &str| Err(SharedBudgetError::setting(field, problem));
        if !(1..=64).contains(&self.processes) {
            return wrong("processes", "must be 1 to 64");
        }
        if self.slot >= self.processes {
            return wrong("slot", "must be below `processes`: slots count from 0");
        }
        if self.key_prefix.is_empty()
            || !self
                .key_prefix
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
        {
            return wrong("key_prefix", "must be letters, digits and _ - . :");
        }
        if self.reserve_percent > 90 {
            return wrong(
                "reserve_percent",
                "must be at most 90, or nothing is left to share",
            );
        }
        if self.waiting_max == 0 {
            return wrong("waiting_max", "must be at least 1");
        }
        let lengths = [
            ("patience", self.patience),
            ("hold", self.hold),
            ("timeout", self.timeout),
            ("unanswered", self.unanswered),
            ("slot_lease", self.slot_lease),
        ];
        match lengths
            .iter()
            .find(|(_, length)| !(LENGTH_MIN..=LENGTH_MAX).contains(length))
        {
            Some((field, _)) => wrong(field, "must be 1 ms to 1 h"),
            None => Ok(()),
        }
    }

    /// The longest a permit's call may take from the asking to its last possible arrival, a little stretched for the
    /// difference of clock rates.
    pub(super) fn lease(&self) -> Duration {
        stretched(self.patience + self.hold + self.timeout + self.unanswered)
    }
}

/// A length on one clock is at most so long on another: 0.1 % and 1 ms more, as in the limiter.
pub(super) fn stretched(length: Duration) -> Duration {
    length + length / 1_000 + Duration::from_millis(1)
}

pub(super) fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        type Change = fn(&mut SharedBudgetSettings);
        let check = |change: Change, name: &str| {
            let mut settings = SharedBudgetSettings::default();
            change(&mut settings);
            let error = settings.check().expect_err(name).to_string();
            assert!(error.starts_with(&format!("shared_budget.{name}: ")), "{error}");
        };
        check(|s| s.processes = 0, "processes");
        check(|s| s.slot = 1, "slot");
        check(|s| s.key_prefix = "a{b}".into(), "key_prefix");
        check(|s| s.reserve_percent = 91, "reserve_percent");
        check(|s| s.waiting_max = 0, "waiting_max");
        check(|s| s.patience = Duration::ZERO, "patience");
        check(|s| s.unanswered = Duration::from_secs(86_400), "unanswered");
        assert_eq!(SharedBudgetSettings::default().check(), Ok(()));
    }

    #[test]
    fn the_password_is_not_shown() {
        let settings = SharedBudgetSettings {
            url: "redis://:sesame@127.0.0.1:6379".into(),
            ..SharedBudgetSettings::default()
        };
        assert!(!format!("{settings:?}").contains("sesame"));
    }
}
