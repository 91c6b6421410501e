//! Taking back the steps of a commit that was refused half-way.

use sangam_core::ports::{AttemptRecord, OrderRecord, PositionRecord};
use sangam_core::{AccountId, OrderNumber};

use super::books::Books;

/// How to take one step back. Taken in reverse order.
#[derive(Debug)]
pub(super) enum Undo {
    Received(OrderNumber),
    OrderMoved(Box<OrderRecord>),
    Intended,
    AttemptMoved(usize, Box<AttemptRecord>),
    Filled,
    FillLinked(usize),
    Positions(AccountId, Option<Vec<PositionRecord>>),
}

impl Undo {
    pub(super) fn take(self, books: &mut Books) {
        match self {
            Self::Received(number) => {
                if let Some(order) = books.orders.remove(&number) {
                    books.by_uid.remove(&order.uid);
                    if let Some(key) = order.client_order_id {
                        books.by_client_id.remove(&(order.owner, key));
                    }
                }
            }
            Self::OrderMoved(before) => {
                books.orders.insert(before.number, *before);
            }
            Self::Intended => {
                if let Some(attempt) = books.attempts.pop() {
                    books.tags.remove(&attempt.tag);
                    books.by_attempt.remove(&(attempt.order, attempt.no));
                }
            }
            Self::AttemptMoved(place, before) => books.attempts[place] = *before,
            Self::Filled => {
                if let Some(record) = books.fills.pop() {
                    books.by_trade.remove(&Books::trade_key(&record));
                }
            }
            Self::FillLinked(place) => books.fills[place].order = None,
            Self::Positions(account, Some(before)) => {
                books.positions.insert(account, before);
            }
            Self::Positions(account, None) => {
                books.positions.remove(&account);
            }
        }
    }
}
