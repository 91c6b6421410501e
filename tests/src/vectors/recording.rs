//! Stand-ins an adapter runs over: a transport that records what leaves and answers one canned answer, and a symbol
//! table that knows exactly the names a vector uses.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use sangam_broker::{Sent, Transport, TransportError, TransportFault, WireRequest, WireResponse};
use sangam_core::ports::SymbolMap;
use sangam_core::{BrokerName, Exchange, Instrument, InstrumentId, Listing, Symbol};

/// Records requests; answers each with the same canned answer, or with a broken connection when there is none.
#[derive(Debug, Default)]
pub struct RecordingTransport {
    requests: Mutex<Vec<WireRequest>>,
    answer: Option<WireResponse>,
}

impl RecordingTransport {
    /// One that answers nothing: enough to see a request leave.
    #[must_use]
    pub fn silent() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// One that answers each request so.
    ///
    /// # Panics
    /// If the status is no HTTP status.
    #[must_use]
    pub fn answering(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self {
            requests: Mutex::default(),
            answer: Some(WireResponse {
                status: StatusCode::from_u16(status).expect("vectors carry HTTP statuses"),
                headers,
                body: body.into(),
            }),
        })
    }

    /// What left so far, taken out.
    #[must_use]
    pub fn take(&self) -> Vec<WireRequest> {
        std::mem::take(&mut *self.requests.lock())
    }
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        self.requests.lock().push(request);
        self.answer.clone().ok_or_else(|| TransportError {
            fault: TransportFault::Broken,
            sent: Sent::Maybe,
            what: "the recording transport answers nothing".to_owned(),
            source: None,
        })
    }
}

/// A symbol table of the names a vector uses, each under a canonical name made up for it.
#[derive(Debug)]
pub struct NamedSymbols {
    broker: BrokerName,
    listings: Vec<(InstrumentId, Listing)>,
}

impl NamedSymbols {
    /// An empty table for one broker.
    #[must_use]
    pub fn new(broker: BrokerName) -> Self {
        Self {
            broker,
            listings: Vec::new(),
        }
    }

    /// Adds a broker's name (and token, which may be blank) and answers the canonical name it got: the one it has when it was added
    /// before.
    ///
    /// # Panics
    /// Never: the made-up names are valid.
    pub fn add(&mut self, exchange: Exchange, order_symbol: &str, token: &str) -> InstrumentId {
        if let Some((id, _)) = self.listings.iter().find(|(_, listing)| {
            listing.exchange == exchange && &*listing.order_symbol == order_symbol && &*listing.token == token
        }) {
            return id.clone();
        }
        let symbol =
            Symbol::new(format!("V{}", self.listings.len())).expect("a letter and digits are a symbol");
        let id = InstrumentId::new(exchange, symbol);
        self.listings.push((
            id.clone(),
            Listing {
                broker: self.broker,
                exchange,
                order_symbol: order_symbol.into(),
                token: token.into(),
            },
        ));
        id
    }

    fn find(&self, hit: impl Fn(&Listing) -> bool) -> Option<InstrumentId> {
        self.listings
            .iter()
            .find(|(_, listing)| hit(listing))
            .map(|(id, _)| id.clone())
    }
}

impl SymbolMap for NamedSymbols {
    fn instrument(&self, _: &InstrumentId) -> Option<Arc<Instrument>> {
        None
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        self.listings
            .iter()
            .find(|(known, listing)| known == id && listing.broker == broker)
            .map(|(_, listing)| listing.clone())
    }

    fn by_order_symbol(
        &self,
        broker: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId> {
        self.find(|listing| {
            listing.broker == broker
                && exchange.is_none_or(|exchange| exchange == listing.exchange)
                && &*listing.order_symbol == symbol
        })
    }

    fn by_token(&self, broker: BrokerName, exchange: Exchange, token: &str) -> Option<InstrumentId> {
        self.find(|listing| {
            listing.broker == broker && listing.exchange == exchange && &*listing.token == token
        })
    }
}
