//! `vectors [DIR ...]`: runs wire vectors through the adapters, prints what differs and one line a broker, and ends
//! with a failure when anything differs. Without a folder it runs the vectors that ship with the project.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        folders.push(sangam_tests::vectors::fixtures());
    }
    let outcome = sangam_tests::vectors::run(&folders).and_then(|report| {
        write!(std::io::stdout().lock(), "{report}")?;
        Ok(report.failed())
    });
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // With nowhere left to write, the exit code still tells.
            let _ = writeln!(std::io::stderr().lock(), "vectors: {error:#}");
            ExitCode::FAILURE
        }
    }
}
