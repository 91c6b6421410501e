//! What can be set, in two types: [`RawConfig`] is the file as written, [`Config`] is what passed the checks. The facade
//! reads neither files nor the environment; whoever runs it does, and hands the text's fields over.

mod cache;
mod checked;
mod checks;
mod ledger;
mod limits;
mod raw;
mod shared;

pub use cache::{CacheConfig, CacheRedis};
pub use checked::{AccountConfig, Config, ConfigError, Hosts, check, env_name};
pub use checks::{RawChecks, RawHoliday};
pub(crate) use ledger::check as check_ledger;
pub use ledger::{LedgerConfig, RawLedger};
pub use limits::{LimitsConfig, RawLimits};
pub use raw::{RawAccount, RawCache, RawConfig, RawInbound, RawOrders, RawRouting};
pub use shared::{RawShared, SharedConfig};
