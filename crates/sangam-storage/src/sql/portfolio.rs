//! What a portfolio is made from, of one moment.

use sangam_core::ports::LedgerError;
use sangam_core::{AccountId, BrokerName};

use super::ask::ask;
use super::cells::Cells;
use super::session::Row;
use super::{SqlLedger, books, columns as c, read, row};
use crate::portfolio::{BookKind, PortfolioBooks};

ask!(READS, c::BOOK_READS, "select {} from book_reads");

impl SqlLedger {
    /// What these books know of some accounts towards a portfolio, all of one moment. An account is given with the broker
    /// it is at: rows read from another one before are left out. Read, not computed: it costs what is open, and not what
    /// was traded.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn portfolio_books(
        &self,
        accounts: &[(AccountId, BrokerName)],
    ) -> Result<PortfolioBooks, LedgerError> {
        let asks = [&*READS, &*read::POSITIONS, &*read::HOLDINGS, &*books::KEPT];
        let answers = self.told(self.readers.rows_of_one_moment(asks).await)?;
        let [reads, positions, holdings, kept] = &answers;
        let method = self.method;
        Ok(PortfolioBooks::of(
            accounts,
            all(kept, |found| row::kept(found, method, |_| None))?,
            all(positions, row::position)?,
            all(holdings, row::holding)?,
            &all(reads, book_read)?,
        ))
    }
}

fn all<T, C: FromIterator<T>>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, LedgerError>,
) -> Result<C, LedgerError> {
    rows.iter().map(read).collect()
}

fn book_read(row: &Row) -> Result<((AccountId, BookKind), sangam_core::Timestamp), LedgerError> {
    let cells = Cells::new(row, "book_reads", c::BOOK_READS, "account");
    let name = cells.word("book")?;
    let book = BookKind::ALL.into_iter().find(|book| book.as_str() == name);
    let book = book.ok_or_else(|| cells.damaged("book", format!("unknown book {name:?}")))?;
    Ok(((cells.parse("account")?, book), cells.instant("read_at")?))
}
