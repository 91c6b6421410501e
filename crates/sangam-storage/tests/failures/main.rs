//! Books that cannot be opened, read or written: clear words that name the place and the way out, nothing half written, and
//! work again once the cause is gone.

mod damaged;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_away;
mod sqlite;
mod support;
mod upgrade;
