//! Polling by hand: a clock that moves when told, timers on it, and tasks that are polled only when woken.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sangam_ratelimit::{ManualTime, Nanos, Sleeper, TimeSource as _};

/// Timers on a manual clock.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    pub(crate) time: Arc<ManualTime>,
    alarms: Mutex<BTreeMap<(Nanos, usize), Waker>>,
    made: AtomicUsize,
}

struct Sleep {
    timers: Arc<Timers>,
    key: (Nanos, usize),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.timers.time.now() >= self.key.0 {
            return Poll::Ready(());
        }
        self.timers
            .alarms
            .lock()
            .unwrap()
            .insert(self.key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.timers.alarms.lock().unwrap().remove(&self.key);
        drop(waker);
    }
}

/// What the tests hand to those who wait.
#[derive(Debug, Clone)]
pub(crate) struct Clockwork(pub(crate) Arc<Timers>);

impl Sleeper for Clockwork {
    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let at = self.0.time.now().after(length);
        let number = self.0.made.fetch_add(1, Ordering::Relaxed);
        Box::pin(Sleep {
            timers: Arc::clone(&self.0),
            key: (at, number),
        })
    }
}

impl Timers {
    /// Moves the clock and rings what is due.
    pub(crate) fn advance(&self, by: Duration) {
        self.time.advance(by);
        let now = self.time.now();
        let mut alarms = self.alarms.lock().unwrap();
        let later = alarms.split_off(&(Nanos::new(now.get() + 1), 0));
        let due = std::mem::replace(&mut *alarms, later);
        drop(alarms);
        due.into_values().for_each(Waker::wake);
    }

    /// When the next alarm rings.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.alarms.lock().unwrap().keys().next().map(|(at, _)| *at)
    }

    /// How many alarms are set.
    pub(crate) fn set(&self) -> usize {
        self.alarms.lock().unwrap().len()
    }
}

#[derive(Debug)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A future polled by hand, and only if it was woken.
pub(crate) struct Task<T> {
    future: Option<Pin<Box<dyn Future<Output = T>>>>,
    woken: Arc<Flag>,
    pub(crate) polls: usize,
    pub(crate) done: Option<T>,
}

impl<T> Task<T> {
    /// Polls it once.
    pub(crate) fn start(future: impl Future<Output = T> + 'static) -> Self {
        let mut task = Self {
            future: Some(Box::pin(future)),
            woken: Arc::new(Flag(AtomicBool::new(true))),
            polls: 0,
            done: None,
        };
        task.run();
        task
    }

    /// Polls it if it was woken since. True if it was.
    pub(crate) fn run(&mut self) -> bool {
        if !self.woken.0.swap(false, Ordering::SeqCst) {
            return false;
        }
        let Some(future) = &mut self.future else {
            return false;
        };
        self.polls += 1;
        let waker = Waker::from(Arc::clone(&self.woken));
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.done = Some(done);
            self.future = None;
        }
        true
    }

    /// Whether it has ended or was dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.future.is_none()
    }

    /// Drops the future.
    pub(crate) fn cancel(&mut self) {
        self.future = None;
    }
}

/// Polls until nobody is woken any more.
pub(crate) fn settle<T>(tasks: &mut [Task<T>]) {
    for _ in 0..10_000 {
        if tasks
            .iter_mut()
            .filter_map(|task| task.run().then_some(()))
            .count()
            == 0
        {
            return;
        }
    }
    panic!("somebody is woken without end");
}
