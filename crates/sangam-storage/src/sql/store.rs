//! Where the books are, and how a connection to them is made.

use std::path::PathBuf;

use sangam_core::ports::LedgerError;

use super::dialect::Dialect;
use super::failure::{Fault, Place};
#[cfg(feature = "postgres")]
use super::postgres;
use super::session::Session;
use super::sqlite;

/// A place with its settings.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// Which database it is.
#[derive(Debug)]
pub(super) enum Kind {
    Sqlite(PathBuf, sqlite::SqliteSettings),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Server>),
}

impl Store {
    /// A connection that writes, to books of the newest schema.
    pub(super) async fn writer(&self) -> Result<Box<dyn Session>, LedgerError> {
        match &self.kind {
            Kind::Sqlite(path, settings) => Ok(Box::new(sqlite::open::writer(path, settings).await?)),
            #[cfg(feature = "postgres")]
            Kind::Postgres(server) => match server.writer().await {
                Ok(session) => Ok(Box::new(session)),
                Err(fault) => Err(fault.before_commit("opening", &self.place)),
            },
        }
    }

    /// A connection that only reads.
    pub(super) async fn reader(&self) -> Result<Box<dyn Session>, Fault> {
        match &self.kind {
            Kind::Sqlite(path, settings) => Ok(Box::new(sqlite::open::reader(path, settings).await?)),
            #[cfg(feature = "postgres")]
            Kind::Postgres(server) => Ok(Box::new(server.reader().await?)),
        }
    }

    /// Which database it is, by its words.
    pub(super) fn dialect(&self) -> Dialect {
        match &self.kind {
            Kind::Sqlite(..) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Most connections that read at once.
    pub(super) fn readers_max(&self) -> usize {
        let most = match &self.kind {
            Kind::Sqlite(_, settings) => settings.readers_max,
            #[cfg(feature = "postgres")]
            Kind::Postgres(server) => server.settings.readers_max,
        };
        usize::try_from(most).unwrap_or(usize::MAX).max(1)
    }
}
