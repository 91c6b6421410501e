//! Runs one simulated broker: `cargo run -p sangam-sim --example serve -- upstox 127.0.0.1:9103 [CONFIG.toml]`.
//!
//! Prints `listening on http://…` once it answers, and serves until the process ends. Port 0 takes a free port.

#![expect(clippy::print_stdout, reason = "an example that tells where it listens")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use sangam_sim::{BrokerApi, SimConfig, SimServer};

/// The brokers by name.
fn broker(name: &str) -> Option<Arc<dyn BrokerApi>> {
    match name {
        "flattrade" => Some(Arc::new(sangam_sim::flattrade::Flattrade)),
        "fyers" => Some(Arc::new(sangam_sim::fyers::Fyers::default())),
        "upstox" => Some(Arc::new(sangam_sim::upstox::Upstox)),
        _ => None,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(listen)) = (arguments.next(), arguments.next()) else {
        return Err(
            "usage: serve BROKER ADDRESS [CONFIG.toml], for example: serve upstox 127.0.0.1:9103".into(),
        );
    };
    let api = broker(&name).ok_or_else(|| format!("no simulated broker is called {name}"))?;
    let listen: SocketAddr = listen.parse().map_err(|error| format!("{listen}: {error}"))?;
    let config = match arguments.next() {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
            SimConfig::from_toml(&text)?
        }
        None => SimConfig::default(),
    };
    let sim = SimServer::bind(api, config, listen).await?;
    println!("listening on {}", sim.base_url());
    std::future::pending::<()>().await;
    sim.shutdown().await;
    Ok(())
}
