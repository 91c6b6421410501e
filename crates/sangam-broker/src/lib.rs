#![doc = include_str!("../README.md")]

mod blot;
pub mod calls;
pub mod counted;
pub mod dial;
pub mod evidence;
pub mod fetch;
pub mod limited;
pub mod number;
pub mod one_shot;
pub mod pasted;
pub mod reads;
pub mod redact;
pub mod request;
pub mod scripted;
pub mod session_slot;
pub mod shown;
pub mod spans;
mod target;
pub mod tls;
pub mod transport;

pub use dial::{BoxedStream, Dial, TcpDial};
pub use evidence::{CodeRule, Refusal, judge};
pub use fetch::{Fetch, FetchSettings, Progress};
pub use limited::{Limited, ReadRefusal, at_priority, status_429};
pub use number::{Flag, Number, Text};
pub use one_shot::{OneShot, OneShotSettings};
pub use pasted::Pasted;
pub use reads::{Reads, ReadsSettings};
pub use redact::ShownUrl;
pub use request::{WireRequest, WireResponse};
pub use scripted::ScriptedTransport;
pub use session_slot::SessionSlot;
pub use shown::{collapsed, shown};
pub use spans::date_spans;
pub use tls::{Trust, install_crypto_provider};
pub use transport::{Sent, Transport, TransportError, TransportFault};

/// Who we say we are to a broker.
pub(crate) const AGENT: &str = concat!("sangam/", env!("CARGO_PKG_VERSION"));
