//! The audit chain from outside: whatever is done to kept entries, seals or an export is found.

mod export;
mod kept;
mod property;
mod words;
