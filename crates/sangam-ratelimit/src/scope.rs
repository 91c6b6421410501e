//! The counters of one scope and the rule: a call of weight k is let in if, for every window, those in flight, those
//! answered within the window and k are together at most the window's count.

use std::sync::Arc;
use std::time::Duration;

use crate::buckets::Buckets;
use crate::nanos::Nanos;
use crate::plan::PlannedScope;
use crate::refusal::Why;
use crate::ring::Ring;
use crate::rules::Window;
use crate::strain::{BrokerRefusal, Strain};
use crate::usage::{ScopeUse, WindowUse};

/// Windows of at most so many calls keep a stamp for each; larger ones count by slices.
const STAMPS_MAX: u32 = 2_048;
/// A look at the windows goes no further ahead than this.
const AHEAD_MAX: u32 = 16;
const MINUTE: Duration = Duration::from_secs(60);

/// Who goes first. Earlier variants go first; within one, who came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Exits and cancels. May use the reserve.
    Protective,
    /// Finding out what became of an order. May use the reserve.
    Reconcile,
    /// New orders and changes of orders.
    Order,
    /// Everything else.
    Read,
}

impl Priority {
    /// Whether it may use the reserve.
    #[must_use]
    pub fn uses_reserve(self) -> bool {
        matches!(self, Self::Protective | Self::Reconcile)
    }
}

/// Why a scope has no room: the window that lasts longest, and until when at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Full {
    pub(crate) window: usize,
    pub(crate) bound: Nanos,
    pub(crate) why: Why,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: Arc<str>,
    windows: Box<[Counted]>,
    ring: Ring,
    /// Calls let in that are neither answered nor given back.
    pub(crate) in_flight: u32,
    /// Of those, calls that have not been sent yet and may still be given back.
    pub(crate) unsent: u32,
    pub(crate) strain: Strain,
    reserve_percent: u8,
    /// The latest of its windows' own.
    unknown_until: Nanos,
    /// So much more weight certainly fits, for every caller: what fills a window is charged first, and time only empties
    /// it. Nought says nothing.
    pub(crate) slack: u32,
    /// How far ahead a look at the windows goes, so that the next ones need none.
    ahead: u32,
    /// The scope around it.
    pub(crate) outer: Option<usize>,
}

#[derive(Debug)]
struct Counted {
    window: Window,
    held_ns: u64,
    /// The most it takes: its count, or less if the broker said so.
    most: u32,
    /// The count in use.
    working: u32,
    /// Of that, what is kept for exits, cancels and reconciliation.
    reserve: u32,
    slices: Option<Buckets>,
    /// Until then calls may count in it that nobody knows of.
    unknown_until: Nanos,
}

impl Counted {
    fn limit(&self, privileged: bool, closed: bool) -> u32 {
        match (privileged, closed) {
            (true, false) => self.working,
            (true, true) => self.reserve.max(1),
            (false, _) => self.working - self.reserve,
        }
    }
}

/// The part of a limit that is kept: its share, but one call at least and never all.
fn reserve(limit: u32, percent: u8) -> u32 {
    if percent == 0 || limit < 2 {
        return 0;
    }
    let share = u64::from(limit) * u64::from(percent) / 100;
    u32::try_from(share).unwrap_or(limit).clamp(1, limit - 1)
}

impl Scope {
    pub(crate) fn new(planned: &PlannedScope, reserve_percent: u8) -> Self {
        let stamped = |window: &Window| window.count <= STAMPS_MAX;
        let counted = |(window, held_ns): &(Window, u64)| Counted {
            window: *window,
            held_ns: *held_ns,
            most: window.count,
            working: window.count,
            reserve: reserve(window.count, reserve_percent),
            slices: (!stamped(window)).then(|| Buckets::new(*held_ns)),
            unknown_until: Nanos::ZERO,
        };
        let stamps = planned
            .windows
            .iter()
            .map(|(window, _)| window)
            .filter(|w| stamped(w));
        Self {
            name: Arc::clone(&planned.name),
            windows: planned.windows.iter().map(counted).collect(),
            ring: Ring::new(stamps.map(|window| window.count).max().unwrap_or(0)),
            in_flight: 0,
            unsent: 0,
            strain: Strain::new(planned.minute_breaches_max),
            reserve_percent,
            unknown_until: Nanos::ZERO,
            slack: 0,
            ahead: (planned
                .windows
                .iter()
                .map(|(window, _)| window.count)
                .min()
                .unwrap_or(0)
                / 4)
            .min(AHEAD_MAX),
            outer: planned.path.get(1).copied(),
        }
    }

    /// None if a call of weight `k` fits beside `flying` others.
    #[inline]
    pub(crate) fn judge(&mut self, flying: u32, k: u32, privileged: bool, now: Nanos) -> Option<Full> {
        if k <= self.slack {
            return None;
        }
        let full = self.sweep(flying, k, privileged, now);
        if full.is_none() && !privileged && flying == self.in_flight {
            let ahead = k.saturating_add(self.ahead);
            if self.fits(flying, ahead, now) {
                self.slack = ahead;
            }
        }
        full
    }

    /// Whether an ordinary call of that weight fits: the answer of `sweep`, without its reasons.
    fn fits(&mut self, flying: u32, k: u32, now: Nanos) -> bool {
        let strain = &self.strain;
        if now
            < strain
                .closed_until
                .max(strain.blocked_until)
                .max(self.unknown_until)
        {
            return false;
        }
        let ring = &self.ring;
        self.windows.iter_mut().all(|counted| {
            let limit = counted.working - counted.reserve;
            let Some(room) = limit.checked_sub(flying).filter(|room| *room >= k) else {
                return false;
            };
            match &mut counted.slices {
                Some(slices) => slices.held(now) + u64::from(k) <= u64::from(room),
                None => ring
                    .nth_last(room - k + 1)
                    .is_none_or(|stamp| stamp.plus(counted.held_ns) <= now),
            }
        })
    }

    /// A call is charged.
    #[inline]
    pub(crate) fn charge(&mut self, k: u32) {
        self.in_flight += k;
        self.unsent += k;
        self.slack = self.slack.saturating_sub(k);
    }

    /// Counts calls that were never charged.
    pub(crate) fn carry(&mut self, at: Nanos, k: u32) {
        self.slack = 0;
        self.stamp(at, k);
    }

    /// Looks at every window.
    fn sweep(&mut self, flying: u32, k: u32, privileged: bool, now: Nanos) -> Option<Full> {
        let closed = now < self.strain.closed_until;
        let mut worst = self.barred(privileged, closed, now);
        let unknown = now < self.unknown_until;
        let mut change = self.strain.raise_at;
        if closed {
            change = change.min(self.strain.closed_until);
        }
        for (at, counted) in self.windows.iter_mut().enumerate() {
            if unknown && now < counted.unknown_until {
                let full = Full {
                    window: at,
                    bound: counted.unknown_until,
                    why: Why::Unknown,
                };
                if worst.is_none_or(|worst| worst.bound < full.bound) {
                    worst = Some(full);
                }
                continue;
            }
            let limit = counted.limit(privileged, closed);
            let bound = if k > limit {
                // Not before the limit itself changes.
                Nanos::NEVER
            } else if u64::from(flying) + u64::from(k) > u64::from(limit) {
                // Those in flight must be answered first, and then be held.
                now.plus(counted.held_ns)
            } else if let Some(slices) = &mut counted.slices {
                let used = slices.held(now) + u64::from(flying) + u64::from(k);
                if used <= u64::from(limit) {
                    continue;
                }
                slices.leaves(used - u64::from(limit))
            } else {
                match self.ring.nth_last(limit - flying - k + 1) {
                    Some(stamp) if stamp.plus(counted.held_ns) > now => stamp.plus(counted.held_ns),
                    _ => continue,
                }
            };
            let largest = counted.most;
            let configured = if privileged {
                largest
            } else {
                largest - reserve(largest, self.reserve_percent)
            };
            let full = if k > configured {
                Full {
                    window: at,
                    bound: Nanos::NEVER,
                    why: Why::TooHeavy,
                }
            } else {
                Full {
                    window: at,
                    bound: bound.min(change),
                    why: Why::Full,
                }
            };
            if worst.is_none_or(|worst| worst.bound < full.bound) {
                worst = Some(full);
            }
        }
        worst
    }

    fn barred(&self, privileged: bool, closed: bool, now: Nanos) -> Option<Full> {
        if now < self.strain.blocked_until {
            return Some(Full {
                window: 0,
                bound: self.strain.blocked_until,
                why: Why::Blocked,
            });
        }
        (closed && !privileged).then_some(Full {
            window: 0,
            bound: self.strain.closed_until,
            why: Why::DayClosed,
        })
    }

    /// Adds an answer (or a send, where windows are measured from there).
    pub(crate) fn stamp(&mut self, at: Nanos, k: u32) {
        self.ring.push(at, k);
        for counted in &mut self.windows {
            if let Some(slices) = &mut counted.slices {
                slices.add(at, k);
            }
        }
    }

    /// The window itself, how full it is, and what it gives to such a caller.
    pub(crate) fn fullness(&mut self, window: usize, privileged: bool, now: Nanos) -> (Window, u32, u32) {
        let closed = now < self.strain.closed_until;
        let counted = &mut self.windows[window];
        let held = match &mut counted.slices {
            Some(slices) => u32::try_from(slices.held(now)).unwrap_or(u32::MAX),
            None => self.ring.held(counted.held_ns, now).min(counted.window.count),
        };
        let limit = if closed && !privileged {
            0
        } else {
            counted.limit(privileged, closed)
        };
        (counted.window, held.saturating_add(self.in_flight), limit)
    }

    /// The fullest window's use, in thousandths of the count in use; at least 1,000 while shut.
    pub(crate) fn fullness_permille(&mut self, now: Nanos) -> u32 {
        let strain = &self.strain;
        let shut = now
            < strain
                .closed_until
                .max(strain.blocked_until)
                .max(self.unknown_until);
        let mut fullest = if shut { 1_000 } else { 0 };
        for counted in &mut self.windows {
            let held = match &mut counted.slices {
                Some(slices) => slices.held(now),
                None => u64::from(self.ring.held(counted.held_ns, now).min(counted.window.count)),
            };
            let permille = (held + u64::from(self.in_flight)) * 1_000 / u64::from(counted.working);
            fullest = fullest.max(u32::try_from(permille).unwrap_or(u32::MAX));
        }
        fullest
    }

    pub(crate) fn refused(&mut self, refusal: BrokerRefusal, now: Nanos, until_midnight: Option<Duration>) {
        let block = refusal.window.unwrap_or_else(|| self.fullest_short(now));
        if let (Some(length), Some(limit)) = (refusal.window, refusal.limit) {
            self.told(length, limit);
        }
        self.strain.refused(refusal, block, now, until_midnight);
        self.use_permille();
    }

    /// The broker named the limit of a window: it is believed, downwards.
    pub(crate) fn told(&mut self, length: Duration, limit: u32) {
        for counted in self.windows.iter_mut().filter(|c| c.window.length == length) {
            counted.most = counted.most.min(limit.max(1));
        }
        self.use_permille();
    }

    /// Its windows as configured.
    pub(crate) fn windows(&self) -> impl Iterator<Item = Window> {
        self.windows.iter().map(|counted| counted.window)
    }

    /// What was called before `at` is not known: windows up to `longest` are shut until a call that was in flight then has
    /// left them, longer ones until `long_until`.
    pub(crate) fn shut(&mut self, at: Nanos, flight_ns: u64, long_until: Nanos, longest: Duration) {
        self.slack = 0;
        for counted in &mut self.windows {
            let until = if counted.window.length <= longest {
                at.plus(flight_ns).plus(counted.held_ns)
            } else {
                long_until
            };
            counted.unknown_until = counted.unknown_until.max(until);
            self.unknown_until = self.unknown_until.max(until);
        }
    }

    /// How long until every window is open again.
    pub(crate) fn shut_for(&self, now: Nanos) -> Duration {
        self.unknown_until.since(now)
    }

    /// Gives back quota that is due; true if there is more than before.
    pub(crate) fn recover(&mut self, now: Nanos) -> bool {
        let raised = self.strain.recover(now);
        if raised {
            self.use_permille();
        }
        raised
    }

    /// The fullest window of at most a minute: the one a broker that names none most likely means.
    fn fullest_short(&mut self, now: Nanos) -> Duration {
        let mut fullest = (0, self.windows[0].window.length);
        for at in 0..self.windows.len() {
            let (window, used, _) = self.fullness(at, true, now);
            let permille = u64::from(used) * 1_000 / u64::from(window.count);
            if window.length <= MINUTE && permille > fullest.0 {
                fullest = (permille, window.length);
            }
        }
        fullest.1
    }

    fn use_permille(&mut self) {
        self.slack = 0;
        for counted in &mut self.windows {
            let working = u64::from(counted.most) * u64::from(self.strain.permille) / 1_000;
            counted.working = u32::try_from(working).unwrap_or(u32::MAX).max(1);
            counted.reserve = reserve(counted.working, self.reserve_percent);
        }
    }

    pub(crate) fn usage(&mut self, now: Nanos) -> ScopeUse {
        let windows = (0..self.windows.len()).map(|at| {
            let (window, used, _) = self.fullness(at, true, now);
            let counted = &self.windows[at];
            WindowUse {
                window,
                used,
                limit: counted.working,
                reserve: counted.reserve,
            }
        });
        let windows = windows.collect();
        let left = |until: Nanos| (now < until).then(|| until.since(now));
        ScopeUse {
            scope: Arc::clone(&self.name),
            windows,
            in_flight: self.in_flight,
            broker_refusals: self.strain.refusals,
            minute_breaches: self.strain.breaches_today(now),
            working_permille: self.strain.permille,
            blocked_for: left(self.strain.blocked_until),
            closed_for: left(self.strain.closed_until),
            unknown_for: left(self.unknown_until),
        }
    }
}
