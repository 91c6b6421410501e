//! The reads of a run: each at its instant, each of another contract than those under way, and how each ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam::System;
use sangam_core::{BrokerName, InstrumentId, Monotonic};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::arrivals;
use super::settings::Settings;
use super::sightings::{Leaving, Sightings};
use super::stack::Stack;

/// One read as it ended.
#[derive(Debug)]
pub(super) struct Read {
    /// When it was asked for.
    pub(super) asked: Monotonic,
    /// When it ended.
    pub(super) ended: Monotonic,
    /// When it was seen leaving; `None` if it never did.
    pub(super) leaving: Option<Leaving>,
    /// Who answered, or the last refusal.
    pub(super) answer: Result<BrokerName, String>,
}

/// All reads of a run.
#[derive(Debug)]
pub(super) struct Driven {
    /// When the run began.
    pub(super) start: Monotonic,
    /// The reads as they ended.
    pub(super) reads: Vec<Read>,
}

/// A run under way.
#[derive(Debug)]
pub(super) struct Run {
    arrivals: Vec<Duration>,
    reader: Arc<Reader>,
    done: watch::Sender<u64>,
    shares: Mutex<BTreeMap<BrokerName, u64>>,
}

#[derive(Debug)]
struct Reader {
    system: System,
    contracts: Vec<InstrumentId>,
    /// Places of contracts nobody asks for at the moment. Two reads of one contract at once would be one call.
    free: Mutex<Vec<usize>>,
    sightings: Arc<Sightings>,
}

impl Run {
    pub(super) fn new(settings: &Settings, stack: &Stack) -> Self {
        Self {
            arrivals: arrivals::of(settings),
            reader: Arc::new(Reader {
                system: stack.system.clone(),
                free: Mutex::new((0..stack.contracts.len()).collect()),
                contracts: stack.contracts.clone(),
                sightings: Arc::clone(&stack.sightings),
            }),
            done: watch::Sender::new(0),
            shares: Mutex::default(),
        }
    }

    /// Comes back when half of the reads have ended.
    pub(super) async fn half_done(&self) {
        let half = u64::try_from(self.arrivals.len() / 2).unwrap_or(u64::MAX);
        let mut done = self.done.subscribe();
        // The sender is ours, so it cannot be gone.
        let _reached = done.wait_for(|done| *done >= half).await;
    }

    /// The broker that answered most so far.
    pub(super) fn busiest(&self) -> Option<BrokerName> {
        let shares = self.shares.lock();
        shares
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(broker, _)| *broker)
    }
}

/// Makes all reads and waits for them.
pub(super) async fn all(run: &Run, progress: &(dyn Fn(u64) + Sync)) -> Driven {
    let (tell, mut ended) = mpsc::unbounded_channel();
    let start = run.reader.sightings.now();
    let asking = async {
        let room = Arc::new(Semaphore::new(run.reader.contracts.len()));
        for at in &run.arrivals {
            let early = at.saturating_sub(run.reader.sightings.now().since(start));
            if !early.is_zero() {
                tokio::time::sleep(early).await;
            }
            let place = Arc::clone(&room)
                .acquire_owned()
                .await
                .expect("it is never closed");
            let (reader, tell) = (Arc::clone(&run.reader), tell.clone());
            tokio::spawn(async move {
                // Whoever listened is gone only when the run was given up.
                let _given_up = tell.send(reader.one(place).await);
            });
        }
        drop(tell);
    };
    let hearing = async {
        let mut reads = Vec::with_capacity(run.arrivals.len());
        while let Some(read) = ended.recv().await {
            let read: Read = read;
            if let Ok(broker) = &read.answer {
                *run.shares.lock().entry(*broker).or_default() += 1;
            }
            reads.push(read);
            run.done.send_modify(|done| {
                *done += 1;
                progress(*done);
            });
        }
        reads
    };
    let ((), reads) = tokio::join!(asking, hearing);
    Driven { start, reads }
}

impl Reader {
    async fn one(&self, place: OwnedSemaphorePermit) -> Read {
        let at = self.free.lock().pop().expect("as many places as contracts");
        let asked = self.sightings.now();
        let answer = self.system.quote(&self.contracts[at]).await;
        let ended = self.sightings.now();
        let leaving = self.sightings.take(at);
        self.free.lock().push(at);
        drop(place);
        Read {
            asked,
            ended,
            leaving,
            answer: answer.map(|seen| seen.broker).map_err(|error| error.to_string()),
        }
    }
}
