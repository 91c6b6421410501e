//! What keeps an attempt from being written: a cancellation that was asked for, a time that is over, a stop.

use sangam_core::ports::{AttemptRecord, IntentRefusal, LedgerError, Stop, StopId, StopSubject, Wishes};
use sangam_core::{OrderRequest, OrderUid, Timestamp};

use super::{Undo, Working};

impl Working {
    /// Whether an attempt may be made now. Judged in the transaction that would write it.
    pub(super) fn may_intend(&self, attempt: &AttemptRecord) -> Result<(), LedgerError> {
        self.needs(attempt.order)?;
        let order = &self.orders[&attempt.order];
        let refuse = |why| {
            Err(LedgerError::IntentRefused {
                order: attempt.order,
                why,
            })
        };
        if order.wishes.cancel_requested.is_some() {
            return refuse(IntentRefusal::CancelRequested);
        }
        if let Some(deadline) = order.wishes.deadline.filter(|over| attempt.created_at > *over) {
            return refuse(IntentRefusal::TooLate { deadline });
        }
        let about = |stop: &&Stop| match &stop.id.subject {
            StopSubject::Group(group) => *group == order.group,
            StopSubject::Account(account) => *account == attempt.account,
        };
        let standing = self.stops.values().filter(|stop| stop.id.kind.blocks());
        match standing.filter(about).min_by(|one, other| one.id.cmp(&other.id)) {
            Some(stop) => refuse(IntentRefusal::Stopped(Box::new(stop.clone()))),
            None => Ok(()),
        }
    }

    pub(super) fn request_cancel(&mut self, uid: OrderUid, at: Timestamp) -> Result<(), LedgerError> {
        self.needs(uid)?;
        let order = &self.orders[&uid];
        if order.state.is_terminal() || order.wishes.cancel_requested.is_some() {
            return Ok(());
        }
        self.wish(uid, at, |wishes| wishes.cancel_requested = Some(at));
        Ok(())
    }

    pub(super) fn await_terms(
        &mut self,
        uid: OrderUid,
        terms: Option<&OrderRequest>,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.needs(uid)?;
        if self.orders[&uid].wishes.awaited.as_deref() != terms {
            self.wish(uid, at, |wishes| wishes.awaited = terms.cloned().map(Box::new));
        }
        Ok(())
    }

    fn wish(&mut self, uid: OrderUid, at: Timestamp, change: impl FnOnce(&mut Wishes)) {
        let Some(order) = self.orders.get_mut(&uid) else {
            return;
        };
        self.dirty.orders.entry(uid).or_insert(Some(order.state));
        let before = (order.wishes.clone(), order.updated_at);
        self.undo.push(Undo::Wished(uid, Box::new(before)));
        change(&mut order.wishes);
        order.updated_at = at;
    }

    pub(super) fn stop(&mut self, stop: &Stop) {
        self.put_stop(stop.id.clone(), Some(stop.clone()));
    }

    pub(super) fn lift(&mut self, id: &StopId) {
        if self.stops.contains_key(id) {
            self.put_stop(id.clone(), None);
        }
    }

    fn put_stop(&mut self, id: StopId, stop: Option<Stop>) {
        let before = match stop {
            Some(stop) => self.stops.insert(id.clone(), stop),
            None => self.stops.remove(&id),
        };
        self.dirty.stops.insert(id.clone());
        self.undo.push(Undo::Stopped(id, before.map(Box::new)));
    }
}
