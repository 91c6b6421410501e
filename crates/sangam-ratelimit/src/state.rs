//! Everything under the one lock of a budget: the scopes, and calls that were given up on. A call is charged to its whole
//! path or not at all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::nanos::Nanos;
use crate::plan::Plan;
use crate::refusal::{Refusal, Why};
use crate::rules::Anchor;
use crate::scope::{Full, Scope};
use crate::strain::BrokerRefusal;

/// Room for so many given-up calls is made before the first; more make it grow.
const LAPSES: usize = 1_024;
/// 292 years. Time stands still there, so that adding a window to it still tells earlier from later.
const TIME_MAX: Nanos = Nanos::new(u64::MAX / 2);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) scopes: Box<[Scope]>,
    pub(crate) paths: Box<[Box<[usize]>]>,
    anchored_at_send: bool,
    unanswered: Duration,
    /// The latest reading: time does not go back in here.
    latest: Nanos,
    /// Calls given up on, in the order in which they count as answered.
    lapses: VecDeque<Lapse>,
    /// When some quota is raised next.
    raise_at: Nanos,
    /// When anything happens by itself next: a lapse or a raise.
    due_at: Nanos,
    /// Room has come back earlier than any bound told: bounds are void, and those who wait must be looked at.
    pub(crate) freed: bool,
    #[cfg(feature = "async")]
    pub(crate) queue: crate::queue::Queue,
}

#[derive(Debug)]
struct Lapse {
    at: Nanos,
    scope: usize,
    weight: u32,
}

/// What kept a call out: the scopes without room, as a mask, and the one of them that lasts longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocked {
    pub(crate) mask: u32,
    pub(crate) scope: usize,
    pub(crate) full: Full,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> Self {
        let scopes = plan
            .scopes
            .iter()
            .map(|scope| Scope::new(scope, plan.reserve_percent));
        Self {
            scopes: scopes.collect(),
            paths: plan.scopes.iter().map(|scope| scope.path.clone()).collect(),
            anchored_at_send: matches!(plan.anchor, Anchor::Send { .. }),
            unanswered: plan.unanswered,
            latest: Nanos::ZERO,
            lapses: VecDeque::with_capacity(LAPSES),
            raise_at: Nanos::NEVER,
            due_at: Nanos::NEVER,
            freed: false,
            #[cfg(feature = "async")]
            queue: crate::queue::Queue::new(plan),
        }
    }

    /// Takes the time in: what was due by now happens. Returns the time to go by.
    #[inline]
    pub(crate) fn advance(&mut self, now: Nanos) -> Nanos {
        self.latest = self.latest.max(now.min(TIME_MAX));
        if self.due_at <= self.latest {
            self.happen();
        }
        self.latest
    }

    /// What was due by the latest reading.
    fn happen(&mut self) {
        while let Some(lapse) = self.lapses.pop_front_if(|lapse| lapse.at <= self.latest) {
            self.end(lapse.scope, lapse.weight, lapse.at);
        }
        if self.raise_at <= self.latest {
            for scope in &mut self.scopes {
                self.freed |= scope.recover(self.latest);
            }
            self.note_raise();
        }
        self.note_due();
    }

    /// Notes when something is due next.
    fn note_due(&mut self) {
        let lapse = self.lapses.front().map_or(Nanos::NEVER, |lapse| lapse.at);
        self.due_at = lapse.min(self.raise_at);
    }

    pub(crate) fn note_raise(&mut self) {
        let next = self.scopes.iter().map(|scope| scope.strain.raise_at).min();
        self.raise_at = next.unwrap_or(Nanos::NEVER);
        self.note_due();
    }

    /// Whether room has come back or somebody is to be woken.
    #[inline]
    pub(crate) fn wants_attention(&self) -> bool {
        #[cfg(feature = "async")]
        let told = self.queue.has_told();
        #[cfg(not(feature = "async"))]
        let told = false;
        self.freed || told
    }

    /// Whether a call fits all its windows whatever the time, as an earlier look found.
    #[inline]
    fn is_slack(&self, scope: usize, k: u32) -> bool {
        let mut at = scope;
        while k <= self.scopes[at].slack {
            match self.scopes[at].outer {
                Some(outer) => at = outer,
                None => return true,
            }
        }
        false
    }

    /// The same, and nobody waits for it.
    #[inline]
    pub(crate) fn is_certain(&self, scope: usize, k: u32) -> bool {
        #[cfg(feature = "async")]
        if !self.queue.is_empty() {
            return false;
        }
        self.is_slack(scope, k)
    }

    /// Whether a call fits. `sure` leaves those out of account that may still be given back.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        scope: usize,
        k: u32,
        privileged: bool,
        sure: bool,
        now: Nanos,
    ) -> Option<Blocked> {
        if self.is_slack(scope, k) {
            return None;
        }
        self.judge_each(scope, k, privileged, sure, now)
    }

    fn judge_each(
        &mut self,
        scope: usize,
        k: u32,
        privileged: bool,
        sure: bool,
        now: Nanos,
    ) -> Option<Blocked> {
        let mut blocked: Option<Blocked> = None;
        for &at in &self.paths[scope] {
            let counted = &mut self.scopes[at];
            let flying = if sure {
                counted.in_flight - counted.unsent
            } else {
                counted.in_flight
            };
            let Some(full) = counted.judge(flying, k, privileged, now) else {
                continue;
            };
            let mask = 1 << at | blocked.map_or(0, |blocked| blocked.mask);
            blocked = Some(match blocked {
                Some(worst) if worst.full.bound >= full.bound => Blocked { mask, ..worst },
                _ => Blocked {
                    mask,
                    scope: at,
                    full,
                },
            });
        }
        blocked
    }

    /// Lets a call in and charges it, or says what keeps it out.
    pub(crate) fn admit(
        &mut self,
        scope: usize,
        k: u32,
        privileged: bool,
        now: Nanos,
    ) -> Result<(), Blocked> {
        if let Some(blocked) = self.judge(scope, k, privileged, false, now) {
            return Err(blocked);
        }
        self.fly(scope, k);
        Ok(())
    }

    pub(crate) fn sent(&mut self, scope: usize, k: u32, now: Nanos) {
        for &at in &self.paths[scope] {
            self.scopes[at].unsent -= k;
        }
        if self.anchored_at_send {
            self.end(scope, k, now);
        }
    }

    /// Counts a call that was let in earlier, and is not sent yet.
    pub(crate) fn fly(&mut self, scope: usize, k: u32) {
        for &at in &self.paths[scope] {
            self.scopes[at].charge(k);
        }
    }

    /// Counts calls that were answered at an instant, and never seen here.
    pub(crate) fn carry(&mut self, scope: usize, k: u32, at: Nanos) {
        for &index in &self.paths[scope] {
            self.scopes[index].carry(at, k);
        }
    }

    /// How long a call that was given up on counts as in flight.
    pub(crate) fn unanswered(&self) -> Duration {
        self.unanswered
    }

    /// The most calls of a scope that its windows of at most `longest` let through in a time.
    pub(crate) fn most_within(&self, scope: usize, time: Duration, longest: Duration) -> u32 {
        let windows = self.paths[scope].iter().flat_map(|&at| self.scopes[at].windows());
        let short = windows.filter(|window| window.length <= longest);
        let most = short.map(|window| {
            let times = time.as_nanos().div_ceil(window.length.as_nanos().max(1));
            u32::try_from(u128::from(window.count) * times).unwrap_or(u32::MAX)
        });
        most.min().unwrap_or(0)
    }

    /// The broker refused a call of a scope for its rate.
    pub(crate) fn refused(
        &mut self,
        scope: usize,
        refusal: BrokerRefusal,
        now: Nanos,
        until_midnight: Option<Duration>,
    ) {
        for &at in &self.paths[scope] {
            self.scopes[at].refused(refusal, now, until_midnight);
        }
        self.note_raise();
    }

    /// The broker named the limit of a window.
    pub(crate) fn told(&mut self, scope: usize, length: Duration, limit: u32) {
        for &at in &self.paths[scope] {
            self.scopes[at].told(length, limit);
        }
    }

    /// A permit that was not used.
    pub(crate) fn given_back(&mut self, scope: usize, k: u32) {
        for &at in &self.paths[scope] {
            self.scopes[at].unsent -= k;
            self.scopes[at].in_flight -= k;
        }
        self.freed = true;
    }

    /// A permit that was said to be sent, of which it is proven that nothing left. Where windows are measured from the
    /// send, its stamp is there already and stays.
    pub(crate) fn not_sent(&mut self, scope: usize, k: u32) {
        if self.anchored_at_send {
            return;
        }
        for &at in &self.paths[scope] {
            self.scopes[at].in_flight -= k;
        }
        self.freed = true;
    }

    pub(crate) fn answered(&mut self, scope: usize, k: u32, now: Nanos) {
        if !self.anchored_at_send {
            self.end(scope, k, now);
        }
    }

    /// A call whose connection was aborted: it may still arrive, so it flies on for a while.
    pub(crate) fn given_up(&mut self, scope: usize, k: u32, now: Nanos) {
        if !self.anchored_at_send {
            self.lapses.push_back(Lapse {
                at: now.after(self.unanswered),
                scope,
                weight: k,
            });
            self.note_due();
        }
    }

    fn end(&mut self, scope: usize, k: u32, at: Nanos) {
        for &index in &self.paths[scope] {
            self.scopes[index].in_flight -= k;
            self.scopes[index].stamp(at, k);
        }
    }

    pub(crate) fn refusal(&mut self, blocked: &Blocked, privileged: bool, now: Nanos) -> Refusal {
        let scope = &mut self.scopes[blocked.scope];
        let (window, used, limit) = scope.fullness(blocked.full.window, privileged, now);
        let heavy = blocked.full.why == Why::TooHeavy;
        Refusal {
            scope: Arc::clone(&scope.name),
            window,
            used,
            limit,
            retry_after: if heavy {
                Duration::MAX
            } else {
                blocked.full.bound.since(now)
            },
            why: blocked.full.why,
        }
    }
}
