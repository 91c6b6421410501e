//! Reading positions and holdings of accounts into our own books.

use std::collections::HashMap;

use futures::future::join_all;
use sangam_core::ports::{AuditEntry, Change, HoldingRecord, Ledger as _, LedgerError, PositionRecord};
use sangam_core::{AccountId, Error, Holding, IST, Position, Timestamp};
use sangam_storage::portfolio::{AccountBook, BookRead};
use serde_json::json;

use crate::system::{Account, System};
use crate::view::Gathered;

/// What was read of one account; a book that could not be read is `None`.
struct Read {
    positions: Option<Vec<Position>>,
    holdings: Option<Vec<Holding>>,
    at: Timestamp,
}

impl System {
    /// Brings trades up to date, reads positions and holdings of all accounts and writes what has changed; answers the
    /// accounts that could not be read.
    pub(crate) async fn read_books_anew(&self) -> Result<Vec<(AccountId, Error)>, LedgerError> {
        let mut trades = Vec::new();
        for desk in self.desks() {
            for account in desk.accounts() {
                trades.push(desk.reconcile_if_stale(account.id()));
            }
        }
        for error in join_all(trades).await.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "orders and trades of an account not read");
        }
        self.read_books().await
    }

    /// Reads positions and holdings of all accounts and writes what has changed; answers the accounts that could not be
    /// read.
    pub(crate) async fn read_books(&self) -> Result<Vec<(AccountId, Error)>, LedgerError> {
        let at = self.now();
        let (positions, holdings) = tokio::join!(self.positions(), self.holdings());
        let mut positions = by_account(positions);
        let mut holdings = by_account(holdings);
        let accounts = &self.inner.accounts;
        let places: Vec<_> = accounts.iter().map(Account::place).collect();
        let known = self.inner.ledger.portfolio_books(&places).await?;
        let mut failed = Vec::new();
        for (account, before) in accounts.iter().zip(&known.books) {
            let name = &account.config.name;
            let (positions, not_positions) = taken(&mut positions, name);
            let (holdings, not_holdings) = taken(&mut holdings, name);
            let read = Read {
                positions,
                holdings,
                at,
            };
            let changes = changes(account, &read, before);
            if !changes.is_empty() {
                self.inner.ledger.commit(&changes, &audit(name, &read)).await?;
            }
            failed.extend(not_positions.or(not_holdings).map(|error| (name.clone(), error)));
        }
        Ok(failed)
    }
}

/// Rows by account, or why there are none.
type ByAccount<T> = HashMap<AccountId, Result<Vec<T>, Error>>;

fn by_account<T>(gathered: Gathered<T>) -> ByAccount<T> {
    let failed = gathered.failed.into_iter();
    let mut by: ByAccount<T> = failed.map(|(account, error)| (account, Err(error))).collect();
    for row in gathered.rows {
        if let Ok(rows) = by.entry(row.account).or_insert_with(|| Ok(Vec::new())) {
            rows.push(row.value);
        }
    }
    by
}

/// An account without a row and without a failure has an empty book.
fn taken<T>(by: &mut ByAccount<T>, account: &AccountId) -> (Option<Vec<T>>, Option<Error>) {
    match by.remove(account).unwrap_or_else(|| Ok(Vec::new())) {
        Ok(rows) => (Some(rows), None),
        Err(error) => (None, Some(error)),
    }
}

fn audit(account: &AccountId, read: &Read) -> AuditEntry {
    AuditEntry {
        at: read.at,
        actor: "system".to_owned(),
        event: "books.read".to_owned(),
        subject: account.to_string(),
        detail: json!({
            "positions": read.positions.as_ref().map(Vec::len),
            "holdings": read.holdings.as_ref().map(Vec::len),
        })
        .to_string(),
    }
}

/// What is to be written. A book that only tells other prices than on the same day before is not: its rows keep the time
/// they were written with, which is never too new.
fn changes(account: &Account, read: &Read, before: &AccountBook) -> Vec<Change> {
    let (name, broker) = (&account.config.name, account.config.broker);
    let mut changes = Vec::new();
    if let Some(positions) = &read.positions
        && !is_same(before.positions.as_ref(), positions, read.at, without_price)
    {
        changes.push(Change::PositionsRead {
            account: name.clone(),
            positions: positions
                .iter()
                .map(|position| PositionRecord {
                    account: name.clone(),
                    broker,
                    position: position.clone(),
                    read_at: read.at,
                })
                .collect(),
        });
    }
    if let Some(holdings) = &read.holdings
        && !is_same(before.holdings.as_ref(), holdings, read.at, |holding| Holding {
            last_price: None,
            ..holding.clone()
        })
    {
        changes.push(Change::HoldingsRead {
            account: name.clone(),
            date: IST::date(read.at),
            holdings: holdings
                .iter()
                .map(|holding| HoldingRecord {
                    account: name.clone(),
                    broker,
                    holding: holding.clone(),
                    read_at: read.at,
                })
                .collect(),
        });
    }
    changes
}

fn without_price(position: &Position) -> Position {
    Position {
        last_price: None,
        unrealised: None,
        ..position.clone()
    }
}

fn is_same<T: PartialEq>(
    before: Option<&BookRead<T>>,
    now: &[T],
    at: Timestamp,
    bare: impl Fn(&T) -> T,
) -> bool {
    before.is_some_and(|before| {
        IST::date(before.read_at) == IST::date(at)
            && before.rows.len() == now.len()
            && before
                .rows
                .iter()
                .zip(now)
                .all(|(old, new)| bare(old) == bare(new))
    })
}
