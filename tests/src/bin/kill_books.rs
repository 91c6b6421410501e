//! Kills writers of books in the middle of writing, on both databases, and tells whether anything acknowledged was lost. The
//! last line is JSON with `--json`. The exit code is 1 when something was not as it must be.

#![expect(
    clippy::print_stdout,
    reason = "talking to the person at the terminal is its job"
)]

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use sangam_tests::books::{Database, Killing};
use sangam_tests::sharing::MachineClock;

/// Kill writers of books in the middle of writing.
#[derive(Debug, Parser)]
struct Cli {
    /// Kills on each database
    #[arg(long, default_value_t = 200)]
    runs: u32,
    /// Seed of the moments; chosen by the clock when left out, and printed
    #[arg(long)]
    seed: Option<u64>,
    /// The writer. Default: the program of that name beside this one
    #[arg(long)]
    writer: Option<PathBuf>,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let seed = cli
        .seed
        .unwrap_or_else(|| u64::from(MachineClock::start().now().subsec_nanosecond().unsigned_abs()));
    let writer = match cli.writer {
        Some(writer) => writer,
        None => std::env::current_exe()?.with_file_name("books-writer"),
    };
    let mut report = serde_json::Map::from_iter([("seed".to_owned(), seed.into())]);
    for database in Database::ALL {
        let mut killing = Killing::new(&writer, database, seed)?;
        for run in 1..=cli.runs {
            match killing.once().await {
                Ok(killed) if !cli.json => println!(
                    "{} {run}: {} acknowledged{}; found {} entries, {} orders, {} commits that could not be acknowledged",
                    database.name(),
                    killed.acknowledged,
                    if killed.server { ", server killed too" } else { "" },
                    killed.checked.entries,
                    killed.checked.orders,
                    killed.checked.unsaid,
                ),
                Ok(_) => {}
                Err(error) => {
                    let kept = killing.keep();
                    return Err(error).with_context(|| {
                        format!(
                            "{} run {run} with --seed {seed}; files are in {}",
                            database.name(),
                            kept.display()
                        )
                    });
                }
            }
        }
        let found = serde_json::to_value(killing.report())?;
        report.insert(database.name().to_owned(), found);
    }
    println!("{}", serde_json::Value::Object(report));
    Ok(())
}
