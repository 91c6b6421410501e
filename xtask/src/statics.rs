//! Static checks that other tools do: formatting, lints, documentation, licences.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::exec;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// `cargo fmt` has nothing to change.
pub(crate) fn format(steps: &mut Steps<'_>) {
    steps.step(
        "fmt",
        "cargo fmt --all --check (repair: cargo fmt --all)",
        |workspace| exec::run(&mut workspace.cargo(["fmt", "--all", "--check"])),
    );
}

/// Clippy finds nothing, tests and benches included.
pub(crate) fn clippy(steps: &mut Steps<'_>) {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    steps.step("clippy", format!("cargo {}", arguments.join(" ")), |workspace| {
        exec::run(&mut workspace.cargo(arguments))
    });
}

/// The documentation builds without a warning.
pub(crate) fn docs(steps: &mut Steps<'_>) {
    steps.step("docs", "cargo xtask docs", |workspace| {
        let mut command = workspace.cargo(["doc", "--workspace", "--no-deps", "--locked"]);
        exec::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
}

/// cargo-deny has no objection to what we build upon.
pub(crate) fn deny(steps: &mut Steps<'_>) {
    steps.step("deny", "cargo xtask deny", |workspace| {
        install_deny(workspace).context("install cargo-deny; by hand: cargo install cargo-deny --locked")?;
        exec::run(&mut workspace.cargo([
            "deny",
            "--workspace",
            "check",
            "--allow",
            "unused-wrapper",
            "bans",
            "licenses",
            "sources",
        ]))
    });
}

/// Install cargo-deny unless it is there: unoptimised, which builds in a fraction of the time and is fast enough.
fn install_deny(workspace: &Workspace) -> Result<()> {
    let there = workspace
        .cargo(["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if there {
        return Ok(());
    }
    exec::run(quick_build(&mut workspace.cargo([
        "install",
        "cargo-deny",
        "--locked",
        "--debug",
    ])))
}

/// Leave out what only a debugger would want.
fn quick_build(command: &mut Command) -> &mut Command {
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("CARGO_TARGET_DIR")
}
