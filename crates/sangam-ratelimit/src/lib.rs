#![doc = include_str!("../README.md")]

mod buckets;
mod budget;
pub mod defaults;
pub mod forecast;
mod journal;
mod nanos;
mod permit;
mod plan;
#[cfg(feature = "core")]
pub mod port;
#[cfg(feature = "async")]
mod queue;
mod refusal;
mod resume;
mod ring;
mod rules;
mod scope;
mod state;
mod strain;
pub mod time;
mod usage;
#[cfg(feature = "async")]
mod wait;

pub use budget::Budget;
pub use journal::JournalError;
pub use nanos::Nanos;
pub use permit::Permit;
pub use plan::{Plan, ScopeId};
pub use refusal::{Refusal, Why};
pub use resume::{Before, Resumed};
pub use rules::{Anchor, Rules, RulesError, ScopeRules, Window, WindowError};
pub use scope::Priority;
pub use strain::BrokerRefusal;
pub use time::{MachineTime, ManualTime, TimeSource};
pub use usage::{ScopeUse, WindowUse};
#[cfg(feature = "async")]
pub use wait::{Ask, Sleep, Sleeper};
