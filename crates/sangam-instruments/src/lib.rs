#![doc = include_str!("../README.md")]

mod alias;
mod build;
mod conflict;
mod diff;
mod entry;
mod fault;
mod known_indices;
mod layouts;
mod live;
mod master;
mod naming;
mod record;
mod scan;
mod search;
mod slots;
mod source;
mod store;
mod table;

pub use alias::ResolveError;
pub use build::BuildError;
pub use conflict::{BuildReport, Conflict, ConflictKind};
pub use diff::{Change, Changed, Diff};
pub use entry::{BrokerForm, Entry, openalgo_symbol};
pub use fault::{MasterError, REPORTS_MAX, ReadReport, RowFault};
pub use live::{LiveTable, Refresh, RefreshError};
pub use master::Master;
pub use source::{Layout, Source};
pub use store::{LoadReport, Loaded, Store, StoreError};
pub use table::Table;
