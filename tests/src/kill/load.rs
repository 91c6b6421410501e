//! The load: callers that place orders one after another, each under a key of its own, until the gateway is gone.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use rust_decimal::Decimal;
use sangam_core::BrokerName;
use sangam_sim::rng::SplitMix;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::PATIENCE;
use super::programs::Gateway;

/// What everything is bought of.
const SYMBOL: &str = "RELIANCE";

/// An order as it was asked for, and what its caller heard.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) key: String,
    pub(super) body: Value,
    /// Whether the answer was that a broker has it; `None` without an answer.
    pub(super) is_acknowledged: Option<bool>,
}

/// All that was asked of one life of the gateway.
#[derive(Debug)]
pub(super) struct Load {
    asked: Arc<Mutex<Vec<Asked>>>,
    answered: watch::Receiver<u64>,
    callers: JoinSet<()>,
}

/// A limit at which an order rests: far enough below the market, within the day's band and on the tick.
pub(super) async fn resting_limit(gateway: &Gateway) -> Result<String> {
    let quote = gateway
        .call("quotes", json!({"exchange": "NSE", "symbol": SYMBOL}))
        .await?
        .json()?;
    let last: Decimal = quote["data"]["ltp"].to_string().parse().context("a price")?;
    Ok((last * Decimal::new(95, 2)).round_dp(1).to_string())
}

/// A request to buy one, resting at a limit or at the market.
pub(super) fn order(key: &str, limit: Option<&str>) -> Value {
    let mut body = json!({
        "strategy": "kill", "exchange": "NSE", "symbol": SYMBOL, "action": "BUY", "quantity": "1", "product": "CNC",
        "client_order_id": key, "position_effect": "open", "pricetype": "MARKET",
    });
    if let Some(limit) = limit {
        body["pricetype"] = json!("LIMIT");
        body["price"] = json!(limit);
    }
    body
}

impl Load {
    /// Has so many callers begin. `name` makes the keys of this life its own.
    pub(super) fn begin(
        gateway: &Arc<Gateway>,
        callers: u64,
        name: &str,
        limit: &str,
        random: &mut SplitMix,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (count, answered) = watch::channel(0);
        let count = Arc::new(count);
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let one = Caller {
                gateway: Arc::clone(gateway),
                asked: Arc::clone(&asked),
                count: Arc::clone(&count),
                limit: limit.to_owned(),
                name: format!("{name}-{caller}"),
            };
            tasks.spawn(one.run(SplitMix::new(random.next_u64())));
        }
        Self {
            asked,
            answered,
            callers: tasks,
        }
    }

    /// Waits until so many were answered.
    pub(super) async fn answers(&mut self, count: u64) -> Result<()> {
        tokio::time::timeout(PATIENCE, self.answered.wait_for(|answered| *answered >= count))
            .await
            .context("too few orders were answered")?
            .context("every caller has ended")?;
        Ok(())
    }

    /// All that was asked, now that the gateway is gone and every caller has noticed.
    pub(super) async fn end(mut self) -> Result<Vec<Asked>> {
        while let Some(ended) = self.callers.join_next().await {
            ended?;
        }
        Ok(std::mem::take(&mut self.asked.lock()))
    }
}

struct Caller {
    gateway: Arc<Gateway>,
    asked: Arc<Mutex<Vec<Asked>>>,
    count: Arc<watch::Sender<u64>>,
    limit: String,
    name: String,
}

impl Caller {
    async fn run(self, mut random: SplitMix) {
        for number in 0_u64.. {
            let key = format!("{}-{number}", self.name);
            let at_market = random.chance(0.3);
            let mut body = order(&key, (!at_market).then_some(self.limit.as_str()));
            // The others go wherever the gateway sends them, and may move on.
            if random.chance(0.7) {
                let place = random.between(0, BrokerName::ALL.len() as u64 - 1);
                body["broker"] = json!(BrokerName::ALL[usize::try_from(place).unwrap_or_default()].as_str());
            }
            let place = {
                let mut asked = self.asked.lock();
                asked.push(Asked {
                    key,
                    body: body.clone(),
                    is_acknowledged: None,
                });
                asked.len() - 1
            };
            // Some callers ask twice at once.
            let answer = if random.chance(0.1) {
                let both = tokio::join!(self.place(&body), self.place(&body));
                both.0.max(both.1)
            } else {
                self.place(&body).await
            };
            let Some(is_acknowledged) = answer else {
                return;
            };
            self.asked.lock()[place].is_acknowledged = Some(is_acknowledged);
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Whether the answer was that a broker has it; `None` when there was none: the gateway is gone.
    async fn place(&self, body: &Value) -> Option<bool> {
        let answer = self.gateway.call("placeorder", body.clone()).await.ok()?;
        let answer = answer.json().ok()?;
        Some(answer["status"] == "success")
    }
}
