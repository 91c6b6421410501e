//! What this process is busy with: the orders its tasks drive, the changes on their way, and what happened at a broker
//! and is not in the books of record yet. Gone with the process, after which the books alone say what is to be settled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use sangam_core::ports::OrderRecord;
use sangam_core::{OrderState, OrderUid};

/// Shared by the tasks of one desk. The locks guard small tables and are never held while waiting.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    driven: Mutex<BTreeSet<OrderUid>>,
    modified: Mutex<BTreeSet<OrderUid>>,
    unwritten: Mutex<BTreeMap<OrderUid, String>>,
}

impl Progress {
    /// Marks an order as driven by a task until the answer is dropped.
    pub(crate) fn drive(self: &Arc<Self>, order: OrderUid) -> Driven {
        self.driven.lock().insert(order);
        Driven(Arc::clone(self), order)
    }

    /// Whether a task drives the order.
    pub(crate) fn is_driven(&self, order: OrderUid) -> bool {
        self.driven.lock().contains(&order)
    }

    /// Marks a modification as on its way; `None` when one is already.
    pub(crate) fn modify(self: &Arc<Self>, order: OrderUid) -> Option<Modifying> {
        self.modified
            .lock()
            .insert(order)
            .then(|| Modifying(Arc::clone(self), order))
    }

    /// Something that happened is not in the books yet: no new intents until it is.
    pub(crate) fn not_written(&self, order: OrderUid, why: String) {
        self.unwritten.lock().insert(order, why);
    }

    /// It is in the books now.
    pub(crate) fn written(&self, order: OrderUid) {
        self.unwritten.lock().remove(&order);
    }

    /// Why no new intent may be taken.
    pub(crate) fn obstacle(&self) -> Option<String> {
        self.unwritten.lock().values().next().cloned()
    }

    /// The order as people may see it: what the books say of an order is not true while an outcome waits to be written.
    pub(crate) fn shown(&self, mut order: OrderRecord) -> OrderRecord {
        let before_outcome = !order.state.is_terminal() && !order.state.is_live();
        if let Some(why) = self.unwritten.lock().get(&order.uid).filter(|_| before_outcome) {
            order.state = OrderState::InDoubt;
            order.message = Some(format!("its outcome could not be written down yet: {why}"));
        }
        order
    }
}

/// An order being driven.
#[derive(Debug)]
pub(crate) struct Driven(Arc<Progress>, OrderUid);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.driven.lock().remove(&self.1);
    }
}

/// A modification on its way.
#[derive(Debug)]
pub(crate) struct Modifying(Arc<Progress>, OrderUid);

impl Drop for Modifying {
    fn drop(&mut self) {
        self.0.modified.lock().remove(&self.1);
    }
}
