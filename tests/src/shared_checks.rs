//! Checks against masters and traces that lie beside the project and are not part of it, because they have no clear
//! licence.

mod arrivals;
mod files;
mod joined;
mod mapping;
mod spellings;

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sangam_core::timestamp::Date;
use sangam_instruments::{BuildReport, Master, Source, Table};

pub use arrivals::arrivals;
pub use files::files;
pub use joined::joined;
pub use mapping::mapping;
pub use spellings::spellings;

/// The folder with the reference data.
///
/// # Errors
/// When it is missing, as in a clone.
pub fn shared_dir() -> Result<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    let dir = project.parent().unwrap_or(Path::new("..")).join("shared");
    ensure!(
        dir.join("data/instruments/mapping.csv").is_file(),
        "the folder `shared` with the brokers' masters is missing beside the project ({}); they have no clear licence, so \
         a clone does not have them, and everything else is tested by `cargo xtask test`",
        dir.display()
    );
    Ok(dir)
}

/// Checks passed and failed.
#[derive(Debug, Default)]
pub struct Tally {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
}

impl Tally {
    /// Counts one check and prints it.
    #[expect(clippy::print_stdout, reason = "a report for the person who ran it")]
    pub fn check(&mut self, held: bool, what: impl Display) {
        if held {
            self.passed += 1;
            println!("pass  {what}");
        } else {
            self.failed += 1;
            println!("FAIL  {what}");
        }
    }

    /// Counts many checks of one kind and prints one line, with the first few that failed.
    pub fn many(&mut self, what: &str, passed: u64, failures: &[String]) {
        let failed = failures.len();
        let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
        let line = format!("{what}: {passed} rows hold, {failed} do not {shown}");
        self.check(failures.is_empty() && passed > 0, line);
    }
}

/// The bytes of one master.
pub(crate) fn bytes(folder: &Path, path: &str) -> Result<Vec<u8>> {
    fs::read(folder.join(path)).with_context(|| format!("cannot read {path} in {}", folder.display()))
}

/// Reads one master.
pub(crate) fn master(folder: &Path, path: &str) -> Result<Master> {
    Ok(Master::read(&Source::new(path, &bytes(folder, path)?))?)
}

/// The table of some masters, dated by the first one's folder.
pub(crate) fn table(folder: &Path, paths: &[&str]) -> Result<(Table, BuildReport)> {
    let masters: Vec<Master> = paths
        .iter()
        .map(|path| master(folder, path))
        .collect::<Result<_>>()?;
    let date = paths
        .iter()
        .find_map(|path| path.split('/').find_map(|part| part.parse::<Date>().ok()))
        .unwrap_or(Date::constant(2026, 1, 1));
    Ok(Table::build(date, &masters)?)
}

/// The rows of a CSV master as texts.
pub(crate) fn raw_rows(folder: &Path, path: &str) -> Result<Vec<csv::StringRecord>> {
    let bytes = bytes(folder, path)?;
    let reader: Box<dyn std::io::Read> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::read::MultiGzDecoder::new(std::io::Cursor::new(bytes)))
    } else {
        Box::new(std::io::Cursor::new(bytes))
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(reader);
    Ok(reader.records().collect::<Result<_, _>>()?)
}
