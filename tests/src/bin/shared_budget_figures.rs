//! What the shared budget costs, beside what Redis can do, measured in one run on one machine with a quota that is never
//! full. Starts its own Redis; build it with `--release`. The last line is JSON.
//!
//! - Round trip: a permit of the pool, taken and ended one after the other, beside bare calls by digest over the same kind
//!   of client, turn and turn about: of the pool's own script with the same arguments, and of `return 1`. A permit's end
//!   goes along with the next ask.
//! - Rate: permits taken, sent and answered by four processes of 64 callers each, beside calls of the same script by
//!   `redis-benchmark -P 16`, each for one permit that is never ended.

#![expect(clippy::print_stdout, reason = "its figures are for the terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads the clock and its own path"
)]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use fred::interfaces::{ClientLike as _, LuaInterface as _};
use sangam_cache::shared_budget::{SharedBudget, SharedBudgetSettings};
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};
use sangam_core::{CallClass, Clock, Monotonic, Priority};
use sangam_testkit::RedisServer;
use sangam_tests::sharing;

const PROCESSES: u32 = 4;
const CALLERS: usize = 64;
const ROUNDS: usize = 20;
const PER_ROUND: usize = 500;
const WINDOW: (u32, u64) = (50_000_000, 1_000);
const RATE_FOR: Duration = Duration::from_secs(4);

/// A base that never has room, so that every permit is the pool's.
#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Limiter for Nothing {
    fn earliest(&self, _: &Scope, _: u32) -> Monotonic {
        Monotonic::from_origin(Duration::MAX)
    }

    async fn acquire(&self, _: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        std::future::pending().await
    }

    fn fullness_permille(&self, _: &Scope) -> u32 {
        1_000
    }

    fn refused(&self, _: &Scope, _: BrokerRateRefusal) {}

    fn usage(&self) -> Vec<WindowUse> {
        Vec::new()
    }
}

struct Process {
    budget: SharedBudget,
    clock: Arc<dyn Clock>,
}

impl Process {
    async fn join(url: &str, slot: u32) -> Result<Self> {
        let ms = Duration::from_millis(10);
        let settings = SharedBudgetSettings {
            url: url.to_owned(),
            processes: PROCESSES,
            slot,
            patience: Duration::from_secs(1),
            // Short, so that a new pool opens soon; nothing else depends on it here.
            hold: ms,
            timeout: ms,
            unanswered: ms,
            ..SharedBudgetSettings::default()
        };
        let clock = sharing::MachineClock::start();
        let base: Arc<dyn Limiter> = Arc::new(Nothing);
        let budget = sharing::join(
            settings,
            &sharing::all(&[WINDOW]),
            &clock,
            u64::from(slot) + 1,
            Some(base),
        )
        .await?;
        let process = Self { budget, clock };
        process
            .call(Duration::from_secs(60))
            .await
            .context("the pool does not open")?;
        Ok(process)
    }

    async fn call(&self, within: Duration) -> Result<(), RateRefusal> {
        let scope = Scope {
            account: sharing::account(),
            class: CallClass::Orders,
        };
        let deadline = self.clock.monotonic().after(within);
        let request = PermitRequest {
            scope,
            weight: 1,
            priority: Priority::Order,
            deadline,
        };
        let mut permit = self.budget.acquire(request).await?;
        permit.sent();
        permit.answered();
        Ok(())
    }
}

fn p50(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

struct RoundTrips {
    return_1_us: f64,
    script_us: f64,
    permit_us: f64,
}

async fn round_trips(url: String) -> Result<RoundTrips> {
    let client = fred::clients::Client::new(fred::types::config::Config::from_url(&url)?, None, None, None);
    let task = client.connect();
    client.wait_for_connect().await?;
    let bare: String = client.script_load("return 1").await?;
    let process = Process::join(&url, 0).await?;
    let (digest, keys) = process
        .budget
        .script(&sharing::account())
        .context("it is shared")?;
    let (mut bares, mut scripts, mut permits) = (Vec::new(), Vec::new(), Vec::new());
    let mut id = 0_u64;
    for round in 0..=ROUNDS {
        // The first is for warming up.
        if round == 1 {
            bares.clear();
            scripts.clear();
            permits.clear();
        }
        for _ in 0..PER_ROUND {
            let start = Instant::now();
            let _one: i64 = client.evalsha(bare.as_str(), "key", "argument").await?;
            bares.push(start.elapsed());
        }
        for _ in 0..PER_ROUND {
            // The end of the one before (kind 1, weight 1), and a wish (weight 1).
            let (number, before) = ((id + 1).to_string(), id.to_string());
            let arguments = [number.as_str(), "bare:", "1", &before, "257", &number, "64"].map(str::to_owned);
            let start = Instant::now();
            let _answer: fred::types::Value =
                client.evalsha(digest, keys.to_vec(), arguments.to_vec()).await?;
            scripts.push(start.elapsed());
            id += 1;
        }
        for _ in 0..PER_ROUND {
            let start = Instant::now();
            process.call(Duration::from_secs(60)).await?;
            permits.push(start.elapsed());
        }
    }
    task.abort();
    Ok(RoundTrips {
        return_1_us: p50(bares),
        script_us: p50(scripts),
        permit_us: p50(permits),
    })
}

/// What one process does: counts permits from the moment all have joined.
async fn work(url: &str, slot: u32) -> Result<()> {
    let process = Arc::new(Process::join(url, slot).await?);
    let (calls, failures) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for _ in 0..CALLERS {
        let (process, calls, failures) = (Arc::clone(&process), Arc::clone(&calls), Arc::clone(&failures));
        tokio::spawn(async move {
            loop {
                let counter = if process.call(Duration::from_secs(60)).await.is_ok() {
                    &calls
                } else {
                    &failures
                };
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
    }
    println!("ready");
    let start = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    start.await??;
    let (before, started) = (calls.load(Ordering::Relaxed), Instant::now());
    let _over = tokio::time::timeout(RATE_FOR, std::future::pending::<()>()).await;
    let rate = (calls.load(Ordering::Relaxed) - before) as f64 / started.elapsed().as_secs_f64();
    println!("{rate}");
    ensure!(failures.load(Ordering::Relaxed) == 0, "permits were refused");
    Ok(())
}

fn permits_per_second(url: &str) -> Result<f64> {
    use std::io::{BufRead as _, BufReader, Write as _};
    let own = std::env::current_exe()?;
    let mut workers = Vec::new();
    for slot in 0..PROCESSES {
        let mut child = Command::new(&own)
            .args(["worker", url, &slot.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        workers.push((child, lines));
    }
    for (_, lines) in &mut workers {
        ensure!(
            lines.next().context("a worker ended")?? == "ready",
            "a worker says something else"
        );
    }
    for (child, _) in &mut workers {
        child.stdin.take().context("a pipe")?.write_all(b"go\n")?;
    }
    let mut sum = 0.0;
    for (child, lines) in &mut workers {
        sum += lines.next().context("a worker ended")??.parse::<f64>()?;
        ensure!(child.wait()?.success(), "a worker failed");
    }
    Ok(sum)
}

/// The script, run as fast as Redis's own tool can, each call for one permit.
async fn scripts_per_second(server: &RedisServer) -> Result<f64> {
    let process = Process::join(&server.url(), 0).await?;
    let (digest, keys) = process
        .budget
        .script(&sharing::account())
        .context("it is shared")?;
    let output = Command::new("redis-benchmark")
        .args([
            "-p",
            &server.port().to_string(),
            "-P",
            "16",
            "-n",
            "200000",
            "-r",
            "1000000000",
            "--csv",
        ])
        .args([
            "EVALSHA",
            digest,
            "1",
            &keys[0],
            "0",
            "bench:",
            "0",
            "__rand_int__",
            "64",
        ])
        .output()
        .context("redis-benchmark cannot be started: `apt-get install redis-tools`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().last().unwrap_or_default();
    let rate = line.rsplit("\",\"").find_map(|_| {
        line.split(',')
            .find_map(|field| field.trim_matches('"').parse::<f64>().ok())
    });
    rate.with_context(|| format!("redis-benchmark said {text:?}"))
}

async fn measure() -> Result<()> {
    let server = RedisServer::start();
    let RoundTrips {
        return_1_us,
        script_us,
        permit_us,
    } = tokio::spawn(round_trips(server.url())).await??;
    let (over_script, over_1) = (permit_us / script_us, permit_us / return_1_us);
    println!("round trip at p50: permit {permit_us:.1} us");
    println!("  the bare script {script_us:.1} us: {over_script:.2} times (goal: at most 1.5)");
    println!("  a bare `return 1` {return_1_us:.1} us: {over_1:.2} times");
    drop(server);
    let server = RedisServer::start();
    let scripts = scripts_per_second(&server).await?;
    drop(server);
    let server = RedisServer::start();
    let permits = tokio::task::spawn_blocking(move || permits_per_second(&server.url())).await??;
    println!(
        "rate: script by redis-benchmark -P 16 {scripts:.0}/s, permits of four processes {permits:.0}/s, {:.2} times (goal: at least 0.7)",
        permits / scripts
    );
    println!(
        "{}",
        serde_json::json!({
            "shared_budget": {
                "return_1_p50_us": return_1_us,
                "bare_script_p50_us": script_us,
                "permit_p50_us": permit_us,
                "round_trip_ratio": over_script,
                "round_trip_ratio_to_return_1": over_1,
                "script_calls_per_s": scripts,
                "permits_per_s": permits,
                "rate_ratio": permits / scripts,
            }
        })
    );
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, url, slot] = arguments.as_slice()
        && mode == "worker"
    {
        let slot = slot.parse()?;
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(work(url, slot));
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure())
}
