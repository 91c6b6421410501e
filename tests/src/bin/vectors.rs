//! `vectors [DIR ...]`: runs wire vectors through the adapters, prints what differs and one line a broker, and ends
//! with a failure when anything differs. Without a folder it runs the vectors that ship with the project.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        folders.push(sangam_tests::vectors::fixtures());
    }
    let report = sangam_tests::vectors::run(&folders)?;
    write!(std::io::stdout().lock(), "{report}")?;
    Ok(if report.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
