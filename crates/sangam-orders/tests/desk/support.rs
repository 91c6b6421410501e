//! A desk over scripted brokers, books in memory whose commits can fail, and a clock that follows tokio's paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::instrument::Listing;
use sangam_core::instrument::{Contract, ContractKind, Exchange};
use sangam_core::ports::{
    AttemptRecord, CallReport, Candidate, Ledger, Login as _, OrderRecord, PassedOver, Ranking, RouteQuery,
    Selector, SymbolMap,
};
use sangam_core::protect::Slippage;
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{
    AccountId, BrokerName, BrokerOrder, BrokerOrderStatus, Capabilities, Clock, Error, ErrorKind, Instrument,
    InstrumentId, Monotonic, OrderDraft, OrderKind, OrderState, Outcome, PlaceOrder, PositionEffect,
    Timestamp,
};
use sangam_orders::checks::Checks;
use sangam_orders::{Desk, DeskAccount, DeskError, DeskParts, DeskSettings, Submitted, TagKey};
use sangam_storage::MemoryLedger;
use sangam_testkit::{CommitFault, FaultyLedger, ScriptedBroker, Unlimited, samples};

pub(crate) type Books = FaultyLedger<MemoryLedger>;

pub(crate) const A: BrokerName = BrokerName::Fyers;
pub(crate) const B: BrokerName = BrokerName::Upstox;
pub(crate) const C: BrokerName = BrokerName::Flattrade;

/// A session that lives for a day.
pub(crate) fn session() -> MarketSession {
    MarketSession {
        token: AccessToken::new("test-token"),
        user_id: None,
        granted_at: samples::morning(),
        expires_at: samples::morning() + Duration::from_secs(86_400),
    }
}

pub(crate) fn broker_with(name: BrokerName, can: Capabilities) -> Arc<ScriptedBroker> {
    let broker = logged_out(name, can);
    broker.resume(session());
    Arc::new(broker)
}

pub(crate) fn broker_logged_out(name: BrokerName) -> Arc<ScriptedBroker> {
    Arc::new(logged_out(name, Capabilities::least()))
}

fn logged_out(name: BrokerName, can: Capabilities) -> ScriptedBroker {
    let broker = ScriptedBroker::new(&format!("{name}-1"), name).with_capabilities(can);
    broker.trades.always(|()| Ok(Vec::new()));
    broker.positions.always(|()| Ok(Vec::new()));
    broker
}

pub(crate) fn broker(name: BrokerName) -> Arc<ScriptedBroker> {
    broker_with(name, Capabilities::least())
}

/// Accounts in the order given, none passed over but those of other brokers than the pinned one.
#[derive(Debug)]
pub(crate) struct InOrder(pub(crate) Vec<(AccountId, BrokerName)>);

impl Selector for InOrder {
    fn rank(&self, query: RouteQuery<'_>) -> Ranking {
        let mut ranking = Ranking::default();
        for (account, broker) in self.0.clone() {
            if query.pinned.is_none_or(|pinned| pinned == broker) {
                let reason = "next in line".to_owned();
                ranking.candidates.push(Candidate {
                    account,
                    broker,
                    reason,
                });
            } else {
                let reason = "the call asks for another".to_owned();
                ranking.passed_over.push(PassedOver {
                    account,
                    broker,
                    reason,
                });
            }
        }
        ranking
    }

    fn record(&self, _: &AccountId, _: CallReport) {}

    fn observe_health(&self, _: &AccountId, _: Option<String>) {}
}

/// NSE:RELIANCE alone: lots of 1, ticks of 0.10.
#[derive(Debug)]
pub(crate) struct OneName;

impl SymbolMap for OneName {
    fn instrument(&self, id: &InstrumentId) -> Option<Arc<Instrument>> {
        (*id == samples::request().instrument).then(|| {
            Arc::new(Instrument {
                id: id.clone(),
                contract: Contract {
                    exchange: Exchange::Nse,
                    underlying: "RELIANCE".into(),
                    kind: ContractKind::Cash { series: "EQ".into() },
                },
                lot: samples::quantity(1),
                tick: samples::price("0.10"),
                freeze: None,
                derived: false,
            })
        })
    }

    fn listing(&self, _: BrokerName, _: &InstrumentId) -> Option<Listing> {
        None
    }

    fn by_order_symbol(&self, _: BrokerName, _: Option<Exchange>, _: &str) -> Option<InstrumentId> {
        None
    }

    fn by_token(&self, _: BrokerName, _: Exchange, _: &str) -> Option<InstrumentId> {
        None
    }
}

/// Tokio's time as a clock of ours, so that paused time moves both.
#[derive(Debug)]
pub(crate) struct TokioClock(tokio::time::Instant);

impl TokioClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where tests read tokio's time"
    )]
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        samples::morning() + self.elapsed()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.elapsed())
    }
}

pub(crate) struct Bench {
    pub(crate) desk: Desk,
    pub(crate) books: Arc<Books>,
    pub(crate) brokers: Vec<Arc<ScriptedBroker>>,
    pub(crate) clock: Arc<TokioClock>,
}

pub(crate) fn settings() -> DeskSettings {
    DeskSettings {
        deadline: Duration::from_secs(10),
        slippage: Slippage::default(),
        outcome_retry: Duration::from_secs(5),
        answer_wait: Duration::from_secs(30),
        fresh_for: Duration::ZERO,
    }
}

/// A desk of group `main` over any brokers and books.
pub(crate) fn desk_over(
    brokers: Vec<Arc<dyn sangam_core::ports::Broker>>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    seed: u8,
) -> Desk {
    Desk::new(parts_over(brokers, ledger, clock, seed))
}

/// What [`desk_over`] is put together from.
pub(crate) fn parts_over(
    brokers: Vec<Arc<dyn sangam_core::ports::Broker>>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    seed: u8,
) -> DeskParts {
    let ids = brokers.iter().map(|b| (b.account().clone(), b.name())).collect();
    let next = AtomicU8::new(0);
    DeskParts {
        limiter: Arc::new(Unlimited::default()),
        group: "main".parse().expect("a group"),
        owner: "asha".parse().expect("an owner"),
        simulated: true,
        accounts: brokers
            .into_iter()
            .map(|broker| DeskAccount { broker, algo: None })
            .collect(),
        ledger,
        selector: Arc::new(InOrder(ids)),
        symbols: Arc::new(OneName),
        clock,
        entropy: Arc::new(move || {
            let mut bytes = [seed; 10];
            bytes[9] = next.fetch_add(1, Ordering::SeqCst);
            bytes
        }),
        tag_key: TagKey::new([7; 32]),
        settings: settings(),
    }
}

impl Bench {
    pub(crate) fn over(brokers: &[Arc<ScriptedBroker>]) -> Self {
        Self::restarted(brokers, Arc::new(FaultyLedger::new(MemoryLedger::new())), 1)
    }

    /// A desk that holds orders to checks, over books that exist.
    pub(crate) fn checked(
        brokers: &[Arc<ScriptedBroker>],
        books: Arc<Books>,
        seed: u8,
        checks: Checks,
    ) -> Self {
        let clock = Arc::new(TokioClock::start());
        let ports = brokers
            .iter()
            .map(|b| Arc::clone(b) as Arc<dyn sangam_core::ports::Broker>)
            .collect();
        let parts = parts_over(ports, Arc::clone(&books) as Arc<dyn Ledger>, clock.clone(), seed);
        Self {
            desk: Desk::checked(parts, checks),
            books,
            brokers: brokers.to_vec(),
            clock,
        }
    }

    /// A new desk over books that exist: what a restart is.
    pub(crate) fn restarted(brokers: &[Arc<ScriptedBroker>], books: Arc<Books>, seed: u8) -> Self {
        let clock = Arc::new(TokioClock::start());
        let ports = brokers
            .iter()
            .map(|b| Arc::clone(b) as Arc<dyn sangam_core::ports::Broker>)
            .collect();
        Self {
            desk: desk_over(ports, Arc::clone(&books) as Arc<dyn Ledger>, clock.clone(), seed),
            books,
            brokers: brokers.to_vec(),
            clock,
        }
    }

    pub(crate) async fn submit(&self, draft: OrderDraft) -> OrderRecord {
        self.submitted(draft).await.expect("taken").order
    }

    pub(crate) async fn submitted(&self, draft: OrderDraft) -> Result<Submitted, DeskError> {
        self.desk.submit(draft, None).await
    }

    /// The order as the books themselves have it.
    pub(crate) async fn written(&self, order: &OrderRecord) -> OrderRecord {
        self.books
            .order(order.uid)
            .await
            .expect("readable")
            .expect("there")
    }

    pub(crate) async fn attempts(&self, order: &OrderRecord) -> Vec<AttemptRecord> {
        self.books.attempts(order.uid).await.expect("readable")
    }

    pub(crate) async fn attempt_states(&self, order: &OrderRecord) -> Vec<&'static str> {
        self.attempts(order)
            .await
            .iter()
            .map(|a| a.state.name())
            .collect()
    }

    /// Placements sent to each broker.
    pub(crate) fn sends(&self) -> Vec<usize> {
        self.brokers.iter().map(|b| b.place.calls().len()).collect()
    }

    /// Waits, in paused time, until the books have the order in a state.
    pub(crate) async fn until(&self, order: &OrderRecord, state: OrderState) -> OrderRecord {
        for _ in 0..1_000 {
            let now = self.written(order).await;
            if now.state == state {
                return now;
            }
            crate::wait::pass(Duration::from_millis(50)).await;
        }
        panic!("never {state}: {:?}", self.written(order).await);
    }

    /// A working order of 10 acknowledged by the first broker as `id`.
    pub(crate) async fn working(&self, id: &str) -> OrderRecord {
        self.brokers[0].place.then(Ok(samples::placed(id)));
        let order = self.submit(opening()).await;
        assert_eq!(order.state, OrderState::Working);
        order
    }

    /// An order in doubt at the first broker, and what was sent.
    pub(crate) async fn in_doubt(&self) -> (OrderRecord, PlaceOrder) {
        self.brokers[0].place.then(Err(timeout()));
        let order = self.submit(opening()).await;
        assert_eq!(order.state, OrderState::InDoubt);
        let sent = self.brokers[0].place.calls().pop().expect("sent");
        (order, sent)
    }
}

/// Buy 10 RELIANCE at 1450.50, intraday, declared to open.
pub(crate) fn opening() -> OrderDraft {
    let request = samples::request();
    OrderDraft {
        instrument: request.instrument,
        side: request.side,
        quantity: request.quantity,
        kind: OrderKind::Limit,
        price: Some(samples::price("1450.50")),
        trigger_price: None,
        product: sangam_core::Product::Intraday,
        validity: request.validity,
        disclosed: request.disclosed,
        after_market: false,
        position_effect: Some(PositionEffect::Open),
        client_order_id: None,
        strategy: None,
    }
}

pub(crate) fn keyed(key: &str) -> OrderDraft {
    OrderDraft {
        client_order_id: Some(key.parse().expect("a key")),
        ..opening()
    }
}

pub(crate) fn timeout() -> Error {
    Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer")
}

pub(crate) fn unreachable() -> Error {
    Error::new(ErrorKind::Network, Outcome::NotSent, "connection refused")
}

pub(crate) fn refusal() -> Error {
    Error::new(ErrorKind::OrderRejected, Outcome::Rejected, "no margin").with_code("-50")
}

pub(crate) fn row(sent: &PlaceOrder, id: &str, status: BrokerOrderStatus, filled: u64) -> BrokerOrder {
    samples::book_row(sent, id, status, filled)
}

pub(crate) fn faults(kinds: &[CommitFault]) -> Vec<Option<CommitFault>> {
    kinds.iter().copied().map(Some).collect()
}

/// Whatever a test wants to keep between calls of a script.
pub(crate) fn shared<T>(value: T) -> Arc<Mutex<T>> {
    Arc::new(Mutex::new(value))
}
