//! The stack of a run: a simulator for each broker that counts by the run's quota, a delaying path before it, and the system
//! that ships over both, on a folder of its own, with every budget set to the same quota. Simulators and paths have threads
//! of their own: a broker does not wait for our tasks before it counts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::join_all;
use sangam::config::{RawAccount, RawConfig, RawLimits, check};
use sangam::{System, SystemClock};
use sangam_core::{BrokerName, Clock, Exchange, InstrumentId, Price};
use sangam_gateway::{simulated_account, simulated_broker};
use sangam_ratelimit::defaults::BrokerDefaults;
use sangam_sim::config::RuleConfig;
use sangam_sim::limits::RuleReport;
use sangam_sim::stats::StatsReport;
use sangam_sim::{RunningSim, SimConfig, SimServer, World};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::path::Path;
use super::quota::Quota;
use super::settings::{Anchor, Profile, Settings};
use super::sightings::Sightings;

/// How long a read may wait for its permit: as long as a run may take.
const READ_WAIT_MS: u64 = 600_000;
/// Over a window, until it is taken as empty: the last answers before were still under way.
const SETTLE: Duration = Duration::from_millis(400);

/// A simulator with the path to it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) broker: BrokerName,
    pub(super) path: Path,
    pub(super) sim: RunningSim,
}

/// What a broker counted of a run.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) broker: BrokerName,
    /// Calls beyond a rule.
    pub(super) violations: u64,
    /// Its rules with the worst counts.
    pub(super) rules: Vec<RuleReport>,
    /// Quotes asked of it.
    pub(super) quotes: u64,
    /// Orders it took, by tag.
    pub(super) accepted: Vec<(String, u64)>,
}

struct Before {
    broker: BrokerName,
    world: Arc<World>,
    stats: StatsReport,
}

/// Everything that runs.
pub(super) struct Stack {
    pub(super) system: System,
    pub(super) contracts: Vec<InstrumentId>,
    pub(super) sightings: Arc<Sightings>,
    /// The last price of the contract orders are placed in.
    pub(super) last: Option<Price>,
    servers: Vec<Server>,
    _elsewhere: Elsewhere,
    before: Vec<Before>,
    _folder: TempDir,
}

impl Stack {
    /// Starts everything and waits until every window is empty.
    pub(super) async fn start(settings: &Settings) -> Result<Self> {
        ensure!(
            (1..=3).contains(&settings.quotas.len()),
            "one to three quotas, for fyers, upstox and flattrade in this order"
        );
        let folder = tempfile::tempdir().context("make a folder for the run")?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let sightings = Arc::new(Sightings::new(Arc::clone(&clock)));
        let mut raw = RawConfig {
            data_dir: folder.path().join("data"),
            // None while it is measured.
            health_interval_s: 3_600,
            ..RawConfig::default()
        };
        raw.cache.quote_max_age_ms = 0;
        raw.routing.fallback = settings.fleet().map(|(broker, _)| broker.to_string()).collect();
        raw.routing
            .rules
            .insert("place".to_owned(), fastest_first(settings));
        let elsewhere = Elsewhere::start()?;
        let mut servers = Vec::new();
        for (number, (broker, quota)) in settings.fleet().enumerate() {
            let (own, shown) = (settings.clone(), Arc::clone(&sightings));
            let starting = async move { server(broker, &own, number, &shown).await };
            let server = elsewhere.run(starting).await?;
            raw.account.push(account(&server, quota, settings));
            servers.push(server);
        }
        let config = check(raw).context("the quota is refused as the limits of an account")?;
        let system = System::start(config, clock).await.context("start the system")?;
        let contracts = contracts(&system, settings, &sightings);
        ensure!(!contracts.is_empty(), "no contract is listed at every broker");
        let last = match settings.profile {
            Profile::Failover => Some(last(&system).await?),
            Profile::Steady | Profile::Burst => None,
        };
        let mut stack = Self {
            before: Vec::new(),
            system,
            contracts,
            sightings,
            last,
            servers,
            _elsewhere: elsewhere,
            _folder: folder,
        };
        stack.warm_up(settings).await;
        let before = stack.servers.iter().map(|server| Before {
            broker: server.broker,
            world: Arc::clone(server.sim.world()),
            stats: server.sim.world().report(),
        });
        stack.before = before.collect();
        Ok(stack)
    }

    /// Fills every broker's shortest window once, so that what is measured later is a process in use, and waits until all
    /// windows are empty.
    async fn warm_up(&self, settings: &Settings) {
        let held = |choose: fn(&mut dyn Iterator<Item = Duration>) -> Option<Duration>| {
            let lengths = settings
                .quotas
                .iter()
                .filter_map(|quota| choose(&mut quota.windows().iter().map(|window| window.length)));
            super::report::stretched(lengths.max().unwrap_or_default()) + guard(settings) + SETTLE
        };
        tokio::time::sleep(held(|lengths| lengths.min())).await;
        let counts = settings.quotas.iter().filter_map(|quota| {
            let counts = quota.windows().iter().map(|window| window.count);
            counts
                .min()
                .map(|count| super::report::less_reserve(count, settings.reserve_percent))
        });
        let reads = usize::try_from(counts.sum::<u32>()).unwrap_or(usize::MAX);
        let warming = self.contracts.iter().take(reads).map(|id| self.system.quote(id));
        for failed in join_all(warming).await.into_iter().filter_map(Result::err) {
            tracing::debug!(error = %failed, "a read of the warm-up failed");
        }
        tokio::time::sleep(held(|lengths| lengths.max())).await;
        for at in 0..self.contracts.len() {
            self.sightings.take(at);
        }
    }

    /// Hands over the simulators, for some of them to be stopped.
    pub(super) fn take_servers(&mut self) -> Vec<Server> {
        std::mem::take(&mut self.servers)
    }

    /// What the brokers counted since the start of the run; the worst counts are of all time.
    pub(super) fn counted(&self) -> Vec<Counted> {
        let counted = |before: &Before| {
            let now = before.world.report();
            Counted {
                broker: before.broker,
                violations: now.violations - before.stats.violations,
                quotes: quotes(&now) - quotes(&before.stats),
                accepted: now.accepted_by_tag.into_iter().collect(),
                rules: now.rules,
            }
        };
        self.before.iter().map(counted).collect()
    }

    /// Stops the system; the simulators go with this value.
    pub(super) async fn end(self) {
        self.system.stop().await;
    }
}

/// The threads of simulators and paths.
struct Elsewhere(Option<Runtime>);

impl Elsewhere {
    fn start() -> Result<Self> {
        let mut threads = Builder::new_multi_thread();
        let runtime = threads
            .worker_threads(1)
            .thread_name("brokers")
            .enable_all()
            .build();
        Ok(Self(Some(
            runtime.context("start the threads of the simulators")?,
        )))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let runtime = self
            .0
            .as_ref()
            .context("the threads of the simulators have ended")?;
        runtime
            .spawn(work)
            .await
            .context("a simulator's start ended badly")?
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // Waiting for them is not allowed where tasks run, and there is nothing to wait for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn server(
    broker: BrokerName,
    settings: &Settings,
    number: usize,
    sightings: &Arc<Sightings>,
) -> Result<Server> {
    let api = simulated_broker(broker.as_str());
    let quota = &settings.quotas[number];
    // Whichever rule a call is charged to, it is judged by the quota alone.
    let windows: Vec<(u32, u32)> = quota
        .windows()
        .iter()
        .map(|window| Ok((window.count, u32::try_from(window.length.as_secs())?)))
        .collect::<Result<_>>()?;
    let rules = api.rules().into_iter().map(|rule| RuleConfig {
        name: rule.name.to_owned(),
        windows: windows.clone(),
    });
    let config = SimConfig {
        seed: settings.seed,
        rules: rules.collect(),
        ..SimConfig::default()
    };
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sim = SimServer::bind(api, config, loopback)
        .await
        .with_context(|| format!("start the simulated {broker}"))?;
    let seed = sangam_sim::rng::hash(&[settings.seed, u64::try_from(number)?]);
    let path = Path::open(
        broker,
        sim.local_addr(),
        settings.delay,
        seed,
        Arc::clone(sightings),
    )
    .await
    .with_context(|| format!("open the path to {broker}"))?;
    Ok(Server { broker, path, sim })
}

fn account(server: &Server, quota: &Quota, settings: &Settings) -> RawAccount {
    let windows: Vec<String> = quota.windows().iter().map(ToString::to_string).collect();
    let scopes = BrokerDefaults::of(server.broker.as_str())
        .expect("every broker has its rules")
        .scopes;
    let guard_ms = match settings.anchor {
        Anchor::Answer => None,
        Anchor::Send(guard_ms) => Some(guard_ms),
    };
    RawAccount {
        limits: RawLimits {
            reserve_percent: Some(settings.reserve_percent),
            anchor: Some(settings.anchor.name().to_owned()),
            guard_ms,
            unanswered_ms: Some(settings.unanswered_ms),
            // All of a run may wait at once, and orders besides.
            waiting_max: Some(usize::try_from(settings.requests).unwrap_or(usize::MAX) + 1_024),
            read_wait_ms: Some(READ_WAIT_MS),
            windows: scopes
                .iter()
                .map(|scope| (scope.name.to_owned(), windows.clone()))
                .collect(),
            ..RawLimits::default()
        },
        ..simulated_account(server.broker.as_str(), &server.path.base_url())
    }
}

/// The brokers by what they take a second: orders go to the one that will be busiest.
fn fastest_first(settings: &Settings) -> Vec<String> {
    let mut fleet: Vec<_> = settings.fleet().collect();
    fleet.sort_by(|(_, a), (_, b)| b.rate().total_cmp(&a.rate()));
    fleet.iter().map(|(broker, _)| broker.to_string()).collect()
}

/// The contracts every broker of the run lists and quotes under one name; the paths are told what they call them.
fn contracts(system: &System, settings: &Settings, sightings: &Sightings) -> Vec<InstrumentId> {
    let table = system.table();
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    let traded = [Exchange::Nse, Exchange::Bse, Exchange::Nfo, Exchange::Bfo];
    for entry in table.iter().filter(|entry| traded.contains(&entry.exchange())) {
        let keys: Option<Vec<_>> = settings
            .fleet()
            .map(|(broker, _)| Some((broker, entry.quote_key(broker)?)))
            .collect();
        if let Some(keys) = keys {
            ids.push(entry.id());
            names.push(keys);
        }
    }
    sightings.watch(&names);
    ids
}

async fn last(system: &System) -> Result<Price> {
    let id = super::stop::CONTRACT.parse().expect("a name");
    let quote = system
        .quote(&id)
        .await
        .context("ask the price of the contract orders are placed in")?;
    Ok(quote.value.last)
}

fn guard(settings: &Settings) -> Duration {
    match settings.anchor {
        Anchor::Answer => Duration::ZERO,
        Anchor::Send(guard_ms) => Duration::from_millis(guard_ms),
    }
}

/// Quotes asked, whatever the broker calls them.
fn quotes(stats: &StatsReport) -> u64 {
    let asked = stats
        .requests
        .iter()
        .filter(|(label, _)| label.to_ascii_lowercase().contains("quote"));
    asked.map(|(_, count)| count).sum()
}
