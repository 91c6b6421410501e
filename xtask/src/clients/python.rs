//! Virtual environments under target/clients, made once per set of requirements.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::exec;
use crate::workspace::Workspace;

/// The version whose packages the requirements are pinned for.
const VERSION: &str = "3.11";

/// What gives a bare machine an interpreter with virtual environments.
const INSTALL: &str = "apt-get install --yes python3 python3-venv";

/// Prints the version if the interpreter can make virtual environments.
const PROBE: &str = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])";

/// The interpreter of a client's environment, which is made if it is missing or its requirements have changed.
pub(super) fn environment(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let requirements = workspace
        .root()
        .join("tests/clients")
        .join(name)
        .join("requirements.txt");
    let wanted =
        std::fs::read_to_string(&requirements).with_context(|| format!("read {}", requirements.display()))?;
    let folder = workspace.target().join("clients").join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("made-for.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("remove the outdated {}", folder.display()))?;
    }
    let interpreter = interpreter()?;
    exec::run(Command::new(interpreter).args(["-m", "venv"]).arg(&folder))?;
    install(&python, &requirements)?;
    std::fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    Ok(python)
}

fn install(python: &Path, requirements: &Path) -> Result<()> {
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "-r",
    ];
    exec::run(Command::new(python).args(arguments).arg(requirements))
}

/// An interpreter of the right version that can make virtual environments; installed when that is allowed.
fn interpreter() -> Result<&'static str> {
    if let Some(found) = present() {
        return Ok(found);
    }
    if !root() {
        bail!("python {VERSION} with venv is missing; install it, on Debian: {INSTALL}");
    }
    let apt = |arguments: &[&str]| {
        exec::run(
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    apt(&["update", "--quiet"])?;
    apt(&INSTALL.split(' ').skip(1).collect::<Vec<_>>())?;
    present().with_context(|| {
        format!("python {VERSION} with venv is missing even after `{INSTALL}`; put a `python{VERSION}` on the path")
    })
}

fn present() -> Option<&'static str> {
    ["python3.11", "python3", "python"].into_iter().find(|name| {
        let output = Command::new(name).args(["-c", PROBE]).output();
        output.is_ok_and(|output| output.status.success() && output.stdout.trim_ascii() == VERSION.as_bytes())
    })
}

fn root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
