//! `cargo xtask kill`: builds the gateway as it is shipped and what kills it, and hands the terminal over.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::exec;
use crate::workspace::Workspace;

/// Kills of a run of the whole suite.
pub(crate) const RUNS_OF_THE_SUITE: u32 = 50;

/// What is asked of the tool; the seed is chosen by the clock when left out.
#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// Kills
    #[arg(long, value_name = "N", default_value_t = RUNS_OF_THE_SUITE)]
    pub(crate) runs: u32,
    /// Measure starts with so many orders open instead
    #[arg(long, value_name = "N")]
    pub(crate) open_orders: Option<u32>,
    /// Seed of the moments; each run prints its own
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print nothing but the JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Kill {
    /// The same for the tool.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["--runs".to_owned(), self.runs.to_string()];
        if let Some(count) = self.open_orders {
            words.extend(["--open-orders".to_owned(), count.to_string()]);
        }
        if let Some(seed) = self.seed {
            words.extend(["--seed".to_owned(), seed.to_string()]);
        }
        if self.json {
            words.push("--json".to_owned());
        }
        words
    }
}

/// The tool, built beside the gateway, to be started.
pub(crate) fn tool(workspace: &Workspace, kill: &Kill) -> Result<Command> {
    let mut build = workspace.cargo(["build", "--release", "--locked", "--quiet"]);
    build.args(["--package", "sangam-gateway", "--package", "sangam-tests"]);
    exec::run(build.args(["--bin", "sangam", "--bin", "kill"]))?;
    let mut tool = Command::new(workspace.target().join("release").join("kill"));
    tool.args(kill.words());
    Ok(tool)
}

/// Runs it. Its exit code is ours.
pub(crate) fn run(workspace: &Workspace, kill: &Kill) -> Result<ExitCode> {
    let status = tool(workspace, kill)?.status().context("start the tool")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_told_what_was_asked() {
        let kill = Kill {
            runs: 7,
            open_orders: Some(10),
            seed: Some(3),
            json: true,
        };
        assert_eq!(
            kill.words(),
            ["--runs", "7", "--open-orders", "10", "--seed", "3", "--json"]
        );
    }
}
