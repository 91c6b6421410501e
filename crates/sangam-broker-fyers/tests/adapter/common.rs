//! An account over scripted transports.

use std::sync::Arc;

use sangam_broker::{ScriptedTransport, WireRequest};
use sangam_broker_fyers::{Config, Credentials, Fyers, Urls};
use sangam_core::ports::Login as _;
use sangam_core::ports::SymbolMap;
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{BrokerName, Exchange, Instrument, InstrumentId, Listing, ManualClock, Symbol, Timestamp};

/// The instant every test begins at: 09:30 IST on a Monday.
pub(crate) const NOW: &str = "2026-11-23T04:00:00Z";

pub(crate) fn sent_urls(transport: &ScriptedTransport) -> Vec<String> {
    transport.sent().iter().map(WireRequest::full_url).collect()
}

/// Lists an instrument `NSE:X` under the name `NSE:X-EQ`, all but `NSE:NOWHERE`, and reads it back.
#[derive(Debug)]
pub(crate) struct Names;

impl SymbolMap for Names {
    fn instrument(&self, _: &InstrumentId) -> Option<Arc<Instrument>> {
        None
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        let order_symbol = match id.exchange {
            _ if id.symbol.as_str() == "NOWHERE" => return None,
            Exchange::Nse => format!("NSE:{}-EQ", id.symbol),
            Exchange::NseIndex => format!("NSE:{}-INDEX", id.symbol),
            _ => format!("NSE:{}", id.symbol),
        };
        Some(Listing {
            broker,
            exchange: id.exchange,
            order_symbol: order_symbol.into(),
            token: "1".into(),
        })
    }

    fn by_order_symbol(
        &self,
        _: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId> {
        let bare = symbol.strip_prefix("NSE:")?;
        let bare = bare.strip_suffix("-EQ").unwrap_or(bare);
        Some(InstrumentId {
            exchange: exchange?,
            symbol: Symbol::new(bare).ok()?,
        })
    }

    fn by_token(&self, _: BrokerName, exchange: Exchange, token: &str) -> Option<InstrumentId> {
        Some(InstrumentId {
            exchange,
            symbol: Symbol::new(format!("TOKEN{token}")).ok()?,
        })
    }
}

/// An account and its two transports.
pub(crate) struct Account {
    pub(crate) fyers: Fyers,
    pub(crate) orders: Arc<ScriptedTransport>,
    pub(crate) reads: Arc<ScriptedTransport>,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

/// An account that is not logged in.
pub(crate) fn logged_out() -> Account {
    let orders = ScriptedTransport::silent();
    let reads = ScriptedTransport::silent();
    let clock = Arc::new(ManualClock::at(now()));
    let config = Config::new(
        "family".parse().expect("a name"),
        Urls::under("http://127.0.0.1:9102").with_orders_under("http://127.0.0.1:9202"),
        "http://127.0.0.1:8080/callback",
    );
    let fyers = Fyers::new(
        config,
        Credentials::new("TESTAPP-100", "TESTSECRET".into()),
        orders.clone(),
        reads.clone(),
        Arc::new(Names),
        clock.clone(),
    );
    Account {
        fyers,
        orders,
        reads,
        clock,
    }
}

/// An account with a session until tomorrow morning.
pub(crate) fn logged_in() -> Account {
    let account = logged_out();
    account.fyers.resume(MarketSession {
        token: AccessToken::new("test-token"),
        user_id: None,
        granted_at: now(),
        expires_at: "2026-11-24T00:30:00Z".parse().expect("an instant"),
    });
    account
}
