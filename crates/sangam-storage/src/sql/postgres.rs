//! Books in a PostgreSQL database.

mod open;
mod schema;
mod session;
mod settings;

pub(super) use open::Server;
pub use settings::{PostgresSettings, PostgresUrlError};
