//! A broker account that answers what a test tells it to and remembers what it was asked. It keeps no book of its own:
//! the brokers that trade are the simulator's.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use sangam_core::ports::{
    Accepted, Books, Broker, Login, LoginLink, MarketData, OrderEntry, Placed, QuoteResult,
};
use sangam_core::session::{MarketSession, SessionCheck};
use sangam_core::{
    AccountId, BrokerName, BrokerOrder, BrokerOrderId, CancelOrder, Candle, CandleQuery, Capabilities, Depth,
    Fill, Funds, Holding, InstrumentId, ModifyOrder, PlaceOrder, Position, Result, Tag,
};

use crate::script::Script;

/// An account at a broker, with one [`Script`] an operation.
///
/// ```
/// use sangam_core::{BrokerName, Error, ErrorKind, Outcome, ports::OrderEntry};
/// use sangam_testkit::{ScriptedBroker, samples};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let broker = ScriptedBroker::new("fyers-1", BrokerName::Fyers);
/// broker
///     .place
///     .then(Err(Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer")))
///     .then(Ok(samples::placed("808058117761")));
///
/// let order = samples::place_order("S000000000001");
/// assert_eq!(broker.place(&order).await.unwrap_err().kind(), ErrorKind::Timeout);
/// assert!(broker.place(&order).await.is_ok());
/// assert_eq!(broker.place.calls(), [order.clone(), order]);
/// assert_eq!(broker.log(), ["place", "place"]);
/// # }
/// ```
#[derive(Debug)]
pub struct ScriptedBroker {
    account: AccountId,
    name: BrokerName,
    capabilities: Capabilities,
    session: Mutex<Option<MarketSession>>,
    log: Arc<Mutex<Vec<&'static str>>>,
    /// Placing.
    pub place: Script<PlaceOrder, Placed>,
    /// Modifying.
    pub modify: Script<ModifyOrder, Accepted>,
    /// Cancelling.
    pub cancel: Script<CancelOrder, Accepted>,
    /// The order book.
    pub order_book: Script<(), Vec<BrokerOrder>>,
    /// One order.
    pub order: Script<BrokerOrderId, BrokerOrder>,
    /// Orders by tag.
    pub orders_by_tag: Script<Tag, Vec<BrokerOrder>>,
    /// An order's history.
    pub order_history: Script<BrokerOrderId, Vec<BrokerOrder>>,
    /// Trades.
    pub trades: Script<(), Vec<Fill>>,
    /// Positions.
    pub positions: Script<(), Vec<Position>>,
    /// Holdings.
    pub holdings: Script<(), Vec<Holding>>,
    /// Funds.
    pub funds: Script<(), Funds>,
    /// Quotes.
    pub quotes: Script<Vec<InstrumentId>, Vec<QuoteResult>>,
    /// Depth.
    pub depth: Script<InstrumentId, Depth>,
    /// Candles.
    pub candles: Script<CandleQuery, Vec<Candle>>,
    /// The log-in exchange; what it answers becomes the session.
    pub exchange_code: Script<String, MarketSession>,
    /// The session check.
    pub check_session: Script<(), SessionCheck>,
    /// The log-out; the session is forgotten whatever it answers.
    pub log_out: Script<(), ()>,
}

impl ScriptedBroker {
    /// An account with nothing scripted and the fewest capabilities.
    ///
    /// # Panics
    /// When `account` is no account name.
    #[must_use]
    pub fn new(account: &str, name: BrokerName) -> Self {
        let log = Arc::<Mutex<Vec<&'static str>>>::default();
        Self {
            account: account.parse().expect("an account name"),
            name,
            capabilities: Capabilities::least(),
            session: Mutex::default(),
            place: Script::new("place", log.clone()),
            modify: Script::new("modify", log.clone()),
            cancel: Script::new("cancel", log.clone()),
            order_book: Script::new("order_book", log.clone()),
            order: Script::new("order", log.clone()),
            orders_by_tag: Script::new("orders_by_tag", log.clone()),
            order_history: Script::new("order_history", log.clone()),
            trades: Script::new("trades", log.clone()),
            positions: Script::new("positions", log.clone()),
            holdings: Script::new("holdings", log.clone()),
            funds: Script::new("funds", log.clone()),
            quotes: Script::new("quotes", log.clone()),
            depth: Script::new("depth", log.clone()),
            candles: Script::new("candles", log.clone()),
            exchange_code: Script::new("exchange_code", log.clone()),
            check_session: Script::new("check_session", log.clone()),
            log_out: Script::new("log_out", log.clone()),
            log,
        }
    }

    /// The same account with other capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The operations asked for so far, by their method names, in order.
    #[must_use]
    pub fn log(&self) -> Vec<&'static str> {
        self.log.lock().clone()
    }
}

#[async_trait]
impl OrderEntry for ScriptedBroker {
    async fn place(&self, order: &PlaceOrder) -> Result<Placed> {
        self.place.call(order.clone()).await
    }

    async fn modify(&self, change: &ModifyOrder) -> Result<Accepted> {
        self.modify.call(change.clone()).await
    }

    async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted> {
        self.cancel.call(cancel.clone()).await
    }
}

#[async_trait]
impl Books for ScriptedBroker {
    async fn order_book(&self) -> Result<Vec<BrokerOrder>> {
        self.order_book.call(()).await
    }

    async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder> {
        self.order.call(id.clone()).await
    }

    async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>> {
        self.orders_by_tag.call(tag.clone()).await
    }

    async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>> {
        self.order_history.call(id.clone()).await
    }

    async fn trades(&self) -> Result<Vec<Fill>> {
        self.trades.call(()).await
    }

    async fn positions(&self) -> Result<Vec<Position>> {
        self.positions.call(()).await
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        self.holdings.call(()).await
    }

    async fn funds(&self) -> Result<Funds> {
        self.funds.call(()).await
    }
}

#[async_trait]
impl MarketData for ScriptedBroker {
    async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>> {
        self.quotes.call(instruments.to_vec()).await
    }

    async fn depth(&self, instrument: &InstrumentId) -> Result<Depth> {
        self.depth.call(instrument.clone()).await
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>> {
        self.candles.call(query.clone()).await
    }
}

#[async_trait]
impl Login for ScriptedBroker {
    fn login_link(&self, state: &str) -> LoginLink {
        LoginLink {
            url: format!("https://broker.invalid/login?state={state}"),
            instructions: "bring back any code".to_owned(),
        }
    }

    async fn exchange_code(&self, code: &str) -> Result<MarketSession> {
        let session = self.exchange_code.call(code.to_owned()).await?;
        self.resume(session.clone());
        Ok(session)
    }

    fn resume(&self, session: MarketSession) {
        *self.session.lock() = Some(session);
    }

    fn session(&self) -> Option<MarketSession> {
        self.session.lock().clone()
    }

    async fn check_session(&self) -> Result<SessionCheck> {
        self.check_session.call(()).await
    }

    async fn log_out(&self) -> Result<()> {
        *self.session.lock() = None;
        self.log_out.call(()).await
    }
}

impl Broker for ScriptedBroker {
    fn account(&self) -> &AccountId {
        &self.account
    }

    fn name(&self) -> BrokerName {
        self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}
