//! The adapter kit: what every broker adapter needs and none should write again.

pub mod evidence;
pub mod number;
pub mod request;
pub mod session_slot;
pub mod transport;

pub use evidence::{CodeRule, Refusal, judge};
pub use number::{Flag, Number, Text};
pub use request::{WireRequest, WireResponse};
pub use session_slot::SessionSlot;
pub use transport::{Sent, Transport, TransportError, TransportFault};
