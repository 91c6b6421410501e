//! The audit chain where it is kept: written by real commits, damaged by bare SQL, found, exported and pruned; on SQLite
//! files, and on a PostgreSQL server where the feature is on.

mod damage;
mod days;
mod export;
mod long;
mod place;
mod property;
mod prune;
mod verify;
