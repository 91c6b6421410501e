//! Taking back the steps of a commit that was refused half-way.

use sangam_core::ports::{AttemptRecord, Lease, Stop, StopId, Wishes};
use sangam_core::timestamp::Date;
use sangam_core::{ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId, Tag, Timestamp};

use super::dirty::Lengths;
use super::orders::Standing;
use super::{AttemptKey, TradeKey, Working};
use crate::cost::{KeptPosition, PositionKey};

/// How to take one step back. Taken in reverse order.
#[derive(Debug)]
pub(super) enum Undo {
    Begun(Lengths, u64),
    Received(OrderUid),
    Moved(OrderUid, Box<Standing>),
    Wished(OrderUid, Box<(Wishes, Timestamp)>),
    Stopped(StopId, Option<Box<Stop>>),
    Key((OwnerId, ClientOrderId)),
    Number(Date, Option<OrderNumber>),
    Attempt(AttemptKey, Option<Box<AttemptRecord>>),
    Tag(Tag),
    Trade(TradeKey, Option<Option<OrderUid>>),
    Kept(PositionKey, Option<Box<KeptPosition>>),
    /// A fill that was put at the end of a position's history.
    Remembered(PositionKey),
    Lease(GroupId, Option<Lease>),
}

impl Working {
    /// Marks the beginning of a commit.
    pub(super) fn begin(&mut self) {
        self.undo.clear();
        self.undo.push(Undo::Begun(self.dirty.lengths(), self.last_fill));
    }

    /// Takes everything back since the last beginning.
    pub(super) fn take_back(&mut self) {
        while let Some(step) = self.undo.pop() {
            self.take_one_back(step);
        }
    }

    fn take_one_back(&mut self, step: Undo) {
        match step {
            Undo::Begun(lengths, last_fill) => {
                self.dirty.cut(&lengths);
                self.last_fill = last_fill;
            }
            Undo::Received(uid) => drop(self.orders.remove(&uid)),
            Undo::Moved(uid, before) => {
                if let Some(order) = self.orders.get_mut(&uid) {
                    before.restore(order);
                }
            }
            Undo::Key(key) => drop(self.keys.remove(&key)),
            Undo::Number(date, before) => put(&mut self.numbers, date, before),
            Undo::Attempt(key, before) => put(&mut self.attempts, key, before.map(|attempt| *attempt)),
            Undo::Tag(tag) => drop(self.tags.remove(&tag)),
            Undo::Trade(key, before) => put(&mut self.trades, key, before),
            Undo::Kept(key, before) => put(&mut self.kept, key, before.map(|kept| *kept)),
            Undo::Remembered(key) => drop(self.history.get_mut(&key).map(Vec::pop)),
            Undo::Wished(uid, before) => {
                if let Some(order) = self.orders.get_mut(&uid) {
                    (order.wishes, order.updated_at) = *before;
                }
            }
            Undo::Stopped(id, before) => put(&mut self.stops, id, before.map(|stop| *stop)),
            Undo::Lease(group, before) => put(&mut self.leases, group, before),
        }
    }
}

fn put<K: Eq + std::hash::Hash, V>(map: &mut std::collections::HashMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(before) => drop(map.insert(key, before)),
        None => drop(map.remove(&key)),
    }
}
