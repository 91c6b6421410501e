//! From an account's configuration to the way to its broker: the one place that names the three adapters. Order commands
//! get the one-shot transport, everything else the ordinary one; both are behind the account's budget, so that nothing
//! reaches the broker without a permit.

use std::sync::Arc;
use std::time::Duration;

use sangam_broker::{
    Limited, OneShot, OneShotSettings, ReadRefusal, Reads, ReadsSettings, Transport, TransportError,
};
use sangam_broker_flattrade as flattrade;
use sangam_broker_fyers as fyers;
use sangam_broker_upstox as upstox;
use sangam_core::ports::{Broker, Limiter, SymbolMap};
use sangam_core::{BrokerName, Clock, Error};
use secrecy::ExposeSecret;

use crate::config::AccountConfig;

/// How long a connection made ahead is waited for.
const WARM_PATIENCE: Duration = Duration::from_secs(3);

/// The way an account's orders take: what can be done for it before there is one.
#[derive(Debug)]
pub(crate) struct OrderLine {
    once: Arc<OneShot>,
    url: String,
}

impl OrderLine {
    /// Makes a connection ahead of an order, unless there is one; says whether it did. No request is sent.
    pub(crate) async fn warm(&self) -> Result<bool, TransportError> {
        self.once.warm(&self.url, WARM_PATIENCE).await
    }
}

/// Builds the adapter of an account, and the way its orders take.
pub(crate) fn build(
    account: &AccountConfig,
    symbols: Arc<dyn SymbolMap>,
    limiter: &Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn Broker>, OrderLine), Error> {
    let once = Arc::new(OneShot::new(OneShotSettings {
        local_addr: account.local_address,
        ..OneShotSettings::default()
    }));
    let plain = Arc::new(Reads::new(&ReadsSettings {
        local_addr: account.local_address,
        ..ReadsSettings::default()
    })?);
    let refusals: ReadRefusal = match account.broker {
        BrokerName::Flattrade => flattrade::error::rate_refusal,
        BrokerName::Fyers => fyers::error::rate_refusal,
        BrokerName::Upstox => upstox::error::rate_refusal,
    };
    // Inside the limiter the request leaves at once; outside it, it may have waited for its permit.
    let limited = |inner: Arc<dyn Transport>| {
        Limited::new(
            inner,
            Arc::clone(limiter),
            account.name.clone(),
            Arc::clone(&clock),
        )
        .reading_refusals(refusals)
    };
    let line = OrderLine {
        once: Arc::clone(&once),
        url: order_url(account),
    };
    let orders = Arc::new(limited(once));
    let reads = Arc::new(limited(plain).waiting(account.limits.read_wait));
    let broker: Arc<dyn Broker> = match account.broker {
        BrokerName::Flattrade => Arc::new(flattrade::Flattrade::new(
            flattrade_config(account),
            flattrade::Credentials::new(account.api_key.clone(), account.api_secret.expose_secret()),
            orders,
            reads,
            symbols,
            clock,
        )),
        BrokerName::Fyers => Arc::new(fyers::Fyers::new(
            fyers_config(account),
            fyers::Credentials::new(account.api_key.clone(), account.api_secret.clone()),
            orders,
            reads,
            symbols,
            clock,
        )),
        BrokerName::Upstox => Arc::new(upstox::Upstox::new(
            upstox_config(account),
            upstox::Credentials::new(account.api_key.clone(), account.api_secret.expose_secret()),
            orders,
            reads,
            symbols,
            clock,
        )),
    };
    Ok((broker, line))
}

/// A URL on the host that orders go to.
fn order_url(account: &AccountConfig) -> String {
    match account.broker {
        BrokerName::Flattrade => flattrade_config(account).hosts.trading,
        BrokerName::Fyers => fyers_config(account).urls.orders,
        BrokerName::Upstox => upstox_config(account).urls.orders().to_owned(),
    }
}

fn flattrade_config(account: &AccountConfig) -> flattrade::Config {
    let mut config =
        flattrade::Config::new(account.name.clone(), account.user_id.clone().unwrap_or_default());
    let own = flattrade::Hosts::default();
    config.hosts = flattrade::Hosts {
        trading: account.hosts.base.clone().unwrap_or(own.trading),
        token: account.hosts.auth.clone().unwrap_or(own.token),
        login: account.hosts.auth.clone().unwrap_or(own.login),
    };
    config.order_timeout = account.order_timeout;
    config.read_timeout = account.read_timeout;
    config
}

fn fyers_config(account: &AccountConfig) -> fyers::Config {
    let mut urls = match &account.hosts.base {
        Some(base) => fyers::Urls::under(base),
        None => fyers::Urls::official(),
    };
    if let Some(orders) = &account.hosts.orders {
        urls = urls.with_orders_under(orders);
    }
    if let Some(data) = &account.hosts.data {
        urls.data = format!("{data}/data");
    }
    let mut config = fyers::Config::new(account.name.clone(), urls, account.redirect_uri.clone());
    config.user_id.clone_from(&account.user_id);
    config.order_timeout = account.order_timeout;
    config.read_timeout = account.read_timeout;
    config
}

fn upstox_config(account: &AccountConfig) -> upstox::Config {
    let mut config = upstox::Config::new(account.name.clone(), account.redirect_uri.clone());
    config.user_id.clone_from(&account.user_id);
    config.urls = match (&account.hosts.base, &account.hosts.orders) {
        (Some(base), orders) => upstox::Urls::new(base, orders.as_deref().unwrap_or(base)),
        (None, Some(orders)) => upstox::Urls::new("https://api.upstox.com", orders),
        (None, None) => upstox::Urls::default(),
    };
    config.algo.clone_from(&account.algo);
    config.order_timeout = account.order_timeout;
    config.read_timeout = account.read_timeout;
    config
}
