//! Everything behind one simulated broker, as its server sees it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use crate::account::{
    Account, Change, Fill, Funds, Holding, NewOrder, Order, OrderState, Position, Product, Refusal, Scene,
    Side,
};
use crate::broker::BrokerApi;
use crate::clock::{Instant64, Phase, SimClock, phase};
use crate::config::SimConfig;
use crate::contracts::{Contract, ContractKey, Universe};
use crate::faults::Faults;
use crate::limits::Limiter;
use crate::market::{Candle, Interval, Market, Quote};
use crate::rng::{hash, hash_text};
use crate::sessions::Sessions;
use crate::stats::{Stats, StatsReport};

tokio::task_local! {
    /// How old the books are that the present request may see, in microseconds.
    static BOOK_AGE_US: i64;
}

/// One simulated broker's world: clock, contracts, market, one account, log-ins, counters and faults.
pub struct World {
    config: SimConfig,
    clock: SimClock,
    market: Market,
    universe: RwLock<Arc<Universe>>,
    account: Mutex<Account>,
    sequence: AtomicU64,
    issued: AtomicU64,
    api: Arc<dyn BrokerApi>,
    sessions: Sessions,
    limiter: Limiter,
    stats: Stats,
    faults: Faults,
}

impl World {
    /// The world of a broker. Worlds with one seed and one clock show the same prices.
    #[must_use]
    pub fn new(api: Arc<dyn BrokerApi>, config: SimConfig, clock: SimClock) -> Arc<Self> {
        let now = clock.now();
        let market = Market::new(&config, clock.started());
        let universe = Universe::of(now.date(), |symbol| market.base(symbol));
        Arc::new(Self {
            account: Mutex::new(Account::new(&config, &universe, now)),
            universe: RwLock::new(Arc::new(universe)),
            sequence: AtomicU64::new(0),
            issued: AtomicU64::new(0),
            sessions: Sessions::new(api.token_life()),
            limiter: Limiter::new(api.rules(), &config),
            stats: Stats::default(),
            faults: Faults::new(config.seed),
            market,
            clock,
            config,
            api,
        })
    }

    /// Settings.
    #[must_use]
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant64 {
        self.clock.now()
    }

    /// Whether orders can trade now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        phase(self.now(), self.config.always_open)
    }

    /// The market.
    #[must_use]
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// Log-ins.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Rate counters.
    #[must_use]
    pub const fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Faults in force.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Counters.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The contracts of today.
    #[must_use]
    pub fn universe(&self) -> Arc<Universe> {
        self.universe_at(self.now())
    }

    fn universe_at(&self, now: Instant64) -> Arc<Universe> {
        let today = now.date();
        let known = Arc::clone(&self.universe.read());
        if known.date() == today {
            return known;
        }
        let fresh = Arc::new(Universe::of(today, |symbol| self.market.base(symbol)));
        *self.universe.write() = Arc::clone(&fresh);
        fresh
    }

    /// The quote of a contract now.
    #[must_use]
    pub fn quote(&self, contract: &Contract) -> Quote {
        self.market.quote(contract, self.now())
    }

    /// Candles that start in `from..=to`, oldest first.
    #[must_use]
    pub fn candles(
        &self,
        contract: &Contract,
        interval: Interval,
        from: Instant64,
        to: Instant64,
    ) -> Vec<Candle> {
        self.market.candles(contract, interval, from, to, self.now())
    }

    /// Checks a new order without placing it. [`Refusal::is_risk`] tells what a broker answers at once from what it
    /// enters in the book as rejected.
    ///
    /// # Errors
    /// The first refusal that applies.
    pub fn check(&self, new: &NewOrder) -> Result<(), Refusal> {
        self.with_account(|account, scene| {
            account.process(scene);
            account.check(scene, new)
        })
    }

    /// Takes an order into the book; the answer may already be filled or rejected. Counts it for the statistics.
    pub fn place(&self, new: NewOrder) -> Order {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let order = self.with_account(|account, scene| {
            let id = self.api.order_id(sequence, scene.now);
            account.place(scene, id, new)
        });
        if order.state == OrderState::Rejected {
            self.stats.rejected();
        } else {
            self.stats.accepted(order.tag.as_deref());
        }
        order
    }

    /// Changes an open order.
    ///
    /// # Errors
    /// Unknown or no longer open, or the new terms are refused; the old ones stand then.
    pub fn modify(&self, id: &str, change: &Change) -> Result<Order, Refusal> {
        self.with_account(|account, scene| account.modify(scene, id, change))
    }

    /// Cancels what is left of an open order.
    ///
    /// # Errors
    /// Unknown or no longer open.
    pub fn cancel(&self, id: &str) -> Result<Order, Refusal> {
        self.with_account(|account, scene| account.cancel(scene, id))
    }

    /// The day's orders, oldest first, as old as a `stale_book_s` fault makes them.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        self.read(|account, _, as_of| account.orders(as_of))
    }

    /// One order, as old as a `stale_book_s` fault makes it.
    #[must_use]
    pub fn order(&self, id: &str) -> Option<Order> {
        self.read(|account, _, as_of| account.order(id, as_of))
    }

    /// The day's orders with a tag.
    #[must_use]
    pub fn orders_by_tag(&self, tag: &str) -> Vec<Order> {
        let mut orders = self.orders();
        orders.retain(|order| order.tag.as_deref() == Some(tag));
        orders
    }

    /// The day's trades with their orders, oldest first.
    #[must_use]
    pub fn fills(&self) -> Vec<(Order, Fill)> {
        self.read(|account, _, as_of| account.fills(as_of))
    }

    /// Positions, flat ones of the day included.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        self.read(Account::positions)
    }

    /// Holdings.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        self.read(Account::holdings)
    }

    /// Funds.
    #[must_use]
    pub fn funds(&self) -> Funds {
        self.read(Account::funds)
    }

    /// Moves part of a position to another product.
    ///
    /// # Errors
    /// No such position, product not allowed, or not enough margin.
    pub fn convert(
        &self,
        contract: ContractKey,
        products: (Product, Product),
        side: Side,
        quantity: i64,
    ) -> Result<(), Refusal> {
        self.with_account(|account, scene| account.convert(scene, contract, products, side, quantity))
    }

    /// Sixteen letters and digits nobody had before, seeded: the stuff of access tokens and reference numbers.
    pub fn fresh_text(&self) -> String {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        format!(
            "{:016x}",
            hash(&[
                self.config.seed,
                hash_text(self.api.name()),
                self.clock.started().0.cast_unsigned(),
                number
            ])
        )
    }

    /// Matches what is due; the server's background tick calls this.
    pub fn tick(&self) {
        self.with_account(|account, scene| account.process(scene));
    }

    /// The answer of `GET /__sim/stats`.
    #[must_use]
    pub fn report(&self) -> StatsReport {
        let blocked = self.limiter.blocked(self.now());
        self.stats.report(
            self.api.name(),
            self.limiter.report(),
            self.limiter.violations(),
            blocked,
        )
    }

    /// Runs a request's handler with books of a certain age.
    pub(crate) async fn with_book_age<F: Future>(age_us: i64, handler: F) -> F::Output {
        BOOK_AGE_US.scope(age_us, handler).await
    }

    fn with_account<T>(&self, work: impl FnOnce(&mut Account, &Scene<'_>) -> T) -> T {
        let mut account = self.account.lock();
        // The clock is read under the lock, so that the book's stamps never run backwards.
        let now = self.now();
        let universe = self.universe_at(now);
        let scene = Scene {
            market: &self.market,
            universe: &universe,
            now,
            always_open: self.config.always_open,
        };
        work(&mut account, &scene)
    }

    fn read<T>(&self, work: impl FnOnce(&Account, &Scene<'_>, Instant64) -> T) -> T {
        self.with_account(|account, scene| {
            account.process(scene);
            let age = BOOK_AGE_US.try_with(|age| *age).unwrap_or(0);
            work(account, scene, scene.now.plus_us(-age))
        })
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("broker", &self.api.name())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
