//! The file as written (`sangam.toml`). Every key has its unit, default and the meaning of its absence; the shipped
//! `sangam.example.toml` shows them all. An unknown key is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::checks::RawChecks;
use super::ledger::RawLedger;
use super::limits::RawLimits;
use super::shared::RawShared;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// Address the gateway listens on. Default `127.0.0.1:5000`; port 0 takes a free one.
    pub listen: String,
    /// Folder for the ledger, sessions, masters and keys. Default `sangam-data`, made when missing.
    pub data_dir: PathBuf,
    /// Accounts. Absent: the three simulated brokers.
    pub account: Vec<RawAccount>,
    /// Which broker comes first for what.
    pub routing: RawRouting,
    /// The order desk.
    pub orders: RawOrders,
    /// What an order is held to before it leaves.
    pub checks: RawChecks,
    /// The books.
    pub ledger: RawLedger,
    /// How old cached prices may be, and where they are kept.
    pub cache: RawCache,
    /// Limits on calls to the gateway itself.
    pub inbound: RawInbound,
    /// Seconds between two health checks of an account. Default 30; 1 to 3600.
    pub health_interval_s: u64,
    /// Several processes on these accounts. Absent: this process has them for itself.
    pub shared: Option<RawShared>,
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:5000".to_owned(),
            data_dir: PathBuf::from("sangam-data"),
            account: Vec::new(),
            routing: RawRouting::default(),
            orders: RawOrders::default(),
            checks: RawChecks::default(),
            ledger: RawLedger::default(),
            cache: RawCache::default(),
            inbound: RawInbound::default(),
            health_interval_s: 30,
            shared: None,
        }
    }
}

/// One `[[account]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAccount {
    /// Its name here: letters, digits, `-`, `_`, `.`; unique.
    pub name: String,
    /// `flattrade`, `fyers` or `upstox`.
    pub broker: String,
    /// The person it belongs to. Default `me`.
    #[serde(default = "default_owner")]
    pub owner: String,
    /// Accounts that may fail over to each other. Default `main`. A group is all real or all simulated.
    #[serde(default = "default_group")]
    pub group: String,
    /// Whether the other end is a simulator. Default false. A simulated account needs `base_url`.
    #[serde(default)]
    pub simulated: bool,
    /// The user at the broker (`FT000000`); needed at Flattrade, elsewhere learnt at log-in.
    pub user_id: Option<String>,
    /// The key of the app: Flattrade API key, Fyers app id with its suffix, Upstox client id.
    pub api_key: Option<String>,
    /// The secret of the app. Better given as `SANGAM_ACCOUNT_<NAME>_API_SECRET` than written here.
    pub api_secret: Option<SecretString>,
    /// The redirect address registered with the app; needed at Fyers and Upstox.
    pub redirect_uri: Option<String>,
    /// One base for all of the broker's hosts, as for a simulator. Absent: the broker's own hosts.
    pub base_url: Option<String>,
    /// The host of order commands (Upstox). Absent: `base_url`, or the broker's own.
    pub order_base_url: Option<String>,
    /// The host of prices (Fyers). Absent: `base_url`, or the broker's own.
    pub data_base_url: Option<String>,
    /// The host of the log-in exchange (Flattrade). Absent: `base_url`, or the broker's own.
    pub auth_base_url: Option<String>,
    /// The host of the symbol masters. Absent: `base_url`, or the broker's own.
    pub masters_base_url: Option<String>,
    /// The registered algorithm's name, sent with orders where the broker has a field for it.
    pub algo: Option<String>,
    /// The registered static address orders leave from. Absent: whichever the system picks.
    pub local_address: Option<String>,
    /// Patience with an order command, in milliseconds. Default 10000; 100 to 60000.
    pub order_timeout_ms: Option<u64>,
    /// Patience with a read, in milliseconds. Default 10000; 100 to 60000.
    pub read_timeout_ms: Option<u64>,
    /// Its rate limits, where they differ from the broker's defaults.
    #[serde(default)]
    pub limits: RawLimits,
}

fn default_owner() -> String {
    "me".to_owned()
}

fn default_group() -> String {
    "main".to_owned()
}

/// `[routing]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRouting {
    /// Brokers in the order they are tried. Default flattrade, fyers, upstox.
    pub fallback: Vec<String>,
    /// Brokers tried first, by operation: `place`, `modify`, `cancel`, `orders`, `trades`, `positions`, `holdings`,
    /// `funds`, `quotes`, `depth`, `candles`. Default none.
    pub rules: BTreeMap<String, Vec<String>>,
}

impl Default for RawRouting {
    fn default() -> Self {
        Self {
            fallback: ["flattrade", "fyers", "upstox"].map(str::to_owned).to_vec(),
            rules: BTreeMap::new(),
        }
    }
}

/// `[orders]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawOrders {
    /// How long after it came in an order may still go to another broker, in milliseconds. Default 10000.
    pub deadline_ms: u64,
    /// How far a protected market order may go from the quote, in hundredths of a percent. Default 50 (0.5 %), at most
    /// 2000.
    pub slippage_bp: u32,
    /// Oldest quote a market order may be protected with, in milliseconds. Default 3000.
    pub quote_age_max_ms: u64,
}

impl Default for RawOrders {
    fn default() -> Self {
        Self {
            deadline_ms: 10_000,
            slippage_bp: 50,
            quote_age_max_ms: 3_000,
        }
    }
}

/// `[cache]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCache {
    /// Oldest quote answered from the cache, in milliseconds; 0 asks the broker each time. Default 1000.
    pub quote_max_age_ms: u64,
    /// Oldest depth answered from the cache, in milliseconds; 0 asks the broker each time. Default 1000.
    pub depth_max_age_ms: u64,
    /// Most bytes in memory. Default 33554432 (32 MiB); 64 KiB to 64 GiB.
    pub bytes_max: u64,
    /// Where the Redis or Valkey (6.2 or later) is that gateways share prices over: `redis://127.0.0.1:6379`, with TLS
    /// `rediss://`. May hold a password; better set as `SANGAM_CACHE__REDIS_URL` than written here. Absent: memory alone.
    pub redis_url: Option<SecretString>,
    /// What keys in Redis begin with; gateways with the same one share prices. Default `sangam`.
    pub key_prefix: String,
    /// How long an answer of Redis is waited for, in milliseconds. Default 50; 1 to 10000.
    pub redis_patience_ms: u64,
}

impl Default for RawCache {
    fn default() -> Self {
        Self {
            quote_max_age_ms: 1_000,
            depth_max_age_ms: 1_000,
            bytes_max: 32 << 20,
            redis_url: None,
            key_prefix: "sangam".to_owned(),
            redis_patience_ms: 50,
        }
    }
}

/// `[inbound]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawInbound {
    /// Calls a second one API key may make. Default 100, at least 1.
    pub per_second: u32,
    /// Calls it may make at once after a pause. Default 200, at least 1.
    pub burst: u32,
}

impl Default for RawInbound {
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 200,
        }
    }
}
