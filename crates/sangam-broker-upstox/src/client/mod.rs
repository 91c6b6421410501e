//! The account: requests built, sent over the transports it was given, answers read. Every method sends what
//! `translate` wrote and returns what it read; only what needs settings, session or clock is decided here.

mod books;
mod login;
mod market;
mod orders;

use std::fmt;
use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use sangam_broker::{SessionSlot, Transport, WireRequest, WireResponse, calls};
use sangam_core::ports::{Broker, SymbolMap};
use sangam_core::{
    AccountId, BrokerName, Capabilities, Clock, Error, ErrorKind, Exchange, InstrumentId, Listing,
    MarketProtection, Operation, OrderKinds, Result, Validity,
};

use crate::config::{ApiVersion, Config};
use crate::credential::Credentials;

/// Most keys in one quotes call (official documentation; a third party measured 400 at 501).
const QUOTES_PER_CALL: usize = 500;
/// Most characters of a tag (official documentation, version 3).
const TAG_LENGTH_MAX: usize = 40;
/// The exchanges orders are sent for. MCX is switched off for programs since autumn 2026 (`UDAPI1161`); whether quantities on
/// the NSE's commodity segment are lots or units is not documented.
const EXCHANGES: [Exchange; 6] = [
    Exchange::Nse,
    Exchange::Bse,
    Exchange::Nfo,
    Exchange::Bfo,
    Exchange::Cds,
    Exchange::Bcd,
];
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// The broker's edge turns some libraries' default names away, so ours is always sent.
const PRODUCT: &str = concat!("sangam/", env!("CARGO_PKG_VERSION"));

/// One account at Upstox.
pub struct Upstox {
    config: Config,
    credentials: Credentials,
    orders: Arc<dyn Transport>,
    reads: Arc<dyn Transport>,
    symbols: Arc<dyn SymbolMap>,
    clock: Arc<dyn Clock>,
    session: SessionSlot,
    capabilities: Capabilities,
}

impl Upstox {
    /// An account without a session: log in or [`resume`](sangam_core::ports::Login::resume) one. Place, modify and
    /// cancel leave through `orders`, everything else through `reads`.
    #[must_use]
    pub fn new(
        config: Config,
        credentials: Credentials,
        orders: Arc<dyn Transport>,
        reads: Arc<dyn Transport>,
        symbols: Arc<dyn SymbolMap>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let capabilities = capabilities(&config);
        Self {
            config,
            credentials,
            orders,
            reads,
            symbols,
            clock,
            session: SessionSlot::default(),
            capabilities,
        }
    }

    /// A read with the session's token.
    fn get(&self, operation: Operation, url: String) -> Result<WireRequest> {
        self.authorised(plain(operation, Method::GET, url)?.timeout(self.config.read_timeout))
    }

    fn authorised(&self, request: WireRequest) -> Result<WireRequest> {
        let session = self.session.alive(BrokerName::Upstox, self.clock.now())?;
        bearer(request, session.token.expose())
    }

    async fn read(&self, request: WireRequest) -> Result<WireResponse> {
        send(&*self.reads, request).await
    }

    /// How the broker lists an instrument.
    fn listing(&self, instrument: &InstrumentId) -> Result<Listing> {
        calls::listing(&*self.symbols, BrokerName::Upstox, instrument)
    }
}

fn capabilities(config: &Config) -> Capabilities {
    let mut can = Capabilities::least();
    // Version 2 has no field for the protection without which market orders are refused.
    (can.order_kinds, can.market_protection) = match config.order_api {
        ApiVersion::V3 => (OrderKinds::ALL, MarketProtection::ByBroker),
        ApiVersion::V2 => (OrderKinds::LIMITS, MarketProtection::Refused),
    };
    can.validities = vec![Validity::Day, Validity::Ioc];
    can.exchanges = EXCHANGES.to_vec();
    can.tag_length_max = TAG_LENGTH_MAX;
    can.tag_alphanumeric = false;
    can.quotes_per_call = QUOTES_PER_CALL;
    can.candles = true;
    can.orders_by_tag = true;
    can.after_market = true;
    can.carries_algo = true;
    can
}

/// A request with the headers every call carries.
fn plain(operation: Operation, method: Method, url: String) -> Result<WireRequest> {
    WireRequest::new(operation, method, url)
        .header(ACCEPT, JSON)?
        .header(USER_AGENT, PRODUCT)
}

fn bearer(request: WireRequest, token: &str) -> Result<WireRequest> {
    request
        .hiding(token)
        .secret_header(AUTHORIZATION, &format!("Bearer {token}"))
}

/// A request with a JSON body.
fn with_json(request: WireRequest, body: Vec<u8>) -> Result<WireRequest> {
    Ok(request.header(CONTENT_TYPE, JSON)?.body(body))
}

async fn send(transport: &dyn Transport, request: WireRequest) -> Result<WireResponse> {
    calls::answer(transport, BrokerName::Upstox, request).await
}

fn refused(kind: ErrorKind, what: impl Into<String>) -> Error {
    Error::refused(kind, what).at(BrokerName::Upstox)
}

impl fmt::Debug for Upstox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstox")
            .field("account", &self.config.account)
            .finish_non_exhaustive()
    }
}

impl Broker for Upstox {
    fn account(&self) -> &AccountId {
        &self.config.account
    }

    fn name(&self) -> BrokerName {
        BrokerName::Upstox
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}
