//! `load`: drives the whole stack against the simulators and tells what the brokers counted. `cargo xtask load` builds and
//! starts it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for the person who ran it"
)]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sangam_tests::load::{self, Anchor, Delay, Profile, Quota, Settings};

/// Load on the whole stack, judged where it counts.
///
/// Starts simulators of Fyers, Upstox and Flattrade that count by `--quota`, a path to each that delays calls, and the stack
/// over them with the same quota for its budgets. Then asks quotes, none of them from memory, and tells what the brokers
/// counted, how long reads waited for their turn, and how near the run came to the fastest there can be.
///
/// Efficiency is (bound + one call's latency) / time taken. The bound is the earliest instant at which the last read could
/// have left over windows as the stack holds them.
#[derive(Debug, Parser)]
#[command(
    name = "load",
    max_term_width = 110,
    after_help = "Profiles:\n  \
        steady    at random instants, at 70 % of what the brokers take together; a tenth of each window is kept back\n  \
        burst     all at once\n  \
        failover  all at once; half-way the busiest broker stops, with orders on their way to it\n\n\
        Examples:\n  \
        load --profile burst --delay-ms 0,300 --seed 7\n  \
        load --profile burst --anchor send --guard-ms 5\n  \
        load --profile steady --requests 500 --json\n\n\
        The last line is JSON. Exit codes: 0 all held, 1 something did not and is named, 2 wrong usage. Measured from the\n\
        send, violations are reported and no failure."
)]
struct Arguments {
    /// How reads come
    #[arg(long)]
    profile: ProfileName,
    /// How many reads. Default: 2000 in steady, else 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: Option<u32>,
    /// Calls and seconds each of Fyers, Upstox and Flattrade counts; several windows of one as 10/1+600/60
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "10/1,50/1,20/1"
    )]
    quota: Vec<Quota>,
    /// What the stack measures windows from
    #[arg(long, default_value = "answer")]
    anchor: AnchorName,
    /// With `--anchor send`: the most by which the way to a broker varies, in milliseconds. Default: 5
    #[arg(long, value_name = "MS")]
    guard_ms: Option<u64>,
    /// The least and the most a call is under way, there and back, in milliseconds; half of it each way, drawn anew.
    /// Default: 0,0 in steady and measured from the send, else 5,60
    #[arg(long, value_name = "MIN,MAX", value_parser = delay)]
    delay_ms: Option<Delay>,
    /// Seed of arrivals, delays and the market
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of each window the reads may not use, in percent. Default: 10 in steady, else 0
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=90))]
    reserve_percent: Option<u8>,
    /// How long a call without an answer counts as in flight after its connection was closed, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    unanswered_ms: u64,
    /// Orders placed around the stop of `failover`
    #[arg(long, value_name = "N", default_value_t = 20)]
    orders: u32,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    Steady,
    Burst,
    Failover,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnchorName {
    /// The answer: holds whatever the network does
    Answer,
    /// The send, each window longer by `--guard-ms`
    Send,
}

fn delay(text: &str) -> Result<Delay, String> {
    let number = |part: &str| part.trim().parse::<u64>().ok().filter(|ms| *ms <= 60_000);
    let both = text
        .split_once(',')
        .and_then(|(min, max)| Some((number(min)?, number(max)?)));
    match both {
        Some((min_ms, max_ms)) if min_ms <= max_ms => Ok(Delay { min_ms, max_ms }),
        _ => Err("write the least and the most, up to 60000, like 5,60".to_owned()),
    }
}

impl Arguments {
    fn settings(&self) -> Result<Settings, String> {
        let profile = match self.profile {
            ProfileName::Steady => Profile::Steady,
            ProfileName::Burst => Profile::Burst,
            ProfileName::Failover => Profile::Failover,
        };
        let anchor = match (self.anchor, self.guard_ms) {
            (AnchorName::Answer, None) => Anchor::Answer,
            (AnchorName::Answer, Some(_)) => {
                return Err(
                    "--guard-ms is for --anchor send: measured from the answer no guard is needed".to_owned(),
                );
            }
            (AnchorName::Send, guard_ms) => Anchor::Send(guard_ms.unwrap_or(5)),
        };
        let plain = Settings::new(profile);
        // What a guard of a few milliseconds is for: a way that varies by less.
        let quiet = match self.anchor {
            AnchorName::Answer => plain.delay,
            AnchorName::Send => Delay::NONE,
        };
        Ok(Settings {
            requests: self.requests.unwrap_or(plain.requests),
            quotas: self.quota.clone(),
            anchor,
            delay: self.delay_ms.unwrap_or(quiet),
            reserve_percent: self.reserve_percent.unwrap_or(plain.reserve_percent),
            unanswered_ms: self.unanswered_ms,
            orders: self.orders,
            seed: self.seed,
            ..plain
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = match arguments.settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("load: {error}");
            return ExitCode::from(2);
        }
    };
    match told(&settings, arguments.json).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs and prints; false when something did not hold.
async fn told(settings: &Settings, json: bool) -> anyhow::Result<bool> {
    let bar = if json {
        ProgressBar::hidden()
    } else {
        let form = "{spinner} starting {wide_msg}";
        let bar = ProgressBar::new(u64::from(settings.requests));
        bar.with_style(ProgressStyle::with_template(form)?)
            .with_message("the brokers, and waiting until every window is empty")
    };
    bar.tick();
    let form = ProgressStyle::with_template("{bar:40} {pos}/{len} reads  {elapsed}")?;
    let report = load::run(settings, &|done| {
        if done == 1 {
            bar.set_style(form.clone());
            bar.reset_elapsed();
        }
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    let faults = report.faults();
    if !json {
        println!("{report}");
    }
    for fault in &faults {
        eprintln!("load: {fault}");
    }
    println!("{}", serde_json::to_string(&report)?);
    Ok(faults.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
        let parsed = |text: &str| Arguments::try_parse_from(text.split(' '));
        let settings = parsed("load --profile burst --anchor send --delay-ms 0,0")
            .unwrap()
            .settings();
        assert_eq!(settings.unwrap().anchor, Anchor::Send(5));
        let steady = parsed("load --profile steady").unwrap().settings().unwrap();
        assert_eq!(steady, Settings::new(Profile::Steady));
        assert!(
            parsed("load --profile burst --guard-ms 5")
                .unwrap()
                .settings()
                .is_err()
        );
        for wrong in ["60,5", "5", "x,y", "0,60001"] {
            assert!(
                parsed(&format!("load --profile burst --delay-ms {wrong}")).is_err(),
                "{wrong}"
            );
        }
    }
}
