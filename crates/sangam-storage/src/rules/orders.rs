//! Orders and attempts: received and intended once, moved along listed moves from the state they are said to be in.

use sangam_core::ports::{AttemptRecord, LedgerError, OrderMoved, OrderRecord};
use sangam_core::timestamp::Date;
use sangam_core::{AttemptState, IST, OrderNumber, OrderUid, Timestamp};

use super::{AttemptKey, Undo, Working};

impl Working {
    pub(super) fn receive(&mut self, order: &OrderRecord) -> Result<OrderNumber, LedgerError> {
        let key = order
            .client_order_id
            .clone()
            .map(|key| (order.owner.clone(), key));
        if let Some((key, &existing)) = key.as_ref().and_then(|key| self.keys.get_key_value(key)) {
            return Err(LedgerError::DuplicateClientOrderId {
                client_order_id: key.1.clone(),
                existing,
            });
        }
        if self.orders.contains_key(&order.uid) {
            return Err(LedgerError::AlreadyThere {
                subject: order_name(order.uid),
            });
        }
        let number = self.next_number(IST::date(order.created_at))?;
        if let Some(key) = key {
            self.undo.push(Undo::Key(key.clone()));
            self.keys.insert(key, number);
        }
        self.keep_order(OrderRecord {
            number,
            ..order.clone()
        });
        Ok(number)
    }

    fn next_number(&mut self, date: Date) -> Result<OrderNumber, LedgerError> {
        let before = self.numbers.get(&date).copied();
        let nought = OrderNumber::new(date, 0);
        let last = OrderNumber::new(date, OrderNumber::PER_DAY - 1);
        let number = OrderNumber::from_u64(before.unwrap_or(nought).get() + 1);
        if number > last {
            return Err(LedgerError::NotWritten {
                what: format!("the {} order numbers of {date} are used up", OrderNumber::PER_DAY),
                source: format!("the next number would be {number}").into(),
            });
        }
        self.undo.push(Undo::Number(date, before));
        self.numbers.insert(date, number);
        Ok(number)
    }

    /// Puts an order in place of what is there, remembering what was.
    fn keep_order(&mut self, order: OrderRecord) {
        let uid = order.uid;
        let before = self.orders.insert(uid, order);
        let state = before.as_ref().map(|order| order.state);
        self.dirty.orders.entry(uid).or_insert(state);
        self.undo.push(Undo::Order(uid, before.map(Box::new)));
    }

    pub(super) fn move_order(&mut self, moved: &OrderMoved) -> Result<(), LedgerError> {
        let subject = || order_name(moved.uid);
        if moved.from != moved.to && !moved.from.can_become(moved.to) {
            return Err(LedgerError::IllegalMove {
                subject: subject(),
                from: moved.from.to_string(),
                to: moved.to.to_string(),
            });
        }
        let Some(order) = self.orders.get(&moved.uid) else {
            return Err(LedgerError::Missing { subject: subject() });
        };
        if order.state != moved.from {
            return Err(LedgerError::Conflict {
                subject: subject(),
                expected: moved.from.to_string(),
            });
        }
        let mut order = order.clone();
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
            self.dirty.terms.insert(moved.uid);
        }
        self.keep_order(order);
        Ok(())
    }

    pub(super) fn intend(&mut self, attempt: &AttemptRecord) -> Result<(), LedgerError> {
        let key = (attempt.order, attempt.no);
        if self.tags.contains(&attempt.tag) {
            return Err(LedgerError::DuplicateTag {
                tag: attempt.tag.clone(),
            });
        }
        if self.attempts.contains_key(&key) {
            return Err(LedgerError::AlreadyThere {
                subject: attempt_name(key),
            });
        }
        self.needs(attempt.order)?;
        self.undo.push(Undo::Tag(attempt.tag.clone()));
        self.tags.insert(attempt.tag.clone());
        self.keep_attempt(attempt.clone());
        Ok(())
    }

    fn keep_attempt(&mut self, attempt: AttemptRecord) {
        let key = (attempt.order, attempt.no);
        let before = self.attempts.insert(key, attempt);
        let state = before.as_ref().map(|attempt| attempt.state.name());
        self.dirty.attempt(key, state);
        self.undo.push(Undo::Attempt(key, before.map(Box::new)));
    }

    pub(super) fn move_attempt(
        &mut self,
        key: AttemptKey,
        from: &str,
        to: &AttemptState,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let subject = || attempt_name(key);
        let Some(attempt) = self.attempts.get(&key) else {
            return Err(LedgerError::Missing { subject: subject() });
        };
        if attempt.state.name() != from {
            return Err(LedgerError::Conflict {
                subject: subject(),
                expected: from.to_owned(),
            });
        }
        if !attempt.state.can_become(to) {
            return Err(LedgerError::IllegalMove {
                subject: subject(),
                from: from.to_owned(),
                to: to.name().to_owned(),
            });
        }
        let attempt = AttemptRecord {
            state: to.clone(),
            updated_at: at,
            ..attempt.clone()
        };
        self.keep_attempt(attempt);
        Ok(())
    }

    pub(super) fn needs(&self, uid: OrderUid) -> Result<(), LedgerError> {
        if self.orders.contains_key(&uid) {
            Ok(())
        } else {
            Err(LedgerError::Missing {
                subject: order_name(uid),
            })
        }
    }
}

fn order_name(uid: OrderUid) -> String {
    format!("order {uid}")
}

fn attempt_name((order, no): AttemptKey) -> String {
    format!("attempt {no} of order {order}")
}
