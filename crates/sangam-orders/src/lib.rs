#![doc = include_str!("../README.md")]

mod abandoned;
mod account;
mod basket;
mod change;
pub mod checks;
mod desk;
mod digest;
mod doubt;
mod drive;
mod eligible;
mod error;
mod fills;
mod forgotten;
mod freshness;
mod pace;
mod prepare;
mod progress;
mod proof;
mod receive;
mod reconcile;
mod same_key;
mod settings;
mod tag;
mod trades_written;
mod turn;
mod view;
mod watch;
mod write;

pub use account::DeskAccount;
pub use basket::{BASKET_LEGS_MAX, Leg, LegResults, check_basket_size};
pub use change::Modification;
pub use desk::{Desk, DeskParts, Submitted};
pub use error::DeskError;
pub use reconcile::Reconciled;
pub use settings::DeskSettings;
pub use tag::{TagKey, is_ours};
