//! `cargo xtask load`: builds the load tool of `sangam-tests` in release and hands the terminal over to it, so that its last
//! line is ours. What the figures mean is said by the tool.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::workspace::Workspace;

/// What a run is asked to be; what is left out is as the tool has it.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// How reads come
    #[arg(long)]
    profile: Profile,
    /// How many reads. Default: 2000 in steady, else 1000
    #[arg(long, value_name = "N")]
    requests: Option<u32>,
    /// Calls and seconds each of Fyers, Upstox and Flattrade counts; several windows of one as 10/1+600/60. Default:
    /// 10/1,50/1,20/1
    #[arg(long, value_name = "LIST")]
    quota: Option<String>,
    /// What the stack measures windows from. Default: answer
    #[arg(long)]
    anchor: Option<Anchor>,
    /// With `--anchor send`: the most by which the way to a broker varies, in milliseconds. Default: 5
    #[arg(long, value_name = "MS")]
    guard_ms: Option<u64>,
    /// The least and the most a call is under way, there and back, in milliseconds; half of it each way, drawn anew.
    /// Default: 0,0 in steady and measured from the send, else 5,60
    #[arg(long, value_name = "MIN,MAX")]
    delay_ms: Option<String>,
    /// Seed of arrivals, delays and the market. Default: 1
    #[arg(long)]
    seed: Option<u64>,
    /// Share of each window the reads may not use, in percent. Default: 10 in steady, else 0
    #[arg(long, value_name = "PERCENT")]
    reserve_percent: Option<u8>,
    /// How long a call without an answer counts as in flight after its connection was closed, in milliseconds. Default:
    /// 30000
    #[arg(long, value_name = "MS")]
    unanswered_ms: Option<u64>,
    /// Orders placed around the stop of `failover`. Default: 20
    #[arg(long, value_name = "N")]
    orders: Option<u32>,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    /// At random instants, at 70 % of what the brokers take together; a tenth of each window is kept back
    Steady,
    /// All at once
    Burst,
    /// All at once; half-way the busiest broker stops, with orders on their way to it
    Failover,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Anchor {
    /// The answer: holds whatever the network does
    Answer,
    /// The send, each window longer by `--guard-ms`; violations are reported and no failure
    Send,
}

impl Load {
    /// The same for the tool.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut say = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([name.to_owned(), value]);
            }
        };
        say("--profile", named(&self.profile));
        say("--requests", self.requests.map(|value| value.to_string()));
        say("--quota", self.quota.clone());
        say("--anchor", self.anchor.as_ref().and_then(named));
        say("--guard-ms", self.guard_ms.map(|value| value.to_string()));
        say("--delay-ms", self.delay_ms.clone());
        say("--seed", self.seed.map(|value| value.to_string()));
        say(
            "--reserve-percent",
            self.reserve_percent.map(|value| value.to_string()),
        );
        say(
            "--unanswered-ms",
            self.unanswered_ms.map(|value| value.to_string()),
        );
        say("--orders", self.orders.map(|value| value.to_string()));
        if self.json {
            words.push("--json".to_owned());
        }
        words
    }
}

fn named(value: &impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

/// The tool, to be told what to do.
pub(crate) fn tool(workspace: &Workspace) -> Command {
    let package = ["--package", "sangam-tests", "--bin", "load"];
    let mut command = workspace.cargo(["run", "--release", "--locked"]);
    command.args(package).arg("--");
    command
}

/// Runs it. Its exit code is ours.
pub(crate) fn run(workspace: &Workspace, load: &Load) -> Result<ExitCode> {
    let status = tool(workspace)
        .args(load.words())
        .status()
        .context("start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
