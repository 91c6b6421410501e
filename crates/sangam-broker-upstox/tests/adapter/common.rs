//! An account over scripted transports, and a symbol table of a few names.

use std::sync::Arc;

use sangam_broker::ScriptedTransport;
use sangam_broker_upstox::{Config, Credentials, Upstox, Urls};
use sangam_core::ports::{Login as _, SymbolMap};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{
    AccountId, BrokerName, Exchange, Instrument, InstrumentId, Listing, ManualClock, Timestamp,
};

/// Every share `NSE:X` is listed as `NSE_EQ|X`, every contract `NFO:X` as `NSE_FO|X`, every `MCX:X` as `MCX_FO|X`; names
/// with `UNLISTED` in them are not.
#[derive(Debug)]
pub(crate) struct Symbols;

impl SymbolMap for Symbols {
    fn instrument(&self, _: &InstrumentId) -> Option<Arc<Instrument>> {
        None
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        let segment = match id.exchange {
            Exchange::Nse => "NSE_EQ",
            Exchange::Nfo => "NSE_FO",
            Exchange::Mcx => "MCX_FO",
            Exchange::NseIndex => "NSE_INDEX",
            _ => return None,
        };
        (!id.symbol.as_str().contains("UNLISTED")).then(|| Listing {
            broker,
            exchange: id.exchange,
            order_symbol: format!("{segment}|{}", id.symbol).into(),
            token: "".into(),
        })
    }

    fn by_order_symbol(
        &self,
        _: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId> {
        format!("{}:{}", exchange?, symbol.split_once('|')?.1)
            .parse()
            .ok()
    }

    fn by_token(&self, _: BrokerName, _: Exchange, _: &str) -> Option<InstrumentId> {
        None
    }
}

/// Monday, 23 November 2026, 09:30 in India.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T04:00:00Z".parse().expect("an instant")
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(
        AccountId::new("u1").expect("a name"),
        "https://example.test/callback?x=1",
    );
    config.urls = Urls::new("https://api.test", "https://hft.test");
    config
}

/// An account without a session.
pub(crate) fn logged_out(
    config: Config,
    orders: &Arc<ScriptedTransport>,
    reads: &Arc<ScriptedTransport>,
) -> Upstox {
    Upstox::new(
        config,
        Credentials::new("the-key", "the-secret"),
        orders.clone(),
        reads.clone(),
        Arc::new(Symbols),
        Arc::new(ManualClock::at(now())),
    )
}

pub(crate) fn session(expires_at: Timestamp) -> MarketSession {
    MarketSession {
        token: AccessToken::new("the-token"),
        user_id: None,
        granted_at: now(),
        expires_at,
    }
}

/// An account with a live session.
pub(crate) fn account(
    config: Config,
    orders: &Arc<ScriptedTransport>,
    reads: &Arc<ScriptedTransport>,
) -> Upstox {
    let account = logged_out(config, orders, reads);
    account.resume(session("2026-11-23T22:00:00Z".parse().expect("an instant")));
    account
}
