//! What a process knows of one account's pool: who waits, what ended, which windows are known to be full. No I/O and no
//! clock; the pool's tasks act on it.

mod known;
mod server_clock;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use sangam_core::ports::RateRefusal;
use sangam_core::{Monotonic, Priority};
use tokio::sync::oneshot;

use super::permit::PoolPermit;
use super::plan::{Plan, privileged};
use known::Known;
use server_clock::ServerClock;

use super::wire::{End, EndKind, Full, Heard, Verdict, Wish};

/// Calls under way at a time. One more than one, so that a call is being made while the other's answer travels.
const CALLS_MAX: u32 = 2;
/// Wishes of one call. What a call weighs bounds how long the server is busy with it.
const WISHES_MAX: usize = 128;
const WEIGHT_PER_CALL: u32 = 512;
/// Ends of one call, and ends kept while Redis is away; what does not fit expires there by itself.
const ENDS_PER_CALL: usize = 256;
const ENDS_MAX: usize = 8_192;
/// An end waits so long for a call to go along with.
const ENDS_WAIT: Duration = Duration::from_millis(1);

/// Whether the pool can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It answers.
    Joined,
    /// It does not; asked again then.
    Lost { until: Monotonic },
    /// Another process has our slot, or other settings: neither pool nor base may be used. Asked again then.
    Barred { until: Monotonic, problem: &'static str },
}

/// A wish to be asked for, or that is being asked for.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) place: Place,
    pub(super) scope: usize,
    pub(super) weight: u32,
    pub(super) deadline: Monotonic,
    pub(super) teller: oneshot::Sender<Result<PoolPermit, RateRefusal>>,
}

/// The order in which wishes are asked for.
pub(super) type Place = (Priority, u64);

/// A call to the script.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) number: u64,
    /// Which joining of the pool it belongs to: what goes wrong with an older one says nothing of the present.
    pub(super) joined: u64,
    pub(super) ends: Vec<End>,
    /// With the id each permit would have.
    pub(super) asks: Vec<(u64, Waiting)>,
}

impl Call {
    pub(super) fn wishes(&self) -> impl ExactSizeIterator<Item = Wish> + '_ {
        self.asks.iter().map(|(id, waiting)| Wish {
            id: *id,
            scope: waiting.scope,
            weight: waiting.weight,
            privileged: privileged(waiting.place.0),
        })
    }
}

#[derive(Debug)]
struct Alive {
    scope: usize,
    weight: u32,
    granted_at: Monotonic,
    renew_at: Monotonic,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) standing: Standing,
    waiting: BTreeMap<Place, Waiting>,
    /// Of those who wait, how many by scope and whether they may use the reserve.
    waiting_at: Vec<[usize; 2]>,
    calls: u32,
    ends: VecDeque<End>,
    ends_since: Monotonic,
    /// Whether the pool's task looks after the ends by itself, without being woken.
    pub(super) tended: bool,
    alive: HashMap<u64, Alive>,
    pub(super) renew_at: Monotonic,
    /// How full it was said to be.
    pub(super) known: Known,
    pub(super) server_clock: ServerClock,
    /// What the pool counted is not to be trusted, whatever it says.
    pub(super) must_begin: bool,
    next: u64,
    pub(super) granted: u64,
    pub(super) joined: u64,
}

impl State {
    pub(super) fn new(plan: &Plan) -> Self {
        let never = Monotonic::default();
        Self {
            standing: Standing::Lost { until: never },
            waiting: BTreeMap::new(),
            waiting_at: vec![[0; 2]; plan.scopes.len()],
            calls: 0,
            ends: VecDeque::new(),
            ends_since: never,
            tended: false,
            alive: HashMap::new(),
            renew_at: never,
            known: Known::new(plan),
            server_clock: ServerClock::default(),
            must_begin: false,
            next: 0,
            granted: 0,
            joined: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Whether a permit was granted less than so long ago.
    pub(super) fn fresh(&self, id: u64, within: Duration, now: Monotonic) -> bool {
        self.alive
            .get(&id)
            .is_some_and(|alive| now.since(alive.granted_at) <= within)
    }

    /// Whether no call is under way whose end would look for the next.
    pub(super) fn idle(&self) -> bool {
        self.calls == 0
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a place in the line.
    pub(super) fn enter(
        &mut self,
        priority: Priority,
        scope: usize,
        weight: u32,
        deadline: Monotonic,
        teller: oneshot::Sender<Result<PoolPermit, RateRefusal>>,
    ) -> Place {
        let place = (priority, self.number());
        self.put_back(Waiting {
            place,
            scope,
            weight,
            deadline,
            teller,
        });
        place
    }

    fn put_back(&mut self, waiting: Waiting) {
        self.waiting_at[waiting.scope][usize::from(privileged(waiting.place.0))] += 1;
        self.waiting.insert(waiting.place, waiting);
    }

    /// Gives a place up.
    pub(super) fn leave(&mut self, place: Place) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        self.waiting_at[waiting.scope][usize::from(privileged(place.0))] -= 1;
        Some(waiting)
    }

    /// When somebody who waits is worth asking for.
    pub(super) fn next_due(&self, plan: &Plan) -> Option<Monotonic> {
        let lines = self.waiting_at.iter().enumerate().flat_map(|(scope, counts)| {
            [false, true]
                .into_iter()
                .filter(|privileged| counts[usize::from(*privileged)] > 0)
                .map(move |privileged| (scope, privileged))
        });
        lines
            .map(|(scope, privileged)| self.known.due_at(plan, scope, privileged))
            .min()
    }

    /// The next call, if somebody may be asked for, or if ends have waited long enough.
    pub(super) fn next_call(&mut self, plan: &Plan, now: Monotonic) -> Option<Call> {
        if self.standing != Standing::Joined || self.calls >= CALLS_MAX {
            return None;
        }
        let ends_due = self.ends_due().is_some_and(|at| at <= now);
        let asks_due = self.next_due(plan).is_some_and(|at| at <= now);
        if !ends_due && !asks_due {
            return None;
        }
        let mut weight = 0;
        let mut places = Vec::new();
        if asks_due {
            for (place, waiting) in &self.waiting {
                if self.known.due_at(plan, waiting.scope, privileged(place.0)) > now {
                    continue;
                }
                weight += waiting.weight;
                if places.len() == WISHES_MAX || !places.is_empty() && weight > WEIGHT_PER_CALL {
                    break;
                }
                places.push(*place);
            }
        }
        let mut asks = Vec::with_capacity(places.len());
        for place in places {
            let waiting = self.leave(place).expect("it was there a moment ago");
            asks.push((self.number(), waiting));
        }
        let mut ends = Vec::with_capacity(self.ends.len().min(ENDS_PER_CALL));
        let mut weight = 0;
        while ends.len() < ENDS_PER_CALL
            && let Some(end) = self
                .ends
                .pop_front_if(|end| weight == 0 || weight + end.weight <= WEIGHT_PER_CALL)
        {
            weight += end.weight;
            ends.push(end);
        }
        self.calls += 1;
        Some(Call {
            number: self.number(),
            joined: self.joined,
            ends,
            asks,
        })
    }

    pub(super) fn ends_due(&self) -> Option<Monotonic> {
        (!self.ends.is_empty()).then(|| self.ends_since.after(ENDS_WAIT))
    }

    fn end(&mut self, end: End, now: Monotonic) {
        if self.ends.is_empty() {
            self.ends_since = now;
        }
        if self.ends.len() == ENDS_MAX {
            self.ends.pop_front();
        }
        self.ends.push_back(end);
    }

    /// A permit is over.
    pub(super) fn ended(&mut self, id: u64, kind: EndKind, now: Monotonic) {
        if let Some(alive) = self.alive.remove(&id) {
            let Alive { scope, weight, .. } = alive;
            self.end(
                End {
                    id,
                    scope,
                    weight,
                    kind,
                },
                now,
            );
        }
    }

    /// The broker refuses a scope.
    pub(super) fn shut(&mut self, plan: &Plan, scope: usize, length: Duration, now: Monotonic) {
        let id = super::settings::micros(length);
        self.end(
            End {
                id,
                scope,
                weight: 1,
                kind: EndKind::Shut,
            },
            now,
        );
        self.known.shut(plan, scope, now.after(length));
    }

    /// Lets the pool know of permits that live longer than a third of their lease.
    pub(super) fn renew(&mut self, every: Duration, now: Monotonic) {
        let mut old = Vec::new();
        for (id, alive) in &mut self.alive {
            if alive.renew_at <= now {
                alive.renew_at = now.after(every);
                old.push(End {
                    id: *id,
                    scope: alive.scope,
                    weight: alive.weight,
                    kind: EndKind::Renewed,
                });
            }
        }
        for end in old {
            self.end(end, now);
        }
        self.renew_at = now.after(every / 4);
    }

    /// A call that came to nothing: those who asked wait on, nothing it may have been granted is used, and what it said of
    /// ends is said again.
    pub(super) fn failed(&mut self, call: Call, now: Monotonic) {
        self.calls -= 1;
        if self.ends.is_empty() {
            self.ends_since = now;
        }
        for end in call.ends.into_iter().rev() {
            if self.ends.len() < ENDS_MAX {
                self.ends.push_front(end);
            }
        }
        for (id, waiting) in call.asks {
            let Waiting { scope, weight, .. } = waiting;
            self.end(
                End {
                    id,
                    scope,
                    weight,
                    kind: EndKind::Back,
                },
                now,
            );
            if !waiting.teller.is_closed() {
                self.put_back(waiting);
            }
        }
    }

    /// The pool is out of reach until then at least.
    pub(super) fn lost(&mut self, until: Monotonic) {
        match &mut self.standing {
            Standing::Joined => self.standing = Standing::Lost { until },
            Standing::Lost { until: known } | Standing::Barred { until: known, .. } => {
                *known = until.max(*known)
            }
        }
    }

    /// A call was answered: takes the figures in and says who is granted which permit; the others wait on, or are refused.
    pub(super) fn heard(
        &mut self,
        plan: &Plan,
        call: Call,
        heard: &Heard,
        renew_after: Duration,
        now: Monotonic,
    ) -> Told {
        self.calls -= 1;
        self.known.told(heard, now);
        let mut told = Told::default();
        for ((id, waiting), verdict) in call.asks.into_iter().zip(&heard.verdicts) {
            match verdict {
                Verdict::Granted => {
                    let Waiting {
                        scope,
                        weight,
                        teller,
                        ..
                    } = waiting;
                    let alive = Alive {
                        scope,
                        weight,
                        granted_at: now,
                        renew_at: now.after(renew_after),
                    };
                    self.alive.insert(id, alive);
                    self.granted += 1;
                    told.granted.push((id, teller));
                }
                Verdict::Refused(full) => {
                    self.known.full(full, privileged(waiting.place.0), now);
                    if now.after(full.wait) > waiting.deadline {
                        told.refused.push((waiting.teller, refusal(plan, full)));
                    } else if !waiting.teller.is_closed() {
                        self.put_back(waiting);
                    }
                }
            }
        }
        told
    }

    /// Forgets what windows are full: a pool that was lost is asked afresh.
    pub(super) fn rejoined(&mut self) {
        self.standing = Standing::Joined;
        self.joined += 1;
        self.known.forget_bounds();
    }
}

/// Whom to tell, once the lock is free.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) granted: Vec<(u64, oneshot::Sender<Result<PoolPermit, RateRefusal>>)>,
    pub(super) refused: Vec<(oneshot::Sender<Result<PoolPermit, RateRefusal>>, RateRefusal)>,
}

fn refusal(plan: &Plan, full: &Full) -> RateRefusal {
    RateRefusal {
        window: plan.window_name(full.scope, full.window),
        used: full.used,
        limit: full.limit,
        retry_after: full.wait,
    }
}

#[cfg(test)]
mod tests;
