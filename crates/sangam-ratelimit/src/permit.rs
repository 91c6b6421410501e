//! The right to make one call, and what its end means for the budget.

use std::fmt;
use std::sync::Arc;

use crate::budget::Shared;
use crate::journal::Kind;
use crate::plan::ScopeId;

/// The right to make one call.
///
/// Say [`sent`](Self::sent) before the first byte leaves and [`answered`](Self::answered) when the final status line has
/// been read. Dropped before `sent`, the slot is free again at once. Dropped after it, the call counts as in flight for
/// the time set by [`Rules::unanswered`](crate::Rules::unanswered), for it may still arrive: close its connection first.
#[must_use = "dropping a permit gives it back"]
pub struct Permit {
    shared: Arc<Shared>,
    scope: ScopeId,
    weight: u32,
    stage: Stage,
    /// In the journal, where there is one.
    id: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    LetIn,
    Sent,
    Over,
}

impl Permit {
    pub(crate) fn new(shared: Arc<Shared>, scope: ScopeId, weight: u32) -> Self {
        Self {
            shared,
            scope,
            weight,
            stage: Stage::LetIn,
            id: 0,
        }
    }

    /// The call is about to leave.
    pub fn sent(&mut self) {
        if self.stage == Stage::LetIn {
            self.stage = Stage::Sent;
            self.id = self.shared.with(|state, now| {
                state.sent(self.scope.0, self.weight, now);
                self.shared.journal_sent(self.scope.0, self.weight, now)
            });
        }
    }

    /// The final status line of a reply made by the party that counts has been read. An interim answer, a 408, a 5xx or
    /// a page of somebody in between is no such reply: drop the permit instead.
    pub fn answered(mut self) {
        self.sent();
        self.stage = Stage::Over;
        self.shared.with(|state, now| {
            state.answered(self.scope.0, self.weight, now);
            self.shared.journal_ended(Kind::Answered, self.id, now);
        });
    }

    /// It is proven that no byte of the call left, although it was said to be sent: no connection could be made.
    pub fn not_sent(mut self) {
        if self.stage == Stage::Sent {
            self.stage = Stage::Over;
            self.shared.with(|state, now| {
                state.not_sent(self.scope.0, self.weight);
                self.shared.journal_ended(Kind::NotSent, self.id, now);
            });
        }
    }

    /// The requests it stands for.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.weight
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match self.stage {
            Stage::LetIn => self
                .shared
                .with(|state, _| state.given_back(self.scope.0, self.weight)),
            Stage::Sent => self.shared.with(|state, now| {
                state.given_up(self.scope.0, self.weight, now);
                self.shared.journal_ended(Kind::GivenUp, self.id, now);
            }),
            Stage::Over => {}
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Permit({:?}, weight {}, {:?})",
            self.scope, self.weight, self.stage
        )
    }
}
