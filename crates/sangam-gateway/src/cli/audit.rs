//! `sangam audit`: the audit log checked, exported, pruned and looked at, on the configured books with a gateway running or
//! not. What is right is for the books to say; here is what people see of it.

mod export;
mod prune;
mod show;
mod verify;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use sangam::audit::AuditProgress;

use super::args::{Audit, Common};

/// Runs one of the commands.
pub(crate) async fn run(common: &Common, command: Audit) -> Result<()> {
    match command {
        Audit::Verify(args) => verify::run(common, &args).await,
        Audit::Export(args) => export::run(common, &args).await,
        Audit::Prune(args) => prune::run(common, &args).await,
        Audit::Log(args) => show::log(common, &args).await,
        Audit::Roots => show::roots(common).await,
    }
}

/// A bar over entries, for people; gone when it is finished.
struct Bar(ProgressBar);

impl Bar {
    fn of_entries(common: &Common, doing: &'static str) -> Result<Self> {
        Self::with(common, doing, "{msg} {bar:30} {pos}/{len} entries {elapsed}")
    }

    fn of_bytes(common: &Common, doing: &'static str) -> Result<Self> {
        Self::with(common, doing, "{msg} {bar:30} {bytes}/{total_bytes} {elapsed}")
    }

    fn with(common: &Common, doing: &'static str, template: &str) -> Result<Self> {
        if common.json {
            return Ok(Self(ProgressBar::hidden()));
        }
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(template)?);
        bar.set_message(doing);
        Ok(Self(bar))
    }

    fn hear(&self, progress: AuditProgress) {
        self.0.set_length(progress.of);
        self.0.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// So many of something, in words.
fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
