#![doc = include_str!("../README.md")]

mod api_key;
mod cli;
mod config_file;
mod http;
mod simulators;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

pub use api_key::ApiKey;
pub use http::{Application, Gateway, router, serve};
pub use simulators::{Simulators, account as simulated_account, api as simulated_broker};

/// The outcome of an order is not known.
const IN_DOUBT: u8 = 3;

/// The program: reads the command line, runs one command, answers its exit code.
pub async fn program() -> ExitCode {
    let cli = cli::args::Cli::parse();
    let filter = EnvFilter::builder().with_env_var("SANGAM_LOG").try_from_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match cli::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has had enough, as in `sangam orders list | head`.
        Err(error) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let doubt = error
                .downcast_ref::<cli::Refused>()
                .is_some_and(|refused| refused.in_doubt);
            let mut stderr = std::io::stderr();
            // Nothing can be done about a standard error that is gone.
            let _written = writeln!(stderr, "error: {error:#}");
            if doubt {
                ExitCode::from(IN_DOUBT)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn reader_is_gone(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
