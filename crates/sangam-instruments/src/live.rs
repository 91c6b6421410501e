//! The table in force, swapped whole by a refresh and kept when a refresh fails.

use std::sync::{Arc, PoisonError, RwLock};

use sangam_core::ports::SymbolMap;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange, Instrument, InstrumentId, Listing};

use crate::build::BuildError;
use crate::conflict::BuildReport;
use crate::diff::Diff;
use crate::fault::{MasterError, ReadReport};
use crate::master::Master;
use crate::source::Source;
use crate::table::Table;

/// What a refresh came to.
#[derive(Debug)]
pub struct Refresh {
    /// What changed from the table before.
    pub diff: Diff,
    /// How the masters were joined.
    pub build: BuildReport,
    /// What was read and skipped, for each file.
    pub read: Vec<(String, ReadReport)>,
}

/// Why the table of before stays in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// A file is no master.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The masters have no instrument among them.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// The table in force. Clones of the table handed out stay as they are when it is swapped.
#[derive(Debug)]
pub struct LiveTable {
    table: RwLock<Arc<Table>>,
}

impl LiveTable {
    /// Begins with a table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            table: RwLock::new(Arc::new(table)),
        }
    }

    /// The table in force now.
    #[must_use]
    pub fn current(&self) -> Arc<Table> {
        // A table is swapped by one assignment, so a panic elsewhere cannot leave half of one.
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another table in force and tells what changed.
    pub fn replace(&self, table: Table) -> Diff {
        let table = Arc::new(table);
        let before = self.current();
        let diff = Diff::between(&before, &table);
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
        diff
    }

    /// Reads masters of one date and puts their table in force, all of them or none.
    ///
    /// # Errors
    /// [`RefreshError`] when one of the files is no master or none has an instrument; the table of before stays.
    pub fn refresh(&self, date: Date, sources: &[Source<'_>]) -> Result<Refresh, RefreshError> {
        let masters: Vec<Master> = sources.iter().map(Master::read).collect::<Result<_, _>>()?;
        let read = masters
            .iter()
            .map(|master| (master.name().to_owned(), master.report().clone()))
            .collect();
        let (table, build) = Table::build(date, &masters)?;
        drop(masters);
        Ok(Refresh {
            diff: self.replace(table),
            build,
            read,
        })
    }
}

impl SymbolMap for LiveTable {
    fn instrument(&self, id: &InstrumentId) -> Option<Arc<Instrument>> {
        self.current().instrument(id)
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        self.current().listing(broker, id)
    }

    fn by_order_symbol(
        &self,
        broker: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId> {
        self.current().by_order_symbol(broker, exchange, symbol)
    }

    fn by_token(&self, broker: BrokerName, exchange: Exchange, token: &str) -> Option<InstrumentId> {
        self.current().by_token(broker, exchange, token)
    }
}
