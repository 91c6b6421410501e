//! The rate limits of one account: its broker's defaults with what `[account.limits]` changes, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use sangam_core::BrokerName;
use sangam_ratelimit::defaults::BrokerDefaults;
use sangam_ratelimit::{Anchor, Plan, Rules, Window};
use serde::Deserialize;

use super::checked::{ConfigError, within, wrong};

/// Share of a window from which on an account is passed over while another has room, in percent.
const SOFT_PERCENT: u32 = 80;

/// `[account.limits]`: what differs from the broker's defaults.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// At this much of a window, in percent, the account is passed over while another has room. Default 80; 1 to 100.
    pub soft_percent: Option<u32>,
    /// Share of each window only exits, cancels and reconciliation may use, in percent. Default 10; 0 to 90.
    pub reserve_percent: Option<u8>,
    /// What windows are measured from: `answer`, which holds whatever the network does, or `send` with `guard_ms`. Default
    /// `answer`.
    pub anchor: Option<String>,
    /// With `anchor = "send"`: the most by which the way to the broker varies, in milliseconds. Default 0; at most 60000.
    pub guard_ms: Option<u64>,
    /// How long a call without an answer counts as in flight after its connection was closed, in milliseconds. Default
    /// 30000; 1 to 600000.
    pub unanswered_ms: Option<u64>,
    /// The most calls that wait at a time. Default 1024.
    pub waiting_max: Option<usize>,
    /// How long a read waits for its permit, in milliseconds. Default: as long as for its answer; at most 600000.
    pub read_wait_ms: Option<u64>,
    /// Windows by scope, in place of the broker's: `orders = ["8/1s", "36/1min"]`.
    pub windows: BTreeMap<String, Vec<String>>,
}

/// The limits of one account after their checks.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// The rules, as changed.
    pub rules: Rules,
    /// The same, checked.
    pub plan: Plan,
    /// At this much of a window, in thousandths, the account is passed over while another has room.
    pub soft_permille: u32,
    /// How long a read waits for its permit; `None`: as long as for its answer.
    pub read_wait: Option<Duration>,
}

/// Checks the limits of an account. `key` is the prefix of what errors name.
pub(super) fn check(key: &str, raw: &RawLimits, broker: BrokerName) -> Result<LimitsConfig, ConfigError> {
    let at = |field: &str| format!("{key}.{field}");
    let defaults = BrokerDefaults::of(broker.as_str()).expect("every broker has its rules");
    let mut rules = defaults.rules();
    if let Some(percent) = raw.reserve_percent {
        rules.reserve_percent = percent;
    }
    rules.anchor = match (raw.anchor.as_deref(), raw.guard_ms) {
        (None | Some("answer"), None) => Anchor::Answer,
        (Some("send"), guard) => Anchor::Send {
            guard: Duration::from_millis(within(&at("guard_ms"), guard.unwrap_or(0), 0, 60_000)?),
        },
        (None | Some("answer"), Some(_)) => {
            return wrong(
                at("guard_ms"),
                "is for anchor = \"send\" only: windows measured from the answer need no guard",
            );
        }
        (Some(other), _) => {
            return wrong(
                at("anchor"),
                format!("{other:?} is neither \"answer\" nor \"send\""),
            );
        }
    };
    if let Some(ms) = raw.unanswered_ms {
        rules.unanswered = Duration::from_millis(within(&at("unanswered_ms"), ms, 1, 600_000)?);
    }
    if let Some(most) = raw.waiting_max {
        rules.waiting_max = most;
    }
    for (scope, windows) in &raw.windows {
        let key = at(&format!("windows.{scope}"));
        let known: Vec<_> = rules.scopes.iter().map(|scope| scope.name.clone()).collect();
        let Some(changed) = rules.scopes.iter_mut().find(|known| known.name == *scope) else {
            return wrong(
                key,
                format!("{broker} has no such scope; it has {}", known.join(", ")),
            );
        };
        let parsed: Result<Vec<Window>, _> = windows.iter().map(|window| window.parse()).collect();
        match parsed {
            Ok(windows) => changed.windows = windows,
            Err(error) => return wrong(key, error.to_string()),
        }
    }
    let plan = rules.check().map_err(|error| ConfigError {
        key: at(&error.field),
        what: error.problem,
    })?;
    let soft = within(
        &at("soft_percent"),
        raw.soft_percent.unwrap_or(SOFT_PERCENT),
        1,
        100,
    )?;
    let read_wait = match raw.read_wait_ms {
        Some(ms) => Some(Duration::from_millis(within(
            &at("read_wait_ms"),
            ms,
            0,
            600_000,
        )?)),
        None => None,
    };
    Ok(LimitsConfig {
        rules,
        plan,
        soft_permille: soft * 10,
        read_wait,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<LimitsConfig, String> {
        let raw: RawLimits = toml::from_str(text).map_err(|error| error.to_string())?;
        check("account.f.limits", &raw, BrokerName::Flattrade).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_the_brokers_and_the_rest_is_changed() {
        let plain = checked("").unwrap();
        assert_eq!(
            (plain.soft_permille, plain.rules.reserve_percent, plain.read_wait),
            (800, 10, None)
        );
        assert_eq!(plain.rules.anchor, Anchor::Answer);
        let changed = checked(
            "soft_percent = 90\nreserve_percent = 0\nanchor = \"send\"\nguard_ms = 5\nunanswered_ms = 500\n\
             waiting_max = 9000\nread_wait_ms = 90000\n[windows]\nall = [\"20/1s\"]",
        )
        .unwrap();
        assert_eq!(changed.soft_permille, 900);
        assert_eq!(
            changed.rules.anchor,
            Anchor::Send {
                guard: Duration::from_millis(5)
            }
        );
        let windows: Vec<_> = changed
            .rules
            .scopes
            .iter()
            .map(|s| (s.name.as_str(), s.windows.len()))
            .collect();
        assert_eq!(windows, [("all", 1), ("orders", 2)]);
        assert_eq!(changed.read_wait, Some(Duration::from_secs(90)));
    }

    #[test]
    fn what_cannot_be_is_refused_by_the_name_of_its_key() {
        for (text, wanted) in [
            ("soft_percent = 0", "account.f.limits.soft_percent: 0 is outside"),
            (
                "soft_percent = 101",
                "account.f.limits.soft_percent: 101 is outside",
            ),
            ("reserve_percent = 91", "account.f.limits.reserve_percent"),
            ("anchor = \"middle\"", "neither \"answer\" nor \"send\""),
            ("guard_ms = 5", "guard_ms: is for anchor"),
            ("unanswered_ms = 0", "unanswered_ms: 0 is outside"),
            ("waiting_max = 0", "waiting_max: must be 1 to"),
            (
                "[windows]\nbulk = [\"1/1s\"]",
                "windows.bulk: flattrade has no such scope; it has all, orders",
            ),
            ("[windows]\nall = [\"0/1s\"]", "scopes.all.windows[0].count"),
            ("[windows]\nall = [\"many\"]", "\"many\" is no window"),
            ("[windows]\nall = []", "scopes.all.windows"),
            ("[windows]\nall = [\"7/1s\"]", "scopes.orders.windows[0].count"),
            ("sofft = 1", "unknown field"),
        ] {
            let error = checked(text).expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
