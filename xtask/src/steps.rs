//! Steps: each has a heading, a verdict and the command that repeats just it; at the end comes one summary.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

use crate::screen;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The steps of this run so far.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    pub(crate) workspace: &'a Workspace,
    started: Instant,
    done: Vec<Done>,
    tally: Option<Tally>,
}

#[derive(Debug)]
struct Done {
    name: &'static str,
    again: String,
    time: Duration,
    failure: Option<Error>,
}

impl<'a> Steps<'a> {
    /// No step done yet.
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            started: Instant::now(),
            done: Vec::new(),
            tally: None,
        }
    }

    /// Do a step. A failure is kept for the summary and the next step goes on; `again` is the command that repeats it.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        again: impl Into<String>,
        work: impl FnOnce(&Workspace) -> Result<()>,
    ) {
        screen::heading(name);
        let started = Instant::now();
        let failure = work(self.workspace).err();
        let time = started.elapsed();
        if let Some(error) = &failure {
            println!("{} {name}: {error:#}", screen::red("failed:"));
        }
        self.done.push(Done {
            name,
            again: again.into(),
            time,
            failure,
        });
    }

    /// Do a step that counts tests. It also fails when tests failed, were left out, or none ran.
    pub(crate) fn counted(
        &mut self,
        name: &'static str,
        again: impl Into<String>,
        work: impl FnOnce(&Workspace, &mut Tally) -> Result<()>,
    ) {
        let mut tally = Tally::default();
        self.step(name, again, |workspace| {
            let outcome = work(workspace, &mut tally).and_then(|()| judge(tally));
            // A runner that dies without telling what failed must not leave a total that reads as success.
            if outcome.is_err() && tally.failed == 0 {
                tally.failed = 1;
            }
            outcome
        });
        *self.tally.get_or_insert_default() += tally;
    }

    /// Print the summary. The last line of a run that counted tests is the plain total.
    pub(crate) fn finish(self) -> ExitCode {
        let failed = self.done.iter().filter(|step| step.failure.is_some()).count();
        println!();
        for step in &self.done {
            let verdict = if step.failure.is_some() {
                screen::red("FAILED")
            } else {
                screen::green("ok    ")
            };
            println!(
                "{verdict} {:<24} {:>9}",
                step.name,
                screen::spent(step.time).to_string()
            );
        }
        for step in self.done.iter().filter(|step| step.failure.is_some()) {
            println!(
                "{} failed; to run just that: {}",
                screen::red(step.name),
                step.again
            );
        }
        let time = screen::spent(self.started.elapsed());
        let steps = self.done.len();
        let plural = if steps == 1 { "step" } else { "steps" };
        if failed == 0 {
            println!("{} {steps} {plural} in {time}", screen::green("all well:"));
        } else {
            println!(
                "{} {failed} of {steps} {plural} in {time}",
                screen::red("failed:")
            );
        }
        if let Some(tally) = self.tally {
            println!("{} passed, {} failed", tally.passed, tally.failed);
        }
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn judge(tally: Tally) -> Result<()> {
    anyhow::ensure!(
        tally.failed == 0,
        "{} of {} failed",
        tally.failed,
        tally.passed + tally.failed
    );
    anyhow::ensure!(
        tally.ignored == 0,
        "{} left out by `ignore`: a test runs or goes; mark examples that cannot run `no_run` or `text`",
        tally.ignored
    );
    anyhow::ensure!(tally.ran(), "no test ran");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Tally, judge};

    #[test]
    fn a_run_is_good_only_if_something_ran_and_all_of_it_passed() {
        let tally = |passed, failed, ignored| Tally {
            passed,
            failed,
            ignored,
        };
        assert!(judge(tally(1, 0, 0)).is_ok());
        for bad in [tally(0, 0, 0), tally(5, 1, 0), tally(5, 0, 1)] {
            assert!(judge(bad).is_err(), "{bad:?}");
        }
    }
}
