//! One of several processes that call one broker as fast as their shared budget lets them, until their input ends. Says ten
//! times a second, as a line of JSON, how many calls were answered and how many permits came from the pool.

#![expect(clippy::print_stdout, reason = "the test that started it reads its figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sangam_broker::{Limited, Reads, ReadsSettings, Transport as _, WireRequest};
use sangam_cache::shared_budget::SharedBudgetSettings;
use sangam_core::Operation;
use sangam_core::ports::Limiter;
use sangam_tests::sharing;

/// Callers of one process.
const CALLERS: usize = 8;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [broker, redis, processes, slot, windows] = arguments.as_slice() else {
        bail!("arguments: URL of the broker, URL of Redis, processes, slot, windows as COUNT/MS,...");
    };
    let windows: Vec<(u32, u64)> = windows
        .split(',')
        .map(|window| {
            let (count, length) = window.split_once('/').context("a window is COUNT/MS")?;
            Ok((count.parse()?, length.parse()?))
        })
        .collect::<Result<_>>()?;
    let slot: u32 = slot.parse().context("the slot")?;
    let settings = SharedBudgetSettings {
        url: redis.clone(),
        processes: processes.parse().context("the processes")?,
        slot,
        hold: ms(200),
        timeout: ms(500),
        unanswered: ms(500),
        slot_lease: ms(1_000),
        ..SharedBudgetSettings::default()
    };
    let clock = sharing::MachineClock::start();
    let chance = u64::from(std::process::id()) << 32 | u64::from(slot);
    let budget = Arc::new(sharing::join(settings, &sharing::all(&windows), &clock, chance, None).await?);
    let limiter: Arc<dyn Limiter> = Arc::clone(&budget) as _;
    let reads = Arc::new(Reads::new(&ReadsSettings::default())?);
    let transport = Arc::new(Limited::new(reads, limiter, sharing::account(), clock));
    let answered = Arc::new(AtomicU64::new(0));
    for _ in 0..CALLERS {
        let (transport, answered) = (Arc::clone(&transport), Arc::clone(&answered));
        let url = format!("{broker}/v3/market-quote/ltp?instrument_key=NSE_EQ%7CINE002A01018");
        tokio::spawn(async move {
            // A refusal comes at once: without a pause nothing else would run.
            let mut pause = tokio::time::interval(ms(5));
            loop {
                let mut request = WireRequest::new(Operation::Quotes, http::Method::GET, url.as_str());
                request.timeout = ms(500);
                if transport.send(request).await.is_ok() {
                    answered.fetch_add(1, Ordering::Relaxed);
                } else {
                    pause.tick().await;
                }
            }
        });
    }
    let mut input =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let mut pace = tokio::time::interval(ms(100));
    loop {
        tokio::select! {
            _ended = &mut input => return Ok(()),
            _ = pace.tick() => {
                let report = &budget.report()[0];
                println!(
                    "{}",
                    serde_json::json!({
                        "answered": answered.load(Ordering::Relaxed),
                        "pool": report.granted,
                        "joined": report.joined,
                        "joins": report.joins,
                    })
                );
            }
        }
    }
}
