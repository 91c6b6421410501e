//! The digest of what a caller sent, so that one client order id with two bodies is told apart.

use sangam_core::{BrokerName, GroupId, OrderDraft};
use sha2::{Digest, Sha256};

/// A digest over every field that makes the order what it is.
pub(crate) fn of(draft: &OrderDraft, pinned: Option<BrokerName>, group: &GroupId) -> String {
    let option = |text: Option<String>| text.unwrap_or_default();
    let fields = [
        draft.instrument.to_string(),
        draft.side.to_string(),
        draft.quantity.to_string(),
        draft.kind.to_string(),
        option(draft.price.filter(|p| !p.is_zero()).map(|p| p.to_string())),
        option(
            draft
                .trigger_price
                .filter(|p| !p.is_zero())
                .map(|p| p.to_string()),
        ),
        draft.product.to_string(),
        draft.validity.to_string(),
        draft.disclosed.to_string(),
        draft.after_market.to_string(),
        option(draft.position_effect.map(|effect| format!("{effect:?}"))),
        option(draft.strategy.clone()),
        option(pinned.map(|broker| broker.to_string())),
        group.to_string(),
    ];
    of_all(&fields)
}

/// A digest over texts, each with its length before it, so that none runs into the next.
pub(crate) fn of_all(fields: &[String]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update(field.len().to_le_bytes());
        hasher.update(field.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
