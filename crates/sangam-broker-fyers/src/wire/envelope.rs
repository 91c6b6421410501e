//! What all replies share.

use super::field::{Field, List, fields};

fields! {
    /// The head of any reply, and the whole of a reply to an order command.
    Head {
        s = "s",
        code = "code",
        message = "message",
        /// The order's number; an error may hold one too.
        id = "id",
    }
}

/// The reply to an order that the broker cut into slices: no `s` and no `id` at the top.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct SlicedReply<'a> {
    #[serde(borrow, default)]
    pub(crate) data: List<Slice<'a>>,
}

/// One slice.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Slice<'a> {
    #[serde(borrow, default, rename = "statusCode")]
    pub(crate) status: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) body: Option<Head<'a>>,
}
