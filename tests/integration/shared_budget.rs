//! Four processes hammer one account: no window is exceeded at the broker, whatever becomes of their Redis, for all of them
//! or for one; each goes on with its base share meanwhile; and when Redis returns, the pool is in use again.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_sim::{RunningSim, SimConfig, SimServer};
use sangam_testkit::RedisServer;
use serde_json::Value;

use crate::redis_proxy::{Proxy, Way};

const PROCESSES: usize = 4;
/// As the broker counts them and as the budget holds them; the longest is how long the pool stays shut after a loss.
const WINDOWS: [(u32, u64); 2] = [(40, 1), (60, 2)];
/// Longest a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a process said last.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    answered: u64,
    pool: u64,
    joined: bool,
}

/// A process, ended with the value.
struct Hammer {
    child: Child,
    said: Arc<Mutex<Said>>,
}

impl Hammer {
    fn start(broker: &str, redis: &str, slot: usize) -> Self {
        let windows = WINDOWS
            .map(|(count, seconds)| format!("{count}/{}", seconds * 1_000))
            .join(",");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hammer"))
            .args([broker, redis, &PROCESSES.to_string(), &slot.to_string(), &windows])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the hammer starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout was asked for as a pipe"));
        let said = Arc::new(Mutex::new(Said::default()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let value: Value = serde_json::from_str(&line).expect("a line of JSON");
                let count = |key: &str| value[key].as_u64().expect("a count");
                *heard.lock() = Said {
                    answered: count("answered"),
                    pool: count("pool"),
                    joined: value["joined"] == true,
                };
            }
        });
        Self { child, said }
    }

    fn said(&self) -> Said {
        *self.said.lock()
    }
}

impl Drop for Hammer {
    fn drop(&mut self) {
        // Both fail only if it has ended meanwhile, which is what is wanted.
        let _already_ended = self.child.kill();
        let _already_waited = self.child.wait();
    }
}

struct Stage {
    redis: RedisServer,
    proxy: Proxy,
    sim: RunningSim,
    hammers: Vec<Hammer>,
}

impl Stage {
    /// All are at work, and each has had permits of the pool. The last reaches Redis through a proxy.
    async fn set() -> Self {
        let windows = WINDOWS
            .map(|(count, seconds)| format!("[{count}, {seconds}]"))
            .join(",");
        let rules = format!("[[rules]]\nname = \"others\"\nwindows = [{windows}]");
        let config = SimConfig::from_toml(&rules).expect("a right configuration");
        let api = Arc::new(sangam_sim::upstox::Upstox);
        let sim = SimServer::bind(api, config, (Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a free port");
        let faults = serde_json::json!({"seed": 7, "delay_ms": {"min": 0, "max": 40}});
        sim.world()
            .faults()
            .apply(faults.to_string().as_bytes())
            .expect("right faults");
        let redis = RedisServer::start();
        let proxy = Proxy::before(redis.address()).await;
        let hammers = (0..PROCESSES)
            .map(|slot| {
                let url = if slot == PROCESSES - 1 {
                    proxy.url()
                } else {
                    redis.url()
                };
                Hammer::start(&sim.base_url(), &url, slot)
            })
            .collect();
        let stage = Self {
            redis,
            proxy,
            sim,
            hammers,
        };
        stage.works("the pool is in use at first", 0..PROCESSES).await;
        stage
    }

    fn said(&self) -> Vec<Said> {
        self.hammers.iter().map(Hammer::said).collect()
    }

    async fn until(&self, what: &str, holds: impl Fn(&[Said]) -> bool) {
        let waiting = async {
            let mut pace = tokio::time::interval(Duration::from_millis(20));
            while !holds(&self.said()) {
                pace.tick().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited in vain until {what}: {:?}", self.said());
    }

    /// Each of these gets permits of the pool.
    async fn works(&self, what: &str, which: std::ops::Range<usize>) {
        let before = self.said();
        self.until(what, |said| {
            which
                .clone()
                .all(|at| said[at].joined && said[at].pool >= before[at].pool + 3)
        })
        .await;
    }

    /// Each of these goes on without the pool.
    async fn goes_on_alone(&self, which: std::ops::Range<usize>) {
        let lost = which.clone();
        self.until("they know that Redis is lost", |said| {
            lost.clone().all(|at| !said[at].joined)
        })
        .await;
        let before = self.said();
        self.until("they go on with their base", |said| {
            which
                .clone()
                .all(|at| said[at].answered >= before[at].answered + 8)
        })
        .await;
    }

    /// What the broker counted.
    fn judge(self) {
        drop(self.hammers);
        let report = self.sim.world().report();
        assert_eq!(report.violations, 0, "{:?}", report.rules);
        let others = report
            .rules
            .iter()
            .find(|rule| rule.rule == "others")
            .expect("the rule");
        for window in &others.windows {
            assert!(window.worst_rolling <= u64::from(window.limit), "{window:?}");
        }
        assert!(self.proxy.carried() > 0);
    }
}

#[tokio::test]
async fn four_processes_stay_within_every_window() {
    let stage = Stage::set().await;
    let before = stage.said();
    stage
        .until("each has made more calls", |said| {
            said.iter()
                .zip(&before)
                .all(|(now, then)| now.answered >= then.answered + 30)
        })
        .await;
    stage.judge();
}

#[tokio::test]
async fn also_when_redis_is_killed_and_comes_back_empty() {
    let mut stage = Stage::set().await;
    stage.redis.kill();
    stage.goes_on_alone(0..PROCESSES).await;
    stage.redis.restart();
    stage.works("all have joined again", 0..PROCESSES).await;
    stage.judge();
}

#[tokio::test]
async fn also_when_redis_is_killed_and_comes_back_with_an_old_snapshot() {
    let mut stage = Stage::set().await;
    assert_eq!(stage.redis.command(&["SAVE"]), "+OK");
    stage.works("more was granted since", 0..PROCESSES).await;
    stage.redis.restart();
    stage.works("all have joined again", 0..PROCESSES).await;
    stage.judge();
}

#[tokio::test]
async fn also_when_redis_freezes() {
    let stage = Stage::set().await;
    stage.redis.freeze();
    stage.goes_on_alone(0..PROCESSES).await;
    stage.redis.thaw();
    stage.works("all have joined again", 0..PROCESSES).await;
    stage.judge();
}

#[tokio::test]
async fn also_when_redis_is_flushed() {
    let stage = Stage::set().await;
    // Again and again, so that each loss falls into the windows of the one before.
    for _ in 0..6 {
        assert_eq!(stage.redis.command(&["FLUSHALL"]), "+OK");
        let before = stage.said();
        stage
            .until("each has made another call", |said| {
                said.iter()
                    .zip(&before)
                    .all(|(now, then)| now.answered > then.answered)
            })
            .await;
    }
    stage.works("the pool is in use again", 0..PROCESSES).await;
    stage.judge();
}

#[tokio::test]
async fn also_when_one_alone_is_cut_off() {
    let stage = Stage::set().await;
    for way in [Way::Stalled, Way::Closed] {
        stage.proxy.set(way);
        stage.goes_on_alone(PROCESSES - 1..PROCESSES).await;
        stage.works("the others use the pool", 0..PROCESSES - 1).await;
        stage.proxy.set(Way::Open);
        stage
            .works("the one has joined again", PROCESSES - 1..PROCESSES)
            .await;
    }
    stage.judge();
}
