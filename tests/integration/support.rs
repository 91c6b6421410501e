//! Starting a stack: simulated brokers, a system over them on a folder of its own, and a gateway where a test wants HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sangam::config::{RawAccount, RawConfig, check};
use sangam::{StartError, System, SystemClock};
use sangam_broker::{Reads, ReadsSettings, Transport as _, WireRequest};
use sangam_core::ports::{OrderRecord, Scope, WindowUse};
use sangam_core::{
    BrokerName, CallClass, Clock, Operation, OrderDraft, OrderKind, OrderState, Price, Product, Quantity,
    Side, Validity,
};
use sangam_gateway::{ApiKey, Gateway, serve, simulated_account, simulated_broker};
use sangam_ratelimit::Window;
use sangam_sim::config::RuleConfig;
use sangam_sim::{RunningSim, SimConfig, SimServer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Longest a condition may take to come true; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stands for a simulator's address until it has one.
const NOT_YET: &str = "http://127.0.0.1:1";

/// The windows an account's limits name, as its simulator's rules: both count by the same figures.
fn rules_of(account: &RawAccount) -> Vec<RuleConfig> {
    let pair = |text: &String| {
        let window: Window = text.parse().expect("a window");
        (
            window.count,
            u32::try_from(window.length.as_secs()).expect("short"),
        )
    };
    let rule = |(name, windows): (&String, &Vec<String>)| RuleConfig {
        name: name.clone(),
        windows: windows.iter().map(pair).collect(),
    };
    account.limits.windows.iter().map(rule).collect()
}

/// Simulated brokers and a system over them.
pub(crate) struct Stack {
    pub(crate) system: System,
    pub(crate) folder: TempDir,
    sims: Vec<(BrokerName, RunningSim)>,
    raw: RawConfig,
}

impl Stack {
    /// A stack over these brokers, tried in this order.
    pub(crate) async fn over(brokers: &[BrokerName]) -> Self {
        Self::with(brokers, Arc::new(SystemClock::new()), |_| ()).await
    }

    /// The same with a clock and changes to the configuration.
    pub(crate) async fn with(
        brokers: &[BrokerName],
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut RawConfig),
    ) -> Self {
        Self::over_sims(brokers, clock, SimConfig::default(), change).await
    }

    /// A stack over simulators that keep hours, their clock begun at an Indian time.
    pub(crate) async fn at_hour(
        brokers: &[BrokerName],
        ist: &str,
        change: impl FnOnce(&mut RawConfig),
    ) -> Self {
        Self::begun_at(brokers, ist, false, change).await
    }

    /// A stack over simulators whose clock began at an Indian time.
    pub(crate) async fn begun_at(
        brokers: &[BrokerName],
        ist: &str,
        always_open: bool,
        change: impl FnOnce(&mut RawConfig),
    ) -> Self {
        let sim = SimConfig {
            always_open,
            start: Some(ist.parse().expect("a civil time")),
            ..SimConfig::default()
        };
        Self::over_sims(brokers, Arc::new(SystemClock::new()), sim, change).await
    }

    async fn over_sims(
        brokers: &[BrokerName],
        clock: Arc<dyn Clock>,
        sim_config: SimConfig,
        change: impl FnOnce(&mut RawConfig),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sim_clock = sim_config.clock();
        let mut sims = Vec::new();
        let mut raw = RawConfig {
            data_dir: folder.path().join("data"),
            account: brokers
                .iter()
                .map(|broker| simulated_account(broker.as_str(), NOT_YET))
                .collect(),
            ..RawConfig::default()
        };
        raw.routing.fallback = brokers.iter().map(ToString::to_string).collect();
        change(&mut raw);
        for (broker, account) in brokers.iter().zip(&mut raw.account) {
            let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let sim = SimServer::bind_with(
                simulated_broker(broker.as_str()),
                SimConfig {
                    rules: rules_of(account),
                    ..sim_config.clone()
                },
                sim_clock.clone(),
                loopback,
            )
            .await
            .expect("a simulated broker");
            if account.base_url.as_deref() == Some(NOT_YET) {
                account.base_url = Some(sim.base_url());
            }
            sims.push((*broker, sim));
        }
        let system = System::start(check(raw.clone()).expect("a right configuration"), clock)
            .await
            .expect("a system");
        Self {
            system,
            folder,
            sims,
            raw,
        }
    }

    /// The same with the machine's clock.
    pub(crate) async fn with_sims(brokers: &[BrokerName], change: impl FnOnce(&mut RawConfig)) -> Self {
        Self::with(brokers, Arc::new(SystemClock::new()), change).await
    }

    /// What calls of a class to a broker's account are charged to.
    pub(crate) fn scope(&self, broker: BrokerName, class: CallClass) -> Scope {
        Scope {
            account: format!("sim-{broker}").parse().expect("a name"),
            class,
        }
    }

    /// Where a broker listens.
    pub(crate) fn base_url(&self, broker: BrokerName) -> String {
        self.sim(broker).base_url()
    }

    /// Requests a broker has seen.
    pub(crate) async fn requests(&self, broker: BrokerName) -> u64 {
        let stats = self.stats(broker).await;
        stats["requests_total"].as_u64().expect("a count")
    }

    /// Waits until nothing is left in a broker's windows of some seconds.
    pub(crate) async fn quiet(&self, broker: BrokerName) {
        let account = self.scope(broker, CallClass::Orders).account;
        let short = |window: &WindowUse| window.scope.account == account && window.window.as_secs() < 60;
        let waiting = async {
            let mut pace = tokio::time::interval(Duration::from_millis(20));
            while self
                .system
                .limiter()
                .usage()
                .iter()
                .any(|window| short(window) && window.used > 0)
            {
                pace.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the windows empty");
    }

    /// Submits an order to one broker.
    pub(crate) async fn submit_to(&self, broker: BrokerName, draft: OrderDraft) -> OrderRecord {
        self.system.desks()[0]
            .submit(draft, Some(broker))
            .await
            .expect("taken by the desk")
            .order
    }

    /// Stops the system and starts another on the same folder and brokers, as after a crash.
    pub(crate) async fn restart(self) -> Self {
        self.system.stop().await;
        let config = check(self.raw.clone()).expect("a right configuration");
        let system = System::start(config, Arc::new(SystemClock::new()))
            .await
            .expect("a system");
        Self { system, ..self }
    }

    /// Starts another system on the same brokers, with a data folder of its own.
    pub(crate) async fn beside(&self, change: impl FnOnce(&mut RawConfig)) -> Result<System, StartError> {
        let mut raw = self.raw.clone();
        let number = std::fs::read_dir(self.folder.path()).expect("readable").count();
        raw.data_dir = self.folder.path().join(format!("beside-{number}"));
        change(&mut raw);
        let config = check(raw).expect("a right configuration");
        System::start(config, Arc::new(SystemClock::new())).await
    }

    fn sim(&self, broker: BrokerName) -> &RunningSim {
        &self
            .sims
            .iter()
            .find(|(name, _)| *name == broker)
            .expect("a broker of this stack")
            .1
    }

    /// Takes a simulated broker away.
    pub(crate) async fn shut_down(&mut self, broker: BrokerName) {
        let at = self
            .sims
            .iter()
            .position(|(name, _)| *name == broker)
            .expect("a broker of this stack");
        self.sims.remove(at).1.shutdown().await;
    }

    /// Makes a broker misbehave.
    pub(crate) async fn fault(&self, broker: BrokerName, faults: Value) {
        let url = format!("{}/__sim/faults", self.sim(broker).base_url());
        let (status, body) = post(&url, &faults).await;
        assert_eq!(status, 200, "{body}");
    }

    /// What a broker counted.
    pub(crate) async fn stats(&self, broker: BrokerName) -> Value {
        get(&format!("{}/__sim/stats", self.sim(broker).base_url()))
            .await
            .1
    }

    /// Orders a broker accepted.
    pub(crate) async fn accepted(&self, broker: BrokerName) -> u64 {
        let stats = self.stats(broker).await;
        stats["orders"]["accepted"]
            .as_u64()
            .or_else(|| stats["orders_accepted"].as_u64())
            .unwrap_or_else(|| panic!("the statistics tell no count of accepted orders: {stats}"))
    }

    /// The last price of RELIANCE.
    pub(crate) async fn last(&self) -> Price {
        let id = "NSE:RELIANCE".parse().expect("a name");
        self.system.quote(&id).await.expect("a quote").value.last
    }

    /// Submits an order through the only desk.
    pub(crate) async fn submit(&self, draft: OrderDraft) -> OrderRecord {
        self.system.desks()[0]
            .submit(draft, None)
            .await
            .expect("taken by the desk")
            .order
    }

    /// Waits until an order is in one of these states.
    pub(crate) async fn wait(&self, order: &OrderRecord, states: &[OrderState]) -> OrderRecord {
        let mut last = order.state;
        let waiting = async {
            // Ten reads a second: more would break the brokers' rate rules.
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            loop {
                pace.tick().await;
                let now = self.system.desks()[0]
                    .refresh(order.number)
                    .await
                    .expect("an order of ours");
                last = now.state;
                if states.contains(&now.state) {
                    return now;
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("order stays {last}, wanted {states:?}"))
    }
}

/// A market order to buy one RELIANCE for delivery.
pub(crate) fn market_buy() -> OrderDraft {
    OrderDraft {
        instrument: "NSE:RELIANCE".parse().expect("a name"),
        side: Side::Buy,
        quantity: Quantity::new(1).expect("small"),
        kind: OrderKind::Market,
        price: None,
        trigger_price: None,
        product: Product::Delivery,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: None,
        client_order_id: None,
        strategy: Some("test".into()),
    }
}

/// A limit order to buy one RELIANCE well below the market, so that it rests.
pub(crate) fn resting_buy(last: Price) -> OrderDraft {
    let below = Price::rounded(last.decimal() * rust_decimal::Decimal::new(97, 2)).expect("a price");
    let tick: Price = "0.1".parse().expect("a tick");
    OrderDraft {
        kind: OrderKind::Limit,
        price: Some(below.to_tick(tick, sangam_core::Rounding::Down).expect("a price")),
        ..market_buy()
    }
}

/// A gateway served over a stack.
pub(crate) struct Served {
    pub(crate) stack: Stack,
    base: String,
    key: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Served {
    /// Serves a stack on a free port.
    pub(crate) async fn over(brokers: &[BrokerName]) -> Self {
        Self::with(Stack::over(brokers).await, 10_000).await
    }

    /// Serves a stack, so many calls a second for the key.
    pub(crate) async fn with(stack: Stack, per_second: u32) -> Self {
        let key = "test_key_0123456789abcdef".to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let gateway = Gateway::new(
            stack.system.clone(),
            ApiKey::given(key.clone()),
            per_second,
            per_second,
        );
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(serve(listener, gateway, async move {
            // Ends when the sender is dropped with the test.
            drop(stopped.await);
        }));
        Self {
            stack,
            base,
            key,
            _stop: stop,
        }
    }

    /// Posts a body as it is.
    pub(crate) async fn raw(&self, endpoint: &str, body: &Value) -> (u16, Value) {
        post(&format!("{}/api/v1/{endpoint}", self.base), body).await
    }

    /// Posts text.
    pub(crate) async fn text(&self, endpoint: &str, body: &str) -> (u16, Value) {
        send(
            &format!("{}/api/v1/{endpoint}", self.base),
            http::Method::POST,
            Some(body.to_owned()),
        )
        .await
    }

    /// Posts fields with the key.
    pub(crate) async fn call(&self, endpoint: &str, mut fields: Value) -> (u16, Value) {
        fields["apikey"] = json!(self.key);
        self.raw(endpoint, &fields).await
    }

    /// The key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Gets a path.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        get(&format!("{}{path}", self.base)).await
    }
}

async fn post(url: &str, body: &Value) -> (u16, Value) {
    send(url, http::Method::POST, Some(body.to_string())).await
}

async fn get(url: &str) -> (u16, Value) {
    send(url, http::Method::GET, None).await
}

async fn send(url: &str, method: http::Method, body: Option<String>) -> (u16, Value) {
    let transport = Reads::new(&ReadsSettings::default()).expect("a transport");
    let mut request = WireRequest::new(Operation::Orders, method, url)
        .header(http::header::CONTENT_TYPE, "application/json")
        .expect("a plain header");
    if let Some(body) = body {
        request = request.body(body);
    }
    let answer = transport.send(request).await.expect("an answer");
    let body = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()));
    (answer.status.as_u16(), body)
}
