//! House rules that no other tool checks, over the files git knows or would take.
//!
//! `rules.rs` judges one file by its text, `tree.rs` judges what must lie where. A finding says what to do. What clippy
//! can say (unwrap, clocks, prints) is left to clippy.

mod rules;
mod tree;

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::steps::Steps;

/// A rule broken somewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Finding {
    path: String,
    /// Counted from one; zero for the file as a whole.
    line: usize,
    rule: &'static str,
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.path,
            self.line.max(1),
            self.rule,
            self.advice
        )
    }
}

/// A file of the project: its path from the root, with `/`, and its text if it is text.
#[derive(Debug)]
struct File {
    path: String,
    text: Option<String>,
}

/// Judge the project.
pub(crate) fn run(steps: &mut Steps<'_>) {
    steps.step("tidy", "cargo xtask tidy", |workspace| {
        let files = files(workspace.root())?;
        let mut found: Vec<Finding> = files.iter().flat_map(rules::check).collect();
        found.extend(tree::check(&files));
        for finding in &found {
            println!("{finding}");
        }
        ensure!(found.is_empty(), "{} findings", found.len());
        println!("{} files in order", files.len());
        Ok(())
    });
}

/// What git tracks, and what it would take with the next `git add`.
fn files(root: &Path) -> Result<Vec<File>> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("start git, which knows what belongs to the project")?;
    ensure!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let listed = String::from_utf8(output.stdout).context("read git's list of files")?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        let on_disk = root.join(path);
        // A file deleted and not yet committed is still listed.
        if on_disk.is_file() {
            let bytes = std::fs::read(&on_disk).with_context(|| format!("read {path}"))?;
            files.push(File {
                path: path.to_owned(),
                text: String::from_utf8(bytes).ok(),
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
