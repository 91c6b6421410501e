#![doc = include_str!("../README.md")]

mod health;
mod read;
mod router;
mod rules;

pub use health::{FAILURES_BEFORE_UNHEALTHY, Health};
pub use read::{ReadContext, ReadFailed, ReadOperation, read_with_failover};
pub use router::{AccountHealth, Router};
pub use rules::{Origin, RoutingRules};
