//! What a ledger knows towards a portfolio: positions kept from fills, and the brokers' books as they were read last.

use std::collections::HashMap;

use sangam_core::ports::{HoldingRecord, PositionRecord};
use sangam_core::{AccountId, BrokerName, IST, Timestamp};

use super::inputs::{AccountBook, BookKind, BookRead};
use crate::cost::KeptPosition;

/// When each book of each account was read last; those never read are not there.
pub(crate) type BookReads = HashMap<(AccountId, BookKind), Timestamp>;

/// What a ledger knows of some accounts, all of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioBooks {
    /// Their positions kept from fills, without lots.
    pub kept: Vec<KeptPosition>,
    /// Their books, one entry an account in the order asked for.
    pub books: Vec<AccountBook>,
}

impl PortfolioBooks {
    /// Puts rows of a ledger together. A book counts as read where `reads` or a row says when.
    ///
    /// A position book that was last read on an earlier Indian date than the holdings counts as not read: what was bought
    /// for delivery on its day is in the holdings by now, what was intraday is gone, and carried positions follow from fills.
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
        let mut books: Vec<_> = accounts
            .iter()
            .map(|(account, broker)| AccountBook {
                account: account.clone(),
                broker: *broker,
                positions: begun(reads, account, BookKind::Positions),
                holdings: begun(reads, account, BookKind::Holdings),
            })
            .collect();
        for record in positions {
            if let Some(place) = place_of(&ours, &record.account, record.broker) {
                push(&mut books[place].positions, record.position, record.read_at);
            }
        }
        for record in holdings {
            if let Some(place) = place_of(&ours, &record.account, record.broker) {
                push(&mut books[place].holdings, record.holding, record.read_at);
            }
        }
        for book in &mut books {
            let day = |read_at| IST::date(read_at);
            let read = book.positions.as_ref().map(|read| day(read.read_at));
            if read.is_some() && read < book.holdings.as_ref().map(|read| day(read.read_at)) {
                book.positions = None;
            }
        }
        Self { kept, books }
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

fn push<T>(book: &mut Option<BookRead<T>>, row: T, read_at: Timestamp) {
    book.get_or_insert_with(|| BookRead {
        rows: Vec::new(),
        read_at,
    })
    .rows
    .push(row);
}
