//! Stand-ins for the tests of this crate: a symbol table of three names, an account.

use std::sync::Arc;

use sangam_broker::ScriptedTransport;
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
pub(crate) fn stranger(orders: &Arc<ScriptedTransport>, reads: &Arc<ScriptedTransport>) -> Flattrade {
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
pub(crate) fn account(orders: &Arc<ScriptedTransport>, reads: &Arc<ScriptedTransport>) -> Flattrade {
    let account = stranger(orders, reads);
    account.resume(MarketSession {
        token: AccessToken::new("test-token"),
        user_id: None,
        granted_at: now(),
        expires_at: Timestamp::MAX,
    });
    account
}
