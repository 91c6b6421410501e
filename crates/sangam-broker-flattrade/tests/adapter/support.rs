//! Stand-ins for the tests of this crate: a transport with canned answers, a symbol table of three names, an account.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use sangam_broker::{Sent, Transport, TransportError, TransportFault, WireRequest, WireResponse};
use sangam_broker_flattrade::{Config, Credentials, Flattrade, Hosts};
use sangam_core::ports::{Login as _, SymbolMap};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{
    AccountId, BrokerName, Exchange, Instrument, InstrumentId, Listing, ManualClock, Timestamp,
};

/// A session the broker no longer knows.
pub(crate) const DEAD: &str = r#"{"stat":"Not_Ok","emsg":"Session Expired : Invalid Session Key"}"#;
/// The broker's word for nothing there.
pub(crate) const NOTHING: &str =
    r#"{"stat":"Not_Ok","request_time":"09:01:02 01-12-2026","emsg":"Error Occurred : 5 \"no data\""}"#;

/// Answers in turn what it was given; a broken connection when nothing is left.
#[derive(Debug, Default)]
pub(crate) struct Canned {
    answers: Mutex<VecDeque<(u16, HeaderMap, String)>>,
    sent: Mutex<Vec<WireRequest>>,
}

impl Canned {
    pub(crate) fn new<const N: usize>(answers: [(u16, &str); N]) -> Arc<Self> {
        let canned = Self::default();
        for (status, body) in answers {
            canned.push(status, HeaderMap::new(), body);
        }
        Arc::new(canned)
    }

    pub(crate) fn push(&self, status: u16, headers: HeaderMap, body: &str) {
        self.answers.lock().push_back((status, headers, body.to_owned()));
    }

    pub(crate) fn sent(&self) -> Vec<WireRequest> {
        std::mem::take(&mut *self.sent.lock())
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        self.sent.lock().push(request);
        let next = self.answers.lock().pop_front();
        next.map(|(status, headers, body)| WireResponse {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.into(),
        })
        .ok_or_else(|| TransportError::new(TransportFault::Broken, Sent::Maybe, "nothing left to answer"))
    }
}

const NAMES: &[(&str, &str, &str)] = &[
    ("NSE:RELIANCE", "RELIANCE-EQ", "2885"),
    ("NSE:M&M", "M&M-EQ", "2031"),
    ("MCX:CRUDEOIL26DECFUT", "CRUDEOIL18DEC26", "467013"),
    ("NSE_INDEX:NIFTY", "Nifty 50", "26000"),
    ("NCO:GOLD26DECFUT", "GOLD", "1"),
];

/// A few names.
#[derive(Debug)]
pub(crate) struct Names;

impl Names {
    fn find(&self, hit: impl Fn(&InstrumentId, &str, &str) -> bool) -> Option<InstrumentId> {
        NAMES.iter().find_map(|(id, symbol, token)| {
            let id: InstrumentId = id.parse().expect("a name");
            hit(&id, symbol, token).then_some(id)
        })
    }
}

impl SymbolMap for Names {
    fn instrument(&self, _: &InstrumentId) -> Option<Arc<Instrument>> {
        None
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        NAMES
            .iter()
            .find(|(name, ..)| name.parse().as_ref() == Ok(id))
            .map(|(_, symbol, token)| Listing {
                broker,
                exchange: id.exchange,
                order_symbol: (*symbol).into(),
                token: (*token).into(),
            })
    }

    fn by_order_symbol(&self, _: BrokerName, exchange: Option<Exchange>, name: &str) -> Option<InstrumentId> {
        self.find(|id, symbol, _| symbol == name && exchange.is_none_or(|exchange| exchange == id.exchange))
    }

    fn by_token(&self, _: BrokerName, exchange: Exchange, number: &str) -> Option<InstrumentId> {
        self.find(|id, _, token| token == number && id.exchange == exchange)
    }
}

/// 10:00 IST on 1 December 2026.
pub(crate) fn now() -> Timestamp {
    "2026-12-01T04:30:00Z".parse().expect("an instant")
}

/// An account that is not logged in.
pub(crate) fn stranger(orders: &Arc<Canned>, reads: &Arc<Canned>) -> Flattrade {
    let mut config = Config::new(AccountId::new("mine").expect("a name"), "FT000000");
    config.hosts = Hosts::single("http://broker.test");
    Flattrade::new(
        config,
        Credentials::new("test-key", "test-secret"),
        orders.clone(),
        reads.clone(),
        Arc::new(Names),
        Arc::new(ManualClock::at(now())),
    )
}

/// An account that is logged in.
pub(crate) fn account(orders: &Arc<Canned>, reads: &Arc<Canned>) -> Flattrade {
    let account = stranger(orders, reads);
    account.resume(MarketSession {
        token: AccessToken::new("test-token"),
        user_id: None,
        granted_at: now(),
        expires_at: Timestamp::MAX,
    });
    account
}
