//! The programs: three simulated brokers that live through all kills, and the gateway that does not.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
use sangam_core::{BrokerName, Clock};
use sangam_gateway::simulated_account;
use sangam_ratelimit::defaults::BrokerDefaults;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, http};

/// Never the reason why an order waits: what is looked for here is not in the windows.
const WINDOW: &str = "1000000/1s";

/// A program, killed with the value.
#[derive(Debug)]
struct Program(Child);

impl Program {
    /// Starts it and answers its first line that begins so.
    fn start(command: &mut Command, begins: &str) -> Result<(Self, String)> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        let output = child
            .stdout
            .take()
            .context("its output was asked for as a pipe")?;
        let program = Self(child);
        for line in BufReader::new(output).lines() {
            let line = line?;
            if line.starts_with(begins) {
                return Ok((program, line));
            }
        }
        anyhow::bail!("it ended before it was ready; its error output tells why")
    }

    fn kill(&mut self) -> Result<()> {
        let ended = self.0.try_wait()?;
        ensure!(ended.is_none(), "the gateway ended by itself: {ended:?}");
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for one that was killed and waited for.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The simulated brokers and a folder for the gateway over them.
#[derive(Debug)]
pub(super) struct Market {
    sangam: PathBuf,
    brokers: Vec<(BrokerName, String, Program)>,
    pub(super) folder: TempDir,
}

impl Market {
    /// Starts the brokers: in session, with money enough, every answer a few milliseconds late.
    pub(super) fn open(sangam: &Path, seed: u64, latency_ms: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("sim.toml");
        std::fs::write(
            &settings,
            format!("seed = {seed}\ncash = 1000000000\nlatency_ms = {latency_ms}\nrate_rules = false\n"),
        )?;
        let mut brokers = Vec::new();
        for broker in BrokerName::ALL {
            let mut command = Command::new(sangam);
            command
                .args([
                    "sim",
                    "--broker",
                    broker.as_str(),
                    "--listen",
                    "127.0.0.1:0",
                    "--config",
                ])
                .arg(&settings)
                .current_dir(folder.path());
            let (program, line) = Program::start(&mut command, "listening on ")?;
            let url = line.trim_start_matches("listening on ").to_owned();
            brokers.push((broker, url, program));
        }
        let config = config(brokers.iter().map(|(broker, url, _)| (*broker, url.as_str())));
        std::fs::write(folder.path().join("sangam.toml"), config)?;
        Ok(Self {
            sangam: sangam.to_path_buf(),
            brokers,
            folder,
        })
    }

    /// The books' file.
    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.path().join("sangam-data/ledger.sqlite")
    }

    /// What each broker saw, as its side door tells it.
    pub(super) async fn stats(&self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        for (_, url, _) in &self.brokers {
            all.push(http::get(authority(url), "/__sim/stats").await?.json()?);
        }
        Ok(all)
    }

    /// Has every broker misbehave so from now on.
    pub(super) async fn misbehave(&self, faults: &Value) -> Result<()> {
        for (_, url, _) in &self.brokers {
            let answer = http::post(authority(url), "/__sim/faults", faults).await?;
            ensure!(answer.status == 200, "{}", answer.body);
        }
        Ok(())
    }

    /// The audit chain of the books, verified by the program itself.
    pub(super) fn verify_audit(&self) -> Result<()> {
        let verified = self.command(&["audit", "verify"]).output()?;
        ensure!(
            verified.status.success(),
            "the audit chain does not verify: {}{}",
            String::from_utf8_lossy(&verified.stdout),
            String::from_utf8_lossy(&verified.stderr)
        );
        Ok(())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.sangam);
        // Its warnings of doubts are what is provoked here.
        command
            .args(words)
            .env("SANGAM_LOG", "error")
            .current_dir(self.folder.path());
        command
    }
}

/// The gateway, running.
#[derive(Debug)]
pub(super) struct Gateway {
    program: Mutex<Program>,
    pub(super) address: String,
    pub(super) key: String,
    /// From its start to its readiness.
    pub(super) recovery: Duration,
}

impl Gateway {
    /// Starts it on the market's folder and waits until it is ready.
    pub(super) async fn start(market: &Market, clock: &dyn Clock) -> Result<Self> {
        let began = clock.monotonic();
        let mut command = market.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        let (program, line) = Program::start(&mut command, "{")?;
        let screen: Value = serde_json::from_str(&line)?;
        let text = |name: &str| {
            screen[name]
                .as_str()
                .map(str::to_owned)
                .context("a text on its screen")
        };
        let mut gateway = Self {
            program: Mutex::new(program),
            address: authority(&text("address")?).to_owned(),
            key: text("api_key")?,
            recovery: Duration::ZERO,
        };
        let ready = async {
            let mut look = tokio::time::interval(Duration::from_millis(2));
            while http::get(&gateway.address, "/readyz").await?.status != 200 {
                look.tick().await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .context("it did not become ready")??;
        gateway.recovery = clock.monotonic().since(began);
        Ok(gateway)
    }

    /// Calls one of its endpoints with its key.
    pub(super) async fn call(&self, name: &str, mut body: Value) -> Result<http::Answer> {
        body["apikey"] = json!(self.key);
        http::post(&self.address, &format!("/api/v1/{name}"), &body).await
    }

    /// Kills it, and waits until it is gone.
    pub(super) fn kill(&self) -> Result<()> {
        self.program.lock().kill()
    }
}

fn authority(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

fn config<'a>(brokers: impl Iterator<Item = (BrokerName, &'a str)>) -> String {
    let mut text = "health_interval_s = 3600\n[inbound]\nper_second = 100000\nburst = 100000\n\
                    [checks]\ntrade_ratio_warning = 0\ntrade_ratio_max = 0\n"
        .to_owned();
    for (broker, url) in brokers {
        let account = simulated_account(broker.as_str(), url);
        let mut say = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{name} = {value:?}");
            }
        };
        say("[[account]]\nname", Some(&account.name));
        say("broker", Some(&account.broker));
        say("user_id", account.user_id.as_deref());
        say("api_key", account.api_key.as_deref());
        say(
            "api_secret",
            account.api_secret.as_ref().map(|secret| secret.expose_secret()),
        );
        say("redirect_uri", account.redirect_uri.as_deref());
        say("base_url", Some(url));
        text.push_str("simulated = true\nowner = \"me\"\ngroup = \"main\"\n");
        text.push_str("[account.limits]\nreserve_percent = 0\n[account.limits.windows]\n");
        let scopes = BrokerDefaults::of(broker.as_str())
            .expect("every broker has its rules")
            .scopes;
        for scope in scopes {
            let _ = writeln!(text, "{} = [{WINDOW:?}]", scope.name);
        }
    }
    text
}
