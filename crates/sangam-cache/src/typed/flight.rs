//! One fetch per key at a time. A flight exists while somebody holds a seat on it; whoever holds its gate is the one
//! who fetches, and the others find what landed when the gate opens, or fetch themselves if nothing did.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use sangam_core::ports::{CacheEntry, CacheKind};
use tokio::sync::MutexGuard;

/// What a fetch brought, for those who waited.
pub(super) enum Landed {
    Value(CacheEntry),
    Failure(Arc<dyn Any + Send + Sync>),
}

type Key = (CacheKind, Box<str>);
type Board = Arc<Mutex<HashMap<Key, Arc<Flight>>>>;

#[derive(Default)]
struct Flight {
    gate: tokio::sync::Mutex<Option<Landed>>,
    disowned: AtomicBool,
}

/// The fetches under way, at most one a key.
#[derive(Clone, Default)]
pub(super) struct Flights(Board);

impl Flights {
    /// A seat on the flight of a key, which is made if there is none.
    pub(super) fn join(&self, kind: CacheKind, key: &str) -> Seat {
        let key: Key = (kind, key.into());
        let flight = self.0.lock().entry(key.clone()).or_default().clone();
        Seat {
            board: self.0.clone(),
            key,
            flight: Some(flight),
        }
    }

    /// What lands on the flight of a key is not to be kept, and who asks from now on gets another.
    pub(super) fn disown(&self, kind: CacheKind, key: &str) {
        if let Some(flight) = self.0.lock().remove(&(kind, key.into())) {
            flight.disowned.store(true, Ordering::SeqCst);
        }
    }

    /// The same for every key.
    pub(super) fn disown_all(&self) {
        for (_, flight) in self.0.lock().drain() {
            flight.disowned.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// A caller's place on a flight. The last to leave clears the board.
pub(super) struct Seat {
    board: Board,
    key: Key,
    flight: Option<Arc<Flight>>,
}

impl Seat {
    fn flight(&self) -> &Arc<Flight> {
        self.flight
            .as_ref()
            .expect("a seat holds its flight until it is dropped")
    }

    /// Waits for the gate: empty behind it means that this caller is to fetch.
    pub(super) async fn wait(&self) -> MutexGuard<'_, Option<Landed>> {
        self.flight().gate.lock().await
    }

    pub(super) fn is_disowned(&self) -> bool {
        self.flight().disowned.load(Ordering::SeqCst)
    }

    /// Takes the flight off the board: those aboard share what landed, those who ask later do not.
    pub(super) fn leave_to_later_askers(&self) {
        let mut board = self.board.lock();
        if board
            .get(&self.key)
            .is_some_and(|flight| Arc::ptr_eq(flight, self.flight()))
        {
            board.remove(&self.key);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Under the board's lock, so that of two who leave at once one sees that it is the last.
        let mut board = self.board.lock();
        drop(self.flight.take());
        if board
            .get(&self.key)
            .is_some_and(|flight| Arc::strong_count(flight) == 1)
        {
            board.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_to_leave_clears_the_board() {
        let flights = Flights::default();
        let one = flights.join(CacheKind::Depth, "x");
        let two = flights.join(CacheKind::Depth, "x");
        let other = flights.join(CacheKind::MarketData, "x");
        assert_eq!(flights.len(), 2);
        drop(one);
        assert_eq!(flights.len(), 2);
        drop(two);
        drop(other);
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn a_disowned_flight_takes_nobody_new_aboard() {
        let flights = Flights::default();
        let before = flights.join(CacheKind::Depth, "x");
        flights.disown(CacheKind::Depth, "x");
        let after = flights.join(CacheKind::Depth, "x");
        assert!(before.is_disowned() && !after.is_disowned());
        drop(before);
        assert_eq!(flights.len(), 1);
    }
}
