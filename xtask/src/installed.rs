//! The servers that tests start for themselves: their programs have to be installed, and are if they can be. The tests end
//! what they start; nothing runs between them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::exec;
use crate::steps::Steps;

/// Debian's folder of folders with PostgreSQL's programs, one per version; they are not on the path.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Says whether a version that is installed gets a cluster.
const CLUSTERS: &str = "/etc/postgresql-common/createcluster.conf";

/// How apt is asked, by us or by a person.
const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];

/// A server.
#[derive(Debug)]
struct Server {
    name: &'static str,
    /// The command that shows it.
    again: &'static str,
    /// What tests start of it.
    programs: &'static [&'static str],
    /// Where they may be when they are not on the path.
    beside: fn() -> Vec<PathBuf>,
    /// Debian's packages.
    packages: &'static [&'static str],
    /// What serves as well on another system.
    elsewhere: &'static str,
    install: fn(&[&str]) -> Result<()>,
}

const SERVERS: [Server; 2] = [
    Server {
        name: "redis",
        again: "redis-server --version",
        // Debian's tools bring `redis-benchmark` along.
        programs: &["redis-server"],
        beside: Vec::new,
        packages: &["redis-server", "redis-tools"],
        elsewhere: "Redis or Valkey, 6.2 or later",
        install: apt_install,
    },
    Server {
        name: "postgres",
        again: "ls /usr/lib/postgresql/*/bin/postgres",
        programs: &["postgres", "initdb", "psql"],
        beside: || versions(Path::new(POSTGRES)),
        packages: &["postgresql"],
        elsewhere: "PostgreSQL, 15 or later",
        install: without_a_cluster,
    },
];

/// Install what tests start unless it is there, one step a server.
pub(crate) fn servers(steps: &mut Steps<'_>) {
    for server in &SERVERS {
        steps.step(server.name, server.again, |_| server.installed());
    }
}

impl Server {
    fn installed(&self) -> Result<()> {
        if self.there() {
            return Ok(());
        }
        ensure!(root() && Path::new("/usr/bin/apt-get").exists(), self.advice());
        exec::run(Command::new("apt-get").arg("update")).context("ask for Debian's packages")?;
        (self.install)(self.packages)?;
        ensure!(
            self.there(),
            "{} was installed and cannot be started: {}",
            self.name,
            self.programs.join(", ")
        );
        Ok(())
    }

    fn there(&self) -> bool {
        let folders = (self.beside)();
        let on_path = PathBuf::new();
        std::iter::once(&on_path).chain(&folders).any(|folder| {
            let mut programs = self.programs.iter();
            programs.all(|program| starts(&folder.join(program)))
        })
    }

    fn advice(&self) -> String {
        format!(
            "{} is not installed, and tests start it: sudo apt-get {} {} (or your system's package of {})",
            self.programs[0],
            INSTALL.join(" "),
            self.packages.join(" "),
            self.elsewhere
        )
    }
}

fn apt_install(packages: &[&str]) -> Result<()> {
    exec::run(
        Command::new("apt-get")
            .args(INSTALL)
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// PostgreSQL without the cluster that Debian's package makes and starts by itself.
fn without_a_cluster(packages: &[&str]) -> Result<()> {
    apt_install(&["postgresql-common"])?;
    let before = std::fs::read(CLUSTERS).with_context(|| format!("read {CLUSTERS}"))?;
    exec::run(Command::new("pg_conftool").args([CLUSTERS, "set", "create_main_cluster", "off"]))?;
    let installed = apt_install(packages);
    // As it was: what is installed later is somebody else's matter.
    std::fs::write(CLUSTERS, before).with_context(|| format!("write {CLUSTERS}"))?;
    installed
}

/// The folders of programs below, one per version.
fn versions(root: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root).into_iter().flatten();
    folders
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect()
}

fn starts(program: &Path) -> bool {
    let version = Command::new(program)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Server = Server {
        name: "shell",
        again: "sh",
        programs: &["sh-that-is-not-there", "another"],
        beside: Vec::new,
        packages: &["some-shell", "its-tools"],
        elsewhere: "a shell, 1.0 or later",
        install: apt_install,
    };

    #[test]
    fn a_program_is_there_when_it_can_be_started() {
        assert!(!SHELL.there());
        let cargo = Server {
            programs: &["cargo", "rustc"],
            ..SHELL
        };
        assert!(cargo.there());
        let half = Server {
            programs: &["cargo", "another"],
            ..SHELL
        };
        assert!(!half.there());
    }

    #[test]
    fn the_advice_is_a_command_to_copy() {
        let advice = SHELL.advice();
        assert!(
            advice.contains("sudo apt-get install --yes --no-install-recommends some-shell its-tools ("),
            "{advice}"
        );
    }
}
