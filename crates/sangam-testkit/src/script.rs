//! What one operation of a double answers, call by call, and what it was asked.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::Result;
use tokio::sync::{oneshot, watch};

type Always<A, T> = Arc<dyn Fn(&A) -> Result<T> + Send + Sync>;

enum Answer<T> {
    Now(Result<T>),
    Held(oneshot::Receiver<Result<T>>),
    Never,
}

/// The script of one operation with argument `A` and answer `T`.
///
/// Each call takes the next answer of the queue; when the queue is empty, what [`always`](Script::always) says; when
/// nothing is said, the call panics, as the test forgot something.
pub struct Script<A, T> {
    name: &'static str,
    queue: Mutex<VecDeque<Answer<T>>>,
    always: Mutex<Option<Always<A, T>>>,
    calls: Mutex<Vec<A>>,
    count: watch::Sender<usize>,
    log: Arc<Mutex<Vec<&'static str>>>,
}

/// A call that waits until the test answers it.
#[derive(Debug)]
pub struct Held<T>(oneshot::Sender<Result<T>>);

impl<T> Held<T> {
    /// Answers. A caller that has gone away hears nothing, as in life.
    pub fn answer(self, answer: Result<T>) {
        drop(self.0.send(answer));
    }
}

impl<A: Clone, T> Script<A, T> {
    pub(crate) fn new(name: &'static str, log: Arc<Mutex<Vec<&'static str>>>) -> Self {
        Self {
            name,
            queue: Mutex::default(),
            always: Mutex::default(),
            calls: Mutex::default(),
            count: watch::Sender::new(0),
            log,
        }
    }

    /// The next call not yet scripted answers this.
    pub fn then(&self, answer: Result<T>) -> &Self {
        self.queue.lock().push_back(Answer::Now(answer));
        self
    }

    /// The next call not yet scripted waits for [`Held::answer`]; dropping the [`Held`] lets it wait for ever.
    pub fn hold(&self) -> Held<T> {
        let (answer, told) = oneshot::channel();
        self.queue.lock().push_back(Answer::Held(told));
        Held(answer)
    }

    /// The next call not yet scripted never answers.
    pub fn never(&self) -> &Self {
        self.queue.lock().push_back(Answer::Never);
        self
    }

    /// Calls that find the queue empty answer what this makes of their argument.
    pub fn always(&self, answer: impl Fn(&A) -> Result<T> + Send + Sync + 'static) -> &Self {
        *self.always.lock() = Some(Arc::new(answer));
        self
    }

    /// The arguments of the calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<A> {
        self.calls.lock().clone()
    }

    /// Waits until there have been so many calls.
    ///
    /// # Panics
    /// Never: the script that counts is borrowed while waiting.
    pub async fn called(&self, times: usize) {
        let mut count = self.count.subscribe();
        count
            .wait_for(|count| *count >= times)
            .await
            .expect("the sender is part of this script");
    }

    pub(crate) async fn call(&self, argument: A) -> Result<T> {
        let answer = self.queue.lock().pop_front();
        let always = self.always.lock().clone();
        self.log.lock().push(self.name);
        self.calls.lock().push(argument.clone());
        self.count.send_modify(|count| *count += 1);
        match (answer, always) {
            (Some(Answer::Now(answer)), _) => answer,
            (Some(Answer::Held(told)), _) => match told.await {
                Ok(answer) => answer,
                Err(_) => pending().await,
            },
            (Some(Answer::Never), _) => pending().await,
            (None, Some(always)) => always(&argument),
            (None, None) => panic!("`{}` was called and nothing is scripted for it", self.name),
        }
    }
}

impl<A, T> fmt::Debug for Script<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("name", &self.name)
            .field("calls", &*self.count.borrow())
            .field("queued", &self.queue.lock().len())
            .finish_non_exhaustive()
    }
}
