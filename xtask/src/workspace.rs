//! Where the project lies and how cargo is called in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::metadata::Metadata;

/// The checkout this program was started from.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    cargo: OsString,
    metadata: Metadata,
}

impl Workspace {
    /// Find the checkout and read cargo's description of it.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask must lie in a folder of the project")?
            .to_path_buf();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let metadata = Metadata::read(&cargo, &root)?;
        Ok(Self {
            root,
            cargo,
            metadata,
        })
    }

    /// The project's root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's description of the packages.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The folder cargo builds into.
    pub(crate) fn target(&self) -> &Path {
        &self.metadata.target_directory
    }

    /// `cargo` with these arguments, in the project's root.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root).args(arguments);
        command
    }
}
