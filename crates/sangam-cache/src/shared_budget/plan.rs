//! One account's pool as data: scopes by index, their paths, their windows in microseconds, the keys and the script.

use std::fmt::Write as _;
use std::time::Duration;

use sangam_core::{AccountId, CallClass, Priority};

use super::settings::{SharedBudgetError, SharedBudgetSettings, micros, stretched};
use super::split::PoolScope;

/// Classes that are charged, with the name of their scope.
const CLASSES: [(CallClass, &str); 5] = [
    (CallClass::Orders, "orders"),
    (CallClass::MarketData, "market_data"),
    (CallClass::AccountReads, "account_reads"),
    (CallClass::History, "history"),
    (CallClass::Login, "login"),
];

/// Old entries one sweep removes from each set.
const TRIM: u32 = 4_096;

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) account: AccountId,
    pub(super) scopes: Vec<Scope>,
    pub(super) keys: Vec<String>,
    pub(super) seat_keys: Vec<String>,
    /// What other processes must be configured to as well.
    pub(super) fingerprint: String,
    /// The script of this account and these windows. Its text is never sent for execution, see [`super::link`].
    pub(super) acquire: String,
    pub(super) acquire_sha: String,
}

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) name: String,
    /// Itself, then what it lies in, outwards.
    pub(super) path: Vec<usize>,
    pub(super) windows: Vec<Window>,
    pub(super) has_base: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) count: u32,
    pub(super) reserve: u32,
    pub(super) length: Duration,
}

impl Window {
    pub(super) fn limit(&self, privileged: bool) -> u32 {
        if privileged {
            self.count
        } else {
            self.count - self.reserve
        }
    }

    pub(super) fn held(&self) -> Duration {
        stretched(self.length)
    }
}

/// Exits, cancels and reconciliation may use the reserve.
pub(super) fn privileged(priority: Priority) -> bool {
    matches!(priority, Priority::Protective | Priority::Reconcile)
}

/// The part of a limit that is kept, as in the limiter: its share, but one call at least and never all.
fn reserve(limit: u32, percent: u8) -> u32 {
    if percent == 0 || limit < 2 {
        return 0;
    }
    let share = u64::from(limit) * u64::from(percent) / 100;
    u32::try_from(share).unwrap_or(limit).clamp(1, limit - 1)
}

impl Plan {
    pub(super) fn new(
        account: &AccountId,
        pool: &[PoolScope],
        settings: &SharedBudgetSettings,
    ) -> Result<Self, SharedBudgetError> {
        let at = |name: &str| pool.iter().position(|scope| scope.name == name);
        let mut scopes = Vec::with_capacity(pool.len());
        for (own, scope) in pool.iter().enumerate() {
            let mut path = vec![own];
            let mut outer = scope.within.as_deref();
            while let Some(name) = outer {
                let next = at(name).filter(|next| !path.contains(next));
                let Some(next) = next else {
                    let field = format!("scopes.{}.within", scope.name);
                    return Err(SharedBudgetError::setting(
                        field,
                        "names no scope, or one within it",
                    ));
                };
                path.push(next);
                outer = pool[next].within.as_deref();
            }
            let window = |window: &super::split::ShareWindow| Window {
                count: window.count,
                reserve: reserve(window.count, settings.reserve_percent),
                length: window.length,
            };
            scopes.push(Scope {
                name: scope.name.clone(),
                path,
                windows: scope.windows.iter().map(window).collect(),
                has_base: scope.has_base,
            });
        }
        if scopes.is_empty() || scopes.len() > 32 {
            return Err(SharedBudgetError::setting("scopes", "must be 1 to 32 scopes"));
        }
        // One hash tag: a cluster keeps an account's keys together.
        let key = |rest: &str| format!("{}:{{{account}}}:{rest}", settings.key_prefix);
        let head = head(&key(""), &scopes, settings);
        let fingerprint = fred::util::sha1_hash(&format!("{head}-- {} processes", settings.processes));
        let acquire = format!("{head}{}", include_str!("acquire.lua"));
        Ok(Self {
            account: account.clone(),
            keys: scopes
                .iter()
                .map(|scope| key(&format!("pool:{}", scope.name)))
                .collect(),
            seat_keys: (0..settings.processes)
                .map(|slot| key(&format!("slot:{slot}")))
                .collect(),
            fingerprint,
            acquire_sha: fred::util::sha1_hash(&acquire),
            acquire,
            scopes,
        })
    }

    /// The scope a class is charged to, found by name as the limiter finds it; none for log-ins without a scope.
    pub(super) fn scope_of(&self, class: CallClass) -> Option<usize> {
        let at = |name: &str| self.scopes.iter().position(|scope| scope.name == name);
        let (_, name) = CLASSES.iter().find(|(known, _)| *known == class)?;
        let rest = if class == CallClass::Login {
            None
        } else {
            at("others").or_else(|| at("all"))
        };
        at(name).or(rest)
    }

    /// The most a caller may ever have at once of a scope; `None` without a window.
    pub(super) fn weight_max(&self, scope: usize, privileged: bool) -> u32 {
        let windows = self.scopes[scope]
            .path
            .iter()
            .flat_map(|at| &self.scopes[*at].windows);
        windows
            .map(|window| window.limit(privileged))
            .min()
            .unwrap_or(u32::MAX)
    }

    /// `orders 10/1000ms`.
    pub(super) fn window_name(&self, scope: usize, window: usize) -> String {
        let scope = &self.scopes[scope];
        let Window { count, length, .. } = scope.windows[window];
        let ms = length.as_millis();
        if ms.is_multiple_of(1_000) {
            format!("{} {count}/{}s of the pool", scope.name, ms / 1_000)
        } else {
            format!("{} {count}/{ms}ms of the pool", scope.name)
        }
    }
}

/// The constants of the script. The key makes each account's script one of its own: that it is loaded says that this
/// account's pool was begun.
fn head(key: &str, scopes: &[Scope], settings: &SharedBudgetSettings) -> String {
    let list = |items: Vec<String>| format!("{{{}}}", items.join(","));
    let paths = scopes
        .iter()
        .map(|scope| list(scope.path.iter().map(|at| (at + 1).to_string()).collect()));
    let windows = scopes.iter().map(|scope| {
        let window = |window: &Window| {
            list(vec![
                micros(window.held()).to_string(),
                window.count.to_string(),
                window.reserve.to_string(),
            ])
        };
        list(scope.windows.iter().map(window).collect())
    });
    let longest = scopes.iter().map(|scope| {
        let held = scope.windows.iter().map(|window| micros(window.held())).max();
        held.unwrap_or(0).to_string()
    });
    let mut head = String::new();
    let lines = [
        format!("-- {key}"),
        format!(
            "local LEASE, LATE, TRIM = {}, {}, {TRIM}",
            micros(settings.lease()),
            micros(stretched(settings.unanswered))
        ),
        format!("local PATH = {}", list(paths.collect())),
        format!("local WINDOWS = {}", list(windows.collect())),
        format!("local HELD_MAX = {}", list(longest.collect())),
    ];
    for line in lines {
        writeln!(head, "{line}").expect("a string takes everything");
    }
    head
}
