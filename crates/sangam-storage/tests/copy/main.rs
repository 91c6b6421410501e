//! Books copied: between databases and into a file, whole or not at all, and never with something else in them.

mod backup;
mod books;
#[cfg(feature = "postgres")]
mod postgres;
mod to_file;
