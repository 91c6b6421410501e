//! The budget of one account: one lock, one clock, permits out of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::journal::{Journal, Kind, Record};
use crate::nanos::Nanos;
use crate::permit::Permit;
use crate::plan::{Plan, ScopeId};
use crate::refusal::Refusal;
use crate::scope::Priority;
use crate::state::State;
use crate::strain::BrokerRefusal;
use crate::time::TimeSource;
use crate::usage::ScopeUse;

/// What one account may still call. Clones share it.
///
/// The scopes given to its methods are those of its own plan; an index beyond them panics.
#[derive(Debug, Clone)]
pub struct Budget {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    plan: Plan,
    time: Arc<dyn TimeSource>,
    journal: Option<Mutex<Journal>>,
    /// By scope, the last bound found for an ordinary call of weight 1. Answers and further calls only move the truth
    /// later, so it stays a lower bound until room comes back early, which clears it.
    bounds: Box<[AtomicU64]>,
}

/// A lock is not given up for a panic: what it guards is changed in single steps.
#[inline]
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn now(&self) -> Nanos {
        self.time.now()
    }

    /// Works on the state at the present time. The clock is read under the lock; wakers are called after it.
    #[inline]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut State, Nanos) -> R) -> R {
        self.go_on(locked(&self.state), work)
    }

    /// The same for a question that may need no time: what `certain` answers is the answer.
    #[inline]
    fn with_if_open<R>(
        &self,
        certain: impl FnOnce(&mut State) -> Option<R>,
        work: impl FnOnce(&mut State, Nanos) -> R,
    ) -> R {
        let mut state = locked(&self.state);
        if let Some(result) = certain(&mut state) {
            return result;
        }
        self.go_on(state, work)
    }

    #[inline]
    fn go_on<R>(&self, mut state: MutexGuard<'_, State>, work: impl FnOnce(&mut State, Nanos) -> R) -> R {
        let now = state.advance(self.time.now());
        let result = work(&mut state, now);
        if state.wants_attention() {
            self.attend(state, now);
        }
        result
    }

    /// Room has come back, or somebody is to be woken.
    #[cold]
    fn attend(&self, mut state: MutexGuard<'_, State>, now: Nanos) {
        if std::mem::take(&mut state.freed) {
            for bound in &self.bounds {
                bound.store(0, Ordering::Release);
            }
            #[cfg(feature = "async")]
            state.pass(now);
        }
        #[cfg(not(feature = "async"))]
        let _nobody_waits = now;
        #[cfg(feature = "async")]
        {
            let told = state.queue.take_told();
            drop(state);
            told.wake();
        }
    }
}

impl Shared {
    /// Writes down that a call leaves; the answer is its id there.
    pub(crate) fn journal_sent(&self, scope: usize, weight: u32, now: Nanos) -> u64 {
        let Some(journal) = &self.journal else { return 0 };
        let wall = self.time.unix_seconds();
        locked(journal).sent(scope, weight, now, wall)
    }

    /// Writes down how it ended.
    pub(crate) fn journal_ended(&self, kind: Kind, id: u64, now: Nanos) {
        if let Some(journal) = &self.journal {
            locked(journal).ended(kind, id, now);
        }
    }

    fn journal_refused(&self, scope: usize, refusal: BrokerRefusal, now: Nanos) {
        let Some(journal) = &self.journal else { return };
        let ms = |length: Option<Duration>| {
            length.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
        };
        let window_ms = ms(refusal.window);
        let record = |kind, id, weight| Record {
            kind,
            scope: u8::try_from(scope).expect("at most 32 scopes"),
            weight,
            id,
            at: now,
        };
        let mut journal = locked(journal);
        let weight = u32::try_from(window_ms.unwrap_or(0)).unwrap_or(0);
        journal.append(&record(
            Kind::Refused,
            ms(refusal.retry_after).unwrap_or(u64::MAX),
            weight,
        ));
        if let (Some(length), Some(limit)) = (window_ms, refusal.limit) {
            journal.append(&record(Kind::Told, length, limit));
        }
    }
}

impl Budget {
    /// An unused budget.
    #[must_use]
    pub fn new(plan: &Plan, time: Arc<dyn TimeSource>) -> Self {
        Self::with(plan, time, State::new(plan), None)
    }

    pub(crate) fn with(
        plan: &Plan,
        time: Arc<dyn TimeSource>,
        state: State,
        journal: Option<Journal>,
    ) -> Self {
        let bounds = plan.scopes.iter().map(|_| AtomicU64::new(0)).collect();
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                plan: plan.clone(),
                time,
                journal: journal.map(Mutex::new),
                bounds,
            }),
        }
    }

    /// Brings what was written down to the disk, so that a machine that goes down loses little of it. Takes as long as the
    /// disk does; nobody waits for it meanwhile.
    ///
    /// # Errors
    /// What the system said; or what it said when the journal could not be written, from when on nothing is: the next
    /// start then waits as after a restart of the machine.
    pub fn sync_journal(&self) -> std::io::Result<()> {
        let Some(journal) = &self.shared.journal else {
            return Ok(());
        };
        let file = {
            let journal = locked(journal);
            if let Some(fault) = &journal.fault {
                return Err(std::io::Error::other(fault.clone()));
            }
            journal.file()?
        };
        file.sync_data()
    }

    /// A scope by its name.
    #[must_use]
    pub fn scope(&self, name: &str) -> Option<ScopeId> {
        self.shared.plan.scope(name)
    }

    /// The present reading of the budget's clock.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.shared.now()
    }

    /// A permit for a call that may become `weight` requests at the broker, if there is room now and nobody waits for it.
    /// A weight of nought counts as one.
    ///
    /// # Errors
    /// [`Refusal`]: which window is full, how full, and when to come back.
    pub fn try_acquire(&self, scope: ScopeId, weight: u32, priority: Priority) -> Result<Permit, Refusal> {
        let weight = weight.max(1);
        let let_in_at_once = |state: &mut State| {
            let certain = state.is_certain(scope.0, weight);
            certain.then(|| {
                state.fly(scope.0, weight);
                Ok(())
            })
        };
        self.shared.with_if_open(let_in_at_once, |state, now| {
            #[cfg(feature = "async")]
            state.keep_order(scope.0, priority, now)?;
            let privileged = priority.uses_reserve();
            state
                .admit(scope.0, weight, privileged, now)
                .map_err(|blocked| state.refusal(&blocked, privileged, now))
        })?;
        Ok(Permit::new(Arc::clone(&self.shared), scope, weight))
    }

    /// The earliest instant at which an ordinary call (one that may not use the reserve) of this weight could be let in:
    /// a lower bound, for answers have not come yet. It takes calls that were let in as sent; one that is given back
    /// makes room sooner. A reading that has passed, if there is room; [`Nanos::NEVER`] for a weight no window gives at
    /// once.
    #[must_use]
    pub fn earliest(&self, scope: ScopeId, weight: u32) -> Nanos {
        let weight = weight.max(1);
        let known = &self.shared.bounds[scope.0];
        let bound = Nanos::new(known.load(Ordering::Acquire));
        // A heavier call is not let in sooner than one of weight 1, but maybe later.
        if weight == 1 && bound > Nanos::ZERO && bound > self.shared.now() {
            return bound;
        }
        let open = |state: &mut State| state.is_certain(scope.0, weight).then_some(Nanos::ZERO);
        self.shared.with_if_open(open, |state, now| {
            let Some(blocked) = state.judge(scope.0, weight, false, false, now) else {
                return now;
            };
            if weight == 1 {
                known.store(blocked.full.bound.get(), Ordering::Release);
            }
            blocked.full.bound
        })
    }

    /// How much of the fullest window that a call of this scope is charged to is in use, in thousandths of what the window
    /// takes at the moment; at least 1,000 while the scope is shut.
    #[must_use]
    pub fn fullness_permille(&self, scope: ScopeId) -> u32 {
        self.shared.with(|state, now| {
            let path = &state.paths[scope.0];
            let fullest = path.iter().map(|&at| state.scopes[at].fullness_permille(now));
            fullest.max().unwrap_or(0)
        })
    }

    /// Reports that the broker refused a call of this scope for its rate. All scopes the call was charged to are shut
    /// until the broker's time (or, without one, for the length of the window that was full), and their quotas in use
    /// are lowered and come back slowly. The call's permit is ended as any other.
    pub fn refused(&self, scope: ScopeId, refusal: BrokerRefusal) {
        let until_midnight = self.shared.time.until_midnight();
        self.shared.with(|state, now| {
            state.refused(scope.0, refusal, now, until_midnight);
            self.shared.journal_refused(scope.0, refusal, now);
        });
    }

    /// How full every scope is.
    #[must_use]
    pub fn usage(&self) -> Vec<ScopeUse> {
        self.shared
            .with(|state, now| state.scopes.iter_mut().map(|scope| scope.usage(now)).collect())
    }

    /// What a call of this scope is counted in: the scope itself, then those around it, outwards.
    #[must_use]
    pub fn charged(&self, scope: ScopeId) -> Vec<ScopeId> {
        self.shared.plan.scopes[scope.0]
            .path
            .iter()
            .copied()
            .map(ScopeId)
            .collect()
    }
}
