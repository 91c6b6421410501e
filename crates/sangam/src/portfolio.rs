//! The portfolio over all accounts: positions kept from fills and books as they were read last, both from the ledger and of
//! one moment, with prices of now. `docs/portfolio.md` says what the figures mean.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use sangam_core::ports::LedgerError;
use sangam_core::{AccountId, BrokerName, Error, InstrumentId, Timestamp};
use sangam_storage::KeptPosition;
use sangam_storage::portfolio::{AccountBook, PortfolioBooks, PortfolioInputs, SeenPrice};
pub use sangam_storage::portfolio::{
    BookKind, ClosedPositions, Figures, KeptPart, LastPrice, Line, Part, Portfolio, PortfolioError, Totals,
    UnreadBook,
};
use serde::Serialize;

use crate::system::{Account, System};

/// How a portfolio is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortfolioQuery {
    /// Read the brokers' books anew first.
    pub refresh: bool,
    /// A price older than this is marked as stale.
    pub stale_after: Duration,
}

impl Default for PortfolioQuery {
    fn default() -> Self {
        Self {
            refresh: false,
            stale_after: Duration::from_secs(60),
        }
    }
}

/// A portfolio, and how old what it was made from is.
#[derive(Debug)]
pub struct PortfolioView {
    /// The portfolio.
    pub portfolio: Portfolio,
    /// When each account's books were read.
    pub books: Vec<BooksRead>,
    /// The accounts that were to be read anew and could not be, with why: theirs are the books read before.
    pub failed: Vec<(AccountId, Error)>,
    /// Simulated accounts beside real ones: their money is none, so they are in no figure.
    pub left_out: Vec<AccountId>,
}

/// When the books of an account were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BooksRead {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Its positions; `None` when never, or on an earlier day than its holdings.
    pub positions: Option<Timestamp>,
    /// Its holdings; `None` when never.
    pub holdings: Option<Timestamp>,
}

/// Why there is no portfolio.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortfolioFailed {
    /// Our own books cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A figure leaves its range.
    #[error(transparent)]
    Figures(#[from] PortfolioError),
}

impl System {
    /// Positions and holdings of all accounts with what they are worth and what they brought, from our own books: no broker
    /// is asked but for prices, and those only for what is open. Where a price is not to be had, the last one known stands,
    /// marked as stale by its age.
    ///
    /// # Errors
    /// [`PortfolioFailed::Ledger`] when our books cannot be read, [`PortfolioFailed::Figures`] naming a figure out of range.
    /// A broker that cannot be read is no error: it is named in the answer.
    pub async fn portfolio(&self, query: PortfolioQuery) -> Result<PortfolioView, PortfolioFailed> {
        let (accounts, left_out) = self.counted_accounts();
        let failed = if query.refresh {
            self.read_books_anew().await?
        } else {
            Vec::new()
        };
        let books = self.inner.ledger.portfolio_books(&accounts).await?;
        let mut prices = self.known_prices(&open(&books)).await;
        drop_older_than_rows(&mut prices, &books.books);
        let portfolio = Portfolio::of(&PortfolioInputs {
            kept: &books.kept,
            books: &books.books,
            prices: &prices,
            multipliers: &self.multipliers(&books),
            now: self.now(),
            stale_after: query.stale_after,
        })?;
        Ok(PortfolioView {
            portfolio,
            books: books.books.iter().map(BooksRead::of).collect(),
            failed,
            left_out,
        })
    }

    /// The accounts a sum is made of: real ones where there are any; and those left out.
    fn counted_accounts(&self) -> (Vec<(AccountId, BrokerName)>, Vec<AccountId>) {
        let accounts = &self.inner.accounts;
        let some_real = accounts.iter().any(|account| !account.config.simulated);
        let (left_out, counted): (Vec<_>, Vec<_>) = accounts
            .iter()
            .partition(|account| some_real && account.config.simulated);
        (
            counted.into_iter().map(Account::place).collect(),
            left_out
                .into_iter()
                .map(|account| account.config.name.clone())
                .collect(),
        )
    }

    /// What a unit of each instrument gains with a rupee, where a master tells it.
    fn multipliers(&self, books: &PortfolioBooks) -> HashMap<InstrumentId, rust_decimal::Decimal> {
        let table = self.table();
        let ids = kept_ids(&books.kept, |_| true).chain(book_ids(&books.books, false));
        let known = ids.filter_map(|id| {
            let entry = table.find(id.exchange, id.symbol.as_str())?;
            Some((id.clone(), entry.multiplier()?))
        });
        known.collect()
    }
}

impl BooksRead {
    fn of(book: &AccountBook) -> Self {
        Self {
            account: book.account.clone(),
            broker: book.broker,
            positions: book.positions.as_ref().map(|read| read.read_at),
            holdings: book.holdings.as_ref().map(|read| read.read_at),
        }
    }
}

/// What needs a price.
fn open(books: &PortfolioBooks) -> Vec<InstrumentId> {
    let kept = kept_ids(&books.kept, |kept| !kept.net.is_zero());
    let ids: BTreeSet<_> = kept.chain(book_ids(&books.books, true)).collect();
    ids.into_iter().cloned().collect()
}

fn kept_ids(
    kept: &[KeptPosition],
    wanted: impl Fn(&KeptPosition) -> bool,
) -> impl Iterator<Item = &InstrumentId> {
    kept.iter()
        .filter(move |kept| wanted(kept))
        .filter_map(|kept| kept.instrument.id.as_ref())
}

fn book_ids(books: &[AccountBook], open_only: bool) -> impl Iterator<Item = &InstrumentId> {
    books.iter().flat_map(move |book| {
        let positions = book.positions.iter().flat_map(|read| &read.rows);
        let holdings = book.holdings.iter().flat_map(|read| &read.rows);
        let positions = positions
            .filter(move |row| !open_only || !row.net.is_zero())
            .filter_map(|row| row.instrument.id.as_ref());
        let holdings = holdings
            .filter(move |row| !open_only || !row.quantity.is_zero())
            .filter_map(|row| row.instrument.id.as_ref());
        positions.chain(holdings)
    })
}

/// A price that was not renewed gives way to the one a broker's row was read with later.
fn drop_older_than_rows(prices: &mut HashMap<InstrumentId, SeenPrice>, books: &[AccountBook]) {
    let mut newer = |id: Option<&InstrumentId>, read_at: Timestamp| {
        if let Some(id) = id
            && prices.get(id).is_some_and(|seen| seen.made_at < read_at)
        {
            prices.remove(id);
        }
    };
    for book in books {
        if let Some(read) = &book.positions {
            let priced = read.rows.iter().filter(|row| row.last_price.is_some());
            priced.for_each(|row| newer(row.instrument.id.as_ref(), read.read_at));
        }
        if let Some(read) = &book.holdings {
            let priced = read.rows.iter().filter(|row| row.last_price.is_some());
            priced.for_each(|row| newer(row.instrument.id.as_ref(), read.read_at));
        }
    }
}
