//! Dependencies point inward, and each driver has one owner.
//!
//! Compares what the packages ask for, as cargo tells it, with the table in `table.rs`. Ordinary and build dependencies
//! are judged; a package may test itself with what it likes. What enters through other people's packages is judged by
//! cargo-deny (`deny.toml`), which repeats the owners.

mod table;

use anyhow::{Result, bail};

use crate::metadata::Package;
use crate::steps::Steps;
use table::{DRIVERS, Driver, FREE, LAYERS, OURS, TEST_ONLY};

/// Judge the workspace.
pub(crate) fn run(steps: &mut Steps<'_>) {
    steps.step("layers", "cargo xtask layers", |workspace| {
        let found = violations(&workspace.metadata().packages);
        for violation in &found {
            println!("{violation}");
        }
        report(&found, workspace.metadata().packages.len())
    });
}

fn report(found: &[String], packages: usize) -> Result<()> {
    if !found.is_empty() {
        bail!("{} of the rules of ARCHITECTURE.md broken", found.len());
    }
    println!("{packages} packages, all dependencies point inward");
    Ok(())
}

/// Everything in the graph that the table does not allow.
fn violations(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .flat_map(|package| [layer(package), drivers(package)].concat())
        .collect()
}

/// Whether the package asks only for our crates that lie further in.
fn layer(package: &Package) -> Vec<String> {
    if FREE.contains(&package.name.as_str()) {
        return Vec::new();
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
        return vec![format!(
            "{}: this package is in no row of the table: say in ARCHITECTURE.md what it may depend on and add a row to \
             xtask/src/layers/table.rs",
            package.name
        )];
    };
    let ours = |name: &str| name == OURS || name.starts_with(&format!("{OURS}-"));
    judged(package)
        .filter(|name| ours(name) && !allowed.contains(name))
        .map(|name| {
            if name == TEST_ONLY {
                format!("{} -> {name}: {name} is for tests: move it to [dev-dependencies]", package.name)
            } else {
                format!(
                    "{} -> {name}: not allowed, it may depend on {}: meet through a port in sangam-core, or put the two \
                     together in the facade `{OURS}`",
                    package.name,
                    if allowed.is_empty() { "none of our crates".to_owned() } else { allowed.join(", ") }
                )
            }
        })
        .collect()
}

/// Whether the package leaves the drivers to their owners.
fn drivers(package: &Package) -> Vec<String> {
    let free = FREE.contains(&package.name.as_str());
    let not_mine = |driver: &&Driver| !free && !driver.owners.contains(&package.name.as_str());
    DRIVERS
        .iter()
        .filter(not_mine)
        .filter(|driver| {
            package.dependencies.iter().any(|dependency| {
                dependency.kind.as_deref() != Some("dev")
                    && driver.packages.contains(&dependency.name.as_str())
                    && driver
                        .only_with
                        .is_none_or(|feature| dependency.features.iter().any(|its| its == feature))
            })
        })
        .map(|driver| {
            format!(
                "{} -> {}: {} belongs to {} alone: go through its port",
                package.name,
                driver.packages[0],
                driver.what,
                driver.owners.join(" and ")
            )
        })
        .collect()
}

/// The names a package asks for, leaving out what only its tests need.
fn judged(package: &Package) -> impl Iterator<Item = &str> {
    let asked = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    asked.map(|dependency| dependency.name.as_str())
}

#[cfg(test)]
mod tests;
