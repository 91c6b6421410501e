//! What the broker's own refusals teach: when to come back, that the configured quota is too high, and how near the day
//! block is. A refusal means that the broker counts otherwise than we thought, so the quota in use is lowered at once
//! and raised again slowly.

use std::time::Duration;

use crate::nanos::{Nanos, ns};

/// What is left of the quota in use after a refusal, in thousandths.
const LOWERED_TO: u32 = 800;
/// It is never lowered further than this.
const PERMILLE_MIN: u32 = 250;
/// How much is given back at a time, in thousandths of the configured quota.
const RAISED_BY: u32 = 50;
/// How often something is given back.
const RAISED_EVERY_NS: u64 = 600_000_000_000;
/// A broker that says to come back next week is not believed.
const BLOCK_MAX: Duration = Duration::from_secs(86_400);
const DAY: Duration = Duration::from_secs(86_400);
const MINUTE_NS: u64 = 60_000_000_000;

/// A call that the broker refused for its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BrokerRefusal {
    /// When to come back, as the broker said.
    pub retry_after: Option<Duration>,
    /// The length of the window that was full, where the broker named it. Without it, the refusal counts as a breached
    /// minute where those are counted.
    pub window: Option<Duration>,
    /// How many calls that window takes, as the broker said: a window of that length never takes more from then on.
    pub limit: Option<u32>,
}

/// The state of one scope that comes from refusals.
#[derive(Debug)]
pub(crate) struct Strain {
    pub(crate) refusals: u64,
    pub(crate) permille: u32,
    /// When the quota in use is raised next; never when it is whole.
    pub(crate) raise_at: Nanos,
    pub(crate) blocked_until: Nanos,
    pub(crate) closed_until: Nanos,
    breaches_max: Option<u32>,
    breaches: u32,
    day_ends: Nanos,
    last_minute: Option<u64>,
}

impl Strain {
    pub(crate) fn new(breaches_max: Option<u32>) -> Self {
        Self {
            refusals: 0,
            permille: 1_000,
            raise_at: Nanos::NEVER,
            blocked_until: Nanos::ZERO,
            closed_until: Nanos::ZERO,
            breaches_max,
            breaches: 0,
            day_ends: Nanos::ZERO,
            last_minute: None,
        }
    }

    /// Takes note of a refusal. `block` is for how long to stay away where the broker did not say. Calls that were on
    /// their way when the first was refused are refused too: they lower the quota no further.
    pub(crate) fn refused(
        &mut self,
        refusal: BrokerRefusal,
        block: Duration,
        now: Nanos,
        until_midnight: Option<Duration>,
    ) {
        self.refusals += 1;
        if now >= self.blocked_until {
            self.permille = (self.permille * LOWERED_TO / 1_000).max(PERMILLE_MIN);
            self.raise_at = now.plus(RAISED_EVERY_NS);
        }
        let block = refusal.retry_after.unwrap_or(block).min(BLOCK_MAX);
        self.blocked_until = self.blocked_until.max(now.after(block));
        let minute_window = refusal
            .window
            .is_none_or(|window| window == Duration::from_secs(60));
        if let Some(max) = self.breaches_max
            && minute_window
        {
            self.breach(max, now, until_midnight);
        }
    }

    fn breach(&mut self, max: u32, now: Nanos, until_midnight: Option<Duration>) {
        if now >= self.day_ends {
            self.day_ends = now.after(until_midnight.unwrap_or(DAY));
            self.breaches = 0;
            self.last_minute = None;
        }
        // Midnight is a whole number of minutes away from the start of every minute of the broker's clock.
        let minute = until_midnight.map_or(now.get() / MINUTE_NS, |left| {
            ns(left).saturating_sub(1) / MINUTE_NS
        });
        if self.last_minute == Some(minute) {
            return;
        }
        self.last_minute = Some(minute);
        self.breaches += 1;
        if self.breaches >= max {
            self.closed_until = self.day_ends;
        }
    }

    /// Gives back what is due; true if the quota in use rose.
    pub(crate) fn recover(&mut self, now: Nanos) -> bool {
        let before = self.permille;
        while self.permille < 1_000 && self.raise_at <= now {
            self.permille = (self.permille + RAISED_BY).min(1_000);
            self.raise_at = if self.permille == 1_000 {
                Nanos::NEVER
            } else {
                self.raise_at.plus(RAISED_EVERY_NS)
            };
        }
        self.permille > before
    }

    pub(crate) fn breaches_today(&self, now: Nanos) -> u32 {
        if now < self.day_ends { self.breaches } else { 0 }
    }
}
