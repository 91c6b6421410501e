//! The HTTP side: OpenAlgo's contract under `/api/v1`, a few endpoints of our own, health for whoever supervises us.

mod account;
mod all_orders;
mod basket;
mod body;
mod checks;
mod fields;
mod history;
mod limit;
mod market;
mod num;
mod one_order;
mod open_position;
mod order_fields;
mod order_row;
mod orders;
mod own;
mod place;
mod portfolio;
mod reply;
mod router;
mod state;
mod words;

pub use router::{Application, router, serve};
pub use state::Gateway;
