#![doc = include_str!("../README.md")]

mod account;
mod change;
mod desk;
mod digest;
mod drive;
mod eligible;
mod error;
mod pace;
mod reconcile;
mod settings;
mod tag;
mod view;

pub use account::DeskAccount;
pub use change::Modification;
pub use desk::{Desk, DeskParts, Submitted};
pub use error::DeskError;
pub use reconcile::Reconciled;
pub use settings::DeskSettings;
pub use tag::{TagKey, is_ours};
