//! What a ledger knows towards a portfolio: positions kept from fills, and the brokers' books as they were read last.

use std::collections::HashMap;

use sangam_core::ports::{HoldingRecord, PositionRecord};
use sangam_core::{AccountId, BrokerName, IST, Timestamp};

use super::inputs::{AccountBook, BookKind, BookRead};
use crate::cost::KeptPosition;

/// When each book of each account was read last; those never read are not there.
pub(crate) type BookReads = HashMap<(AccountId, BookKind), Timestamp>;

/// What a ledger knows of some accounts, all of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortfolioBooks {
    /// Their positions kept from fills, without lots.
    pub kept: Vec<KeptPosition>,
    /// Their books, one entry an account in the order asked for.
    pub books: Vec<AccountBook>,
}

impl PortfolioBooks {
    /// Accounts of which nothing is known.
    pub(crate) fn nothing_of(accounts: &[(AccountId, BrokerName)]) -> Self {
        let book = |(account, broker): &(AccountId, BrokerName)| AccountBook {
            account: account.clone(),
            broker: *broker,
            positions: None,
            holdings: None,
        };
        Self {
            kept: Vec::new(),
            books: accounts.iter().map(book).collect(),
        }
    }

    /// Puts all rows of a ledger together.
    pub(crate) fn of(
        accounts: &[(AccountId, BrokerName)],
        mut kept: Vec<KeptPosition>,
        positions: Vec<PositionRecord>,
        holdings: Vec<HoldingRecord>,
        reads: &BookReads,
    ) -> Self {
        let ours: HashMap<_, _> = accounts
            .iter()
            .enumerate()
            .map(|(place, (account, broker))| (account, (place, *broker)))
            .collect();
        kept.retain(|kept| ours.contains_key(&kept.key.account));
        let mut all = Self {
            kept,
            ..Self::nothing_of(accounts)
        };
        for book in &mut all.books {
            book.positions = begun(reads, &book.account, BookKind::Positions);
            book.holdings = begun(reads, &book.account, BookKind::Holdings);
        }
        for record in positions {
            if let Some(place) = place_of(&ours, &record.account, record.broker) {
                push(&mut all.books[place].positions, record.position);
            }
        }
        for record in holdings {
            if let Some(place) = place_of(&ours, &record.account, record.broker) {
                push(&mut all.books[place].holdings, record.holding);
            }
        }
        all.books.iter_mut().for_each(AccountBook::leave_out_older);
        all
    }
}

impl AccountBook {
    /// A position book that was last read on an earlier Indian date than the holdings counts as not read: what was bought
    /// for delivery on its day is in the holdings by now, what was intraday is gone, and carried positions follow from fills.
    pub(crate) fn leave_out_older(&mut self) {
        let day = |read_at: Option<Timestamp>| read_at.map(IST::date);
        let positions = day(self.positions.as_ref().map(|read| read.read_at));
        let holdings = day(self.holdings.as_ref().map(|read| read.read_at));
        if positions < holdings {
            self.positions = None;
        }
    }
}

/// A row of another broker was read before its account moved to this one.
fn place_of(
    ours: &HashMap<&AccountId, (usize, BrokerName)>,
    account: &AccountId,
    broker: BrokerName,
) -> Option<usize> {
    ours.get(account)
        .filter(|(_, at)| *at == broker)
        .map(|(place, _)| *place)
}

/// A book without its rows.
fn begun<T>(reads: &BookReads, account: &AccountId, book: BookKind) -> Option<BookRead<T>> {
    reads.get(&(account.clone(), book)).map(|read_at| BookRead {
        rows: Vec::new(),
        read_at: *read_at,
    })
}

/// Rows come with a reading, so a book that has some was begun.
fn push<T>(book: &mut Option<BookRead<T>>, row: T) {
    if let Some(read) = book {
        read.rows.push(row);
    }
}
