//! What was read at a broker when. Programs ask for an order's state again and again, and every read spends the account's
//! budget of calls: within a moment of the last read the ledger answers.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::{Monotonic, OrderUid};

/// Orders remembered before the table is begun anew: forgetting costs a read, not a mistake.
const ORDERS_MAX: usize = 4_096;

/// When the books of one account were read.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    book: Mutex<Option<Monotonic>>,
    orders: Mutex<HashMap<OrderUid, Monotonic>>,
}

impl Freshness {
    /// Whether one order is to be read now; if so, it counts as read now.
    pub(crate) fn order_is_due(&self, uid: OrderUid, now: Monotonic, fresh_for: Duration) -> bool {
        let mut orders = self.orders.lock();
        if orders.get(&uid).is_some_and(|read| now.since(*read) < fresh_for) {
            return false;
        }
        if orders.len() >= ORDERS_MAX {
            orders.clear();
        }
        orders.insert(uid, now);
        true
    }

    /// Whether the whole book is to be read now.
    pub(crate) fn book_is_due(&self, now: Monotonic, fresh_for: Duration) -> bool {
        self.book.lock().is_none_or(|read| now.since(read) >= fresh_for)
    }

    /// The whole book was read.
    pub(crate) fn book_read(&self, now: Monotonic) {
        *self.book.lock() = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_millis(ms))
    }

    #[test]
    fn one_read_serves_those_who_ask_within_a_moment() {
        let freshness = Freshness::default();
        let moment = Duration::from_millis(500);
        let (one, other) = (OrderUid::new(1, &[1; 10]), OrderUid::new(1, &[2; 10]));
        assert!(freshness.order_is_due(one, at(0), moment));
        assert!(!freshness.order_is_due(one, at(499), moment));
        assert!(freshness.order_is_due(other, at(499), moment));
        assert!(freshness.order_is_due(one, at(500), moment));
        assert!(
            freshness.order_is_due(one, at(500), Duration::ZERO),
            "nought reads each time"
        );
        assert!(freshness.book_is_due(at(0), moment));
        freshness.book_read(at(0));
        assert!(!freshness.book_is_due(at(499), moment));
        assert!(freshness.book_is_due(at(500), moment));
    }
}
