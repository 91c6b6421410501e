//! The load tool: the whole stack over the simulators, reads that all cost a call, and what the brokers counted of it.
//!
//! The stack is the one that ships, on a folder of its own; between it and each simulator lies a path that delays what is
//! sent and what is answered, each by its own draw, so that calls overtake each other. What is judged is judged where
//! it counts: violations by the simulators, waits and time by the clock of this process, outside the stack.

mod arrivals;
mod bound;
mod drive;
mod key;
mod path;
mod quota;
mod report;
mod settings;
mod sightings;
mod stack;
mod stop;

use anyhow::Result;

pub use quota::{Quota, QuotaError};
pub use report::{OrderCounts, Report, Waits, Worst};
pub use settings::{Anchor, BROKERS, Delay, Profile, Settings};

/// Runs a profile; `progress` hears how many reads have ended, after each.
///
/// # Errors
/// When the stack cannot be started or the settings cannot be: a run that shows violations or lost reads is none.
pub async fn run(settings: &Settings, progress: &(dyn Fn(u64) + Sync)) -> Result<Report> {
    let mut stack = stack::Stack::start(settings).await?;
    let mut servers = stack.take_servers();
    let run = drive::Run::new(settings, &stack);
    let (driven, orders, stopped) = match settings.profile {
        Profile::Steady | Profile::Burst => (drive::all(&run, progress).await, OrderCounts::default(), None),
        Profile::Failover => {
            let stop = stop::Stop::new(settings, &stack)?;
            let (driven, stopped) = tokio::join!(drive::all(&run, progress), stop.run(&run, &mut servers));
            let (orders, stopped) = stopped?;
            (driven, orders, stopped)
        }
    };
    let counted = stack.counted();
    stack.end().await;
    Ok(Report::of(settings, &driven, &counted, orders, stopped))
}
