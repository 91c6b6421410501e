//! Settings of a simulated broker: everything has a default, unknown keys are refused.
//!
//! Read from TOML or JSON. `config/example.toml` beside this crate's source documents each key.

use jiff::civil::DateTime;
use serde::Deserialize;

use crate::clock::{Instant64, SimClock};
use crate::money::Paise;

/// The shipped, documented example.
pub const EXAMPLE: &str = include_str!("../config/example.toml");

/// Settings of one simulated broker.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct SimConfig {
    /// Seed of market and faults. Simulators with one seed show one market.
    pub seed: u64,
    /// In session at any hour. `false`: 09:15 to 15:30 IST on trading days.
    pub always_open: bool,
    /// Indian civil time at which the clock starts (`2026-11-23T10:00:00`); absent: the real time.
    pub start: Option<DateTime>,
    /// Cash of the account in rupees.
    pub cash: Paise,
    /// Holdings at the start, by the Flattrade name on the NSE.
    pub holdings: Vec<HoldingConfig>,
    /// Milliseconds between placing a marketable order and its first fill.
    pub fill_delay_ms: u32,
    /// Milliseconds before every answer (not on `/__sim`).
    pub latency_ms: u32,
    /// `false` switches the rate rules off; they are still measured for `/__sim/stats`.
    pub rate_rules: bool,
    /// Count refused calls in the rate windows. The brokers' documents do not say; by default only accepted calls fill
    /// a window, so that waiting for the time named in the refusal always helps.
    pub count_refused: bool,
    /// Replaces windows of the broker's rules, by rule name.
    pub rules: Vec<RuleConfig>,
    /// Base prices in rupees, by symbol (`RELIANCE`, `NIFTY`).
    pub prices: Vec<PriceConfig>,
    /// Scripted moves on top of the replayed series.
    pub moves: Vec<MoveConfig>,
    /// Largest request body in bytes.
    pub body_limit: usize,
}

/// One holding at the start.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct HoldingConfig {
    /// `SBIN-EQ`.
    pub symbol: String,
    /// Units.
    pub quantity: i64,
    /// Average cost in rupees.
    pub average: Paise,
}

/// New windows for a rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// The rule's name as in `/__sim/stats`.
    pub name: String,
    /// Pairs of count and length in seconds; an empty list lifts the rule.
    pub windows: Vec<(u32, u32)>,
}

/// A base price.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct PriceConfig {
    /// Ticker or index short name.
    pub symbol: String,
    /// Rupees.
    pub price: Paise,
}

/// A scripted move: from `at_s` seconds after the clock's start the price drifts by `percent` within `over_s` seconds
/// and stays there.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MoveConfig {
    /// Ticker or index short name.
    pub symbol: String,
    /// Seconds after the start of the clock.
    pub at_s: u32,
    /// Seconds the move takes; 0 is a jump.
    #[serde(default)]
    pub over_s: u32,
    /// Percent up (negative: down), at most two decimals.
    pub percent: Paise,
}

impl Default for SimConfig {
    fn default() -> Self {
        let holding = |symbol: &str, quantity, average| HoldingConfig {
            symbol: symbol.to_owned(),
            quantity,
            average: Paise::rupees(average),
        };
        Self {
            seed: 1,
            always_open: true,
            start: None,
            cash: Paise::rupees(100_000),
            holdings: vec![holding("SBIN-EQ", 20, 780), holding("TCS-EQ", 5, 3_400)],
            fill_delay_ms: 0,
            latency_ms: 0,
            rate_rules: true,
            count_refused: false,
            rules: Vec::new(),
            prices: Vec::new(),
            moves: Vec::new(),
            body_limit: 1 << 20,
        }
    }
}

/// A configuration text could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, or a wrong key or value; the text names line and key.
    #[error("simulator configuration: {0}")]
    Toml(#[from] toml::de::Error),
    /// Not JSON, or a wrong key or value.
    #[error("simulator configuration: {0}")]
    Json(#[from] serde_json::Error),
    /// Read, but cannot be.
    #[error("simulator configuration: {field}: {why}")]
    Value {
        /// The key.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl SimConfig {
    /// Reads TOML.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key or a value out of range.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str::<Self>(text)?.checked()
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// The text is no JSON, has an unknown key or a value out of range.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        serde_json::from_str::<Self>(text)?.checked()
    }

    fn checked(self) -> Result<Self, ConfigError> {
        let wrong = |field, why: &str| {
            Err(ConfigError::Value {
                field,
                why: why.to_owned(),
            })
        };
        if self.cash < Paise::ZERO {
            return wrong("cash", "must not be negative");
        }
        if self
            .holdings
            .iter()
            .any(|h| h.quantity < 0 || h.average < Paise::ZERO)
        {
            return wrong("holdings", "quantity and average must not be negative");
        }
        if self
            .prices
            .iter()
            .any(|p| p.price < Paise::rupees(1) || p.price > Paise::rupees(1_000_000))
        {
            return wrong("prices", "must lie between 1 and 1000000 rupees");
        }
        if self.moves.iter().any(|m| m.percent.0.abs() > 9_000) {
            return wrong("moves", "percent must lie between -90 and 90");
        }
        if self
            .rules
            .iter()
            .flat_map(|r| &r.windows)
            .any(|&(count, seconds)| count == 0 || seconds == 0)
        {
            return wrong("rules", "counts and seconds of a window must be above zero");
        }
        if self.body_limit < 1_024 {
            return wrong("body_limit", "must be at least 1024 bytes");
        }
        Ok(self)
    }

    /// The clock these settings ask for.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.start.map_or_else(SimClock::real, |civil| {
            SimClock::running_from(Instant64::at(civil))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_example_is_the_default() {
        let example = SimConfig::from_toml(EXAMPLE).expect("the example is read");
        assert_eq!(example, SimConfig::default());
    }

    #[test]
    fn wrong_keys_and_values_are_named() {
        let cases = [
            ("sed = 1", "sed"),
            ("cash = -1", "cash"),
            ("[[rules]]\nname = \"orders\"\nwindows = [[0, 1]]", "rules"),
            ("[[moves]]\nsymbol = \"NIFTY\"\nat_s = 1\npercent = 95", "moves"),
        ];
        for (text, name) in cases {
            let error = SimConfig::from_toml(text).expect_err(text).to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(SimConfig::from_json("{\"seed\": 7, \"always_open\": false}").is_ok());
        assert!(SimConfig::from_json("{\"seed\": \"x\"}").is_err());
    }

    #[test]
    fn a_start_sets_the_clock() {
        let config = SimConfig::from_toml("start = \"2026-11-23T10:00:00\"").expect("a civil time is read");
        assert_eq!(config.clock().now().format("%Y-%m-%d %H"), "2026-11-23 10");
    }
}
