//! One kill after another: load, the kill at a moment that follows from the seed, the start on the same file, the comparison, and
//! every order asked for once more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sangam_core::Clock;
use sangam_sim::rng::SplitMix;
use serde::Serialize;
use serde_json::json;

use super::compare::{Attempts, Found, attempts, compared, reader, taken};
use super::load::{Asked, Load, resting_limit};
use super::programs::{Gateway, Market};
use super::{PATIENCE, percentiles_ms};

/// Kills that one set of books lives through.
const LIVES: u32 = 10;
/// Most answers that are waited for before the kill, and most callers.
const ANSWERS_MAX: u64 = 30;
const CALLERS_MAX: u64 = 16;
/// Longest from those answers to the kill, in microseconds.
const LONGEST_US: u64 = 10_000;
/// How long an answer of the brokers takes at least, in milliseconds: the kill shall often meet a request under way.
const LATENCY_MS: u64 = 3;
/// Between two looks at whether every doubt is settled.
const LOOK: Duration = Duration::from_millis(20);
/// Orders asked for once more at a time.
const REPEATS_AT_ONCE: usize = 8;

/// What all kills found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Gateways that were killed.
    pub runs: u32,
    /// Orders asked for, each under a key of its own.
    pub orders: u64,
    /// Orders the brokers took.
    pub accepted: u64,
    /// Orders whose callers had heard that a broker has them.
    pub acknowledged: u64,
    /// Orders asked for once more after the start, under their keys.
    pub repeated: u64,
    /// Keys with more than one order at the brokers. Must be nought.
    pub duplicates: u64,
    /// Orders at the brokers that the ledger does not know as such. Must be nought.
    pub lost: u64,
    /// Orders of which nobody knows what became of them: no broker shows them, and that proves nothing.
    pub parked: u64,
    /// From the start of the program to its readiness.
    pub recovery_p50_ms: u64,
    /// The same, of a hundred the worst.
    pub recovery_p99_ms: u64,
}

/// What one kill found.
#[derive(Debug, Clone, Copy)]
pub struct Killed {
    /// Orders asked for in this life.
    pub orders: u64,
    /// Orders that had no answer when the gateway was killed.
    pub unanswered: u64,
    /// How long the start after it took.
    pub recovery: Duration,
}

/// The kills of one program.
#[derive(Debug)]
pub struct Killing {
    sangam: PathBuf,
    clock: Arc<dyn Clock>,
    random: SplitMix,
    lives: Option<Lives>,
    report: Report,
    recoveries: Vec<Duration>,
}

/// The brokers and the gateway at hand, and all that was asked of it.
#[derive(Debug)]
struct Lives {
    market: Market,
    gateway: Arc<Gateway>,
    limit: String,
    asked: Vec<Asked>,
    kills: u32,
}

impl Killing {
    /// For a `sangam` program; the seed decides the moments.
    #[must_use]
    pub fn new(sangam: &Path, clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            sangam: sangam.to_path_buf(),
            clock,
            random: SplitMix::new(seed),
            lives: None,
            report: Report::default(),
            recoveries: Vec::new(),
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let (recovery_p50_ms, recovery_p99_ms) = percentiles_ms(&self.recoveries);
        Report {
            recovery_p50_ms,
            recovery_p99_ms,
            ..self.report.clone()
        }
    }

    /// Has a gateway trade, kills it, starts it again and compares.
    ///
    /// # Errors
    /// With what is not as it must be; duplicates and losses are counted as well.
    pub async fn once(&mut self) -> Result<Killed> {
        let mut lives = match self.lives.take() {
            Some(lives) => lives,
            None => self.begin().await?,
        };
        let name = format!("{}", self.report.runs);
        let callers = self.random.between(1, CALLERS_MAX);
        let mut load = Load::begin(&lives.gateway, callers, &name, &lives.limit, &mut self.random);
        load.answers(self.random.between(1, ANSWERS_MAX)).await?;
        tokio::time::sleep(Duration::from_micros(self.random.between(0, LONGEST_US))).await;
        lives.gateway.kill()?;
        let asked = load.end().await?;
        let gateway = Gateway::start(&lives.market, self.clock.as_ref()).await?;
        lives.gateway = Arc::new(gateway);
        let killed = Killed {
            orders: asked.len() as u64,
            unanswered: asked
                .iter()
                .filter(|asked| asked.is_acknowledged.is_none())
                .count() as u64,
            recovery: lives.gateway.recovery,
        };
        self.recoveries.push(killed.recovery);
        self.report.runs += 1;
        self.report.orders += killed.orders;
        lives.asked.extend(asked.iter().cloned());
        let found = lives.after_the_start(&asked).await;
        lives.kills += 1;
        let found = found?;
        self.report.repeated += killed.orders;
        if lives.kills.is_multiple_of(LIVES) || !found.is_well() {
            self.end(&lives, &found);
        } else {
            self.lives = Some(lives);
        }
        ensure!(
            found.is_well(),
            "duplicates: {:?}; lost: {:?}",
            found.duplicates,
            found.lost
        );
        Ok(killed)
    }

    /// Ends the books at hand, which had not seen all their kills.
    ///
    /// # Errors
    /// As [`once`](Self::once).
    pub async fn finish(&mut self) -> Result<Report> {
        if let Some(lives) = self.lives.take() {
            let found = lives.settled().await?;
            self.end(&lives, &found);
            ensure!(found.is_well(), "{found:?}");
        }
        Ok(self.report())
    }

    async fn begin(&mut self) -> Result<Lives> {
        let market = Market::open(&self.sangam, self.random.next_u64() >> 1, LATENCY_MS)?;
        let gateway = Gateway::start(&market, self.clock.as_ref()).await?;
        let limit = resting_limit(&gateway).await?;
        market
            .misbehave(
                &json!({"delay_ms": {"min": 0, "max": 30}, "drop_before": 0.02, "drop_after_accept": 0.02,
                "cut_body": 0.02, "reset": 0.02, "paths": ["place", "PlaceOrder", "orders/sync"],
                "seed": self.random.next_u64() >> 1}),
            )
            .await?;
        Ok(Lives {
            market,
            gateway: Arc::new(gateway),
            limit,
            asked: Vec::new(),
            kills: 0,
        })
    }

    fn end(&mut self, lives: &Lives, found: &Found) {
        self.report.accepted += found.accepted;
        self.report.acknowledged += acknowledged(&lives.asked).count() as u64;
        self.report.duplicates += found.duplicates.len() as u64;
        self.report.lost += found.lost.len() as u64;
        self.report.parked += found.parked.len() as u64;
    }
}

fn acknowledged(asked: &[Asked]) -> impl Iterator<Item = &Asked> {
    asked.iter().filter(|asked| asked.is_acknowledged == Some(true))
}

impl Found {
    fn is_well(&self) -> bool {
        self.duplicates.is_empty() && self.lost.is_empty()
    }
}

impl Lives {
    /// Compares, asks for everything of this life once more, and compares again.
    async fn after_the_start(&self, asked: &[Asked]) -> Result<Found> {
        let found = self.settled().await?;
        if !found.is_well() {
            return Ok(found);
        }
        let before = self.attempts().await?;
        for one in acknowledged(&self.asked) {
            let known = before
                .values()
                .any(|attempt| attempt.key == one.key && attempt.is_found);
            ensure!(known, "{} was acknowledged and is not in the books", one.key);
        }
        let repeats = stream::iter(
            asked
                .iter()
                .map(|one| self.gateway.call("placeorder", one.body.clone())),
        );
        repeats
            .buffer_unordered(REPEATS_AT_ONCE)
            .try_for_each(async |_| Ok(()))
            .await
            .context("an order that was asked for once more")?;
        let again = counts(&self.attempts().await?);
        for (key, count) in counts(&before) {
            ensure!(
                again.get(&key) == Some(&count),
                "{key} was tried again when it was asked for once more"
            );
        }
        self.market.verify_audit()?;
        self.settled().await
    }

    /// The comparison, as soon as the gateway has found all it can find.
    async fn settled(&self) -> Result<Found> {
        let mut look = tokio::time::interval(LOOK);
        let looking = async {
            loop {
                look.tick().await;
                // The brokers first: what they take meanwhile is in the ledger before.
                let taken = taken(&self.market.stats().await?)?;
                let found = compared(&self.attempts().await?, &taken);
                if found.lost.is_empty() {
                    return anyhow::Ok(found);
                }
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => {
                let taken = taken(&self.market.stats().await?)?;
                Ok(compared(&self.attempts().await?, &taken))
            }
        }
    }

    async fn attempts(&self) -> Result<Attempts> {
        attempts(&mut reader(&self.market.ledger()).await?).await
    }
}

/// Attempts by key.
fn counts(attempts: &Attempts) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for attempt in attempts.values() {
        *counts.entry(attempt.key.clone()).or_default() += 1;
    }
    counts
}
