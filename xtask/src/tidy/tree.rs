//! Rules about what must lie where.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, Finding};

/// What a visitor and a lawyer look for.
const AT_THE_ROOT: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// Judge the project as a whole.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    [root(files), crates(files), fixtures(files)].concat()
}

fn finding(path: impl Into<String>, rule: &'static str, advice: impl Into<String>) -> Finding {
    Finding {
        path: path.into(),
        line: 0,
        rule,
        advice: advice.into(),
    }
}

fn has(files: &[File], path: &str) -> bool {
    files.iter().any(|file| file.path == path)
}

fn root(files: &[File]) -> Vec<Finding> {
    let missing = AT_THE_ROOT.iter().filter(|path| !has(files, path));
    missing
        .map(|path| finding(*path, "root", "missing: the project needs it"))
        .collect()
}

fn crates(files: &[File]) -> Vec<Finding> {
    let map = files
        .iter()
        .find(|file| file.path == "ARCHITECTURE.md")
        .and_then(|file| file.text.as_deref());
    let names: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
        .filter(|name| !name.contains('/'))
        .collect();
    let mut found = Vec::new();
    for name in names {
        let readme = format!("crates/{name}/README.md");
        if !has(files, &readme) {
            found.push(finding(
                readme,
                "readme",
                "missing: what it is, for whom, an example that runs, its limits",
            ));
        }
        if !map.is_some_and(|text| mentions(text, name)) {
            let advice = format!("`{name}` is not on the map: say what it does and what it must not know");
            found.push(finding("ARCHITECTURE.md", "map", advice));
        }
    }
    found
}

/// Whether a text names a crate, and not merely one whose name begins the same.
fn mentions(text: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part_of_name)
            && !text[at + name.len()..].chars().next().is_some_and(part_of_name)
    })
}

/// Each folder of fixtures says where its files come from: in a README on the way to it, or in each file's `source`.
fn fixtures(files: &[File]) -> Vec<Finding> {
    let mut folders: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        if let Some((folder, _)) = file.path.rsplit_once('/')
            && folder.split('/').any(|part| part == "fixtures")
        {
            folders.entry(folder).or_default().push(file);
        }
    }
    let sourced = |file: &&File| {
        file.text
            .as_deref()
            .is_some_and(|text| text.contains("\"source\""))
    };
    folders
        .iter()
        .filter(|(folder, inside)| !explained(files, folder) && !inside.iter().all(sourced))
        .map(|(folder, _)| {
            let advice = "say where the files come from: a README.md here or above, or `source` in each file";
            finding(format!("{folder}/README.md"), "source", advice)
        })
        .collect()
}

fn explained(files: &[File], folder: &str) -> bool {
    let mut at = folder;
    loop {
        if has(files, &format!("{at}/README.md")) {
            return true;
        }
        match at.rsplit_once('/') {
            Some((above, last)) if last != "fixtures" => at = above,
            _ => return false,
        }
    }
}
