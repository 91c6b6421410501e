//! Kills the gateway under load and tells whether an order was lost or placed twice. The last line is JSON. The exit code is 1
//! when something was not as it must be.

#![expect(
    clippy::print_stdout,
    reason = "talking to the person at the terminal is its job"
)]

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Parser;
use sangam_tests::kill::{Killing, OpenOrders};
use sangam_tests::sharing::MachineClock;

/// Kill the gateway under load.
#[derive(Debug, Parser)]
struct Cli {
    /// Kills
    #[arg(long, default_value_t = 50)]
    runs: u32,
    /// Measure starts with so many orders open instead
    #[arg(long, value_name = "N")]
    open_orders: Option<usize>,
    /// Seed of the moments; chosen by the clock when left out, and printed
    #[arg(long)]
    seed: Option<u64>,
    /// The gateway. Default: the program `sangam` beside this one
    #[arg(long)]
    sangam: Option<PathBuf>,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let clock = MachineClock::start();
    let seed = cli
        .seed
        .unwrap_or_else(|| u64::from(clock.now().subsec_nanosecond().unsigned_abs()));
    let sangam = match cli.sangam {
        Some(sangam) => sangam,
        None => std::env::current_exe()?.with_file_name("sangam"),
    };
    if let Some(count) = cli.open_orders {
        let measured = OpenOrders { count }.measure(&sangam, &clock, seed).await?;
        println!("{}", serde_json::to_string(&measured)?);
        return Ok(());
    }
    let mut killing = Killing::new(&sangam, Arc::clone(&clock), seed);
    for run in 1..=cli.runs {
        let killed = killing.once().await;
        if let Err(error) = killed {
            println!("{}", with_seed(&killing.report(), seed)?);
            return Err(error).with_context(|| format!("run {run} with --seed {seed}"));
        }
        if let (Ok(killed), false) = (killed, cli.json) {
            println!(
                "{run}: {} orders, {} without an answer at the kill; ready after {} ms",
                killed.orders,
                killed.unanswered,
                killed.recovery.as_millis()
            );
        }
    }
    let report = killing.finish().await?;
    println!("{}", with_seed(&report, seed)?);
    Ok(())
}

fn with_seed(report: &sangam_tests::kill::Report, seed: u64) -> Result<serde_json::Value> {
    let mut report = serde_json::to_value(report)?;
    report["seed"] = seed.into();
    Ok(report)
}
