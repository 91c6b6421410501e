//! Books in one SQLite file.

mod file;
pub(super) mod open;
mod schema;
mod session;
mod settings;

pub use settings::SqliteSettings;
