//! How long a start takes with very many orders open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sangam_core::Clock;
use serde::Serialize;

use super::compare::{attempts, compared, reader, taken};
use super::load::{order, resting_limit};
use super::percentiles_ms;
use super::programs::{Gateway, Market};

/// Orders placed at a time.
const AT_ONCE: usize = 32;
/// Starts that are measured.
const STARTS: usize = 11;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Recovery {
    /// Orders that were open over all starts.
    pub open_orders: usize,
    /// Starts that were measured.
    pub starts: usize,
    /// From the start of the program to its readiness.
    pub recovery_p50_ms: u64,
    /// The longest.
    pub recovery_max_ms: u64,
}

/// Orders that rest at simulated brokers while the gateway is killed and started.
#[derive(Debug)]
pub struct OpenOrders {
    /// How many.
    pub count: usize,
}

impl OpenOrders {
    /// Places them, then kills and starts the gateway and measures.
    ///
    /// # Errors
    /// When an order is not open at its broker, or a start fails.
    pub async fn measure(&self, sangam: &Path, clock: &Arc<dyn Clock>, seed: u64) -> Result<Recovery> {
        let market = Market::open(sangam, seed, 0)?;
        let mut gateway = Gateway::start(&market, clock.as_ref()).await?;
        let limit = resting_limit(&gateway).await?;
        let placing = stream::iter((0..self.count).map(|number| {
            let body = order(&format!("open-{number}"), Some(&limit));
            let placed = gateway.call("placeorder", body);
            async move {
                let answer = placed.await?;
                ensure!(
                    answer.json()?["status"] == "success",
                    "not placed: {}",
                    answer.body
                );
                Ok(())
            }
        }));
        placing
            .buffer_unordered(AT_ONCE)
            .try_for_each(async |()| Ok(()))
            .await?;
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..STARTS {
            gateway.kill()?;
            gateway = Gateway::start(&market, clock.as_ref()).await?;
            times.push(gateway.recovery);
        }
        let taken = taken(&market.stats().await?)?;
        let found = compared(&attempts(&mut reader(&market.ledger()).await?).await?, &taken);
        ensure!(
            found.accepted == self.count as u64 && found.lost.is_empty() && found.duplicates.is_empty(),
            "{found:?}"
        );
        let (recovery_p50_ms, recovery_max_ms) = percentiles_ms(&times);
        Ok(Recovery {
            open_orders: self.count,
            starts: STARTS,
            recovery_p50_ms,
            recovery_max_ms,
        })
    }
}
