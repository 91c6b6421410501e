//! The account: builds requests, sends each once, hands the answers to [`crate::error`] and [`crate::translate`].

mod books;
mod login;
mod market;
mod orders;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, Method};
use parking_lot::Mutex;
use sangam_broker::{SessionSlot, Transport, WireRequest, calls};
use sangam_core::ports::Broker;
use sangam_core::ports::SymbolMap;
use sangam_core::session::MarketSession;
use sangam_core::{
    AccountId, BrokerName, Capabilities, Clock, Exchange, InstrumentId, Listing, MarketProtection, Operation,
    OrderKind, OrderKinds, Result, Validity,
};

use crate::config::Config;
use crate::credential::Credentials;
use crate::error;
use crate::translate::{Fault, TAG_LENGTH_MAX};

/// Most symbols in one quotes call (official API v3 documentation, export of 2026-07-09).
const QUOTES_PER_CALL: usize = 50;
/// The header that names the interface's version; the broker's Python client sends it on every authorised call.
const VERSION: HeaderName = HeaderName::from_static("version");

/// One account at Fyers.
pub struct Fyers {
    config: Config,
    credentials: Credentials,
    orders: Arc<dyn Transport>,
    reads: Arc<dyn Transport>,
    symbols: Arc<dyn SymbolMap>,
    clock: Arc<dyn Clock>,
    session: SessionSlot,
    capabilities: Capabilities,
    /// States of the last log-in links, to know a redirect of ours by.
    states: Mutex<VecDeque<String>>,
}

impl Fyers {
    /// An account without a session. `orders` carries order commands and must send each at most once; `reads` carries
    /// everything else.
    #[must_use]
    pub fn new(
        config: Config,
        credentials: Credentials,
        orders: Arc<dyn Transport>,
        reads: Arc<dyn Transport>,
        symbols: Arc<dyn SymbolMap>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            config,
            credentials,
            orders,
            reads,
            symbols,
            clock,
            session: SessionSlot::default(),
            capabilities: capabilities(),
            states: Mutex::default(),
        }
    }

    fn listing(&self, instrument: &InstrumentId) -> Result<Listing> {
        calls::listing(&*self.symbols, BrokerName::Fyers, instrument)
    }

    fn alive(&self) -> Result<MarketSession> {
        self.session.alive(BrokerName::Fyers, self.clock.now())
    }

    /// A request in the name of the session that is alive.
    fn authorised(&self, operation: Operation, method: Method, url: String) -> Result<WireRequest> {
        self.authorised_by(&self.alive()?, operation, method, url)
    }

    fn authorised_by(
        &self,
        session: &MarketSession,
        operation: Operation,
        method: Method,
        url: String,
    ) -> Result<WireRequest> {
        let by = format!("{}:{}", self.credentials.app_id(), session.token.expose());
        self.request(operation, method, url)?
            .header(VERSION, "3")?
            .hiding(session.token.expose())
            .secret_header(AUTHORIZATION, &by)
    }

    fn request(&self, operation: Operation, method: Method, url: String) -> Result<WireRequest> {
        WireRequest::new(operation, method, url)
            .timeout(self.timeout(operation))
            .header(CONTENT_TYPE, "application/json")
    }

    fn timeout(&self, operation: Operation) -> Duration {
        match operation {
            Operation::Place | Operation::Modify | Operation::Cancel => self.config.order_timeout,
            _ => self.config.read_timeout,
        }
    }

    /// Sends a read and translates its answer.
    async fn read<T>(
        &self,
        request: WireRequest,
        translate: impl FnOnce(&[u8]) -> Result<T, Fault> + Send,
    ) -> Result<T> {
        let operation = request.operation;
        let response = calls::answer(&*self.reads, BrokerName::Fyers, request).await?;
        error::read(&response, operation, translate)
    }
}

impl fmt::Debug for Fyers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fyers({})", self.config.account)
    }
}

impl Broker for Fyers {
    fn account(&self) -> &AccountId {
        &self.config.account
    }

    fn name(&self) -> BrokerName {
        BrokerName::Fyers
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

/// What an account may send. Since 1 April 2026 the broker turns market orders into limits with a protection of its
/// own; whether it does the same when a stop-market order wakes is not known, so those leave as stop-limits.
fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::least();
    capabilities.order_kinds = OrderKinds::LIMITS.with(OrderKind::Market);
    capabilities.market_protection = MarketProtection::ByBroker;
    capabilities.validities = vec![Validity::Day, Validity::Ioc];
    capabilities.exchanges = Exchange::ALL.into_iter().filter(|e| e.is_traded()).collect();
    capabilities.tag_length_max = TAG_LENGTH_MAX;
    capabilities.tag_alphanumeric = true;
    capabilities.quotes_per_call = QUOTES_PER_CALL;
    capabilities.candles = true;
    capabilities.orders_by_tag = true;
    capabilities.after_market = true;
    capabilities
}
