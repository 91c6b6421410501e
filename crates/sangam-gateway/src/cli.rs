//! The command line. `serve`, `sim`, `instruments`, `forecast`, `doctor` and what works on the books do so by
//! themselves; the rest asks a running gateway.

pub(crate) mod args;
mod audit;
mod backup;
mod basket;
mod books;
mod checks;
mod client;
mod copying;
mod doctor;
mod forecast;
mod instruments;
mod ledger;
mod limits;
mod login;
mod migrate;
mod orders;
mod portfolio;
mod reads;
pub(crate) mod serve;
mod sim;
mod stop;
mod sync;
mod table;
mod trace;

use anyhow::Result;
use args::{Cli, Command};
pub(crate) use client::Refused;

/// Runs one command.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let common = cli.common;
    match cli
        .command
        .unwrap_or_else(|| Command::Serve(args::Serve::default()))
    {
        Command::Serve(args) => serve::run(&common, &args).await,
        Command::Sim(args) => sim::run(&common, &args).await,
        Command::Login(args) => login::run(&common, &args).await,
        Command::Orders(command) => orders::run(&common, command).await,
        Command::Basket(args) => basket::run(&common, &args).await,
        Command::Quote(args) => reads::quote(&common, &args).await,
        Command::Positions => reads::positions(&common).await,
        Command::Holdings => reads::holdings(&common).await,
        Command::Portfolio(args) => portfolio::run(&common, &args).await,
        Command::Funds => reads::funds(&common).await,
        Command::Brokers => reads::brokers(&common).await,
        Command::Checks => checks::run(&common).await,
        Command::Limits => limits::run(&common).await,
        Command::Instruments(command) => instruments::run(&common, command).await,
        Command::Forecast(command) => forecast::run(&common, &command),
        Command::Backup(args) => backup::back_up(&common, &args).await,
        Command::Restore(args) => backup::restore(&common, &args).await,
        Command::Migrate(args) => migrate::run(&common, &args).await,
        Command::Ledger(command) => ledger::run(&common, command).await,
        Command::Audit(command) => audit::run(&common, command).await,
        Command::Doctor => doctor::run(&common).await,
    }
}
