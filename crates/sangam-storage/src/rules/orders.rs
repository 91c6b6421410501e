//! Orders and attempts: received and intended once, moved along listed moves from the state they are said to be in.

use std::mem::replace;

use sangam_core::ports::{AttemptRecord, LedgerError, OrderMoved, OrderRecord};
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, AttemptState, BrokerName, BrokerOrderId, IST, OrderNumber, OrderRequest, OrderState, OrderUid,
    Price, Quantity, Timestamp,
};

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

    /// Puts in an order that was not there.
    fn keep_order(&mut self, order: OrderRecord) {
        let uid = order.uid;
        self.dirty.orders.entry(uid).or_insert(None);
        self.undo.push(Undo::Received(uid));
        self.orders.insert(uid, order);
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
        let Some(order) = self.orders.get_mut(&moved.uid) else {
            return Err(LedgerError::Missing { subject: subject() });
        };
        if order.state != moved.from {
            return Err(LedgerError::Conflict {
                subject: subject(),
                expected: moved.from.to_string(),
            });
        }
        self.dirty.orders.entry(moved.uid).or_insert(Some(order.state));
        if moved.request.is_some() {
            self.dirty.terms.insert(moved.uid);
        }
        let before = Standing::move_on(order, moved);
        self.undo.push(Undo::Moved(moved.uid, Box::new(before)));
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
        self.may_intend(attempt)?;
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

/// What a move may change of an order, as it was before: only what it did change is kept.
#[derive(Debug)]
pub(super) struct Standing {
    state: OrderState,
    updated_at: Timestamp,
    placed_with: Option<(Option<AccountId>, Option<BrokerName>)>,
    broker_order_id: Option<Option<BrokerOrderId>>,
    filled: Quantity,
    average_price: Option<Price>,
    message: Option<Option<String>>,
    request: Option<OrderRequest>,
}

impl Standing {
    /// Moves an order and answers how it stood.
    fn move_on(order: &mut OrderRecord, moved: &OrderMoved) -> Self {
        let stale = moved.filled.is_some_and(|filled| filled < order.filled);
        let before = Self {
            state: replace(&mut order.state, moved.to),
            updated_at: replace(&mut order.updated_at, moved.at),
            placed_with: moved.placed_with.as_ref().map(|(account, broker)| {
                (
                    order.account.replace(account.clone()),
                    order.broker.replace(*broker),
                )
            }),
            broker_order_id: moved
                .broker_order_id
                .as_ref()
                .map(|id| order.broker_order_id.replace(id.clone())),
            filled: order.filled,
            average_price: order.average_price,
            message: moved
                .message
                .as_ref()
                .map(|message| order.message.replace(message.clone())),
            request: moved
                .request
                .as_ref()
                .map(|request| replace(&mut order.request, request.clone())),
        };
        if !stale {
            order.filled = moved.filled.unwrap_or(order.filled);
            order.average_price = moved.average_price.or(order.average_price);
        }
        before
    }

    /// Puts an order back to how it stood.
    pub(super) fn restore(self, order: &mut OrderRecord) {
        order.state = self.state;
        order.updated_at = self.updated_at;
        if let Some((account, broker)) = self.placed_with {
            (order.account, order.broker) = (account, broker);
        }
        if let Some(id) = self.broker_order_id {
            order.broker_order_id = id;
        }
        order.filled = self.filled;
        order.average_price = self.average_price;
        if let Some(message) = self.message {
            order.message = message;
        }
        if let Some(request) = self.request {
            order.request = request;
        }
    }
}

fn order_name(uid: OrderUid) -> String {
    format!("order {uid}")
}

fn attempt_name((order, no): AttemptKey) -> String {
    format!("attempt {no} of order {order}")
}
