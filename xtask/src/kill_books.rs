//! `cargo xtask kill-books`: builds the writer and what kills it, and hands the terminal over.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::exec;
use crate::workspace::Workspace;

/// What is asked of the tool; the seed is chosen by the clock when left out.
#[derive(Debug, Args)]
pub(crate) struct KillBooks {
    /// Kills on each database
    #[arg(long, value_name = "N", default_value_t = 200)]
    runs: u32,
    /// Seed of the moments; each run prints its own
    #[arg(long)]
    seed: Option<u64>,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

impl KillBooks {
    /// The same for the tool.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["--runs".to_owned(), self.runs.to_string()];
        if let Some(seed) = self.seed {
            words.extend(["--seed".to_owned(), seed.to_string()]);
        }
        if self.json {
            words.push("--json".to_owned());
        }
        words
    }
}

/// Runs it. Its exit code is ours.
pub(crate) fn run(workspace: &Workspace, kill: &KillBooks) -> Result<ExitCode> {
    let package = ["--locked", "--quiet", "--package", "sangam-tests"];
    let mut build = workspace.cargo(["build"]);
    exec::run(
        build
            .args(package)
            .args(["--bin", "books-writer", "--bin", "kill-books"]),
    )?;
    let mut tool = workspace.cargo(["run"]);
    let status = tool
        .args(package)
        .args(["--bin", "kill-books", "--"])
        .args(kill.words())
        .status()
        .context("start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_told_what_was_asked() {
        let kill = KillBooks {
            runs: 7,
            seed: Some(3),
            json: true,
        };
        assert_eq!(kill.words(), ["--runs", "7", "--seed", "3", "--json"]);
    }
}
