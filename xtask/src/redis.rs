//! The Redis that tests start for themselves: `redis-server` has to be installed, and is if it can be. The tests end what
//! they start; nothing runs between them.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::exec;
use crate::steps::Steps;

/// Debian's package; it brings `redis-benchmark` along.
const INSTALL: [&str; 5] = [
    "install",
    "--yes",
    "--no-install-recommends",
    "redis-server",
    "redis-tools",
];

/// Install Redis unless it is there.
pub(crate) fn installed(steps: &mut Steps<'_>) {
    steps.step("redis", "redis-server --version", |_| {
        if there() {
            return Ok(());
        }
        ensure!(
            root() && Path::new("/usr/bin/apt-get").exists(),
            "redis-server is not installed, and tests start it: sudo apt-get {} (or your system's package of Redis or Valkey, \
             6.2 or later)",
            INSTALL.join(" ")
        );
        exec::run(Command::new("apt-get").arg("update")).context("ask for Debian's packages")?;
        exec::run(Command::new("apt-get").args(INSTALL).env("DEBIAN_FRONTEND", "noninteractive"))?;
        ensure!(there(), "redis-server was installed and cannot be started");
        Ok(())
    });
}

fn there() -> bool {
    let version = Command::new("redis-server")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

fn root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
