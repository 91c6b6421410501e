//! The stack put together: accounts, desks, prices, books. Everything that runs beside the callers (health checks, the
//! reading of books) runs in tasks that end when the system is dropped.

use std::sync::Arc;

use parking_lot::Mutex;
use sangam_broker::{Fetch, FetchSettings};
use sangam_cache::RedisCacheState;
use sangam_cache::shared_budget::SharedBudget;
use sangam_core::ports::{Broker, Ledger, Limiter, SymbolMap};
use sangam_core::{AccountId, BrokerName, Clock, GroupId, IST, Timestamp};
use sangam_instruments::{LiveTable, Store, Table};
use sangam_orders::{Desk, DeskAccount, DeskParts, TagKey};
use sangam_ratelimit::port::AccountBudgets;
use sangam_routing::Router;
use sangam_storage::SqlLedger;

use crate::adapters::OrderLine;
use crate::bursts::Bursts;
use crate::caching::Caching;
use crate::config::{AccountConfig, Config};
use crate::data_dir::{self, DataDir};
use crate::demand::Demand;
use crate::entropy::random_bytes;
use crate::error::StartError;
use crate::known_prices::KnownPrices;
use crate::leases::LeasedLedger;
use crate::market::Markets;
use crate::masters::{self, MasterUrl};
use crate::refresh::Freshness;
use crate::sessions::SessionFiles;
use crate::tasks::Tasks;
use crate::view::BrokerView;
use crate::{adapters, books, limits, shares, snapshots};

/// One account with its configuration and the way to its broker.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) config: AccountConfig,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) line: OrderLine,
}

impl Account {
    /// The account and the broker it is at.
    pub(crate) fn place(&self) -> (AccountId, BrokerName) {
        (self.config.name.clone(), self.config.broker)
    }
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) accounts: Vec<Account>,
    pub(crate) desks: Vec<Desk>,
    pub(crate) router: Arc<Router>,
    pub(crate) limiter: Arc<dyn Limiter>,
    /// What this process owns by itself.
    pub(crate) budgets: Arc<AccountBudgets>,
    /// What it shares with others.
    pub(crate) sharing: Option<Arc<SharedBudget>>,
    pub(crate) demand: Arc<Demand>,
    pub(crate) bursts: Bursts,
    pub(crate) ledger: Arc<SqlLedger>,
    /// The same under the lease of each group.
    led: Vec<Arc<LeasedLedger>>,
    pub(crate) written: snapshots::Kept,
    pub(crate) cache: Caching,
    pub(crate) known: Arc<KnownPrices>,
    pub(crate) markets: Markets,
    pub(crate) live: Arc<LiveTable>,
    pub(crate) store: Store,
    pub(crate) fetch: Fetch,
    pub(crate) master_urls: Vec<MasterUrl>,
    pub(crate) freshness: Mutex<Freshness>,
    pub(crate) one_sync: tokio::sync::Mutex<()>,
    pub(crate) sessions: SessionFiles,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    data_dir: DataDir,
}

/// One system over several brokers. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct System {
    pub(crate) inner: Arc<Inner>,
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "System({} accounts)", self.inner.accounts.len())
    }
}

impl System {
    /// Puts the stack together, logs simulated accounts in, fetches masters, settles what the last run left in doubt,
    /// and starts the background tasks.
    ///
    /// # Errors
    /// [`StartError`] when the data folder, the ledger or a transport cannot be used. A broker that is down is no error:
    /// its account is unhealthy until it is back.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let simulated_only = config.accounts.iter().all(|account| account.simulated);
        let data_dir = DataDir::take(&config.data_dir, simulated_only)?;
        let today = IST::date(clock.now());
        let store = Store::open(config.data_dir.join("instruments"))?;
        let live = Arc::new(LiveTable::new(Table::empty(today)));
        let symbols: Arc<dyn SymbolMap> = Arc::<LiveTable>::clone(&live);
        let (sharing, budgets) = match &config.shared {
            Some(shared) => {
                let (sharing, base) = shares::join(&config, shared, &config.data_dir, &clock).await?;
                (Some(sharing), base)
            }
            None => (None, limits::own(&config.accounts, &config.data_dir, &clock)?),
        };
        let granting: Arc<dyn Limiter> = match &sharing {
            Some(sharing) => Arc::<SharedBudget>::clone(sharing),
            None => Arc::<AccountBudgets>::clone(&budgets),
        };
        let names = config.accounts.iter().map(|account| account.name.clone());
        let demand = Arc::new(Demand::of(granting, names));
        let limiter: Arc<dyn Limiter> = Arc::<Demand>::clone(&demand);
        let bursts = Bursts::new(&config.accounts, clock.as_ref())?;
        let mut accounts = Vec::with_capacity(config.accounts.len());
        for account in &config.accounts {
            let (broker, line) =
                adapters::build(account, Arc::clone(&symbols), &limiter, Arc::clone(&clock))?;
            accounts.push(Account {
                config: account.clone(),
                broker,
                line,
            });
        }
        let names = accounts
            .iter()
            .map(|account| (account.config.name.clone(), account.config.broker));
        let soft = config
            .accounts
            .iter()
            .map(|account| (account.name.clone(), account.limits.soft_permille));
        let router = Router::new(config.routing.clone(), names)
            .with_symbols(Arc::clone(&symbols))
            .with_limits(Arc::clone(&limiter), Arc::clone(&clock), soft);
        let router = Arc::new(router);
        let ledger = Arc::new(books::open(&config).await?);
        let holder = data_dir::installation(&config.data_dir)?;
        let led = lead(&config, &ledger, &holder, clock.as_ref()).await?;
        let tag_key = data_dir::tag_key(&config.data_dir)?;
        let known = Arc::<KnownPrices>::default();
        let markets = Markets::of(&config, &live, &known);
        let desks = desks(
            &config, &accounts, &led, &router, &limiter, &symbols, &clock, &tag_key, &markets,
        );
        let cache = Caching::start(&config.cache, simulated_only, &clock).await?;
        let system = Self {
            inner: Arc::new(Inner {
                master_urls: masters::urls(&config.accounts),
                sessions: SessionFiles::below(&config.data_dir),
                fetch: Fetch::new(FetchSettings::default())?,
                accounts,
                desks,
                router,
                limiter,
                budgets,
                sharing,
                demand,
                bursts,
                ledger,
                led,
                written: snapshots::Kept::default(),
                cache,
                known,
                markets,
                live,
                store,
                clock,
                config,
                tasks: Tasks::default(),
                freshness: Mutex::new(Freshness::default()),
                one_sync: tokio::sync::Mutex::new(()),
                data_dir,
            }),
        };
        system.inner.markets.look(system.inner.clock.as_ref()).await;
        tokio::join!(system.resume_sessions(), system.masters_at_start(simulated_only));
        system.check_health_once().await;
        for desk in &system.inner.desks {
            if let Err(error) = desk.recover().await {
                tracing::error!(group = %desk.group(), %error, "recovery did not finish");
            }
            // Today's counts are taken from the books now, not while the first order waits.
            if let Err(error) = desk.checks().await {
                tracing::error!(group = %desk.group(), %error, "today's orders were not counted");
            }
        }
        system.start_tasks();
        for led in &system.inner.led {
            system.inner.tasks.start(Arc::clone(led).keep());
        }
        Ok(system)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The desks, one a group.
    #[must_use]
    pub fn desks(&self) -> &[Desk] {
        &self.inner.desks
    }

    /// The symbol table in force.
    #[must_use]
    pub fn table(&self) -> Arc<Table> {
        self.inner.live.current()
    }

    /// The books of record.
    #[must_use]
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::<SqlLedger>::clone(&self.inner.ledger)
    }

    /// The router, for health to be observed from outside and looked at.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.inner.router
    }

    /// The budgets of calls.
    #[must_use]
    pub fn limiter(&self) -> &dyn Limiter {
        self.inner.limiter.as_ref()
    }

    /// How it goes with the Redis that prices are shared over; `None` without one.
    #[must_use]
    pub fn cache_redis(&self) -> Option<RedisCacheState> {
        self.inner.cache.redis()
    }

    /// The way to an account's broker.
    #[must_use]
    pub fn broker(&self, account: &AccountId) -> Option<Arc<dyn Broker>> {
        self.inner
            .account(account)
            .map(|account| Arc::clone(&account.broker))
    }

    /// Every account with its health and session.
    #[must_use]
    pub fn brokers(&self) -> Vec<BrokerView> {
        let health = self.inner.router.health();
        let view = |account: &Account| BrokerView {
            account: account.config.name.clone(),
            broker: account.config.broker,
            group: account.config.group.clone(),
            owner: account.config.owner.clone(),
            simulated: account.config.simulated,
            unhealthy: health
                .iter()
                .find(|h| h.account == account.config.name)
                .and_then(|h| h.health.unhealthy().map(str::to_owned)),
            session_expires: account.broker.session().map(|session| session.expires_at),
            base_url: account
                .config
                .hosts
                .base
                .clone()
                .unwrap_or_else(|| "official".to_owned()),
        };
        self.inner.accounts.iter().map(view).collect()
    }

    /// Ends the background tasks, closes the ledger and lets go of the data folder.
    pub async fn stop(&self) {
        self.inner.tasks.stop();
        for led in &self.inner.led {
            led.give_back().await;
        }
        self.inner.ledger.close().await;
        self.inner.data_dir.release();
    }
}

impl Inner {
    pub(crate) fn account(&self, name: &AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.config.name == *name)
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "a desk is put together from all parts of the stack"
)]
fn desks(
    config: &Config,
    accounts: &[Account],
    led: &[Arc<LeasedLedger>],
    router: &Arc<Router>,
    limiter: &Arc<dyn Limiter>,
    symbols: &Arc<dyn SymbolMap>,
    clock: &Arc<dyn Clock>,
    tag_key: &TagKey,
    markets: &Markets,
) -> Vec<Desk> {
    let desk = |(group, ledger): (GroupId, &Arc<LeasedLedger>)| {
        let members: Vec<_> = accounts
            .iter()
            .filter(|account| account.config.group == group)
            .collect();
        let first = members.first()?;
        let checks = markets.checks(&group, config.checks.clone());
        let parts = DeskParts {
            owner: first.config.owner.clone(),
            simulated: first.config.simulated,
            accounts: members
                .iter()
                .map(|account| DeskAccount {
                    broker: Arc::clone(&account.broker),
                    algo: account.config.algo.clone(),
                })
                .collect(),
            group,
            ledger: Arc::<LeasedLedger>::clone(ledger),
            selector: Arc::<Router>::clone(router),
            limiter: Arc::clone(limiter),
            symbols: Arc::clone(symbols),
            clock: Arc::clone(clock),
            entropy: Arc::new(random_bytes::<10>),
            tag_key: tag_key.clone(),
            settings: config.desk,
        };
        Some(Desk::checked(parts, checks))
    };
    groups(config).into_iter().zip(led).filter_map(desk).collect()
}

/// The groups of accounts there are.
fn groups(config: &Config) -> Vec<GroupId> {
    let mut groups: Vec<GroupId> = config
        .accounts
        .iter()
        .map(|account| account.group.clone())
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Takes the lease of every group. Where one is another gateway's those taken before are given back.
async fn lead(
    config: &Config,
    books: &Arc<SqlLedger>,
    holder: &str,
    clock: &dyn Clock,
) -> Result<Vec<Arc<LeasedLedger>>, StartError> {
    let mut led: Vec<Arc<LeasedLedger>> = Vec::new();
    for group in groups(config) {
        let books: Arc<dyn Ledger> = Arc::<SqlLedger>::clone(books);
        match LeasedLedger::take(books, &group, holder, config.ledger.lease, clock).await {
            Ok(ledger) => led.push(Arc::new(ledger)),
            Err(error) => {
                for taken in led {
                    taken.give_back().await;
                }
                return Err(error.into());
            }
        }
    }
    Ok(led)
}
