//! The proof that an attempt was not placed. It can only be made from an answer that leaves no doubt, and nothing moves
//! to another broker without one (`docs/outcomes.md`).

use sangam_core::{Error, NotPlaced, Outcome};

/// An attempt is certainly not at its broker.
#[derive(Debug)]
pub(crate) struct NotPlacedProof(NotPlaced);

impl NotPlacedProof {
    /// The proof in a broker's answer, `None` when any doubt is left. An answer that names an order is one: a refusal
    /// that comes with an order's number says two things at once.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        if error.broker_order_id().is_some() {
            return None;
        }
        match error.outcome() {
            Outcome::NotSent => Some(Self(NotPlaced::NeverSent)),
            Outcome::Rejected => Some(Self(NotPlaced::Refused {
                code: error.code().unwrap_or_else(|| error.message()).to_owned(),
            })),
            Outcome::Unknown => None,
        }
    }

    /// What is written down.
    pub(crate) fn into_record(self) -> NotPlaced {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::ErrorKind;

    use super::*;

    #[test]
    fn any_doubt_is_no_proof() {
        let error = |outcome| Error::new(ErrorKind::OrderRejected, outcome, "no margin");
        assert!(NotPlacedProof::of(&error(Outcome::NotSent)).is_some());
        assert!(NotPlacedProof::of(&error(Outcome::Rejected)).is_some());
        assert!(NotPlacedProof::of(&error(Outcome::Unknown)).is_none());
        for outcome in [Outcome::NotSent, Outcome::Rejected] {
            let named = error(outcome).with_broker_order_id("26112300000001".parse().expect("an id"));
            assert!(NotPlacedProof::of(&named).is_none(), "{outcome:?}");
        }
    }
}
