//! What a portfolio is made from, of one moment.
//!
//! Reading a row costs microseconds and a portfolio has a thousand, of which most are the same as a moment ago. So what was
//! read is remembered with marks that tell what has changed since: the number of the last posting, and the audit entry of
//! each book's reading. The marks are asked for each time and the rest only where they differ, so that what another process
//! writes is seen at once.

use std::collections::HashMap;
use std::sync::Arc;

use sangam_core::ports::LedgerError;
use sangam_core::{AccountId, BrokerName, Holding, Position};

use super::ask::ask;
use super::cells::Cells;
use super::encode::Encode;
use super::failure::Fault;
use super::session::Row;
use super::{SqlLedger, books, columns as c, row};
use crate::cost::KeptPosition;
use crate::portfolio::{AccountBook, BookKind, BookRead, PortfolioBooks};
use crate::rules::Reading;

ask!(
    MARKS,
    "select account, book, read_at, entry from book_reads \
     union all select '', 'postings', 0, coalesce(max(fill), 0) from postings \
     union all select '', 'rebuilt', 0, cast(value as bigint) from settings where name = 'positions_rebuilt'"
);
ask!(
    KEPT_SINCE,
    c::KEPT,
    "select {} from kept_positions where position in (select position from postings where fill > ?)"
);
ask!(
    POSITIONS_OF,
    c::POSITIONS,
    "select {} from positions where account = ? order by place"
);
ask!(
    HOLDINGS_OF,
    c::HOLDINGS,
    "select {} from holdings where account = ? and date = (select max(date) from holding_days where account = ?) \
     order by place"
);

/// What tells whether something has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Marks {
    /// The last fill that was posted.
    postings: u64,
    /// The audit entry under which positions were computed anew.
    rebuilt: u64,
    reads: HashMap<(AccountId, BookKind), Reading>,
}

/// What was read last, and of when it is.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    accounts: Vec<(AccountId, BrokerName)>,
    marks: Marks,
    books: Arc<PortfolioBooks>,
}

impl SqlLedger {
    /// What these books know of some accounts towards a portfolio, all of one moment. An account is given with the broker
    /// it is at: rows read from another one before are left out. It costs what has changed since it was asked last, and not
    /// what was ever traded.
    ///
    /// # Errors
    /// As [`kept_positions`](Self::kept_positions).
    pub async fn portfolio_books(
        &self,
        accounts: &[(AccountId, BrokerName)],
    ) -> Result<Arc<PortfolioBooks>, LedgerError> {
        let mut remembered = self.remembered.lock().await;
        let rows = self.told(self.readers.rows(&MARKS, Vec::new()).await)?;
        if remembered.accounts == accounts && remembered.marks == marks(&rows)? {
            return Ok(Arc::clone(&remembered.books));
        }
        if remembered.accounts != accounts {
            *remembered = Remembered::nothing_of(accounts);
        }
        let news = self.told(self.news(&remembered).await)?;
        remembered.take_in(news);
        Ok(Arc::clone(&remembered.books))
    }

    /// Reads what has changed, of one moment.
    async fn news(&self, known: &Remembered) -> Result<News, Fault> {
        let mut moment = self.readers.one_moment().await?;
        let marks = marks(&moment.rows(&MARKS, Vec::new()).await?)?;
        let all_kept = marks.rebuilt != known.marks.rebuilt || known.marks.postings == 0;
        let kept = if all_kept {
            moment.rows(&books::KEPT, Vec::new()).await?
        } else if marks.postings == known.marks.postings {
            Vec::new()
        } else {
            let mut since = Encode::default();
            since.count(known.marks.postings);
            moment.rows(&KEPT_SINCE, since.0).await?
        };
        let kept = kept.iter().map(|found| row::kept(found, self.method, |_| None));
        let mut news = News {
            kept: kept.collect::<Result<_, _>>()?,
            all_kept,
            positions: Vec::new(),
            holdings: Vec::new(),
            marks,
        };
        for (place, (account, broker)) in known.accounts.iter().enumerate() {
            let changed = |book| news.marks.newer(&known.marks, account, book);
            if let Some(reading) = changed(BookKind::Positions) {
                let mut of = Encode::default();
                of.shown(account);
                let rows = moment.rows(&POSITIONS_OF, of.0).await?;
                let book = book_of(&rows, reading, |found| {
                    let record = row::position(found)?;
                    Ok((record.broker == *broker).then_some(record.position))
                })?;
                news.positions.push((place, book));
            }
            let changed = |book| news.marks.newer(&known.marks, account, book);
            if let Some(reading) = changed(BookKind::Holdings) {
                let mut of = Encode::default();
                of.shown(account).shown(account);
                let rows = moment.rows(&HOLDINGS_OF, of.0).await?;
                let book = book_of(&rows, reading, |found| {
                    let record = row::holding(found)?;
                    Ok((record.broker == *broker).then_some(record.holding))
                })?;
                news.holdings.push((place, book));
            }
        }
        moment.over().await?;
        Ok(news)
    }
}

/// What has changed since.
struct News {
    /// Positions that were moved by fills.
    kept: Vec<KeptPosition>,
    /// Whether these are all there are.
    all_kept: bool,
    /// Books read anew, by the places of their accounts.
    positions: Vec<(usize, BookRead<Position>)>,
    holdings: Vec<(usize, BookRead<Holding>)>,
    marks: Marks,
}

impl Remembered {
    fn nothing_of(accounts: &[(AccountId, BrokerName)]) -> Self {
        Self {
            accounts: accounts.to_vec(),
            marks: Marks::default(),
            books: Arc::new(PortfolioBooks::nothing_of(accounts)),
        }
    }

    fn take_in(&mut self, news: News) {
        // In place, unless somebody still looks at what was answered before.
        let books = Arc::make_mut(&mut self.books);
        if news.all_kept {
            books.kept.clear();
        }
        for kept in news.kept {
            if !self
                .accounts
                .iter()
                .any(|(account, _)| *account == kept.key.account)
            {
                continue;
            }
            match books.kept.binary_search_by(|there| there.key.cmp(&kept.key)) {
                Ok(place) => books.kept[place] = kept,
                Err(place) => books.kept.insert(place, kept),
            }
        }
        for (place, book) in news.positions {
            books.books[place].positions = Some(book);
        }
        for (place, book) in news.holdings {
            books.books[place].holdings = Some(book);
        }
        books.books.iter_mut().for_each(AccountBook::leave_out_older);
        self.marks = news.marks;
    }
}

impl Marks {
    /// The reading of a book, where it is another than that known before.
    fn newer(&self, known: &Self, account: &AccountId, book: BookKind) -> Option<Reading> {
        let key = (account.clone(), book);
        let reading = self.reads.get(&key)?;
        (known.reads.get(&key) != Some(reading)).then_some(*reading)
    }
}

fn book_of<T>(
    rows: &[Row],
    reading: Reading,
    read: impl Fn(&Row) -> Result<Option<T>, LedgerError>,
) -> Result<BookRead<T>, LedgerError> {
    let rows = rows.iter().filter_map(|found| read(found).transpose());
    Ok(BookRead {
        rows: rows.collect::<Result<_, _>>()?,
        read_at: reading.at,
    })
}

fn marks(rows: &[Row]) -> Result<Marks, LedgerError> {
    let mut marks = Marks::default();
    for row in rows {
        let cells = Cells::new(row, "book_reads", c::BOOK_READS, "account");
        let entry = cells.count("entry")?;
        let name = cells.word("book")?;
        match name {
            "postings" => marks.postings = entry,
            "rebuilt" => marks.rebuilt = entry,
            _ => {
                let book = BookKind::ALL.into_iter().find(|book| book.as_str() == name);
                let book = book.ok_or_else(|| cells.damaged("book", format!("unknown book {name:?}")))?;
                let reading = Reading {
                    at: cells.instant("read_at")?,
                    entry,
                };
                marks.reads.insert((cells.parse("account")?, book), reading);
            }
        }
    }
    Ok(marks)
}
