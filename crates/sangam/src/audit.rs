//! What a program over the facade needs of the audit log: verifying, exporting, pruning and looking are done on the books
//! ([`crate::books`]), an export is checked without them.

pub use sangam_storage::chain::{
    Broken, ChainedEntry, Digest, ExportError, Link, Prunable, Seal, SealedDay, Verified, verify_export,
};
pub use sangam_storage::{AuditError, AuditFilter, AuditProgress};
