//! What can be said of the books at a glance: their place, size and age, how much is in them and who trades by them.

use sangam_core::Timestamp;
use sangam_core::ports::{Lease, LedgerError};

use super::ask::{Ask, ask};
use super::failure::Fault;
use super::session::{Cell, Session};
use super::{SqlLedger, catch_up, columns as c, copy, row, tables};
use crate::chain::ChainedEntry;
use crate::cost::CostMethod;

ask!(VERSION, "select max(version) from _sqlx_migrations where success");
static BYTES: std::sync::LazyLock<Ask> = std::sync::LazyLock::new(|| {
    Ask::each(
        "select page_count * page_size from pragma_page_count, pragma_page_size",
        "select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class \
         where relkind = 'r' and relnamespace = current_schema()::regnamespace",
    )
});
ask!(
    LAST,
    c::AUDIT,
    "select {} from audit order by sequence desc limit 1"
);
ask!(LEASES, c::LEASES, "select {} from leases order by account_group");

/// The books at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksStatus {
    /// Where they are: a path, or the address of a database without its password.
    pub place: String,
    /// The version of their tables.
    pub schema: i64,
    /// Bytes of their tables and indexes, without a write-ahead log.
    pub bytes: u64,
    /// How profit is told from cost.
    pub cost_method: CostMethod,
    /// Each table with its rows.
    pub tables: Vec<(&'static str, u64)>,
    /// The newest entry of the audit log; `None` in books without a commit, or when its days were pruned.
    pub last: Option<ChainedEntry>,
    /// Who trades, or traded last, for each group.
    pub leases: Vec<Lease>,
    /// The time by the store's own clock, which is the one leases end by.
    pub now: Timestamp,
}

impl BooksStatus {
    /// Whether nothing was ever written into them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let kept = tables::ALL.iter().filter(|table| !table.never_empty);
        let rows = |name| self.tables.iter().find(|(table, _)| *table == name);
        kept.into_iter()
            .all(|table| rows(table.name).is_none_or(|(_, rows)| *rows == 0))
    }

    /// The leases that have not ended: whoever holds one may be trading.
    pub fn running(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter().filter(|lease| lease.expires_at > self.now)
    }
}

impl SqlLedger {
    /// Looks at the books. Counting takes a second or so for a million rows.
    ///
    /// # Errors
    /// [`LedgerError::Store`] when the books cannot be read, [`LedgerError::Damaged`] naming a row that does not read.
    pub async fn status(&self) -> Result<BooksStatus, LedgerError> {
        let looked = self
            .readers
            .of_one_moment(async |session: &mut dyn Session| self.look(session).await)
            .await;
        self.told(looked)
    }

    async fn look(&self, session: &mut dyn Session) -> Result<BooksStatus, Fault> {
        let mut tables = Vec::with_capacity(tables::ALL.len());
        for table in tables::ALL {
            tables.push((table.name, copy::count(session, table).await?));
        }
        let last = session.rows(&LAST, Vec::new()).await?;
        let leases = session.rows(&LEASES, Vec::new()).await?;
        Ok(BooksStatus {
            place: self.place(),
            schema: whole(session, &VERSION).await?,
            bytes: u64::try_from(whole(session, &BYTES).await?).unwrap_or_default(),
            cost_method: self.method,
            tables,
            last: last.first().map(row::chained).transpose()?,
            leases: leases.iter().map(row::lease).collect::<Result<_, _>>()?,
            now: catch_up::now(session).await?,
        })
    }
}

async fn whole(session: &mut dyn Session, ask: &Ask) -> Result<i64, Fault> {
    let rows = session.rows(ask, Vec::new()).await?;
    match rows.first().and_then(|row| row.first()) {
        Some(Cell::Int(Some(value))) => Ok(*value),
        _ => Ok(0),
    }
}
