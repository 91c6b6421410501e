//! When each read was seen leaving the stack: the instant its first byte reached the path to a broker.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::{BrokerName, Clock, Monotonic};
use tokio::sync::watch;

use super::key::{self, Request};

/// The instants one read left at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaving {
    /// For the first broker asked.
    pub(super) first: Monotonic,
    /// For the last.
    pub(super) last: Monotonic,
    /// How many times.
    pub(super) times: u32,
}

/// What the paths saw.
#[derive(Debug)]
pub(super) struct Sightings {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
    placing: watch::Sender<Vec<BrokerName>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The contract's place in the list, by what a broker calls it.
    places: HashMap<(BrokerName, String), usize>,
    leaving: Vec<Option<Leaving>>,
}

impl Sightings {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            seen: Mutex::default(),
            placing: watch::Sender::default(),
        }
    }

    /// Sets which contracts are watched, each by what the brokers call it.
    pub(super) fn watch(&self, contracts: &[Vec<(BrokerName, String)>]) {
        let mut seen = self.seen.lock();
        seen.leaving = vec![None; contracts.len()];
        seen.places = contracts
            .iter()
            .enumerate()
            .flat_map(|(at, names)| names.iter().map(move |name| (name.clone(), at)))
            .collect();
    }

    /// The instant now, of the clock all instants here are of.
    pub(super) fn now(&self) -> Monotonic {
        self.clock.monotonic()
    }

    /// Takes what has come so far of a request that began then; true once nothing more need be shown of it.
    pub(super) fn show(&self, broker: BrokerName, bytes: &[u8], began: Monotonic) -> bool {
        match key::read(broker, bytes) {
            None => false,
            Some(Request::Place) => {
                self.placing.send_modify(|placing| placing.push(broker));
                true
            }
            Some(Request::Quote(name)) => {
                let seen = &mut *self.seen.lock();
                if let Some(&at) = seen.places.get(&(broker, name)) {
                    let leaving = seen.leaving[at].get_or_insert(Leaving {
                        first: began,
                        last: began,
                        times: 0,
                    });
                    leaving.last = began;
                    leaving.times += 1;
                }
                true
            }
        }
    }

    /// What was seen of a contract since it was last taken.
    pub(super) fn take(&self, at: usize) -> Option<Leaving> {
        self.seen.lock().leaving[at].take()
    }

    /// The brokers an order was seen on its way to.
    pub(super) fn placing(&self) -> watch::Receiver<Vec<BrokerName>> {
        self.placing.subscribe()
    }
}
