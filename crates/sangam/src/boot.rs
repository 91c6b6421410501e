//! This start of this machine: its name, and the time since. What an earlier process wrote down can be compared with ours
//! only within one.

use std::time::Duration;

/// The name of this start; empty where the system tells none, which is never the same as another.
pub(crate) fn id() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    told.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// The time since, on the clock that `Instant` reads: it stands while the machine sleeps.
pub(crate) fn elapsed() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_machine_was_started_once_and_some_time_ago() {
        assert_eq!(super::id(), super::id());
        assert!(!super::id().is_empty(), "Linux tells it");
        let first = super::elapsed();
        assert!(!first.is_zero() && super::elapsed() >= first);
    }
}
