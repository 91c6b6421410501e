//! The configuration after its checks. Each refusal names the key, what is wrong and the way out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use sangam_core::protect::Slippage;
use sangam_core::{AccountId, AlgoName, BrokerName, GroupId, Operation, OwnerId};
use sangam_orders::DeskSettings;
use sangam_orders::checks::CheckSettings;
use sangam_routing::RoutingRules;
use secrecy::{ExposeSecret as _, SecretString};

use super::cache::{self, CacheConfig};
use super::checks;
use super::ledger::{self, LedgerConfig};
use super::limits::{self, LimitsConfig};
use super::raw::{RawAccount, RawConfig};
use super::shared::{self, SharedConfig};

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct ConfigError {
    /// The key, as it stands in the file: `account.flat.base_url`, `orders.slippage_bp`.
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

pub(super) fn wrong<T>(key: impl Into<String>, what: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError {
        key: key.into(),
        what: what.into(),
    })
}

/// A configuration that passed.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// The accounts, at least one.
    pub accounts: Vec<AccountConfig>,
    /// Which broker comes first for what.
    pub routing: RoutingRules,
    /// The desk's settings.
    pub desk: DeskSettings,
    /// What an order is held to before it leaves.
    pub checks: CheckSettings,
    /// The cache.
    pub cache: CacheConfig,
    /// Calls a second one API key may make.
    pub inbound_per_second: u32,
    /// Calls it may make at once.
    pub inbound_burst: u32,
    /// Time between two health checks.
    pub health_interval: Duration,
    /// Several processes on these accounts; `None`: this one has them for itself.
    pub shared: Option<SharedConfig>,
    /// The books.
    pub ledger: LedgerConfig,
}

/// Where a broker's hosts are. `None` means the broker's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts {
    /// Everything not named below.
    pub base: Option<String>,
    /// Order commands.
    pub orders: Option<String>,
    /// Prices.
    pub data: Option<String>,
    /// The log-in exchange.
    pub auth: Option<String>,
    /// Symbol masters.
    pub masters: Option<String>,
}

/// One account.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// Its name.
    pub name: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Whose it is.
    pub owner: OwnerId,
    /// Which accounts it may fail over to.
    pub group: GroupId,
    /// Whether the other end is a simulator.
    pub simulated: bool,
    /// The user at the broker.
    pub user_id: Option<String>,
    /// The app's key.
    pub api_key: String,
    /// The app's secret.
    pub api_secret: SecretString,
    /// The app's redirect address.
    pub redirect_uri: String,
    /// Hosts.
    pub hosts: Hosts,
    /// The algorithm's name.
    pub algo: Option<AlgoName>,
    /// The address orders leave from.
    pub local_address: Option<IpAddr>,
    /// Patience with an order command.
    pub order_timeout: Duration,
    /// Patience with a read.
    pub read_timeout: Duration,
    /// Rate limits.
    pub limits: LimitsConfig,
}

/// Checks a configuration.
///
/// # Errors
/// [`ConfigError`] for the first key that is wrong: an address that is none, no account, two accounts of one name, an
/// unknown broker, a group with real and simulated accounts or two owners, a simulated account without a base address, a
/// real one without its credentials, a number outside its range, limits that cannot be, more orders a second
/// than an account without a registered algorithm may send.
pub fn check(raw: RawConfig) -> Result<Config, ConfigError> {
    let Ok(listen) = raw.listen.parse::<SocketAddr>() else {
        return wrong(
            "listen",
            format!("{:?} is not an address; write it like 127.0.0.1:5000", raw.listen),
        );
    };
    if raw.account.is_empty() {
        return wrong(
            "account",
            "there is none; add an [[account]] or leave the file out to trade on simulators",
        );
    }
    let mut accounts = Vec::with_capacity(raw.account.len());
    let mut names = BTreeSet::new();
    for account in raw.account {
        let account = check_account(&account)?;
        if !names.insert(account.name.clone()) {
            return wrong(
                format!("account.{}", account.name),
                "the name is used twice; give each account its own",
            );
        }
        accounts.push(account);
    }
    check_groups(&accounts)?;
    accounts.iter().try_for_each(checks::check_order_rate)?;
    Ok(Config {
        listen,
        checks: checks::check(&raw.checks, &accounts)?,
        data_dir: raw.data_dir,
        accounts,
        routing: check_routing(&raw.routing.fallback, &raw.routing.rules)?,
        desk: DeskSettings {
            deadline: Duration::from_millis(within(
                "orders.deadline_ms",
                raw.orders.deadline_ms,
                100,
                60_000,
            )?),
            slippage: Slippage {
                basis_points: within("orders.slippage_bp", raw.orders.slippage_bp, 0, 2_000)?,
                quote_age_max: Duration::from_millis(within(
                    "orders.quote_age_max_ms",
                    raw.orders.quote_age_max_ms,
                    100,
                    60_000,
                )?),
            },
            ..DeskSettings::default()
        },
        cache: cache::check(&raw.cache)?,
        inbound_per_second: within("inbound.per_second", raw.inbound.per_second, 1, 1_000_000)?,
        inbound_burst: within("inbound.burst", raw.inbound.burst, 1, 1_000_000)?,
        health_interval: Duration::from_secs(within("health_interval_s", raw.health_interval_s, 1, 3_600)?),
        shared: raw.shared.map(shared::check).transpose()?,
        ledger: ledger::check(raw.ledger)?,
    })
}

pub(super) fn within<N: PartialOrd + Copy + std::fmt::Display>(
    key: &str,
    value: N,
    low: N,
    high: N,
) -> Result<N, ConfigError> {
    if value < low || value > high {
        return wrong(key, format!("{value} is outside {low} to {high}"));
    }
    Ok(value)
}

fn check_account(raw: &RawAccount) -> Result<AccountConfig, ConfigError> {
    let key = |field: &str| format!("account.{}.{field}", raw.name);
    let name: AccountId = parse(key("name"), &raw.name)?;
    let broker: BrokerName = parse(key("broker"), &raw.broker)?;
    for (field, url) in [
        ("base_url", &raw.base_url),
        ("order_base_url", &raw.order_base_url),
        ("data_base_url", &raw.data_base_url),
        ("auth_base_url", &raw.auth_base_url),
        ("masters_base_url", &raw.masters_base_url),
    ] {
        if let Some(url) = url {
            check_url(&key(field), url)?;
        }
    }
    if raw.simulated && raw.base_url.is_none() {
        return wrong(
            key("base_url"),
            "a simulated account needs the simulator's address, like http://127.0.0.1:9101",
        );
    }
    let needed = |field: &'static str, value: Option<String>, why: &str| match value
        .filter(|v| !v.trim().is_empty())
    {
        Some(value) => Ok(value),
        None => wrong(key(field), why.to_owned()),
    };
    let api_key = needed(
        "api_key",
        raw.api_key.clone(),
        "the app's key is missing; make an app at the broker",
    )?;
    let env = format!("SANGAM_ACCOUNT_{}_API_SECRET", env_name(&raw.name));
    let given = raw.api_secret.clone();
    let Some(api_secret) = given.filter(|secret| !secret.expose_secret().trim().is_empty()) else {
        return wrong(
            key("api_secret"),
            format!("the app's secret is missing; set {env}"),
        );
    };
    if broker == BrokerName::Flattrade {
        needed(
            "user_id",
            raw.user_id.clone(),
            "the user at Flattrade (FT......) is missing; every call names it",
        )?;
    }
    let redirect_uri = match broker {
        BrokerName::Flattrade => raw.redirect_uri.clone().unwrap_or_default(),
        BrokerName::Fyers | BrokerName::Upstox => needed(
            "redirect_uri",
            raw.redirect_uri.clone(),
            "the redirect address registered with the app is missing",
        )?,
    };
    let local_address = match &raw.local_address {
        None => None,
        Some(text) => match text.parse::<IpAddr>() {
            Ok(address) => Some(address),
            Err(_) => return wrong(key("local_address"), format!("{text:?} is not an IP address")),
        },
    };
    let base = raw.base_url.as_deref().map(trimmed);
    let or_base = |url: &Option<String>| url.as_deref().map(trimmed).or_else(|| base.clone());
    Ok(AccountConfig {
        owner: parse(key("owner"), &raw.owner)?,
        group: parse(key("group"), &raw.group)?,
        simulated: raw.simulated,
        user_id: raw.user_id.clone().filter(|id| !id.is_empty()),
        api_key,
        api_secret,
        redirect_uri,
        algo: raw
            .algo
            .as_ref()
            .map(|algo| parse(key("algo"), algo))
            .transpose()?,
        local_address,
        order_timeout: patience(&key("order_timeout_ms"), raw.order_timeout_ms)?,
        read_timeout: patience(&key("read_timeout_ms"), raw.read_timeout_ms)?,
        limits: limits::check(&key("limits"), &raw.limits, broker)?,
        hosts: Hosts {
            orders: or_base(&raw.order_base_url),
            data: or_base(&raw.data_base_url),
            auth: or_base(&raw.auth_base_url),
            masters: or_base(&raw.masters_base_url),
            base,
        },
        name,
        broker,
    })
}

/// A name as it stands in an environment variable: upper case, everything but letters and digits an underscore.
#[must_use]
pub fn env_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

fn patience(key: &str, ms: Option<u64>) -> Result<Duration, ConfigError> {
    Ok(Duration::from_millis(within(
        key,
        ms.unwrap_or(10_000),
        100,
        60_000,
    )?))
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn check_url(key: &str, url: &str) -> Result<(), ConfigError> {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains('?') && !host.contains('@') => Ok(()),
        _ => wrong(
            key,
            format!("{url:?} is not a base address; write it like https://api.example.com"),
        ),
    }
}

fn parse<T: std::str::FromStr>(key: String, text: &str) -> Result<T, ConfigError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| ConfigError {
        key,
        what: error.to_string(),
    })
}

fn check_groups(accounts: &[AccountConfig]) -> Result<(), ConfigError> {
    let mut groups: BTreeMap<&GroupId, Vec<&AccountConfig>> = BTreeMap::new();
    for account in accounts {
        groups.entry(&account.group).or_default().push(account);
    }
    for (group, members) in groups {
        let names = |simulated| {
            let names: Vec<_> = members
                .iter()
                .filter(|a| a.simulated == simulated)
                .map(|a| a.name.as_str())
                .collect();
            names.join(", ")
        };
        let (simulated, real) = (names(true), names(false));
        if !simulated.is_empty() && !real.is_empty() {
            return wrong(
                format!("group {group}"),
                format!(
                    "mixes simulated accounts ({simulated}) with real ones ({real}); an order could fail over from one \
                     to the other: put them in groups of their own"
                ),
            );
        }
        let owners: BTreeSet<_> = members.iter().map(|a| &a.owner).collect();
        if owners.len() > 1 {
            let names: Vec<_> = owners.iter().map(ToString::to_string).collect();
            return wrong(
                format!("group {group}"),
                format!(
                    "has accounts of several owners ({}); a group is one person's",
                    names.join(", ")
                ),
            );
        }
    }
    Ok(())
}

fn check_routing(
    fallback: &[String],
    rules: &BTreeMap<String, Vec<String>>,
) -> Result<RoutingRules, ConfigError> {
    let brokers = |key: &str, names: &[String]| -> Result<Vec<BrokerName>, ConfigError> {
        names.iter().map(|name| parse(key.to_owned(), name)).collect()
    };
    let mut checked = RoutingRules::new(brokers("routing.fallback", fallback)?);
    for (operation, names) in rules {
        let key = format!("routing.rules.{operation}");
        let Some(known) = Operation::ALL.into_iter().find(|op| op.as_str() == operation) else {
            let known: Vec<_> = Operation::ALL.iter().map(|op| op.as_str()).collect();
            return wrong(key, format!("unknown operation; known are {}", known.join(", ")));
        };
        checked = checked.with(known, brokers(&key, names)?);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests;
