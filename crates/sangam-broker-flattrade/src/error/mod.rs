//! What a failure means. The broker has no error codes, only sentences, so there are two tables: whole sentences, which
//! may prove that an order command had no effect ([`SENTENCES`]), and fragments, which only say what kind of failure it
//! is ([`FRAGMENTS`]). A sentence or status that is not listed leaves the outcome of an order command unknown.

mod classify;
mod rate;
mod sentences;

pub use classify::failure;
pub(crate) use classify::{is_no_data, no_data, strange};
pub use rate::{RateNotice, rate_notice, rate_refusal};
pub use sentences::{FRAGMENTS, Fragment, SENTENCES, Sentence};
