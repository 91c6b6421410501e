//! What Fyers' answers mean when they are not what was asked for: the table of codes with what each proves, and the
//! reading of an answer whole. Doubt wins everywhere: what is not proven here is unknown.

mod answer;
mod codes;
mod order_answer;
mod rate;

pub(crate) use answer::{read, refusal};
pub use codes::{CODES, rule};
pub(crate) use order_answer::{accepted, placed};
pub use rate::rate_refusal;
