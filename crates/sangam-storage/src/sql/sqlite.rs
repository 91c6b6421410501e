//! Books in one SQLite file.

pub(super) mod carried;
pub(super) mod file;
mod lone;
pub(super) mod open;
mod schema;
mod session;
mod settings;

pub use settings::SqliteSettings;
