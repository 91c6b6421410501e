//! Failover of reads. A [`ReadOperation`] cannot be made from an order command, so a placement can never pass through
//! here.

use std::future::Future;
use std::time::Duration;

use sangam_core::in_hand::with_permit;
use sangam_core::ports::{
    CallReport, Candidate, Limiter, PermitRequest, RateRefusal, Scope, Selector, acquire_first,
};
use sangam_core::{AccountId, Advice, Clock, Error, ErrorKind, Operation, Outcome, Priority};

/// An operation without effect at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOperation(Operation);

impl ReadOperation {
    /// Wraps a read; `None` for order commands and log-in.
    #[must_use]
    pub fn new(operation: Operation) -> Option<Self> {
        operation.is_read().then_some(Self(operation))
    }

    /// The operation.
    #[must_use]
    pub fn operation(self) -> Operation {
        self.0
    }
}

/// A read that no candidate could serve.
#[derive(Debug)]
pub struct ReadFailed {
    /// What each candidate said, in the order tried. Empty when there was none to try.
    pub tried: Vec<(Candidate, Error)>,
}

impl ReadFailed {
    /// The last error, or one that says nobody could be asked.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.tried.into_iter().last().map_or_else(
            || {
                Error::refused(
                    ErrorKind::Unavailable,
                    "no account can serve this now; see `sangam brokers`",
                )
            },
            |(_, error)| error,
        )
    }
}

/// How often a broker may refuse one read for its rate and be asked again.
const RATE_REFUSALS_MAX: usize = 3;

/// What a read needs beside its candidates.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext<'a> {
    /// Hears how each call ended.
    pub selector: &'a dyn Selector,
    /// Gives the permits.
    pub limiter: &'a dyn Limiter,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// Asks one candidate after the other until one answers, each time the first that has room: the caller waits in the lines
/// of all that are left, and takes the permit that comes first. The call is made with that permit in hand.
///
/// A failure that speaks of the request alone (a wrong symbol, an order that does not exist) ends it: another broker
/// would say the same. Each call is told to the selector. `wait` is how long one may wait for a
/// permit at an account, counted anew after each failure.
///
/// # Errors
/// [`ReadFailed`] with what each candidate said, or that it had no room in time.
pub async fn read_with_failover<T, F, Fut>(
    context: ReadContext<'_>,
    operation: ReadOperation,
    candidates: Vec<Candidate>,
    wait: impl Fn(&AccountId) -> Duration,
    mut call: F,
) -> Result<(T, Candidate), ReadFailed>
where
    F: FnMut(Candidate) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let ReadContext {
        selector,
        limiter,
        clock,
    } = context;
    let class = operation.0.class();
    let mut open = candidates;
    let mut tried: Vec<(Candidate, Error)> = Vec::new();
    while !open.is_empty() {
        let now = clock.monotonic();
        let wish = |candidate: &Candidate| PermitRequest {
            scope: Scope {
                account: candidate.account.clone(),
                class,
            },
            weight: 1,
            priority: Priority::Read,
            deadline: now.after(wait(&candidate.account)),
        };
        let (at, permit) = match acquire_first(limiter, open.iter().map(wish).collect()).await {
            Ok(granted) => granted,
            Err(refusals) => {
                tried.extend(open.into_iter().zip(refusals.iter().map(no_room)));
                break;
            }
        };
        let candidate = open.remove(at);
        let scope = Scope {
            account: candidate.account.clone(),
            class,
        };
        let started = clock.monotonic();
        let answer = with_permit(scope, permit, call(candidate.clone())).await;
        selector.record(
            &candidate.account,
            CallReport {
                operation: operation.0,
                took: clock.monotonic().since(started),
                failed: answer.as_ref().err().map(Error::kind),
            },
        );
        match answer {
            Ok(value) => return Ok((value, candidate)),
            Err(error) => {
                // What this broker or account does not offer another may.
                let others_differ = matches!(error.kind(), ErrorKind::Permission | ErrorKind::NotOffered);
                let final_word = error.advice() == Advice::Fix && !others_differ;
                tracing::debug!(account = %candidate.account, %error, "read failed");
                // Shut until the broker's time, it stands at the end of the line again.
                let times = tried
                    .iter()
                    .filter(|(other, _)| other.account == candidate.account)
                    .count();
                if error.kind() == ErrorKind::RateLimited && times < RATE_REFUSALS_MAX {
                    open.push(candidate.clone());
                }
                tried.push((candidate, error));
                if final_word {
                    break;
                }
            }
        }
    }
    Err(ReadFailed { tried })
}

/// A refusal of our own limiter as an error: nothing was sent.
fn no_room(refusal: &RateRefusal) -> Error {
    let wait = refusal.retry_after;
    Error::new(ErrorKind::RateLimited, Outcome::NotSent, refusal.to_string())
        .with_advice(Advice::Wait(Some(wait)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use sangam_core::ports::RouteQuery;
    use sangam_core::{BrokerName, ManualClock, Timestamp};
    use sangam_testkit::Unlimited;

    use super::*;
    use crate::{Router, RoutingRules};

    async fn read(answers: &[Result<u32, ErrorKind>]) -> (Result<u32, ErrorKind>, usize) {
        let router = Router::new(
            RoutingRules::new(BrokerName::ALL),
            BrokerName::ALL.map(|b| (b.as_str().parse().expect("name"), b)),
        );
        let operation = ReadOperation::new(Operation::Quotes).expect("a read");
        let candidates = router
            .rank(RouteQuery {
                operation: Operation::Quotes,
                instrument: None,
                pinned: None,
            })
            .candidates;
        let asked = RefCell::new(0);
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let limiter = Unlimited::default();
        let context = ReadContext {
            selector: &router,
            limiter: &limiter,
            clock: &clock,
        };
        let result = read_with_failover(
            context,
            operation,
            candidates,
            |_| Duration::from_secs(1),
            |_| {
                let answer = answers[*asked.borrow()];
                *asked.borrow_mut() += 1;
                async move { answer.map_err(|kind| Error::new(kind, Outcome::Rejected, "x")) }
            },
        )
        .await;
        assert_eq!(limiter.held(), 0, "each permit ends with its call");
        let count = *asked.borrow();
        (
            result
                .map(|(value, _)| value)
                .map_err(|failed| failed.into_error().kind()),
            count,
        )
    }

    #[tokio::test]
    async fn the_next_broker_is_asked_when_one_cannot() {
        assert_eq!(read(&[Err(ErrorKind::Unavailable), Ok(7)]).await, (Ok(7), 2));
        assert_eq!(
            read(&[Err(ErrorKind::LoginRequired), Err(ErrorKind::RateLimited), Ok(7)]).await,
            (Ok(7), 3)
        );
        assert_eq!(read(&[Err(ErrorKind::NotOffered), Ok(7)]).await, (Ok(7), 2));
    }

    #[tokio::test]
    async fn what_one_broker_does_not_offer_another_may() {
        for kind in [ErrorKind::NotOffered, ErrorKind::Permission] {
            assert_eq!(read(&[Err(kind), Ok(7)]).await, (Ok(7), 2));
        }
    }

    #[tokio::test]
    async fn a_wrong_request_is_wrong_everywhere() {
        assert_eq!(
            read(&[Err(ErrorKind::UnknownInstrument), Ok(7)]).await,
            (Err(ErrorKind::UnknownInstrument), 1)
        );
    }

    #[test]
    fn order_commands_are_no_reads() {
        for operation in [
            Operation::Place,
            Operation::Modify,
            Operation::Cancel,
            Operation::Login,
        ] {
            assert_eq!(ReadOperation::new(operation), None);
        }
    }

    /// Each call is told to the selector as it ended, in the order made; none is told that was not made.
    #[tokio::test]
    async fn the_selector_hears_of_every_call() {
        let candidate = |broker: BrokerName| Candidate {
            account: broker.as_str().parse().expect("a name"),
            broker,
            reason: String::new(),
        };
        let mut selector = sangam_testkit::doubles::MockSelector::new();
        let mut order = mockall::Sequence::new();
        for (account, failed) in [("flattrade", Some(ErrorKind::Timeout)), ("fyers", None)] {
            selector
                .expect_record()
                .withf(move |told, report| told.as_str() == account && report.failed == failed)
                .times(1)
                .in_sequence(&mut order)
                .return_const(());
        }
        let operation = ReadOperation::new(Operation::Funds).expect("a read");
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let candidates = BrokerName::ALL.map(candidate).to_vec();
        let context = ReadContext {
            selector: &selector,
            limiter: &Unlimited::default(),
            clock: &clock,
        };
        let call = |candidate: Candidate| async move {
            match candidate.broker {
                BrokerName::Flattrade => Err(Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer")),
                _ => Ok(7),
            }
        };
        let wait = |_: &AccountId| Duration::from_secs(1);
        let answer = read_with_failover(context, operation, candidates, wait, call).await;
        assert_eq!(answer.map(|(value, _)| value).ok(), Some(7));
    }
}
