//! `sangam sim`: one simulated broker alone.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, anyhow};
use sangam_sim::{SimConfig, SimServer};

use super::args::{Common, Sim, SimBroker};
use super::stop::StopWord;
use super::table;
use crate::simulators;

/// Runs until interrupted.
pub(crate) async fn run(common: &Common, args: &Sim) -> Result<()> {
    let config = match &common.config {
        None => SimConfig::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("read the simulator's settings {}", path.display()))?;
            // Its error shows its whole cause already.
            SimConfig::from_toml(&text).map_err(|error| anyhow!("settings {}: {error}", path.display()))?
        }
    };
    let address: SocketAddr = args.listen.parse().with_context(|| {
        format!(
            "--listen: {:?} is not an address; write it like 127.0.0.1:9103",
            args.listen
        )
    })?;
    let broker = match args.broker {
        SimBroker::Flattrade => "flattrade",
        SimBroker::Fyers => "fyers",
        SimBroker::Upstox => "upstox",
    };
    let mut stop = StopWord::listen()?;
    let server = SimServer::bind(simulators::api(broker), config, address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with --listen 127.0.0.1:0"))?;
    table::line(&format!("listening on {}", server.base_url()))?;
    stop.given().await;
    server.shutdown().await;
    Ok(())
}
