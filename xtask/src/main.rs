//! The project's own commands: `cargo xtask ...`.
//!
//! Starts cargo, the bins of `sangam-tests` and the servers of the `sangam` binary; depends on none of our crates, so
//! that it builds in seconds and still runs when they do not. What is checked lives here; what is tested lives with the
//! code.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the person at the terminal is its job"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that starts programs reads the environment and the clock"
)]

mod ci;
mod clients;
mod exec;
mod figures;
mod installed;
mod kill;
mod kill_books;
mod layers;
mod load;
mod metadata;
mod screen;
mod statics;
mod steps;
mod suites;
mod tally;
mod tidy;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::steps::Steps;
use crate::workspace::Workspace;

/// The project's own commands.
///
/// `cargo xtask test` runs every test there is; `cargo xtask ci` runs the static checks as well and is what the build
/// server runs. Everything else is a part of those two, to be run alone while working.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Static checks, then every test: what has to pass before a change is taken
    ///
    /// Static checks are formatting, layers, tidy, clippy with warnings denied, documentation with warnings denied, and
    /// cargo-deny's bans, licences and sources. All of them run even if one fails, and the summary names each failure
    /// with the command that repeats just that step.
    Ci,
    /// Every test there is: unit, property, integration and documentation tests, vectors, clients
    Test,
    /// The integration tests over simulated brokers
    Integration {
        /// Only tests whose name contains this
        filter: Option<String>,
    },
    /// The property tests: every test with `property` in its path
    Property,
    /// Hold the adapters against recorded requests and replies
    ///
    /// Runs every request vector through the adapters and every reply through the parsers, prints `N passed, M failed`
    /// per broker and a readable difference for each failure. Without a folder it takes the project's own copies.
    Vectors {
        /// Folders of vectors in the form of tests/fixtures/wire
        folders: Vec<PathBuf>,
    },
    /// The brokers' own Python clients, and openalgo's, against the simulated brokers and the gateway
    ///
    /// Makes one virtual environment per client under target/clients (the first time needs the network), builds
    /// `sangam`, starts the servers on free ports, runs tests/clients/NAME/check.py and ends the servers.
    Clients {
        /// Only these clients: flattrade, fyers, upstox, openalgo
        names: Vec<clients::Client>,
    },
    /// Checks against the reference data beside the project, which a clean clone lacks
    SharedChecks,
    /// The benchmarks
    Bench {
        /// Passed on to `cargo bench`, for instance a name to narrow by
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Load on the whole stack over the simulators, judged by what the brokers counted
    ///
    /// Asks quotes that all cost a call (steady, burst, or with the stop of a broker) and tells violations, waits, efficiency
    /// against the fastest there can be, shares, lost reads and orders in doubt. The last line is JSON. The exit code is 1
    /// when something did not hold: a violation with windows measured from the answer, a lost read, a lost order.
    Load(load::Load),
    /// Kill the gateway under load, start it again on its file, and look for orders that are lost or placed twice
    ///
    /// The program as it is shipped trades over brokers simulated in processes of their own, which live on. Each kill comes at a
    /// moment that follows from the seed. After the start every order a broker took must be in the books under its caller's
    /// key, no key may have two, and every order is asked for once more. The last line is JSON.
    Kill(kill::Kill),
    /// Kill writers of the books in the middle of writing, on SQLite and PostgreSQL, and look for losses
    ///
    /// Each kill comes at a moment that follows from the seed; every fifth time the PostgreSQL server is killed as well. The
    /// books are opened again and held against what the writer had acknowledged: every commit under its number, whole or
    /// absent what was not acknowledged, the chain of hashes, the positions. The last line is JSON.
    KillBooks(kill_books::KillBooks),
    /// Measure anew the figures in the documentation
    ///
    /// Writes each block between `<!-- figures:NAME -->` and `<!-- /figures -->` anew, with the commands beside the figures.
    /// Best on a machine that does nothing else.
    Figures {
        /// Only these blocks
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(figures::names()))]
        names: Vec<String>,
    },
    /// House rules that no other tool checks, file by file
    Tidy,
    /// Dependencies point inward, and each driver has one owner
    Layers,
    /// Build the documentation with warnings denied
    Docs,
    /// cargo-deny: bans, licences and sources; installs it when missing
    Deny,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = match Workspace::find() {
        Ok(workspace) => workspace,
        Err(error) => return told(Err(error)),
    };
    let mut steps = Steps::new(&workspace);
    match cli.command {
        Command::Ci => ci::run(&mut steps),
        Command::Test => suites::everything(&mut steps),
        Command::Integration { filter } => suites::integration(&mut steps, filter.as_deref()),
        Command::Property => suites::property(&mut steps),
        Command::Vectors { folders } => suites::vectors(&mut steps, &folders),
        Command::Clients { names } => clients::run(&mut steps, &names),
        Command::SharedChecks => suites::shared_checks(&mut steps),
        Command::Bench { arguments } => suites::bench(&mut steps, &arguments),
        // Its last line is its own: no summary after it.
        Command::Load(load) => return told(load::run(&workspace, &load)),
        Command::Kill(kill) => return told(kill::run(&workspace, &kill)),
        Command::KillBooks(kill) => return told(kill_books::run(&workspace, &kill)),
        Command::Figures { names } => figures::run(&mut steps, &names),
        Command::Tidy => tidy::run(&mut steps),
        Command::Layers => layers::run(&mut steps),
        Command::Docs => statics::docs(&mut steps),
        Command::Deny => statics::deny(&mut steps),
    }
    steps.finish()
}

/// The exit code of a command, or its failure told.
fn told(ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        eprintln!("{} {error:#}", screen::red("failed:"));
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
