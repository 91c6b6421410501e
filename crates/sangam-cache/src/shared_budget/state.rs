//! What a process knows of one account's pool: who waits, what ended, which windows are known to be full. No I/O and no
//! clock; the pool's tasks act on it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use sangam_core::ports::RateRefusal;
use sangam_core::{Monotonic, Priority};
use tokio::sync::oneshot;

use super::permit::PoolPermit;
use super::plan::{Plan, privileged};
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
    /// By scope, for those who may not and those who may use the reserve: not asked for before.
    not_before: Vec<[Monotonic; 2]>,
    /// By scope and window, what was used when it was last told, and when that was.
    told: Vec<Vec<(u32, Monotonic)>>,
    /// The server's time less ours, between these, in microseconds; and when that was.
    offset: Option<(i64, i64, Monotonic)>,
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
            not_before: vec![[never; 2]; plan.scopes.len()],
            told: plan
                .scopes
                .iter()
                .map(|scope| vec![(0, never); scope.windows.len()])
                .collect(),
            offset: None,
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

    /// When a scope is worth asking for.
    pub(super) fn due_at(&self, plan: &Plan, scope: usize, privileged: bool) -> Monotonic {
        let path = plan.scopes[scope].path.iter();
        path.map(|at| self.not_before[*at][usize::from(privileged)])
            .max()
            .unwrap_or_default()
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
            .map(|(scope, privileged)| self.due_at(plan, scope, privileged))
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
                if self.due_at(plan, waiting.scope, privileged(place.0)) > now {
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
        for at in &plan.scopes[scope].path {
            for bound in &mut self.not_before[*at] {
                *bound = (*bound).max(now.after(length));
            }
        }
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

    /// Whether the server's clock went on as ours did since the last answer. It decides what is in a window; had it jumped
    /// ahead, calls would be forgotten too soon. A jump back only costs time.
    pub(super) fn clock_kept(&mut self, server_us: i64, asked: Monotonic, received: Monotonic) -> bool {
        let us =
            |at: Monotonic| i64::try_from(at.since(Monotonic::default()).as_micros()).unwrap_or(i64::MAX);
        let (low, high) = (
            server_us.saturating_sub(us(received)),
            server_us.saturating_sub(us(asked)),
        );
        let kept = self.offset.is_none_or(|(_, before, at)| {
            let drift = i64::try_from(received.since(at).as_micros() / 1_000).unwrap_or(i64::MAX);
            low <= before.saturating_add(drift).saturating_add(1_000)
        });
        self.offset = Some((low, high, received));
        kept
    }

    pub(super) fn forget_clock(&mut self) {
        self.offset = None;
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
        for (scope, windows) in heard.used.iter().enumerate() {
            for (window, used) in windows.iter().enumerate() {
                if let Some(used) = used {
                    self.told[scope][window] = (*used, now);
                }
            }
        }
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
                    self.full(full, privileged(waiting.place.0), now);
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

    fn full(&mut self, full: &Full, privileged: bool, now: Monotonic) {
        let until = now.after(full.wait);
        // Who may not use the reserve has even less room.
        for bound in &mut self.not_before[full.scope][..=usize::from(privileged)] {
            *bound = (*bound).max(until);
        }
    }

    /// What is known of a window's use.
    pub(super) fn used(&self, plan: &Plan, scope: usize, window: usize, now: Monotonic) -> u32 {
        let (used, at) = self.told[scope][window];
        // After its length nobody knows; those who were in it have left.
        if at.after(plan.scopes[scope].windows[window].length) > now {
            used
        } else {
            0
        }
    }

    /// The fullest window a scope is charged to, in thousandths; at least 1,000 while it is known to be full.
    pub(super) fn fullness_permille(&self, plan: &Plan, scope: usize, now: Monotonic) -> u32 {
        let full = self.due_at(plan, scope, false) > now;
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows.map(|(window, its)| permille(self.used(plan, *at, window, now), its.count))
        });
        windows.max().unwrap_or(0).max(if full { 1_000 } else { 0 })
    }

    /// The length of the fullest window of at most a minute: the one a broker that names none most likely means.
    pub(super) fn fullest_short(&self, plan: &Plan, scope: usize, now: Monotonic) -> Duration {
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows.map(|(window, its)| (permille(self.used(plan, *at, window, now), its.count), its.length))
        });
        let short = windows.filter(|(_, length)| *length <= Duration::from_secs(60));
        short
            .max_by_key(|(fullness, length)| (*fullness, std::cmp::Reverse(*length)))
            .map_or(Duration::from_secs(1), |(_, length)| length)
    }

    /// Used and limit of the fullest window of this length that a scope is charged to.
    pub(super) fn window_use(
        &self,
        plan: &Plan,
        scope: usize,
        length: Duration,
        now: Monotonic,
    ) -> Option<(u32, u32)> {
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows
                .filter(|(_, its)| its.length == length)
                .map(|(window, its)| (self.used(plan, *at, window, now), its.count))
        });
        windows.min_by_key(|(used, limit)| limit.saturating_sub(*used))
    }

    /// Forgets what windows are full: a pool that was lost is asked afresh.
    pub(super) fn rejoined(&mut self) {
        self.standing = Standing::Joined;
        self.joined += 1;
        for bounds in &mut self.not_before {
            *bounds = [Monotonic::default(); 2];
        }
    }
}

/// Whom to tell, once the lock is free.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) granted: Vec<(u64, oneshot::Sender<Result<PoolPermit, RateRefusal>>)>,
    pub(super) refused: Vec<(oneshot::Sender<Result<PoolPermit, RateRefusal>>, RateRefusal)>,
}

fn permille(used: u32, limit: u32) -> u32 {
    if limit == 0 {
        return 1_000;
    }
    u32::try_from(u64::from(used) * 1_000 / u64::from(limit)).unwrap_or(u32::MAX)
}

fn refusal(plan: &Plan, full: &Full) -> RateRefusal {
    RateRefusal {
        window: plan.window_name(full.scope, full.window),
        used: full.used,
        limit: full.limit,
        retry_after: full.wait,
    }
}
