//! Where PostgreSQL's programs are: on the path, or where Debian puts each version.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One folder per version; only `psql` and the like are on Debian's path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    /// `None`: on the path.
    folder: Option<PathBuf>,
}

impl Programs {
    /// Those on the path, or else the newest.
    ///
    /// # Panics
    /// If there are none.
    pub(super) fn find() -> Self {
        let on_path = Self { folder: None };
        if on_path.there() {
            return on_path;
        }
        let folders = versions(Path::new(DEBIAN)).into_iter();
        folders
            .map(|folder| Self { folder: Some(folder) })
            .find(Self::there)
            .unwrap_or_else(|| {
                panic!(
                    "PostgreSQL's `postgres` and `initdb` are neither on the path nor in {DEBIAN}/*/bin: `cargo xtask test` \
                     installs them, or `apt-get install postgresql`"
                )
            })
    }

    /// The program of this name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder
            .as_ref()
            .map_or_else(|| name.into(), |folder| folder.join(name))
    }

    fn there(&self) -> bool {
        ["postgres", "initdb", "psql"].iter().all(|name| {
            let version = Command::new(self.path(name))
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            version.is_ok_and(|status| status.success())
        })
    }
}

/// The folders of programs below, newest version first.
fn versions(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let root = tempfile::tempdir().expect("a temporary folder");
        for name in ["9", "15", "17", "common"] {
            std::fs::create_dir(root.path().join(name)).expect("made");
        }
        let expected = ["17", "15", "9"].map(|version| root.path().join(version).join("bin"));
        assert_eq!(versions(root.path()), expected);
        assert!(versions(&root.path().join("nowhere")).is_empty());
    }
}
