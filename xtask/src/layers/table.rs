//! Who may depend on whom: the table of ARCHITECTURE.md, read by the check. Change both together.

/// The facade; the other crates of ours are named after it.
pub(super) const OURS: &str = "sangam";

/// For tests only, wherever it is asked for.
pub(super) const TEST_ONLY: &str = "sangam-testkit";

/// Packages that measure and test the others, free to ask for all of them and for bare drivers.
pub(super) const FREE: [&str; 2] = ["sangam-tests", "sangam-benches"];

/// Each package and the crates of ours it may ask for.
pub(super) const LAYERS: &[(&str, &[&str])] = &[
    ("sangam-core", &[]),
    ("sangam-instruments", &["sangam-core"]),
    ("sangam-ratelimit", &["sangam-core"]),
    ("sangam-routing", &["sangam-core"]),
    ("sangam-orders", &["sangam-core"]),
    ("sangam-cache", &["sangam-core"]),
    ("sangam-storage", &["sangam-core"]),
    ("sangam-broker", &["sangam-core"]),
    ("sangam-broker-flattrade", &["sangam-broker", "sangam-core"]),
    ("sangam-broker-fyers", &["sangam-broker", "sangam-core"]),
    ("sangam-broker-upstox", &["sangam-broker", "sangam-core"]),
    ("sangam-sim", &["sangam-core"]),
    ("sangam-testkit", &["sangam-core"]),
    (
        "sangam",
        &[
            "sangam-routing",
            "sangam-orders",
            "sangam-ratelimit",
            "sangam-cache",
            "sangam-storage",
            "sangam-instruments",
            "sangam-broker",
            "sangam-broker-flattrade",
            "sangam-broker-fyers",
            "sangam-broker-upstox",
            "sangam-core",
        ],
    ),
    ("sangam-gateway", &["sangam", "sangam-sim", "sangam-core"]),
    ("xtask", &[]),
];

/// A driver for something outside, and the crates that may hold it.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) what: &'static str,
    pub(super) packages: &'static [&'static str],
    pub(super) owners: &'static [&'static str],
    /// Only asking for it with this feature counts.
    pub(super) only_with: Option<&'static str>,
}

/// One owner per driver.
pub(super) const DRIVERS: &[Driver] = &[
    Driver {
        what: "the HTTP client",
        packages: &["reqwest", "ureq", "isahc", "hyper-rustls"],
        owners: &["sangam-broker"],
        only_with: None,
    },
    Driver {
        what: "hyper's client",
        packages: &["hyper"],
        owners: &["sangam-broker"],
        only_with: Some("client"),
    },
    Driver {
        what: "the WebSocket client",
        packages: &["tokio-tungstenite", "tungstenite"],
        owners: &["sangam-broker"],
        only_with: None,
    },
    Driver {
        what: "SQL",
        packages: &["sqlx", "rusqlite", "tokio-postgres"],
        owners: &["sangam-storage"],
        only_with: None,
    },
    Driver {
        what: "Redis",
        packages: &["fred", "redis"],
        owners: &["sangam-cache"],
        only_with: None,
    },
    Driver {
        what: "the HTTP server",
        packages: &["axum", "actix-web", "warp"],
        owners: &["sangam-gateway", "sangam-sim"],
        only_with: None,
    },
];
