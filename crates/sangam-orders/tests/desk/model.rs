//! Random answers, faults of the books, late and failing order books, crashes and restarts over brokers that behave like
//! a small model of one; the promises are checked after every step. A failing script is printed with proptest's seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sangam_core::ports::{Ledger as _, OrderFilter, OrderRecord};
use sangam_core::{
    AttemptState, BrokerName, BrokerOrder, BrokerOrderStatus as S, Error, ErrorKind, OrderState, Outcome,
    PlaceOrder, Tag,
};
use sangam_orders::{Desk, DeskError};
use sangam_storage::MemoryLedger;
use sangam_testkit::{CommitFault, FaultyLedger, ScriptedBroker, samples};

use crate::support::*;

/// What a broker does with one placement.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Accept,
    AcceptAndLoseReply,
    AcceptAndRefuseWithId,
    AcceptAndPanic,
    LoseRequest,
    NeverSent,
    Refuse,
}

impl Fate {
    fn accepts(self) -> bool {
        matches!(
            self,
            Self::Accept | Self::AcceptAndLoseReply | Self::AcceptAndRefuseWithId | Self::AcceptAndPanic
        )
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Submit under one of few keys.
    Submit {
        key: u8,
    },
    /// The next commits suffer this.
    Books(Vec<Option<CommitFault>>),
    Reconcile {
        broker: usize,
    },
    /// The program ends so many milliseconds into a submission, and starts again.
    Crash {
        key: u8,
        after_ms: u64,
    },
    Fill {
        broker: usize,
    },
    Cancel {
        key: u8,
    },
    Pass {
        seconds: u64,
    },
}

#[derive(Debug, Clone)]
struct Play {
    fates: Vec<(Fate, u64)>,
    /// What each read of an order book does: fails, or leaves the newest so many orders out.
    books: Vec<Option<usize>>,
    steps: Vec<Step>,
}

#[derive(Debug, Default)]
struct Exchange {
    fates: Vec<(Fate, u64)>,
    books: Vec<Option<usize>>,
    accepted: Vec<(usize, BrokerOrder)>,
    /// Each placement that reached a broker, with whether its tag was in the ledger as an intent at that moment.
    sent: Vec<(Tag, bool)>,
}

type World = Arc<Mutex<Exchange>>;
type Ledger = Arc<FaultyLedger<MemoryLedger>>;

/// A scripted broker whose placements and books come from the world.
fn model_broker(at: usize, name: BrokerName, world: &World, ledger: &Ledger) -> Arc<ModelBroker> {
    let inner = broker(name);
    let w = world.clone();
    inner.order_book.always(move |()| {
        let mut world = w.lock();
        let read = if world.books.is_empty() {
            Some(0)
        } else {
            world.books.remove(0)
        };
        let mine: Vec<_> = world
            .accepted
            .iter()
            .filter(|(b, _)| *b == at)
            .map(|(_, row)| row.clone())
            .collect();
        match read {
            None => Err(unreachable()),
            Some(late) => Ok(mine[..mine.len().saturating_sub(late)].to_vec()),
        }
    });
    let w = world.clone();
    inner.order.always(move |id| {
        let found = w
            .lock()
            .accepted
            .iter()
            .find(|(b, row)| *b == at && row.id == *id)
            .cloned();
        found.map(|(_, row)| row).ok_or_else(timeout)
    });
    let w = world.clone();
    inner.cancel.always(move |cancel| {
        let mut world = w.lock();
        let row = world
            .accepted
            .iter_mut()
            .find(|(b, row)| *b == at && row.id == cancel.broker_order_id);
        if let Some((_, row)) = row.filter(|(_, row)| !row.status.is_final()) {
            row.status = S::Cancelled;
        }
        Err(timeout())
    });
    Arc::new(ModelBroker {
        at,
        inner,
        world: world.clone(),
        ledger: ledger.clone(),
    })
}

#[derive(Debug)]
struct ModelBroker {
    at: usize,
    inner: Arc<ScriptedBroker>,
    world: World,
    ledger: Ledger,
}

impl ModelBroker {
    async fn take(&self, order: &PlaceOrder) -> sangam_core::Result<sangam_core::ports::Placed> {
        let tag = order.tag.clone().expect("every placement carries a tag");
        let open = self.ledger.open_attempts().await.expect("readable");
        let intended = open
            .iter()
            .any(|a| a.tag == tag && matches!(a.state, AttemptState::Intent));
        let (fate, delay_ms) = {
            let mut world = self.world.lock();
            world.sent.push((tag, intended));
            if world.fates.is_empty() {
                (Fate::Accept, 0)
            } else {
                world.fates.remove(0)
            }
        };
        let id = {
            let mut world = self.world.lock();
            let id = format!("{}-{}", self.at, world.accepted.len() + 1);
            if fate.accepts() {
                let row = samples::book_row(order, &id, S::Open, 0);
                world.accepted.push((self.at, row));
            }
            id
        };
        crate::wait::pass(Duration::from_millis(delay_ms)).await;
        match fate {
            Fate::Accept => Ok(samples::placed(&id)),
            Fate::AcceptAndLoseReply | Fate::LoseRequest => Err(timeout()),
            Fate::AcceptAndRefuseWithId => Err(refusal().with_broker_order_id(id.parse().expect("an id"))),
            Fate::AcceptAndPanic => panic!("a bug made by a test"),
            Fate::NeverSent => Err(unreachable()),
            Fate::Refuse => Err(Error::new(
                ErrorKind::OrderRejected,
                Outcome::Rejected,
                "no margin",
            )),
        }
    }
}

/// Everything but placing goes to the script.
mod delegate {
    use sangam_core::ports::{
        Accepted, Books, Broker, Login, LoginLink, MarketData, OrderEntry, Placed, QuoteResult,
    };
    use sangam_core::session::{MarketSession, SessionCheck};
    use sangam_core::{
        AccountId, BrokerOrderId, CancelOrder, Candle, CandleQuery, Capabilities, Depth, Fill, Funds,
        Holding, InstrumentId, ModifyOrder, Position, Result,
    };

    use super::*;

    #[async_trait]
    impl OrderEntry for ModelBroker {
        async fn place(&self, order: &PlaceOrder) -> Result<Placed> {
            self.take(order).await
        }

        async fn modify(&self, change: &ModifyOrder) -> Result<Accepted> {
            self.inner.modify(change).await
        }

        async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted> {
            self.inner.cancel(cancel).await
        }
    }

    #[async_trait]
    impl Books for ModelBroker {
        async fn order_book(&self) -> Result<Vec<BrokerOrder>> {
            self.inner.order_book().await
        }

        async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder> {
            self.inner.order(id).await
        }

        async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>> {
            self.inner.orders_by_tag(tag).await
        }

        async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>> {
            self.inner.order_history(id).await
        }

        async fn trades(&self) -> Result<Vec<Fill>> {
            self.inner.trades().await
        }

        async fn positions(&self) -> Result<Vec<Position>> {
            self.inner.positions().await
        }

        async fn holdings(&self) -> Result<Vec<Holding>> {
            self.inner.holdings().await
        }

        async fn funds(&self) -> Result<Funds> {
            self.inner.funds().await
        }
    }

    #[async_trait]
    impl MarketData for ModelBroker {
        async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>> {
            self.inner.quotes(instruments).await
        }

        async fn depth(&self, instrument: &InstrumentId) -> Result<Depth> {
            self.inner.depth(instrument).await
        }

        async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>> {
            self.inner.candles(query).await
        }
    }

    #[async_trait]
    impl Login for ModelBroker {
        fn login_link(&self, state: &str) -> LoginLink {
            self.inner.login_link(state)
        }

        async fn exchange_code(&self, code: &str) -> Result<MarketSession> {
            self.inner.exchange_code(code).await
        }

        fn resume(&self, session: MarketSession) {
            self.inner.resume(session);
        }

        fn session(&self) -> Option<MarketSession> {
            self.inner.session()
        }

        async fn check_session(&self) -> Result<SessionCheck> {
            self.inner.check_session().await
        }

        async fn log_out(&self) -> Result<()> {
            self.inner.log_out().await
        }
    }

    impl Broker for ModelBroker {
        fn account(&self) -> &AccountId {
            Broker::account(&*self.inner)
        }

        fn name(&self) -> BrokerName {
            Broker::name(&*self.inner)
        }

        fn capabilities(&self) -> &Capabilities {
            Broker::capabilities(&*self.inner)
        }
    }
}

/// One run of the program: a desk on a runtime of its own tasks, ended by dropping that runtime.
struct Game {
    world: World,
    ledger: Ledger,
    count: usize,
    runs: u8,
    terminal: BTreeMap<u8, OrderRecord>,
}

impl Game {
    fn run(&mut self) -> (tokio::runtime::Runtime, Desk) {
        self.runs += 1;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let _inside = runtime.enter();
        let brokers = (0..self.count)
            .map(|at| {
                model_broker(at, BrokerName::ALL[at], &self.world, &self.ledger)
                    as Arc<dyn sangam_core::ports::Broker>
            })
            .collect();
        let clock = Arc::new(TokioClock::start());
        let desk = desk_over(brokers, self.ledger.clone(), clock, self.runs);
        drop(_inside);
        runtime.block_on(async { drop(desk.recover().await) });
        (runtime, desk)
    }

    fn key(key: u8) -> sangam_core::OrderDraft {
        keyed(&format!("key-{key}"))
    }

    async fn check(&mut self) {
        let (accepted, sent) = {
            let world = self.world.lock();
            (world.accepted.clone(), world.sent.clone())
        };
        // No byte without a durable intent under that tag, and no tag twice.
        let mut tags = BTreeSet::new();
        for (tag, intended) in &sent {
            assert!(intended, "{tag} was sent without an intent");
            assert!(tags.insert(tag.to_string()), "{tag} was sent twice");
        }
        // At most one order that is live or has fills, per order of ours.
        let mut by_order: BTreeMap<String, Vec<&BrokerOrder>> = BTreeMap::new();
        let orders = self
            .ledger
            .orders(&OrderFilter::default())
            .await
            .expect("readable");
        let mut owner = BTreeMap::new();
        for order in &orders {
            for attempt in self.ledger.attempts(order.uid).await.expect("readable") {
                owner.insert(attempt.tag.to_string(), (order.clone(), attempt));
            }
        }
        for (_, row) in &accepted {
            let tag = row.tag.as_ref().expect("tagged").to_string();
            let (order, attempt) = owner
                .get(&tag)
                .expect("each accepted order has an attempt in the ledger");
            assert!(
                !matches!(attempt.state, AttemptState::NotPlaced { .. }),
                "{tag} is there and said not to be"
            );
            let key = order.client_order_id.as_ref().expect("keyed").to_string();
            by_order.entry(key).or_default().push(row);
        }
        for (key, rows) in by_order {
            assert!(rows.len() <= 1, "{key} stands {} times: {rows:?}", rows.len());
        }
    }

    async fn submit(&mut self, desk: &Desk, key: u8) {
        match desk.submit(Self::key(key), None).await {
            Ok(submitted) if submitted.order.state.is_terminal() => {
                let before = self
                    .terminal
                    .entry(key)
                    .or_insert_with(|| submitted.order.clone());
                assert_eq!(*before, submitted.order, "a terminal answer changed");
            }
            Ok(_)
            | Err(DeskError::InProgress { .. } | DeskError::BooksClosed { .. } | DeskError::Ledger(_)) => {
                let before = self.terminal.get(&key);
                assert!(before.is_none(), "{before:?} was terminal");
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// All faults are over: every accepted order is in the books as the broker has it, and nothing is stuck.
    async fn heal(&mut self, desk: &Desk) {
        {
            let mut world = self.world.lock();
            world.fates.clear();
            world.books.clear();
        }
        // Each commit takes one fault away.
        for _ in 0..1_000 {
            drop(
                self.ledger
                    .commit(&[], &samples::audit("faults.over", "a test"))
                    .await,
            );
        }
        crate::wait::pass(Duration::from_secs(120)).await;
        for account in desk.accounts() {
            desk.reconcile(account.id()).await.expect("healed");
        }
        let accepted = self.world.lock().accepted.clone();
        let orders = self
            .ledger
            .orders(&OrderFilter::default())
            .await
            .expect("readable");
        for (_, row) in &accepted {
            let order = orders
                .iter()
                .find(|order| order.broker_order_id.as_ref() == Some(&row.id));
            let order = order.unwrap_or_else(|| panic!("{row:?} was accepted and is not in {orders:#?}"));
            let expected = match (&row.status, row.filled.is_zero()) {
                (S::Complete, _) => OrderState::Filled,
                (S::Cancelled, _) => OrderState::Cancelled,
                (_, true) => OrderState::Working,
                (_, false) => OrderState::PartiallyFilled,
            };
            assert_eq!((order.state, order.filled), (expected, row.filled), "{order:?}");
        }
        for order in &orders {
            let known =
                order.state.is_terminal() || order.state.is_live() || order.state == OrderState::InDoubt;
            assert!(known, "stuck: {order:?}");
        }
    }
}

fn play_out(count: usize, play: &Play) {
    let mut game = Game {
        world: Arc::default(),
        ledger: Arc::new(FaultyLedger::new(MemoryLedger::new())),
        count,
        runs: 0,
        terminal: BTreeMap::new(),
    };
    game.world.lock().fates.clone_from(&play.fates);
    game.world.lock().books.clone_from(&play.books);
    let (mut runtime, mut desk) = game.run();
    for step in &play.steps {
        match step {
            Step::Submit { key } => runtime.block_on(game.submit(&desk, *key)),
            Step::Books(faults) => game.ledger.suffer(faults.iter().copied()),
            Step::Reconcile { broker } => {
                let account = desk.accounts()[broker % count].id().clone();
                runtime.block_on(async { drop(desk.reconcile(&account).await) });
            }
            Step::Crash { key, after_ms } => {
                let (d, draft) = (desk.clone(), Game::key(*key));
                runtime.block_on(async {
                    let task = tokio::spawn(async move { drop(d.submit(draft, None).await) });
                    crate::wait::pass(Duration::from_millis(*after_ms)).await;
                    drop(task);
                });
                drop((runtime, desk));
                (runtime, desk) = game.run();
            }
            Step::Fill { broker } => {
                let mut world = game.world.lock();
                let open = |row: &BrokerOrder| !row.status.is_final();
                if let Some((_, row)) = world
                    .accepted
                    .iter_mut()
                    .find(|(at, row)| *at == broker % count && open(row))
                {
                    row.filled = samples::quantity(row.filled.units() + 5);
                    if row.filled == row.quantity {
                        row.status = S::Complete;
                    }
                }
            }
            Step::Cancel { key } => runtime.block_on(async {
                let id = format!("key-{key}").parse().expect("a key");
                let owner = "asha".parse().expect("an owner");
                if let Some(order) = game
                    .ledger
                    .order_by_client_id(&owner, &id)
                    .await
                    .expect("readable")
                {
                    drop(desk.cancel(order.number).await);
                }
            }),
            Step::Pass { seconds } => {
                runtime.block_on(async { crate::wait::pass(Duration::from_secs(*seconds)).await });
            }
        }
        runtime.block_on(game.check());
    }
    runtime.block_on(game.heal(&desk));
    runtime.block_on(game.check());
}

fn fate() -> impl Strategy<Value = (Fate, u64)> {
    let fate = prop_oneof![
        3 => Just(Fate::Accept),
        3 => Just(Fate::AcceptAndLoseReply),
        1 => Just(Fate::AcceptAndRefuseWithId),
        1 => Just(Fate::AcceptAndPanic),
        2 => Just(Fate::LoseRequest),
        2 => Just(Fate::NeverSent),
        2 => Just(Fate::Refuse),
    ];
    (
        fate,
        prop_oneof![3 => Just(0_u64), 1 => 0..20_000_u64, 1 => Just(60_000)],
    )
}

fn book_fault() -> impl Strategy<Value = Option<CommitFault>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(CommitFault::Refused)),
        1 => Just(Some(CommitFault::Lost)),
        1 => Just(Some(CommitFault::ReplyLost)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..4_u8).prop_map(|key| Step::Submit { key }),
        3 => prop_oneof![
            4 => proptest::collection::vec(book_fault(), 1..6),
            1 => book_fault().prop_map(|fault| vec![fault; 70]),
        ].prop_map(Step::Books),
        3 => (0..3_usize).prop_map(|broker| Step::Reconcile { broker }),
        2 => (0..4_u8, prop_oneof![Just(0_u64), 0..200_u64, 0..15_000_u64])
            .prop_map(|(key, after_ms)| Step::Crash { key, after_ms }),
        2 => (0..3_usize).prop_map(|broker| Step::Fill { broker }),
        1 => (0..4_u8).prop_map(|key| Step::Cancel { key }),
        1 => (0..70_u64).prop_map(|seconds| Step::Pass { seconds }),
    ]
}

fn play() -> impl Strategy<Value = Play> {
    let read = prop_oneof![2 => Just(Some(0)), 1 => (1..3_usize).prop_map(Some), 1 => Just(None)];
    (
        proptest::collection::vec(fate(), 0..10),
        proptest::collection::vec(read, 0..12),
        proptest::collection::vec(step(), 1..16),
    )
        .prop_map(|(fates, books, steps)| Play { fates, books, steps })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        // What once failed is played first, and is committed.
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/desk/model.regressions"))),
        ..ProptestConfig::default()
    })]
    #[test]
    fn property_the_promises_hold(count in 2..4_usize, play in play()) {
        play_out(count, &play);
    }
}
