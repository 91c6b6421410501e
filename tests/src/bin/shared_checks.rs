//! `cargo xtask shared-checks`: what the masters beside the project say, against what the table makes of them; and how the forecast
//! does on the traces there.

#![expect(clippy::print_stdout, reason = "a report for the person who ran it")]

use std::process::ExitCode;

use sangam_tests::shared_checks;

fn main() -> anyhow::Result<ExitCode> {
    let shared = shared_checks::shared_dir()?;
    let folder = shared.join("data/instruments");
    let mut tally = shared_checks::Tally::default();
    shared_checks::files(&folder, &mut tally)?;
    shared_checks::spellings(&folder, &mut tally)?;
    shared_checks::mapping(&folder, &mut tally)?;
    shared_checks::joined(&folder, &mut tally)?;
    shared_checks::arrivals(&shared.join("data/arrivals"), &mut tally)?;
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
