//! The three adapters over any transports, and a symbol table of one share.

use std::sync::Arc;
use std::time::Duration;

use sangam_broker::Transport;
use sangam_broker_flattrade as flattrade;
use sangam_broker_fyers as fyers;
use sangam_broker_upstox as upstox;
use sangam_core::instrument::{Contract, ContractKind, Exchange};
use sangam_core::ports::{Broker, SymbolMap};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{
    AccountId, BrokerName, Clock, Instrument, InstrumentId, Listing, OrderRequest, PlaceOrder, Pricing,
    Product, Timestamp,
};
use sangam_testkit::samples;

/// The one share's ISIN.
const ISIN: &str = "INE002A01018";

/// NSE:RELIANCE as each broker lists it.
#[derive(Debug)]
pub(crate) struct OneShare;

impl OneShare {
    fn id() -> InstrumentId {
        samples::request().instrument
    }

    fn name(broker: BrokerName) -> String {
        match broker {
            BrokerName::Flattrade => "RELIANCE-EQ".to_owned(),
            BrokerName::Fyers => "NSE:RELIANCE-EQ".to_owned(),
            BrokerName::Upstox => format!("NSE_EQ|{ISIN}"),
        }
    }
}

impl SymbolMap for OneShare {
    fn instrument(&self, id: &InstrumentId) -> Option<Arc<Instrument>> {
        (*id == Self::id()).then(|| {
            Arc::new(Instrument {
                id: id.clone(),
                contract: Contract {
                    exchange: Exchange::Nse,
                    underlying: "RELIANCE".into(),
                    kind: ContractKind::Cash { series: "EQ".into() },
                },
                lot: samples::quantity(1),
                tick: samples::price("0.10"),
                freeze: None,
                derived: false,
            })
        })
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        (*id == Self::id()).then(|| Listing {
            broker,
            exchange: Exchange::Nse,
            order_symbol: Self::name(broker).into(),
            token: "2885".into(),
        })
    }

    fn by_order_symbol(&self, broker: BrokerName, _: Option<Exchange>, symbol: &str) -> Option<InstrumentId> {
        (symbol == Self::name(broker)).then(Self::id)
    }

    fn by_token(&self, _: BrokerName, _: Exchange, token: &str) -> Option<InstrumentId> {
        (token == "2885").then(Self::id)
    }
}

/// An order to buy two at a limit.
pub(crate) fn order(tag: &str) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            pricing: Pricing::Limit {
                limit: samples::price("1450.50"),
            },
            product: Product::Delivery,
            ..samples::request()
        },
        ..samples::place_order(tag)
    }
}

/// A session that lasts, under a token.
pub(crate) fn session(token: &str) -> MarketSession {
    MarketSession {
        token: AccessToken::new(token),
        user_id: None,
        granted_at: samples::morning(),
        expires_at: Timestamp::MAX,
    }
}

/// An account at a broker whose hosts are all at one address, without a session.
pub(crate) fn account(
    broker: BrokerName,
    base_url: &str,
    orders: Arc<dyn Transport>,
    reads: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    order_timeout: Duration,
) -> Arc<dyn Broker> {
    let name = AccountId::new(format!("{broker}-1")).expect("a name");
    let symbols = Arc::new(OneShare);
    match broker {
        BrokerName::Flattrade => {
            let mut config = flattrade::Config::new(name, "FT000000");
            config.hosts = flattrade::Hosts::single(base_url);
            config.order_timeout = order_timeout;
            let credentials = flattrade::Credentials::new("test-key", "test-secret");
            Arc::new(flattrade::Flattrade::new(
                config,
                credentials,
                orders,
                reads,
                symbols,
                clock,
            ))
        }
        BrokerName::Fyers => {
            let mut config = fyers::Config::new(name, fyers::Urls::under(base_url), "http://127.0.0.1/");
            config.order_timeout = order_timeout;
            let credentials = fyers::Credentials::new("TESTAPP-100", "TESTSECRET".to_owned().into());
            Arc::new(fyers::Fyers::new(
                config,
                credentials,
                orders,
                reads,
                symbols,
                clock,
            ))
        }
        BrokerName::Upstox => {
            let mut config = upstox::Config::new(name, "http://127.0.0.1/");
            config.urls = upstox::Urls::one(base_url);
            config.order_timeout = order_timeout;
            let credentials = upstox::Credentials::new("test-client-id", "test-client-secret");
            Arc::new(upstox::Upstox::new(
                config,
                credentials,
                orders,
                reads,
                symbols,
                clock,
            ))
        }
    }
}
