//! What runs on the simulated network: the brokers, each a host of its name, and the desk over the real adapters. Both connect
//! through the kit's port; reads, too, for the client they ship with makes its connections itself.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use sangam_broker::{
    BoxedStream, Dial, OneShot, OneShotSettings, Transport, TransportError, WireRequest, WireResponse,
};
use sangam_core::ports::{Broker, CallReport, Candidate, Ranking, RouteQuery, Selector};
use sangam_core::{
    AccountId, BrokerName, Clock, Monotonic, OrderDraft, OrderKind, PositionEffect, Product, Timestamp,
};
use sangam_gateway::simulated_broker;
use sangam_orders::{Desk, DeskAccount, DeskParts, DeskSettings, TagKey};
use sangam_sim::{SimConfig, World};
use sangam_storage::MemoryLedger;
use sangam_testkit::{Unlimited, samples};

use crate::accounts::{OneShare, account};

/// Patience with an order's answer.
const ORDER_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two orders of the desk, and between two tries to log in.
const PACE: Duration = Duration::from_millis(150);

/// What is done with an order without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// What this program does.
    Ours,
    /// It is sent again, as many a client does by default.
    SendAgain,
}

/// Sends once more what got no answer.
#[derive(Debug)]
struct Again(Arc<OneShot>);

#[async_trait]
impl Transport for Again {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        match self.0.send(request.clone()).await {
            Ok(response) => Ok(response),
            Err(_) => self.0.send(request).await,
        }
    }
}

/// Connections over the simulated network.
#[derive(Debug)]
struct SimulatedDial;

#[async_trait]
impl Dial for SimulatedDial {
    async fn connect(&self, host: &str, port: u16, _: Option<IpAddr>) -> io::Result<BoxedStream> {
        let stream = turmoil::net::TcpStream::connect((host, port)).await?;
        Ok(Box::new(stream))
    }
}

/// The simulation's time, the same before and after a crash.
#[derive(Debug)]
struct SimulatedClock;

impl SimulatedClock {
    fn elapsed() -> Duration {
        turmoil::sim_elapsed().expect("it is asked on a host")
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        samples::morning() + Self::elapsed()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(Self::elapsed())
    }
}

/// Connections a simulated broker takes.
struct Listening(turmoil::net::TcpListener);

impl axum::serve::Listener for Listening {
    type Io = turmoil::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // One that was given up before it was taken is nobody's any more.
            if let Ok(accepted) = self.0.accept().await {
                return accepted;
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A broker's engine, which lives through the crashes of its server.
pub(crate) fn world(broker: BrokerName) -> Arc<World> {
    let config =
        SimConfig::from_toml("start = \"2026-11-23T10:00:00\"\ncash = 1000000000").expect("settings");
    let clock = config.clock();
    World::new(simulated_broker(broker.as_str()), config, clock)
}

/// A broker's server.
pub(crate) async fn serve(broker: BrokerName, world: Arc<World>) -> turmoil::Result {
    let router = simulated_broker(broker.as_str()).router(world);
    let listener = turmoil::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).await?;
    axum::serve(Listening(listener), router).await?;
    Ok(())
}

/// All three accounts in a row that turns with each question, so that each is the first for a third of the orders.
#[derive(Debug)]
struct InTurn(Vec<(AccountId, BrokerName)>, AtomicU64);

impl Selector for InTurn {
    fn rank(&self, _: RouteQuery<'_>) -> Ranking {
        let mut accounts = self.0.clone();
        let turn = self.1.fetch_add(1, Ordering::Relaxed) % accounts.len() as u64;
        accounts.rotate_left(usize::try_from(turn).unwrap_or_default());
        let candidate = |(account, broker)| Candidate {
            account,
            broker,
            reason: "next in line".to_owned(),
        };
        Ranking {
            candidates: accounts.into_iter().map(candidate).collect(),
            ..Ranking::default()
        }
    }

    fn record(&self, _: &AccountId, _: CallReport) {}

    fn observe_health(&self, _: &AccountId, _: Option<String>) {}
}

/// What is left of a desk when it crashes, and what its callers remember.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) books: Arc<MemoryLedger>,
    pub(crate) orders: u64,
    /// Orders asked for so far.
    asked: AtomicU64,
    /// Those that were not answered yet: they are asked for once more after a crash.
    unanswered: Mutex<Vec<u64>>,
    starts: AtomicU64,
}

impl Kept {
    pub(crate) fn new(orders: u64) -> Arc<Self> {
        Arc::new(Self {
            books: Arc::new(MemoryLedger::new()),
            orders,
            asked: AtomicU64::new(0),
            unanswered: Mutex::default(),
            starts: AtomicU64::new(0),
        })
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn draft(number: u64) -> OrderDraft {
    let request = samples::request();
    OrderDraft {
        instrument: request.instrument,
        side: request.side,
        quantity: samples::quantity(1),
        kind: OrderKind::Limit,
        price: Some(samples::price("1450.50")),
        trigger_price: None,
        product: Product::Delivery,
        validity: request.validity,
        disclosed: request.disclosed,
        after_market: false,
        position_effect: Some(PositionEffect::Open),
        client_order_id: Some(format!("key-{number}").parse().expect("a key")),
        strategy: None,
    }
}

/// The desk on its host: logs in, recovers, asks again for what was not answered, then for one order after another.
pub(crate) async fn trade(kept: Arc<Kept>, policy: Policy) -> turmoil::Result {
    let start = kept.starts.fetch_add(1, Ordering::SeqCst);
    let clock: Arc<dyn Clock> = Arc::new(SimulatedClock);
    let transport = || {
        let settings = OneShotSettings {
            plain_http_anywhere: true,
            ..OneShotSettings::default()
        };
        Arc::new(OneShot::with_dial(settings, Arc::new(SimulatedDial)))
    };
    let mut brokers = Vec::new();
    for broker in BrokerName::ALL {
        let url = format!("http://{broker}");
        let orders: Arc<dyn Transport> = match policy {
            Policy::Ours => transport(),
            Policy::SendAgain => Arc::new(Again(transport())),
        };
        let one = account(
            broker,
            &url,
            orders,
            transport(),
            Arc::clone(&clock),
            ORDER_TIMEOUT,
        );
        log_in(&*one).await;
        brokers.push(one);
    }
    let desk = desk(brokers, &kept, clock, start);
    desk.recover().await?;
    for account in desk.accounts() {
        let (desk, account) = (desk.clone(), account.id().clone());
        tokio::spawn(async move { desk.watch(&account).await });
    }
    let again = kept.unanswered.lock().clone();
    for number in again {
        tokio::spawn(ask(desk.clone(), Arc::clone(&kept), number));
    }
    let mut pace = tokio::time::interval(PACE);
    while kept.asked() < kept.orders {
        pace.tick().await;
        let number = kept.asked.fetch_add(1, Ordering::SeqCst);
        kept.unanswered.lock().push(number);
        tokio::spawn(ask(desk.clone(), Arc::clone(&kept), number));
    }
    std::future::pending().await
}

async fn ask(desk: Desk, kept: Arc<Kept>, number: u64) {
    if desk.submit(draft(number), None).await.is_ok() {
        kept.unanswered.lock().retain(|waiting| *waiting != number);
    }
}

async fn log_in(broker: &dyn Broker) {
    // As the simulators document.
    let code = match broker.name() {
        BrokerName::Flattrade => "test-request-code",
        BrokerName::Fyers => "TEST-AUTH-CODE",
        BrokerName::Upstox => "test-code",
    };
    let mut pace = tokio::time::interval(PACE);
    loop {
        pace.tick().await;
        match broker.exchange_code(code).await {
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, "not logged in yet"),
        }
    }
}

fn desk(brokers: Vec<Arc<dyn Broker>>, kept: &Kept, clock: Arc<dyn Clock>, start: u64) -> Desk {
    let ids = brokers.iter().map(|b| (b.account().clone(), b.name())).collect();
    let next = AtomicU64::new(0);
    Desk::new(DeskParts {
        limiter: Arc::new(Unlimited::default()),
        group: "main".parse().expect("a group"),
        owner: "asha".parse().expect("an owner"),
        simulated: true,
        accounts: brokers
            .into_iter()
            .map(|broker| DeskAccount { broker, algo: None })
            .collect(),
        ledger: Arc::<MemoryLedger>::clone(&kept.books),
        selector: Arc::new(InTurn(ids, AtomicU64::new(0))),
        symbols: Arc::new(OneShare),
        clock,
        entropy: Arc::new(move || {
            let mut bytes = [0; 10];
            bytes[0] = u8::try_from(start).expect("a few starts");
            bytes[2..].copy_from_slice(&next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            bytes
        }),
        tag_key: TagKey::new([7; 32]),
        settings: DeskSettings::default(),
    })
}
