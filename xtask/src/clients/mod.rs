//! The brokers' own Python clients, and openalgo's, against our servers.
//!
//! `python.rs` makes the virtual environments, `servers.rs` starts the simulated brokers and the gateway. The checks
//! themselves are tests/clients/NAME/check.py and know nothing of this program.

mod python;
mod servers;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::exec::Running;
use crate::steps::Steps;
use crate::tally::Tally;
use crate::workspace::Workspace;
use servers::Server;

/// Longest a script may take; its own waits end long before.
const SCRIPT_WITHIN: Duration = Duration::from_secs(240);

/// A client and the folder of its script and requirements.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Client {
    Flattrade,
    Fyers,
    Upstox,
    Openalgo,
}

impl Client {
    const ALL: [Self; 4] = [Self::Flattrade, Self::Fyers, Self::Upstox, Self::Openalgo];

    fn name(self) -> &'static str {
        match self {
            Self::Flattrade => "flattrade",
            Self::Fyers => "fyers",
            Self::Upstox => "upstox",
            Self::Openalgo => "openalgo",
        }
    }

    fn step(self) -> &'static str {
        match self {
            Self::Flattrade => "client flattrade",
            Self::Fyers => "client fyers",
            Self::Upstox => "client upstox",
            Self::Openalgo => "client openalgo",
        }
    }
}

/// Run these clients' scripts, or all of them.
pub(crate) fn run(steps: &mut Steps<'_>, names: &[Client]) {
    let names = if names.is_empty() { &Client::ALL } else { names };
    for client in names {
        let again = format!("cargo xtask clients {}", client.name());
        steps.counted(client.step(), again, |workspace, tally| {
            check(workspace, *client, tally)
        });
    }
}

fn check(workspace: &Workspace, client: Client, tally: &mut Tally) -> Result<()> {
    let python = python::environment(workspace, client.name()).context("make the virtual environment")?;
    let program = servers::program(workspace).context("build the binary `sangam`")?;
    let mut server = match client {
        Client::Openalgo => Server::gateway(&program)?,
        Client::Flattrade | Client::Fyers | Client::Upstox => Server::simulated(&program, client.name())?,
    };
    let mut command = std::process::Command::new(python);
    command
        .current_dir(workspace.root())
        .arg(format!("tests/clients/{}/check.py", client.name()))
        .args(["--base-url", &server.address])
        .envs([
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONUNBUFFERED", "1"),
            ("NO_PROXY", "*"),
            ("no_proxy", "*"),
        ]);
    if let Some(key) = &server.key {
        command.args(["--api-key", key]);
    }
    let outcome = Running::start(client.step(), &mut command)?.wait_for_end(SCRIPT_WITHIN, |line| {
        println!("{line}");
        if let Some(totals) = Tally::from_named_totals(line) {
            *tally += totals;
        }
    });
    if outcome.is_err() {
        println!("the server's last words:{}", server.said());
    }
    outcome?;
    ensure!(tally.ran(), "the script ended without its totals");
    Ok(())
}
