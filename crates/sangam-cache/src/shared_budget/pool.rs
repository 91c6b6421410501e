//! One account's pool: callers ask, a call carries what they ask and what has ended, and the answer is given out.
//!
//! A caller that is alone makes the call itself, which costs it one round trip and no change of task. Whoever comes while
//! calls are under way goes along with the next one.

use std::sync::Arc;
use std::time::Duration;

use fred::types::Value;
use parking_lot::Mutex;
use sangam_core::ports::RateRefusal;
use sangam_core::{Clock, Monotonic, Priority};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::link::{Link, LinkError};
use super::permit::PoolPermit;
use super::plan::{Plan, privileged};
use super::settings::SharedBudgetSettings;
use super::state::{Call, Place, Standing, State, Told};
use super::wire::{self, EndKind, Reply, WEIGHT_MAX};
use crate::backoff::Backoff;

/// A wish for a permit of the pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) scope: usize,
    pub(super) weight: u32,
    pub(super) priority: Priority,
    pub(super) deadline: Monotonic,
}

#[derive(Debug)]
pub(super) struct Pool {
    pub(super) plan: Plan,
    pub(super) settings: SharedBudgetSettings,
    pub(super) link: Link,
    pub(super) clock: Arc<dyn Clock>,
    /// This process: what its ids begin with.
    pub(super) identity: String,
    pub(super) state: Mutex<State>,
    pub(super) backoff: Mutex<Backoff>,
    /// Wakes the pool's own task.
    pub(super) wake: Notify,
    runtime: Handle,
}

impl Pool {
    pub(super) fn new(
        plan: Plan,
        settings: SharedBudgetSettings,
        link: Link,
        clock: Arc<dyn Clock>,
        identity: String,
        backoff: Backoff,
    ) -> Self {
        Self {
            state: Mutex::new(State::new(&plan)),
            plan,
            settings,
            link,
            clock,
            identity,
            backoff: Mutex::new(backoff),
            wake: Notify::new(),
            runtime: Handle::current(),
        }
    }

    pub(super) fn now(&self) -> Monotonic {
        self.clock.monotonic()
    }

    /// How often a living permit's lease is made longer.
    pub(super) fn renew_every(&self) -> Duration {
        self.settings.lease() / 3
    }

    /// Why neither pool nor base may be used.
    pub(super) fn barred(&self) -> Option<&'static str> {
        match self.state.lock().standing {
            Standing::Barred { problem, .. } => Some(problem),
            Standing::Joined | Standing::Lost { .. } => None,
        }
    }

    pub(super) fn joined(&self) -> bool {
        self.state.lock().standing == Standing::Joined
    }

    /// Waits for a permit, also while the pool is lost. The future may be dropped at any time.
    ///
    /// # Errors
    /// A refusal where the wait is in vain: a weight the pool never gives, a full line, room after the deadline.
    pub(super) async fn acquire(self: &Arc<Self>, ask: Ask) -> Result<PoolPermit, RateRefusal> {
        self.possible(&ask)?;
        loop {
            let (teller, mut told) = oneshot::channel();
            let entered = self.now();
            let (place, call, idle) = {
                let mut state = self.state.lock();
                if state.waiting() >= self.settings.waiting_max {
                    return Err(self.refusal("the pool's line, with no place left,", Duration::ZERO));
                }
                let due = state
                    .known
                    .due_at(&self.plan, ask.scope, privileged(ask.priority));
                if due > ask.deadline {
                    return Err(self.refusal("the pool", due.since(entered)));
                }
                let place = state.enter(ask.priority, ask.scope, ask.weight, ask.deadline, teller);
                let call = state.next_call(&self.plan, entered);
                (place, call, state.idle())
            };
            let _line = Line { pool: self, place };
            match call {
                Some(call) if call.asks.len() == 1 && call.asks[0].1.place == place => self.run(call).await,
                Some(call) => self.start(call),
                // It may be the first that waits for a window.
                None if idle => self.wake.notify_one(),
                None => {}
            }
            // A call of its own has told already, and needs no timer.
            let answer = match told.try_recv() {
                Ok(answer) => Ok(Ok(answer)),
                Err(_) => tokio::time::timeout(ask.deadline.since(self.now()), &mut told).await,
            };
            let answer = match answer {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => return Err(self.refusal("the pool, which has ended,", Duration::ZERO)),
                Err(_) => return Err(self.no_answer()),
            };
            let permit = answer?;
            // A permit says from when its call may leave, not for how long it may lie about: too old, it goes back.
            if self
                .state
                .lock()
                .fresh(permit.id(), self.settings.hold / 2, self.now())
            {
                return Ok(permit);
            }
        }
    }

    fn possible(&self, ask: &Ask) -> Result<(), RateRefusal> {
        let limit = self
            .plan
            .weight_max(ask.scope, privileged(ask.priority))
            .min(WEIGHT_MAX);
        if ask.weight <= limit {
            return Ok(());
        }
        Err(RateRefusal {
            window: format!("the pool, which never gives {} at once,", ask.weight),
            used: 0,
            limit,
            retry_after: Duration::from_secs(86_400),
        })
    }

    fn refusal(&self, what: &str, retry_after: Duration) -> RateRefusal {
        RateRefusal {
            window: format!("account {}: {what}", self.plan.account),
            used: 0,
            limit: 0,
            retry_after,
        }
    }

    /// What a caller is told that got neither a permit nor a refusal.
    pub(super) fn no_answer(&self) -> RateRefusal {
        if self.joined() {
            self.refusal("the pool's line", Duration::ZERO)
        } else {
            self.refusal("the pool, which is out of reach,", self.settings.patience)
        }
    }

    pub(super) fn start(self: &Arc<Self>, call: Call) {
        let pool = Arc::clone(self);
        self.runtime.spawn(async move { pool.run(call).await });
    }

    /// Makes a call and gives out its answer. Dropped half-way, it has failed.
    async fn run(self: &Arc<Self>, call: Call) {
        let arguments = wire::arguments(call.number, &self.identity, &call.ends, call.wishes());
        let mut open = OpenCall {
            pool: self,
            call: Some(call),
        };
        let asked = self.now();
        let answer = self.link.acquire(&self.plan, arguments).await;
        let received = self.now();
        if let Some(call) = open.call.take() {
            self.finish(call, answer, asked, received);
        }
    }

    fn finish(
        self: &Arc<Self>,
        call: Call,
        answer: Result<Value, LinkError>,
        asked: Monotonic,
        received: Monotonic,
    ) {
        let read = answer.and_then(|value| Ok(wire::read(value, &self.plan, call.number, call.asks.len())?));
        let patience = self.settings.patience;
        let present = call.joined;
        let mut state = self.state.lock();
        let problem = match read {
            Ok(_) if received.since(asked) > patience => LinkError::Late(patience),
            Ok(Reply::Lost) => LinkError::NoScript,
            Ok(Reply::Heard(heard)) => {
                if state.server_clock.kept(heard.now_us, asked, received) {
                    let told = state.heard(&self.plan, call, &heard, self.renew_every(), received);
                    drop(state);
                    return self.tell(told);
                }
                state.must_begin = true;
                LinkError::Jumped
            }
            Err(problem) => problem,
        };
        state.failed(call, received);
        let present = present == state.joined;
        drop(state);
        if present {
            self.lost(&problem);
        }
    }

    fn tell(self: &Arc<Self>, told: Told) {
        for (id, teller) in told.granted {
            // Nobody there any more: the permit comes back and is dropped, which gives it back.
            drop(teller.send(Ok(PoolPermit::new(Arc::clone(self), id))));
        }
        for (teller, refusal) in told.refused {
            drop(teller.send(Err(refusal)));
        }
        self.go_on();
    }

    /// Starts the calls that can be made now.
    pub(super) fn go_on(self: &Arc<Self>) {
        loop {
            let (call, waits) = {
                let mut state = self.state.lock();
                let call = state.next_call(&self.plan, self.now());
                (call, state.idle() && state.next_due(&self.plan).is_some())
            };
            match call {
                Some(call) => self.start(call),
                None if waits => return self.wake.notify_one(),
                None => return,
            }
        }
    }

    /// A permit is over.
    pub(super) fn ended(&self, id: u64, kind: EndKind) {
        let now = self.now();
        let tended = {
            let mut state = self.state.lock();
            state.ended(id, kind, now);
            std::mem::replace(&mut state.tended, true)
        };
        if !tended {
            self.wake.notify_one();
        }
    }

    /// The broker refuses a scope: so it does for all processes.
    pub(super) fn shut(&self, scope: usize, length: Duration) {
        self.state.lock().shut(&self.plan, scope, length, self.now());
        self.wake.notify_one();
    }
}

/// A place in the line, given up when dropped.
struct Line<'a> {
    pool: &'a Arc<Pool>,
    place: Place,
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        // What was granted meanwhile finds nobody and goes back.
        let waiting = self.pool.state.lock().leave(self.place);
        drop(waiting);
    }
}

/// A call under way.
struct OpenCall<'a> {
    pool: &'a Arc<Pool>,
    call: Option<Call>,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.pool.state.lock().failed(call, self.pool.now());
            self.pool.go_on();
            self.pool.wake.notify_one();
        }
    }
}
