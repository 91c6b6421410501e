//! The test suites, alone and all together.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::kill::{self, Kill};
use crate::steps::Steps;
use crate::tally::Tally;
use crate::{clients, exec, installed};

/// The package that holds the tests over several crates.
const TESTS: &str = "sangam-tests";

/// Every test there is.
pub(crate) fn everything(steps: &mut Steps<'_>) {
    installed::servers(steps);
    steps.counted("tests", "cargo test --workspace --locked", |workspace, tally| {
        cargo_test(
            &mut workspace.cargo(["test", "--workspace", "--locked", "--no-fail-fast"]),
            tally,
        )
    });
    vectors(steps, &[]);
    clients::run(steps, &[]);
    kills(steps);
}

/// The gateway killed under load, always from the same seed.
fn kills(steps: &mut Steps<'_>) {
    steps.step("kill", "cargo xtask kill", |workspace| {
        let kill = Kill {
            runs: kill::RUNS_OF_THE_SUITE,
            open_orders: None,
            seed: Some(20_261_128),
            json: false,
        };
        exec::run(&mut kill::tool(workspace, &kill)?)
    });
}

/// The integration tests over simulated brokers.
pub(crate) fn integration(steps: &mut Steps<'_>, filter: Option<&str>) {
    installed::servers(steps);
    steps.counted("integration", "cargo xtask integration", |workspace, tally| {
        let mut command = workspace.cargo(["test", "--package", TESTS, "--locked", "--test", "integration"]);
        cargo_test(command.args(filter), tally)
    });
}

/// The property tests: everything with `property` in its path, and the target of that name where there is one.
pub(crate) fn property(steps: &mut Steps<'_>) {
    installed::servers(steps);
    steps.counted("property", "cargo xtask property", |workspace, tally| {
        let own_target = workspace.metadata().has_target(TESTS, "test", "property");
        let arguments = [
            "test",
            "--workspace",
            "--exclude",
            TESTS,
            "--tests",
            "--locked",
            "--no-fail-fast",
            "property",
        ];
        cargo_test(&mut workspace.cargo(arguments), tally)?;
        if own_target {
            cargo_test(
                &mut workspace.cargo(["test", "--package", TESTS, "--locked", "--test", "property"]),
                tally,
            )?;
        }
        Ok(())
    });
}

/// Recorded requests and replies against the adapters, from these folders or the project's own.
pub(crate) fn vectors(steps: &mut Steps<'_>, folders: &[PathBuf]) {
    let folders = folders
        .iter()
        .map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()));
    let folders: Vec<PathBuf> = folders.collect();
    steps.counted("vectors", "cargo xtask vectors", |workspace, tally| {
        let mut command = workspace.cargo([
            "run",
            "--quiet",
            "--locked",
            "--package",
            TESTS,
            "--bin",
            "vectors",
            "--",
        ]);
        exec::run_watched(command.args(&folders), |line| {
            if let Some(totals) = Tally::from_named_totals(line) {
                *tally += totals;
            }
        })
    });
}

/// Checks against the reference data that lies beside the project and is not part of it.
pub(crate) fn shared_checks(steps: &mut Steps<'_>) {
    steps.step("shared-checks", "cargo xtask shared-checks", |workspace| {
        let shared = workspace.root().parent().unwrap_or(Path::new("..")).join("shared");
        ensure!(
            shared.is_dir(),
            "the folder `shared` is missing beside the project: it holds data without a clear licence, which a clone \
             does not have. Everything else is tested by `cargo xtask test`"
        );
        let arguments = ["run", "--release", "--locked", "--package", TESTS, "--bin", "shared-checks"];
        exec::run(&mut workspace.cargo(arguments))
    });
}

/// The benchmarks.
pub(crate) fn bench(steps: &mut Steps<'_>, arguments: &[String]) {
    installed::servers(steps);
    steps.step("bench", "cargo xtask bench", |workspace| {
        exec::run(
            workspace
                .cargo(["bench", "--locked", "--package", "sangam-benches"])
                .args(arguments),
        )
    });
}

/// Run `cargo test ...`, adding up what the test binaries report.
fn cargo_test(command: &mut Command, tally: &mut Tally) -> Result<()> {
    exec::run_watched(command, |line| {
        if let Some(totals) = Tally::from_test_result(line) {
            *tally += totals;
        }
    })
}
