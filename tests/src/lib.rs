//! What the integration tests and the programs beside them share.

pub mod books;
pub mod kill;
pub mod ledger_figures;
pub mod load;
pub mod shared_checks;
pub mod sharing;
pub mod vectors;
