//! The task of a pool: joins it, keeps the slot, sends ends that nobody took along, asks again when a window has room, and
//! renews what lives long.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::Monotonic;

use super::link::{LinkError, Seat};
use super::pool::Pool;
use super::state::{Call, Standing};
use super::wire::{self, Reply};

/// How long after the last end the task still looks by itself.
const TENDED: Duration = Duration::from_millis(20);
/// How often it looks then.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// The longest a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// What is to be done next.
enum Next {
    Join,
    KeepSeat,
    Call(Call),
    Sleep(Option<Monotonic>),
}

impl Pool {
    /// Looks after the pool until it is dropped.
    pub(super) async fn tend(self: Arc<Self>) {
        let mut seat_due = Monotonic::default();
        let mut quiet_at = Monotonic::default();
        loop {
            match self.next(seat_due, &mut quiet_at) {
                Next::Join => {
                    // Barred or not, the standing says what to do next.
                    let _joined = self.join().await;
                    seat_due = self.now().after(self.settings.slot_lease / 3);
                }
                Next::KeepSeat => {
                    self.keep_seat().await;
                    seat_due = self.now().after(self.settings.slot_lease / 3);
                }
                Next::Call(call) => self.start(call),
                Next::Sleep(None) => self.wake.notified().await,
                Next::Sleep(Some(until)) => {
                    let length = until.since(self.now());
                    // Either is a reason to look.
                    let _woken = tokio::time::timeout(length, self.wake.notified()).await;
                }
            }
        }
    }

    fn next(&self, seat_due: Monotonic, quiet_at: &mut Monotonic) -> Next {
        let now = self.now();
        let mut state = self.state.lock();
        if let Standing::Lost { until } | Standing::Barred { until, .. } = state.standing {
            // Ends keep until the pool is back, and need nobody to look after them.
            state.tended = true;
            return if until > now {
                Next::Sleep(Some(until))
            } else {
                Next::Join
            };
        }
        if seat_due <= now {
            return Next::KeepSeat;
        }
        if state.renew_at <= now {
            state.renew(self.renew_every(), now);
        }
        if let Some(call) = state.next_call(&self.plan, now) {
            *quiet_at = now.after(TENDED);
            return Next::Call(call);
        }
        let mut until = seat_due.min(state.renew_at);
        if let Some(due) = state.next_due(&self.plan) {
            // Due and not called: enough calls are under way, and their end goes on.
            until = until.min(due.max(now.after(LOOK_EVERY)));
        }
        state.tended = *quiet_at > now || state.ends_due().is_some();
        if state.ends_due().is_some() {
            *quiet_at = now.after(TENDED);
        }
        if state.tended {
            until = until.min(now.after(LOOK_EVERY));
        }
        Next::Sleep(Some(until))
    }

    /// Connects, takes the slot, and makes sure that the pool knows what it counts.
    pub(super) async fn join(self: &Arc<Self>) -> Standing {
        let joined = self.try_join().await;
        match joined {
            Ok(Seat::Ours) => {
                let told = self.backoff.lock().succeeded();
                self.state.lock().rejoined();
                if told {
                    tracing::info!(account = %self.plan.account, "the shared budget is in use again");
                }
                self.go_on();
            }
            Ok(Seat::Taken) => {
                self.bar("its slot is taken by another process: give each process its own `slot`")
            }
            Ok(Seat::OtherSettings) => {
                self.bar("another process runs with other settings: stop all, then start all with the same")
            }
            Err(problem) => self.out_of_reach(&problem),
        }
        self.state.lock().standing.clone()
    }

    async fn try_join(&self) -> Result<Seat, LinkError> {
        self.link.open(CONNECT_WITHIN.max(self.settings.patience)).await?;
        let seat = self.take_seat().await?;
        if seat != Seat::Ours {
            return Ok(seat);
        }
        let must_begin = self.state.lock().must_begin;
        if !must_begin {
            match self.probe().await {
                Ok(Reply::Heard(_)) => return Ok(seat),
                Ok(Reply::Lost) | Err(LinkError::NoScript) => {}
                Err(problem) => return Err(problem),
            }
        }
        tracing::info!(account = %self.plan.account, "the shared budget begins: its pool opens when nothing it may have forgotten counts any more");
        self.link.begin(&self.plan).await?;
        {
            // From here the server's clock is taken as it is.
            let mut state = self.state.lock();
            state.must_begin = false;
            state.server_clock.forget();
        }
        match self.probe().await? {
            Reply::Heard(_) => Ok(seat),
            Reply::Lost => Err(LinkError::Garbage("forgot at once what it was told".to_owned())),
        }
    }

    async fn take_seat(&self) -> Result<Seat, LinkError> {
        let settings = &self.settings;
        self.link
            .take_seat(&self.plan, settings.slot, &self.identity, settings.slot_lease)
            .await
    }

    /// A call of no wishes and no ends.
    async fn probe(&self) -> Result<Reply, LinkError> {
        let arguments = wire::arguments(0, &self.identity, &[], std::iter::empty::<wire::Wish>());
        let answer = self.link.acquire(&self.plan, arguments).await?;
        Ok(wire::read(answer, &self.plan, 0, 0)?)
    }

    async fn keep_seat(&self) {
        match self.take_seat().await {
            Ok(Seat::Ours) => {}
            Ok(Seat::Taken) => {
                self.bar("its slot was taken by another process: give each process its own `slot`")
            }
            Ok(Seat::OtherSettings) => {
                self.bar("another process runs with other settings: stop all, then start all with the same")
            }
            Err(problem) => self.lost(&problem),
        }
    }

    /// A call came to nothing. A server that answers can begin anew at once.
    pub(super) fn lost(&self, problem: &LinkError) {
        if matches!(problem, LinkError::NoScript | LinkError::Jumped) {
            self.leave(self.now());
        } else {
            self.out_of_reach(problem);
        }
    }

    /// The pool cannot be used for a while; told once.
    fn out_of_reach(&self, problem: &LinkError) {
        let (wait, first) = self.backoff.lock().failed();
        if first {
            tracing::warn!(account = %self.plan.account, %problem, "the shared budget is out of reach: this process keeps to its base share");
        }
        self.leave(self.now().after(wait));
    }

    fn leave(&self, until: Monotonic) {
        self.state.lock().lost(until);
        self.link.close();
        self.wake.notify_one();
    }

    fn bar(&self, problem: &'static str) {
        let until = self.now().after(self.settings.slot_lease / 3);
        let mut state = self.state.lock();
        if !matches!(state.standing, Standing::Barred { .. }) {
            tracing::error!(account = %self.plan.account, slot = self.settings.slot, problem, "the shared budget gives no permits");
        }
        state.standing = Standing::Barred { until, problem };
        drop(state);
        self.link.close();
    }
}
