//! The states of an order and of its attempts, and which may follow which. Pure data: the order desk moves them, the
//! ledger refuses moves that are not listed.

use serde::{Deserialize, Serialize};

use crate::ids::BrokerOrderId;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Taken from the caller.
    Received,
    /// Checked.
    Validated,
    /// Waiting for a permit.
    Queued,
    /// On its way to a broker.
    Submitting,
    /// Waiting at the broker for its trigger.
    TriggerPending,
    /// Waiting at the broker for the next session.
    AfterMarket,
    /// Standing at the exchange.
    Working,
    /// Standing, part of it filled.
    PartiallyFilled,
    /// Filled whole.
    Filled,
    /// Cancelled; part may have been filled.
    Cancelled,
    /// Refused by us, the broker or the exchange; nothing filled.
    Rejected,
    /// Lapsed at the session's end; part may have been filled.
    Expired,
    /// It may or may not stand at a broker: being reconciled.
    InDoubt,
    /// It could not be settled by reading: waits for an operator.
    Parked,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 14] = [
        Self::Received,
        Self::Validated,
        Self::Queued,
        Self::Submitting,
        Self::TriggerPending,
        Self::AfterMarket,
        Self::Working,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
        Self::InDoubt,
        Self::Parked,
    ];

    /// The name used in JSON and storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Validated => "validated",
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::TriggerPending => "trigger_pending",
            Self::AfterMarket => "after_market",
            Self::Working => "working",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::InDoubt => "in_doubt",
            Self::Parked => "parked",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }

    /// Whether it stands at a broker as far as known.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(
            self,
            Self::TriggerPending | Self::AfterMarket | Self::Working | Self::PartiallyFilled
        )
    }

    /// Whether `next` may follow.
    ///
    /// Terminal states end. Doubt can arise only while the order is being sent, and is left only for what the broker's
    /// books or an operator showed. Once at a broker, an order never returns to a state before submission.
    #[must_use]
    pub fn can_become(self, next: Self) -> bool {
        use OrderState as S;
        match self {
            S::Received => matches!(next, S::Validated | S::Rejected),
            S::Validated => matches!(
                next,
                S::Queued | S::Submitting | S::Rejected | S::Cancelled | S::Expired
            ),
            S::Queued => matches!(next, S::Submitting | S::Rejected | S::Cancelled | S::Expired),
            S::Submitting => {
                matches!(
                    next,
                    S::Queued | S::InDoubt | S::Rejected | S::Cancelled | S::Expired
                ) || next.is_at_broker()
            }
            S::InDoubt => matches!(next, S::Parked | S::Queued) || next.is_at_broker(),
            S::Parked => next.is_at_broker(),
            S::TriggerPending => {
                matches!(next, S::Working | S::PartiallyFilled | S::TriggerPending) || next.is_terminal()
            }
            S::AfterMarket => next.is_live() || next.is_terminal(),
            S::Working => {
                matches!(next, S::Working | S::PartiallyFilled | S::TriggerPending) || next.is_terminal()
            }
            S::PartiallyFilled => {
                matches!(next, S::PartiallyFilled | S::Filled | S::Cancelled | S::Expired)
            }
            S::Filled | S::Cancelled | S::Rejected | S::Expired => false,
        }
    }

    fn is_at_broker(self) -> bool {
        self.is_live() || self.is_terminal()
    }
}

impl std::fmt::Display for OrderState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an attempt is certain not to stand at the broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case")]
pub enum NotPlaced {
    /// No byte of the request left.
    NeverSent,
    /// The broker's own refusal, listed as meaning exactly that.
    Refused {
        /// The broker's code, or its whole sentence where it has no codes.
        code: String,
    },
    /// The books show it refused with nothing filled.
    SeenRejected,
    /// Its trading day is over and two readings of the whole book, made after the close, show every order that is known to
    /// stand there and not this one.
    DayEnd,
    /// An operator said so.
    Operator {
        /// Who and why.
        note: String,
    },
}

/// Where one attempt stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AttemptState {
    /// Durable, nothing sent yet as far as the ledger knows.
    Intent,
    /// The broker gave it a number.
    Acked {
        /// The broker's number.
        broker_order_id: BrokerOrderId,
    },
    /// Certainly not at the broker.
    NotPlaced {
        /// The proof.
        #[serde(flatten)]
        proof: NotPlaced,
    },
    /// It may stand at the broker.
    Unknown {
        /// What happened.
        reason: String,
    },
    /// Waits for an operator.
    Parked {
        /// Why reading could not settle it.
        reason: String,
    },
}

impl AttemptState {
    /// The name of the state used in JSON and storage.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Acked { .. } => "acked",
            Self::NotPlaced { .. } => "not_placed",
            Self::Unknown { .. } => "unknown",
            Self::Parked { .. } => "parked",
        }
    }

    /// Whether `next` may follow. `NotPlaced -> Acked` is the contradiction: it is recorded, and raises an alarm.
    #[must_use]
    pub fn can_become(&self, next: &Self) -> bool {
        use AttemptState as A;
        matches!(
            (self, next),
            (
                A::Intent,
                A::Acked { .. } | A::NotPlaced { .. } | A::Unknown { .. }
            ) | (
                A::Unknown { .. },
                A::Acked { .. } | A::NotPlaced { .. } | A::Parked { .. }
            ) | (A::Parked { .. }, A::Acked { .. } | A::NotPlaced { .. })
                | (A::Acked { .. }, A::NotPlaced { .. })
                | (A::NotPlaced { .. }, A::Acked { .. })
        )
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    fn walk() -> impl Strategy<Value = Vec<OrderState>> {
        proptest::collection::vec(proptest::sample::select(OrderState::ALL.to_vec()), 0..40)
    }

    proptest! {
        /// Whatever is proposed, in whatever order: a terminal state stays, and what reached a broker never returns to a
        /// state before submission.
        #[test]
        fn no_walk_leaves_the_end_or_goes_back(proposals in walk()) {
            let mut state = OrderState::Received;
            let mut at_broker = false;
            for next in proposals {
                if !state.can_become(next) {
                    continue;
                }
                prop_assert!(!state.is_terminal());
                if at_broker {
                    prop_assert!(next.is_live() || next.is_terminal(), "{state} -> {next}");
                }
                at_broker |= next.is_live();
                state = next;
            }
        }

        /// A filled part is never rejected away.
        #[test]
        fn fills_are_not_undone(next in proptest::sample::select(OrderState::ALL.to_vec())) {
            if OrderState::PartiallyFilled.can_become(next) {
                prop_assert!(!matches!(next, OrderState::Rejected | OrderState::Working));
            }
        }
    }

    #[test]
    fn every_state_but_the_first_can_be_reached_and_names_round_trip() {
        for state in OrderState::ALL {
            let reachable = OrderState::ALL
                .into_iter()
                .any(|from| from != state && from.can_become(state));
            assert_eq!(reachable, state != OrderState::Received, "{state}");
            assert_eq!(OrderState::from_name(state.as_str()), Some(state));
        }
    }

    #[test]
    fn an_attempt_in_doubt_is_never_an_intent_again() {
        let unknown = AttemptState::Unknown {
            reason: "timeout".into(),
        };
        assert!(!unknown.can_become(&AttemptState::Intent));
        assert!(unknown.can_become(&AttemptState::NotPlaced {
            proof: NotPlaced::SeenRejected
        }));
        let acked = AttemptState::Acked {
            broker_order_id: "1".parse().expect("an id"),
        };
        assert!(!acked.can_become(&unknown));
    }
}
