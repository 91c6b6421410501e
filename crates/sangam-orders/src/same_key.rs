//! Submissions under one client order id at the same time. One of them may be refused by a check while another passed it a
//! moment before and is about to be recorded; whoever is refused waits until that is settled, so that nobody hears "not
//! taken" of a key whose order goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use sangam_core::ClientOrderId;
use tokio::sync::Notify;

/// The keys being submitted. The locks guard small tables and are never held while waiting.
#[derive(Debug, Default)]
pub(crate) struct SameKey {
    submitting: Mutex<BTreeMap<ClientOrderId, usize>>,
    left: Notify,
    baskets: Mutex<BTreeMap<ClientOrderId, Weak<tokio::sync::Mutex<()>>>>,
}

impl SameKey {
    /// Marks a key as being submitted until the answer is dropped.
    pub(crate) fn enter(self: &Arc<Self>, key: Option<&ClientOrderId>) -> Submitting {
        let Some(key) = key else {
            return Submitting(None);
        };
        *self.submitting.lock().entry(key.clone()).or_default() += 1;
        Submitting(Some((Arc::clone(self), key.clone())))
    }

    /// Waits until nobody submits under a key.
    pub(crate) async fn nobody_submits(&self, key: &ClientOrderId) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            // Listens before it looks: who leaves in between is heard.
            left.as_mut().enable();
            if !self.submitting.lock().contains_key(key) {
                return;
            }
            left.await;
        }
    }

    /// The turn of a basket among those of its key: two different ones at once must not place legs of both.
    pub(crate) fn basket(&self, key: &ClientOrderId) -> Arc<tokio::sync::Mutex<()>> {
        let mut baskets = self.baskets.lock();
        baskets.retain(|_, turn| turn.strong_count() > 0);
        let turn = baskets.get(key).and_then(Weak::upgrade).unwrap_or_default();
        baskets.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }
}

/// A submission under a key.
#[derive(Debug)]
pub(crate) struct Submitting(Option<(Arc<SameKey>, ClientOrderId)>);

impl Drop for Submitting {
    fn drop(&mut self) {
        let Some((keys, key)) = self.0.take() else {
            return;
        };
        let mut submitting = keys.submitting.lock();
        if let Some(count) = submitting.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                submitting.remove(&key);
            }
        }
        drop(submitting);
        keys.left.notify_waiters();
    }
}
