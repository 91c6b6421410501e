//! The books themselves: collections with the keys that make duplicates impossible, and the rules each change keeps.

use std::collections::{BTreeMap, HashMap, HashSet};

use sangam_core::ports::{
    AttemptRecord, AuditEntry, FillRecord, LedgerError, OrderMoved, OrderRecord, PositionRecord,
};
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{
    AccountId, AttemptNo, AttemptState, BrokerName, BrokerOrderId, ClientOrderId, IST, OrderNumber, OrderUid,
    OwnerId, Tag, TradeId,
};

use super::undo::Undo;

/// What makes a trade one and the same.
pub(super) type TradeKey = (BrokerName, AccountId, Date, BrokerOrderId, TradeId);

#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) orders: BTreeMap<OrderNumber, OrderRecord>,
    pub(super) by_uid: HashMap<OrderUid, OrderNumber>,
    pub(super) by_client_id: HashMap<(OwnerId, ClientOrderId), OrderNumber>,
    /// As they came.
    pub(super) attempts: Vec<AttemptRecord>,
    pub(super) by_attempt: HashMap<(OrderUid, AttemptNo), usize>,
    pub(super) tags: HashSet<Tag>,
    /// As they came.
    pub(super) fills: Vec<FillRecord>,
    pub(super) by_trade: HashMap<TradeKey, usize>,
    pub(super) positions: BTreeMap<AccountId, Vec<PositionRecord>>,
    pub(super) audit: Vec<AuditEntry>,
}

impl Books {
    pub(super) fn order(&self, uid: OrderUid) -> Option<&OrderRecord> {
        self.by_uid.get(&uid).and_then(|number| self.orders.get(number))
    }

    pub(super) fn trade_key(record: &FillRecord) -> TradeKey {
        (
            record.broker,
            record.account.clone(),
            record.trading_date,
            record.fill.order_id.clone(),
            record.fill.trade_id.clone(),
        )
    }

    pub(super) fn receive(
        &mut self,
        order: &OrderRecord,
        undo: &mut Vec<Undo>,
    ) -> Result<OrderNumber, LedgerError> {
        let key = order
            .client_order_id
            .clone()
            .map(|key| (order.owner.clone(), key));
        if let Some((key, &existing)) = key.as_ref().and_then(|key| self.by_client_id.get_key_value(key)) {
            return Err(LedgerError::DuplicateClientOrderId {
                client_order_id: key.1.clone(),
                existing,
            });
        }
        if self.by_uid.contains_key(&order.uid) {
            return Err(LedgerError::AlreadyThere {
                subject: format!("order {}", order.uid),
            });
        }
        let number = self.next_number(IST::date(order.created_at))?;
        self.by_uid.insert(order.uid, number);
        if let Some(key) = key {
            self.by_client_id.insert(key, number);
        }
        self.orders.insert(
            number,
            OrderRecord {
                number,
                ..order.clone()
            },
        );
        undo.push(Undo::Received(number));
        Ok(number)
    }

    fn next_number(&self, date: Date) -> Result<OrderNumber, LedgerError> {
        let nought = OrderNumber::new(date, 0);
        let last = OrderNumber::new(date, OrderNumber::PER_DAY - 1);
        let newest = self.orders.range(nought..=last).next_back();
        let number = OrderNumber::from_u64(newest.map_or(nought, |(number, _)| *number).get() + 1);
        if number > last {
            return Err(LedgerError::NotWritten {
                what: format!("the {} order numbers of {date} are used up", OrderNumber::PER_DAY),
                source: format!("the next number would be {number}").into(),
            });
        }
        Ok(number)
    }

    pub(super) fn move_order(&mut self, moved: &OrderMoved, undo: &mut Vec<Undo>) -> Result<(), LedgerError> {
        let subject = format!("order {}", moved.uid);
        if moved.from != moved.to && !moved.from.can_become(moved.to) {
            return Err(LedgerError::IllegalMove {
                subject,
                from: moved.from.to_string(),
                to: moved.to.to_string(),
            });
        }
        let number = self.by_uid.get(&moved.uid);
        let Some(order) = number.and_then(|number| self.orders.get_mut(number)) else {
            return Err(LedgerError::Missing { subject });
        };
        if order.state != moved.from {
            return Err(LedgerError::Conflict {
                subject,
                expected: moved.from.to_string(),
            });
        }
        undo.push(Undo::OrderMoved(Box::new(order.clone())));
        order.state = moved.to;
        order.updated_at = moved.at;
        if let Some((account, broker)) = &moved.placed_with {
            order.account = Some(account.clone());
            order.broker = Some(*broker);
        }
        if moved.broker_order_id.is_some() {
            order.broker_order_id.clone_from(&moved.broker_order_id);
        }
        let stale = moved.filled.is_some_and(|filled| filled < order.filled);
        if !stale {
            order.filled = moved.filled.unwrap_or(order.filled);
            order.average_price = moved.average_price.or(order.average_price);
        }
        if moved.message.is_some() {
            order.message.clone_from(&moved.message);
        }
        if let Some(request) = &moved.request {
            order.request = request.clone();
        }
        Ok(())
    }

    pub(super) fn intend(
        &mut self,
        attempt: &AttemptRecord,
        undo: &mut Vec<Undo>,
    ) -> Result<(), LedgerError> {
        let key = (attempt.order, attempt.no);
        if self.tags.contains(&attempt.tag) {
            return Err(LedgerError::DuplicateTag {
                tag: attempt.tag.clone(),
            });
        }
        if self.by_attempt.contains_key(&key) {
            return Err(LedgerError::AlreadyThere {
                subject: attempt_name(key),
            });
        }
        self.needs(attempt.order)?;
        self.tags.insert(attempt.tag.clone());
        self.by_attempt.insert(key, self.attempts.len());
        self.attempts.push(attempt.clone());
        undo.push(Undo::Intended);
        Ok(())
    }

    pub(super) fn move_attempt(
        &mut self,
        key: (OrderUid, AttemptNo),
        from: &str,
        to: &AttemptState,
        at: Timestamp,
        undo: &mut Vec<Undo>,
    ) -> Result<(), LedgerError> {
        let subject = attempt_name(key);
        let Some(&place) = self.by_attempt.get(&key) else {
            return Err(LedgerError::Missing { subject });
        };
        let attempt = &mut self.attempts[place];
        if attempt.state.name() != from {
            return Err(LedgerError::Conflict {
                subject,
                expected: from.to_owned(),
            });
        }
        if !attempt.state.can_become(to) {
            return Err(LedgerError::IllegalMove {
                subject,
                from: from.to_owned(),
                to: to.name().to_owned(),
            });
        }
        undo.push(Undo::AttemptMoved(place, Box::new(attempt.clone())));
        attempt.state = to.clone();
        attempt.updated_at = at;
        Ok(())
    }

    pub(super) fn fill(&mut self, record: &FillRecord, undo: &mut Vec<Undo>) -> Result<(), LedgerError> {
        let key = Self::trade_key(record);
        let Some(&place) = self.by_trade.get(&key) else {
            record.order.map_or(Ok(()), |uid| self.needs(uid))?;
            self.by_trade.insert(key, self.fills.len());
            self.fills.push(record.clone());
            undo.push(Undo::Filled);
            return Ok(());
        };
        if let (None, Some(uid)) = (self.fills[place].order, record.order) {
            self.needs(uid)?;
            self.fills[place].order = Some(uid);
            undo.push(Undo::FillLinked(place));
        }
        Ok(())
    }

    pub(super) fn read_positions(
        &mut self,
        account: &AccountId,
        positions: &[PositionRecord],
        undo: &mut Vec<Undo>,
    ) -> Result<(), LedgerError> {
        for (place, record) in positions.iter().enumerate() {
            if record.account != *account {
                return Err(LedgerError::Conflict {
                    subject: format!("position {place} of account {}", record.account),
                    expected: format!("read from account {account}"),
                });
            }
        }
        let before = self.positions.insert(account.clone(), positions.to_vec());
        undo.push(Undo::Positions(account.clone(), before));
        Ok(())
    }

    fn needs(&self, uid: OrderUid) -> Result<(), LedgerError> {
        if self.by_uid.contains_key(&uid) {
            Ok(())
        } else {
            Err(LedgerError::Missing {
                subject: format!("order {uid}"),
            })
        }
    }
}

fn attempt_name((order, no): (OrderUid, AttemptNo)) -> String {
    format!("attempt {no} of order {order}")
}
