//! Those who wait. One line for each scope and priority; a pass lets in whoever may go, by priority and then by arrival.
//!
//! Nobody overtakes: who finds a scope full shuts it for all behind, also for lighter calls, so a heavy call is not
//! starved. A scope that is not full stays open, so a line for orders does not stop reads.
//!
//! There is no timekeeper. The first of those kept out by a scope carries its bound and sleeps until then; everyone else
//! sleeps until woken. Answers wake nobody, because they only move bounds later; permits given back do.

use std::collections::VecDeque;
use std::task::Waker;

use crate::nanos::Nanos;
use crate::plan::Plan;
use crate::refusal::{Refusal, Why};
use crate::scope::{Full, Priority};
use crate::state::{Blocked, State};

const PRIORITIES: [Priority; 4] = [
    Priority::Protective,
    Priority::Reconcile,
    Priority::Order,
    Priority::Read,
];

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    weight: u32,
    deadline: Nanos,
    /// When to look again: set while it is the first that a scope keeps out, else never.
    due: Nanos,
    /// When it will look by itself.
    armed: Nanos,
    waker: Option<Waker>,
}

type Line = VecDeque<Waiter>;

#[derive(Debug)]
pub(crate) struct Queue {
    /// By scope, then by priority.
    lines: Box<[[Line; 4]]>,
    /// By scope, the scopes a call of it is charged to.
    masks: Box<[u32]>,
    len: usize,
    len_max: usize,
    next_ticket: u64,
    /// Let in and not yet aware of it.
    granted: Vec<u64>,
    told: Told,
}

/// Wakers to be called, and wakers to be dropped: both can run other people's code, so neither happens under the lock.
#[derive(Debug, Default)]
pub(crate) struct Told {
    wake: Vec<Waker>,
    drop: Vec<Waker>,
    /// Whether there is any.
    any: bool,
}

impl Told {
    fn call(&mut self, waker: Option<Waker>) {
        self.any |= waker.is_some();
        self.wake.extend(waker);
    }

    fn let_go(&mut self, waker: Option<Waker>) {
        self.any |= waker.is_some();
        self.drop.extend(waker);
    }

    pub(crate) fn wake(self) {
        drop(self.drop);
        self.wake.into_iter().for_each(Waker::wake);
    }
}

/// What became of a wish.
#[derive(Debug)]
pub(crate) enum Entered {
    Granted,
    Waiting(u64),
    Refused(Refusal),
}

/// What a waiter finds when it looks up.
#[derive(Debug)]
pub(crate) enum Look {
    Granted,
    Refused(Refusal),
    Until(Nanos),
}

impl Queue {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mask = |path: &[usize]| path.iter().fold(0, |mask, at| mask | 1 << at);
        Self {
            lines: plan.scopes.iter().map(|_| Default::default()).collect(),
            masks: plan.scopes.iter().map(|scope| mask(&scope.path)).collect(),
            len: 0,
            len_max: plan.waiting_max,
            next_ticket: 0,
            granted: Vec::new(),
            told: Told::default(),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn has_told(&self) -> bool {
        self.told.any
    }

    pub(crate) fn take_told(&mut self) -> Told {
        std::mem::take(&mut self.told)
    }

    fn tell(&mut self, waker: Option<Waker>) {
        self.told.call(waker);
    }

    /// The line whose first came first, of those that no shut scope stops.
    fn next(&self, rank: usize, shut: u32) -> Option<usize> {
        let open = (0..self.lines.len()).filter(|&at| self.masks[at] & shut == 0);
        open.filter_map(|at| Some((self.lines[at][rank].front()?.ticket, at)))
            .min()
            .map(|(_, at)| at)
    }

    fn pop(&mut self, scope: usize, rank: usize) -> Option<Waiter> {
        let waiter = self.lines[scope][rank].pop_front()?;
        self.len -= 1;
        Some(waiter)
    }

    fn place(&self, scope: usize, rank: usize, ticket: u64) -> Option<usize> {
        self.lines[scope][rank]
            .binary_search_by_key(&ticket, |waiter| waiter.ticket)
            .ok()
    }

    fn remove(&mut self, scope: usize, rank: usize, ticket: u64) -> bool {
        let Some(at) = self.place(scope, rank, ticket) else {
            return false;
        };
        let waiter = self.lines[scope][rank].remove(at);
        self.told.let_go(waiter.and_then(|waiter| waiter.waker));
        self.len -= 1;
        true
    }

    fn take_grant(&mut self, ticket: u64) -> bool {
        let at = self.granted.iter().position(|granted| *granted == ticket);
        at.map(|at| self.granted.swap_remove(at)).is_some()
    }

    /// Makes the latest of the least urgent give up its place to a more urgent one.
    fn displace(&mut self, by: Priority) -> bool {
        for rank in (by as usize + 1..PRIORITIES.len()).rev() {
            let latest = (0..self.lines.len())
                .filter_map(|at| Some((self.lines[at][rank].back()?.ticket, at)))
                .max();
            if let Some((_, at)) = latest {
                let waiter = self.lines[at][rank].pop_back();
                self.len -= 1;
                self.tell(waiter.and_then(|waiter| waiter.waker));
                return true;
            }
        }
        false
    }
}

impl State {
    /// Lets in whoever may go. Returns, by priority, the scopes shut to those who come after it.
    pub(crate) fn pass(&mut self, now: Nanos) -> [u32; 4] {
        let mut shut_by = [0; 4];
        if self.queue.len == 0 {
            return shut_by;
        }
        for first in self
            .queue
            .lines
            .iter_mut()
            .flatten()
            .filter_map(VecDeque::front_mut)
        {
            first.due = Nanos::NEVER;
        }
        let mut shut = 0;
        for (rank, priority) in PRIORITIES.into_iter().enumerate() {
            while let Some(scope) = self.queue.next(rank, shut) {
                let Some(first) = self.queue.lines[scope][rank].front() else {
                    break;
                };
                let (weight, overdue) = (first.weight, first.deadline <= now);
                if overdue {
                    let waiter = self.queue.pop(scope, rank);
                    self.queue.tell(waiter.and_then(|waiter| waiter.waker));
                    continue;
                }
                match self.admit(scope, weight, priority.uses_reserve(), now) {
                    Ok(()) => {
                        let waiter = self.queue.pop(scope, rank).expect("its first was just seen");
                        self.queue.granted.push(waiter.ticket);
                        self.queue.tell(waiter.waker);
                    }
                    Err(blocked) => {
                        shut |= blocked.mask;
                        self.set_due(scope, rank, blocked.full.bound);
                    }
                }
            }
            shut_by[rank] = shut;
        }
        shut_by
    }

    /// Tells the first of a line when to look again, and wakes it if that is sooner than it thinks.
    fn set_due(&mut self, scope: usize, rank: usize, due: Nanos) {
        let Some(first) = self.queue.lines[scope][rank].front_mut() else {
            return;
        };
        first.due = due;
        if due < first.armed {
            let waker = first.waker.take();
            self.queue.tell(waker);
        }
    }

    /// Refuses who does not want to wait and would overtake one who does.
    pub(crate) fn keep_order(&mut self, scope: usize, priority: Priority, now: Nanos) -> Result<(), Refusal> {
        let shut = self.pass(now)[priority as usize] & self.queue.masks[scope];
        if shut == 0 {
            return Ok(());
        }
        Err(self.explain(scope, 1, priority, Why::Queued, now))
    }

    /// A refusal with the window that is full, or if none is, with the shortest one.
    fn explain(&mut self, scope: usize, weight: u32, priority: Priority, why: Why, now: Nanos) -> Refusal {
        let privileged = priority.uses_reserve();
        let blocked = self
            .judge(scope, weight, privileged, false, now)
            .unwrap_or(Blocked {
                mask: 0,
                scope,
                full: Full {
                    window: 0,
                    bound: now,
                    why,
                },
            });
        Refusal {
            why,
            ..self.refusal(&blocked, privileged, now)
        }
    }

    /// Lets a call in, or gives it a place in the line, or refuses it where waiting is certain to be in vain.
    pub(crate) fn enter(
        &mut self,
        scope: usize,
        weight: u32,
        priority: Priority,
        deadline: Nanos,
        now: Nanos,
    ) -> Entered {
        let privileged = priority.uses_reserve();
        if deadline <= now {
            return Entered::Refused(self.explain(scope, weight, priority, Why::Deadline, now));
        }
        if self.queue.len == 0 && self.admit(scope, weight, privileged, now).is_ok() {
            return Entered::Granted;
        }
        if let Some(blocked) = self.judge(scope, weight, privileged, true, now)
            && blocked.full.bound > deadline
        {
            let refusal = self.refusal(&blocked, privileged, now);
            let why = if refusal.why == Why::Full {
                Why::Deadline
            } else {
                refusal.why
            };
            return Entered::Refused(Refusal { why, ..refusal });
        }
        if self.queue.len >= self.queue.len_max && !self.queue.displace(priority) {
            return Entered::Refused(self.explain(scope, weight, priority, Why::QueueFull, now));
        }
        let ticket = self.queue.next_ticket;
        self.queue.next_ticket += 1;
        self.queue.len += 1;
        self.queue.lines[scope][priority as usize].push_back(Waiter {
            ticket,
            weight,
            deadline,
            due: Nanos::NEVER,
            armed: Nanos::NEVER,
            waker: None,
        });
        self.pass(now);
        if self.queue.take_grant(ticket) {
            return Entered::Granted;
        }
        Entered::Waiting(ticket)
    }

    #[expect(clippy::too_many_arguments, reason = "a wish, its ticket, and who to wake")]
    pub(crate) fn look(
        &mut self,
        scope: usize,
        weight: u32,
        priority: Priority,
        deadline: Nanos,
        ticket: u64,
        waker: &Waker,
        now: Nanos,
    ) -> Look {
        self.pass(now);
        if self.queue.take_grant(ticket) {
            return Look::Granted;
        }
        let rank = priority as usize;
        if deadline <= now {
            if self.queue.remove(scope, rank, ticket) {
                self.freed = true;
            }
            return Look::Refused(self.explain(scope, weight, priority, Why::Deadline, now));
        }
        let Some(at) = self.queue.place(scope, rank, ticket) else {
            return Look::Refused(self.explain(scope, weight, priority, Why::Displaced, now));
        };
        let waiter = &mut self.queue.lines[scope][rank][at];
        let until = waiter.due.min(deadline);
        waiter.armed = until;
        let known = waiter.waker.replace(waker.clone());
        self.queue.told.let_go(known);
        Look::Until(until)
    }

    /// A waiter goes away: its place, or the permit it never took, is there for others.
    pub(crate) fn leave(&mut self, scope: usize, weight: u32, priority: Priority, ticket: u64) {
        if self.queue.take_grant(ticket) {
            self.given_back(scope, weight);
        } else if self.queue.remove(scope, priority as usize, ticket) {
            self.freed = true;
        }
    }
}
