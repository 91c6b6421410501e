//! What Flattrade, Fyers and Upstox count, as data with its source. Somewhat below what they publish: what they enforce
//! was seen to differ, and a refused call costs more than an unused one. Scopes are named so that a call finds its own:
//! `orders` for place, modify, cancel; `bulk` for calls that carry many; `all` or `others` for the rest.

use crate::rules::{Rules, ScopeRules, Window};

/// Default rules of one broker, per account.
#[derive(Debug, Clone, Copy)]
pub struct BrokerDefaults {
    /// The broker, in lower case.
    pub broker: &'static str,
    /// The scopes.
    pub scopes: &'static [ScopeDefaults],
}

/// Default rules of one scope.
#[derive(Debug, Clone, Copy)]
pub struct ScopeDefaults {
    /// Its name.
    pub name: &'static str,
    /// The scope around it.
    pub within: Option<&'static str>,
    /// Its windows.
    pub windows: &'static [Window],
    /// Breached minutes of a day that the broker lets pass before it blocks the account.
    pub minute_breaches_max: Option<u32>,
    /// Where the figures come from.
    pub source: &'static str,
}

const THIRTY_MINUTES: std::time::Duration = std::time::Duration::from_secs(1_800);

/// Flattrade.
pub const FLATTRADE: BrokerDefaults = BrokerDefaults {
    broker: "flattrade",
    scopes: &[
        ScopeDefaults {
            name: "all",
            within: None,
            windows: &[Window::per_second(9), Window::per_minute(100)],
            minute_breaches_max: None,
            source: "portal text 2.0 of 2026-03-31: 40/s, 200/min; enforced as reported: 10/s (April 2026), 120/min (25 August 2026)",
        },
        ScopeDefaults {
            name: "orders",
            within: Some("all"),
            windows: &[Window::per_second(8), Window::per_minute(36)],
            minute_breaches_max: None,
            source: "portal text 2.0 of 2026-03-31, order API: 10/s, 40/min",
        },
    ],
};

/// Fyers.
pub const FYERS: BrokerDefaults = BrokerDefaults {
    broker: "fyers",
    scopes: &[
        ScopeDefaults {
            name: "all",
            within: None,
            windows: &[
                Window::per_second(8),
                Window::per_minute(180),
                Window::per_day(90_000),
            ],
            minute_breaches_max: Some(3),
            source: "API v3 documents of 2026-07-09: 10/s, 200/min, 100,000/day, blocked for the day after more than 3 breached minutes; refusals seen at 10/s in bursts and none at 8/s",
        },
        ScopeDefaults {
            name: "orders",
            within: Some("all"),
            windows: &[Window::per_second(8), Window::per_day(9_000)],
            minute_breaches_max: None,
            source: "regulatory page: 10 orders/s, 10,000 a day; the API documents say 100,000 a day: the smaller is taken",
        },
    ],
};

/// Upstox.
pub const UPSTOX: BrokerDefaults = BrokerDefaults {
    broker: "upstox",
    scopes: &[
        ScopeDefaults {
            name: "orders",
            within: None,
            windows: &[
                Window::per_second(8),
                Window::per_minute(450),
                Window::new(1_800, THIRTY_MINUTES),
            ],
            minute_breaches_max: None,
            source: "documents as of 2026-09-02, unregistered algos: 10/s, 500/min, 2,000/30 min",
        },
        ScopeDefaults {
            name: "bulk",
            within: Some("orders"),
            windows: &[
                Window::per_second(3),
                Window::per_minute(36),
                Window::new(144, THIRTY_MINUTES),
            ],
            minute_breaches_max: None,
            source: "documents of February 2026, multi-order calls: 4/s, 40/min, 160/30 min",
        },
        ScopeDefaults {
            name: "others",
            within: None,
            windows: &[
                Window::per_second(45),
                Window::per_minute(450),
                Window::new(1_800, THIRTY_MINUTES),
            ],
            minute_breaches_max: None,
            source: "documents of February 2026, standard calls: 50/s, 500/min, 2,000/30 min",
        },
    ],
};

/// Every broker with defaults.
pub const ALL: [BrokerDefaults; 3] = [FLATTRADE, FYERS, UPSTOX];

impl BrokerDefaults {
    /// The broker of this name, in any case.
    #[must_use]
    pub fn of(broker: &str) -> Option<Self> {
        ALL.into_iter()
            .find(|defaults| defaults.broker.eq_ignore_ascii_case(broker))
    }

    /// As settings, to be changed and checked.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let scope = |scope: &ScopeDefaults| ScopeRules {
            name: scope.name.to_owned(),
            within: scope.within.map(str::to_owned),
            windows: scope.windows.to_vec(),
            minute_breaches_max: scope.minute_breaches_max,
        };
        Rules::new(self.scopes.iter().map(scope).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_design_is_what_ships() {
        let check = |broker: &str, scope: &str, windows: &str| {
            let defaults = BrokerDefaults::of(broker).unwrap();
            let scope = defaults.scopes.iter().find(|s| s.name == scope).unwrap();
            let shown: Vec<String> = scope.windows.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(", "), windows, "{broker} {}", scope.name);
            assert!(!scope.source.is_empty());
        };
        check("Flattrade", "orders", "8/1s, 36/1min");
        check("flattrade", "all", "9/1s, 100/1min");
        check("fyers", "orders", "8/1s, 9000/1d");
        check("fyers", "all", "8/1s, 180/1min, 90000/1d");
        check("upstox", "orders", "8/1s, 450/1min, 1800/30min");
        check("upstox", "others", "45/1s, 450/1min, 1800/30min");
        check("upstox", "bulk", "3/1s, 36/1min, 144/30min");
        assert!(BrokerDefaults::of("zerodha").is_none());
    }

    #[test]
    fn every_default_is_a_plan() {
        for defaults in ALL {
            let plan = defaults.rules().check().unwrap();
            assert!(plan.scope("orders").is_some(), "{}", defaults.broker);
        }
        let orders_of = |broker| {
            let plan = BrokerDefaults::of(broker).unwrap().rules().check().unwrap();
            plan.scopes[plan.scope("orders").unwrap().0].path.len()
        };
        assert_eq!(
            (orders_of("flattrade"), orders_of("fyers"), orders_of("upstox")),
            (2, 2, 1)
        );
        assert_eq!(FYERS.rules().scopes[0].minute_breaches_max, Some(3));
    }
}
