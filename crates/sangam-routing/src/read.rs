//! Failover of reads. A [`ReadOperation`] cannot be made from an order command, so a placement can never pass through
//! here.

use std::future::Future;

use sangam_core::ports::{CallReport, Candidate, Selector};
use sangam_core::{Advice, Clock, Error, ErrorKind, Operation};

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

/// Asks the candidates in turn until one answers.
///
/// A failure that speaks of the request alone (a wrong symbol, an order that does not exist) ends it: another broker
/// would say the same. Each call is told to the selector.
///
/// # Errors
/// [`ReadFailed`] with what each candidate said.
pub async fn read_with_failover<T, F, Fut>(
    selector: &dyn Selector,
    clock: &dyn Clock,
    operation: ReadOperation,
    candidates: Vec<Candidate>,
    mut call: F,
) -> Result<(T, Candidate), ReadFailed>
where
    F: FnMut(Candidate) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let mut tried = Vec::new();
    for candidate in candidates {
        let started = clock.monotonic();
        let answer = call(candidate.clone()).await;
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
                tried.push((candidate, error));
                if final_word {
                    break;
                }
            }
        }
    }
    Err(ReadFailed { tried })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use sangam_core::ports::RouteQuery;
    use sangam_core::{BrokerName, ManualClock, Outcome, Timestamp};

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
        let result = read_with_failover(&router, &clock, operation, candidates, |_| {
            let answer = answers[*asked.borrow()];
            *asked.borrow_mut() += 1;
            async move { answer.map_err(|kind| Error::new(kind, Outcome::Rejected, "x")) }
        })
        .await;
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
        let answer = read_with_failover(&selector, &clock, operation, candidates, |candidate| async move {
            match candidate.broker {
                BrokerName::Flattrade => Err(Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer")),
                _ => Ok(7),
            }
        })
        .await;
        assert_eq!(answer.map(|(value, _)| value).ok(), Some(7));
    }
}
