//! The servers the clients talk to: started on free ports, ended when dropped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::exec::{self, Running};
use crate::workspace::Workspace;

/// Longest a server may take to say where it listens. It takes a second; a busy build machine takes longer.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Our binary, built afresh: optimised if that is how it was built before, else as for development.
pub(super) fn program(workspace: &Workspace) -> Result<PathBuf> {
    let release = workspace.target().join("release/sangam");
    let mut command = workspace.cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "sangam-gateway",
        "--bin",
        "sangam",
    ]);
    if release.exists() {
        exec::run(command.arg("--release"))?;
        return Ok(release);
    }
    exec::run(&mut command)?;
    Ok(workspace.target().join("debug/sangam"))
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub(super) address: String,
    /// The key it made, if it is the gateway.
    pub(super) key: Option<String>,
    running: Running,
    /// Where it keeps its files; goes with it.
    _folder: TempDir,
}

impl Server {
    /// One simulated broker.
    pub(super) fn simulated(program: &Path, broker: &str) -> Result<Self> {
        let folder = folder()?;
        let mut command = Command::new(program);
        command
            .current_dir(folder.path())
            .args(["sim", "--broker", broker, "--listen", "127.0.0.1:0"]);
        let mut running = Running::start("sangam sim", &mut command)?;
        let address = running.wait_for("`listening on http://...`", READY_WITHIN, |lines| {
            lines.iter().find_map(|line| address_after(line, "listening on "))
        })?;
        Ok(Self {
            address,
            key: None,
            running,
            _folder: folder,
        })
    }

    /// The gateway with its simulated brokers, as it starts in an empty folder.
    pub(super) fn gateway(program: &Path) -> Result<Self> {
        let folder = folder()?;
        let mut command = Command::new(program);
        command
            .current_dir(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        let mut running = Running::start("sangam serve", command.arg(folder.path().join("data")))?;
        let (address, key) = running.wait_for("its address and `API key: ...`", READY_WITHIN, |lines| {
            let address = lines.iter().find_map(|line| address_after(line, ""))?;
            Some((address, lines.iter().find_map(|line| key_in(line))?))
        })?;
        Ok(Self {
            address,
            key: Some(key),
            running,
            _folder: folder,
        })
    }

    /// What it has printed lately.
    pub(super) fn said(&mut self) -> String {
        self.running.said()
    }
}

fn folder() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("sangam-clients-")
        .tempdir()
        .context("make a temporary folder")
}

/// The first address on this machine that follows `before` in the line.
fn address_after(line: &str, before: &str) -> Option<String> {
    const START: &str = "http://127.0.0.1:";
    let (_, rest) = line.split_once(&format!("{before}{START}"))?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let port: u16 = rest[..digits].parse().ok()?;
    Some(format!("{START}{port}"))
}

/// The key in a line like `API key: ...`.
fn key_in(line: &str) -> Option<String> {
    const SHORTEST: usize = 24;
    let (_, rest) = line.split_once("API key:")?;
    let rest = rest.trim_start();
    let length = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    (length >= SHORTEST).then(|| rest[..length].to_owned())
}

#[cfg(test)]
mod tests {
    use super::{address_after, key_in};

    #[test]
    fn reads_where_a_server_listens() {
        let address = Some("http://127.0.0.1:9103".to_owned());
        assert_eq!(
            address_after("listening on http://127.0.0.1:9103", "listening on "),
            address
        );
        assert_eq!(
            address_after("  Gateway   http://127.0.0.1:9103/ (SIMULATED)", ""),
            address
        );
        assert_eq!(address_after("see http://127.0.0.1:9103", "listening on "), None);
        assert_eq!(
            address_after("listening on http://127.0.0.1:", "listening on "),
            None
        );
    }

    #[test]
    fn reads_the_key_the_gateway_made() {
        let key = "abcDEF_0123456789012345678";
        assert_eq!(
            key_in(&format!("  API key: {key}  (keep it)")),
            Some(key.to_owned())
        );
        assert_eq!(key_in("API key: short"), None);
        assert_eq!(key_in("no key here"), None);
    }
}
