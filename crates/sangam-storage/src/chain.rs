//! The audit chain: what makes a change of the audit log show. Pure; reading and writing rows is the ledgers' work.
//!
//! Each entry carries a hash over itself and the hash before it, so that an entry cannot be edited, taken out, put in or
//! moved without every later hash being wrong. The hashes of an Indian date make a Merkle tree whose root is the seal of
//! that day: 32 bytes which, kept elsewhere, hold the whole chain up to that day against anyone who can write the ledger
//! and compute all hashes anew. `docs/audit.md` has the format byte by byte.
//!
//! Writing: [`Link::next`] makes the next entry, an [`OpenDay`] gathers a day and seals it. Checking: a [`Verifier`] takes
//! entries one after the other, or [`Part`]s of the chain that were checked at the same time.
//! Sealed days go out through an [`ExportWriter`], and [`verify_export`] checks them without the ledger.

mod broken;
mod days;
mod digest;
mod entry;
mod export;
mod inclusion;
mod merkle;
mod open_day;
mod part;
mod retention;
mod seal;
mod verifier;

pub use broken::Broken;
pub use digest::{Digest, NotADigest};
pub use entry::{ChainHead, ChainedEntry, Link, day_of, entry_hash};
pub use export::{ExportError, ExportWriter, verify_export};
pub use inclusion::{Inclusion, prove};
pub use merkle::{Frontier, NotAligned};
pub use open_day::OpenDay;
pub use part::Part;
pub use retention::{Prunable, WhyNot, YEARS_KEPT, may_prune};
pub use seal::{Seal, SealedDay};
pub use verifier::{Verified, Verifier};
