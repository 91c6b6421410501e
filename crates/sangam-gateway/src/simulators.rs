//! The three simulated brokers that ship with the program: one market, one clock, three interfaces, on free ports of
//! loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sangam::config::{RawAccount, RawConfig, RawLimits};
use sangam_sim::flattrade::Flattrade;
use sangam_sim::fyers::Fyers;
use sangam_sim::upstox::Upstox;
use sangam_sim::{BrokerApi, RunningSim, SimConfig, SimServer};
use secrecy::SecretString;

/// Running simulators; dropping them stops them.
#[derive(Debug)]
pub struct Simulators {
    servers: Vec<RunningSim>,
}

impl Simulators {
    /// Starts all three and adds an account for each to the configuration.
    ///
    /// # Errors
    /// When a port of loopback cannot be had.
    pub async fn start(raw: &mut RawConfig) -> Result<Self> {
        let config = SimConfig::default();
        let clock = config.clock();
        let mut servers = Vec::new();
        for broker in ["flattrade", "fyers", "upstox"] {
            let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = SimServer::bind_with(api(broker), config.clone(), clock.clone(), loopback)
                .await
                .with_context(|| format!("start the simulated {broker}"))?;
            raw.account.push(account(broker, &server.base_url()));
            servers.push(server);
        }
        Ok(Self { servers })
    }

    /// How many run.
    #[must_use]
    pub fn count(&self) -> usize {
        self.servers.len()
    }
}

/// The interface of one broker.
#[must_use]
pub fn api(broker: &str) -> Arc<dyn BrokerApi> {
    match broker {
        "flattrade" => Arc::new(Flattrade),
        "fyers" => Arc::new(Fyers::default()),
        _ => Arc::new(Upstox),
    }
}

/// An account at a simulated broker, with the credentials its simulator documents.
#[must_use]
pub fn account(broker: &str, base_url: &str) -> RawAccount {
    let (key, secret) = match broker {
        "flattrade" => ("test-key", "test-secret"),
        "fyers" => ("TESTAPP-100", "TESTSECRET"),
        _ => ("test-client-id", "test-client-secret"),
    };
    RawAccount {
        name: format!("sim-{broker}"),
        broker: broker.to_owned(),
        owner: "me".to_owned(),
        group: "main".to_owned(),
        simulated: true,
        user_id: (broker == "flattrade").then(|| "FT000000".to_owned()),
        api_key: Some(key.to_owned()),
        api_secret: Some(SecretString::from(secret)),
        redirect_uri: Some("http://127.0.0.1/".to_owned()),
        base_url: Some(base_url.to_owned()),
        order_base_url: None,
        data_base_url: None,
        auth_base_url: None,
        masters_base_url: None,
        algo: None,
        local_address: None,
        order_timeout_ms: None,
        read_timeout_ms: None,
        limits: RawLimits::default(),
    }
}
