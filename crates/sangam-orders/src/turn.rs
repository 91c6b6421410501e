//! Whose turn it is: the account an order goes to next, with the permit to send it there, taken before the intent is
//! written. An order that waits is in nobody's books as on its way, and what its permit does not come in time for was
//! certainly never sent.
//!
//! The order waits in the lines of all accounts that may take it, and goes where there is room first. Where an account
//! needs a quote for it, that is asked for before the permit: one who holds a permit and waits for another could wait for
//! ever.

use sangam_core::ports::{Candidate, Permit, PermitRequest, RateRefusal, Scope, acquire_first};
use sangam_core::{
    AccountId, Advice, CallClass, Error, ErrorKind, OrderRequest, Outcome, PositionEffect, Price, Priority,
};

use crate::drive::Drive;
use crate::prepare::{needs_quote, prepare};

/// What became of a look for the next account.
pub(crate) enum Turn {
    /// It goes there, as this request, with this permit.
    Taken(Box<(Candidate, OrderRequest, Box<dyn Permit>)>),
    /// It cannot go where it was its turn; that account is out.
    NotThere(Error),
    /// The quote grew old while it waited: look again.
    Again,
    /// Its time is over.
    TooLate,
}

/// What orders of an account are charged to.
pub(crate) fn order_scope(account: &AccountId) -> Scope {
    Scope {
        account: account.clone(),
        class: CallClass::Orders,
    }
}

/// An exit goes before what opens positions, and may use the reserve.
fn urgency(request: &OrderRequest) -> Priority {
    match request.position_effect {
        Some(PositionEffect::Close) => Priority::Protective,
        _ => Priority::Order,
    }
}

impl Drive {
    /// Takes the next account out of `open`.
    pub(crate) async fn turn(&self, open: &mut Vec<Candidate>, asked: &OrderRequest, tick: Price) -> Turn {
        let inner = &self.inner;
        let (parts, began) = (&inner.parts, self.began);
        open.retain(|candidate| inner.account(&candidate.account).is_some());
        let quoted = |candidate: &Candidate| {
            let account = inner.account(&candidate.account);
            account.is_some_and(|account| needs_quote(account, asked, tick))
        };
        let Some(first) = self.soonest(open) else {
            return Turn::NotThere(Error::refused(
                ErrorKind::Unavailable,
                "no account is left to send it to",
            ));
        };
        let alone = quoted(&open[first]);
        let prepared_at = parts.clock.monotonic();
        let prepared = if alone {
            match self.prepared(&open[first], asked, tick).await {
                Ok(request) => Some(request),
                Err(error) => {
                    open.remove(first);
                    return Turn::NotThere(error);
                }
            }
        } else {
            None
        };
        let lines: Vec<usize> = if alone {
            vec![first]
        } else {
            // The soonest first: of permits that are there at the same time its is taken.
            let others = (0..open.len()).filter(|at| *at != first && !quoted(&open[*at]));
            std::iter::once(first).chain(others).collect()
        };
        if !self.in_time() {
            return Turn::TooLate;
        }
        let deadline = began.after(parts.settings.deadline);
        let wishes = lines.iter().map(|at| PermitRequest {
            scope: order_scope(&open[*at].account),
            weight: 1,
            priority: urgency(asked),
            deadline,
        });
        let (at, permit) = match acquire_first(parts.limiter.as_ref(), wishes.collect()).await {
            Ok((line, permit)) => (lines[line], permit),
            Err(refusals) => {
                let error = no_room(refusals.into_iter().next());
                let mut at = 0;
                open.retain(|_| {
                    at += 1;
                    !lines.contains(&(at - 1))
                });
                return Turn::NotThere(error);
            }
        };
        if alone && parts.clock.monotonic().since(prepared_at) > parts.settings.slippage.quote_age_max {
            return Turn::Again;
        }
        let candidate = open.remove(at);
        let request = match prepared {
            Some(request) => request,
            None => match self.prepared(&candidate, asked, tick).await {
                Ok(request) => request,
                Err(error) => return Turn::NotThere(error),
            },
        };
        Turn::Taken(Box::new((candidate, request, permit)))
    }

    /// The candidate with room soonest; of those with room, the best ranked.
    fn soonest(&self, open: &[Candidate]) -> Option<usize> {
        let parts = &self.inner.parts;
        let now = parts.clock.monotonic();
        let wait = |at: &usize| {
            parts
                .limiter
                .earliest(&order_scope(&open[*at].account), 1)
                .since(now)
        };
        (0..open.len()).min_by_key(wait)
    }

    async fn prepared(
        &self,
        candidate: &Candidate,
        asked: &OrderRequest,
        tick: Price,
    ) -> Result<OrderRequest, Error> {
        let Some(account) = self.inner.account(&candidate.account) else {
            return Err(Error::refused(
                ErrorKind::Unavailable,
                "the account is not in the group",
            ));
        };
        let prepared = prepare(&self.inner, account, asked, tick).await;
        if let Err(error) = &prepared {
            tracing::info!(order = %self.order.uid, account = %candidate.account, %error, "not sent there");
        }
        prepared
    }
}

/// A refusal of our own limiter as an error.
pub(crate) fn no_room(refusal: Option<RateRefusal>) -> Error {
    let Some(refusal) = refusal else {
        return Error::refused(ErrorKind::RateLimited, "no account is left to send it to");
    };
    let wait = refusal.retry_after;
    Error::new(
        ErrorKind::RateLimited,
        Outcome::NotSent,
        format!("{refusal}; nothing was sent"),
    )
    .with_advice(Advice::Wait(Some(wait)))
}

#[cfg(test)]
mod tests {
    use sangam_testkit::samples;

    use super::*;

    #[test]
    fn an_exit_goes_before_what_opens_a_position() {
        let with = |position_effect| OrderRequest {
            position_effect,
            ..samples::request()
        };
        assert_eq!(urgency(&with(Some(PositionEffect::Close))), Priority::Protective);
        assert_eq!(urgency(&with(Some(PositionEffect::Open))), Priority::Order);
        assert_eq!(urgency(&with(None)), Priority::Order);
    }
}
