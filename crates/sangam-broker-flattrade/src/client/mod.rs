//! The account: builds each request from `translate`, sends it through a transport, hands the answer back to
//! `translate`. Order commands go through their own transport, which sends once; everything else through the other.

mod books;
mod login;
mod market;
mod orders;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use sangam_broker::{SessionSlot, Transport, WireRequest, WireResponse, calls};
use sangam_core::ports::{Broker, SymbolMap};
use sangam_core::{
    AccountId, Advice, BrokerName, Capabilities, Clock, Error, ErrorKind, InstrumentId, Listing, Operation,
};

use crate::config::Config;
use crate::credential::Credentials;
use crate::translate::{self, Sender};
use crate::urls::{self, Route};

/// The content type of every call but the exchange of a code. The broker's server does not look; proxies may.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// One account at Flattrade.
pub struct Flattrade {
    config: Config,
    credentials: Credentials,
    orders: Arc<dyn Transport>,
    reads: Arc<dyn Transport>,
    symbols: Arc<dyn SymbolMap>,
    clock: Arc<dyn Clock>,
    slot: SessionSlot,
    capabilities: Capabilities,
}

impl Flattrade {
    /// Puts an account together. `orders` carries place, modify and cancel, each at most once; `reads` the rest.
    #[must_use]
    pub fn new(
        config: Config,
        credentials: Credentials,
        orders: Arc<dyn Transport>,
        reads: Arc<dyn Transport>,
        symbols: Arc<dyn SymbolMap>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let capabilities = translate::capabilities(config.mcx);
        Self {
            config,
            credentials,
            orders,
            reads,
            symbols,
            clock,
            slot: SessionSlot::default(),
            capabilities,
        }
    }

    /// The listing of an instrument here.
    fn listing(&self, id: &InstrumentId) -> Result<Listing, Error> {
        calls::listing(&*self.symbols, BrokerName::Flattrade, id)
    }

    /// A signed-in read: body by `build`, answer as it came.
    async fn read(
        &self,
        operation: Operation,
        route: Route,
        build: impl FnOnce(&Sender<'_>) -> Bytes,
    ) -> Result<WireResponse, Error> {
        let request = self.signed(operation, route, self.config.read_timeout, |sender| {
            Ok(build(sender))
        })?;
        send(&self.reads, request).await
    }

    /// A request with the session's token in it.
    fn signed(
        &self,
        operation: Operation,
        route: Route,
        timeout: Duration,
        build: impl FnOnce(&Sender<'_>) -> Result<Bytes, Error>,
    ) -> Result<WireRequest, Error> {
        let session = self.slot.alive(BrokerName::Flattrade, self.clock.now())?;
        let sender = Sender {
            uid: &self.config.user_id,
            actid: self.config.actid(),
            token: session.token.expose(),
            ampersand: self.config.ampersand,
        };
        let body = build(&sender)?;
        let url = urls::trading(&self.config.hosts, route);
        let mut request = WireRequest::new(operation, Method::POST, url)
            .timeout(timeout)
            .hiding(session.token.expose())
            .body(body);
        request.headers.insert(CONTENT_TYPE, FORM);
        Ok(request)
    }
}

/// Sends and names the broker in what went wrong.
async fn send(transport: &Arc<dyn Transport>, request: WireRequest) -> Result<WireResponse, Error> {
    calls::answer(&**transport, BrokerName::Flattrade, request).await
}

/// Reads an answer, and lets a `Retry-After` say when to come back.
fn read_answer<T>(
    response: &WireResponse,
    read: impl FnOnce(u16, &[u8]) -> Result<T, Error>,
) -> Result<T, Error> {
    read(response.status.as_u16(), &response.body).map_err(|error| {
        let waits = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Unavailable);
        match response.retry_after().filter(|_| waits) {
            Some(wait) => error.with_advice(Advice::Wait(Some(wait))),
            None => error,
        }
    })
}

impl Broker for Flattrade {
    fn account(&self) -> &AccountId {
        &self.config.account
    }

    fn name(&self) -> BrokerName {
        BrokerName::Flattrade
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

impl fmt::Debug for Flattrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flattrade")
            .field("account", &self.config.account)
            .field("user_id", &self.config.user_id)
            .finish_non_exhaustive()
    }
}
