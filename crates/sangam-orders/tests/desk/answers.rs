//! What becomes of an order by what its brokers answer: state, attempts, and how often each was asked.

use std::time::Duration;

use sangam_core::OrderState::{AfterMarket, InDoubt, Rejected, Working};
use sangam_core::{
    BrokerOrderStatus, Capabilities, Error, ErrorKind, OrderDraft, OrderKind, OrderKinds, OrderState,
    Outcome, PositionEffect, Product, Side, Validity,
};
use sangam_testkit::samples;

use crate::support::*;

/// What the first broker answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Acked,
    NotSent(ErrorKind),
    Refused(ErrorKind),
    Unknown(ErrorKind),
    /// A refusal that names an order all the same.
    RefusedWithId,
    NotSentWithId,
    Silence,
}

impl Answer {
    fn script(self, broker: &sangam_testkit::ScriptedBroker) {
        let id = || "26112300000001".parse().expect("an id");
        let error = match self {
            Self::Acked => {
                broker.place.then(Ok(samples::placed("1")));
                return;
            }
            Self::Silence => {
                broker.place.never();
                return;
            }
            Self::NotSent(kind) => Error::new(kind, Outcome::NotSent, "x"),
            Self::Refused(kind) => Error::new(kind, Outcome::Rejected, "x"),
            Self::Unknown(kind) => Error::new(kind, Outcome::Unknown, "x"),
            Self::RefusedWithId => refusal().with_broker_order_id(id()),
            Self::NotSentWithId => unreachable().with_broker_order_id(id()),
        };
        broker.place.then(Err(error));
    }

    /// Whether it is certain that nothing was placed, and the reason lies in the broker rather than in the order.
    fn certain_and_elsewhere(self) -> (bool, bool) {
        use ErrorKind as K;
        match self {
            Self::Acked | Self::Unknown(_) | Self::RefusedWithId | Self::NotSentWithId | Self::Silence => {
                (false, false)
            }
            Self::NotSent(kind) | Self::Refused(kind) => (
                true,
                !matches!(
                    kind,
                    K::InvalidRequest
                        | K::Closed
                        | K::Internal
                        | K::NotFound
                        | K::OrderNotOpen
                        | K::UnexpectedAnswer
                ),
            ),
        }
    }
}

fn answers() -> Vec<Answer> {
    use ErrorKind as K;
    let kinds = [
        K::InvalidRequest,
        K::UnknownInstrument,
        K::NotFound,
        K::OrderNotOpen,
        K::OrderRejected,
        K::LoginRequired,
        K::Permission,
        K::StaticAddress,
        K::RateLimited,
        K::Closed,
        K::Unavailable,
        K::Timeout,
        K::Network,
        K::UnexpectedAnswer,
        K::NotOffered,
        K::Internal,
    ];
    let of = |make: fn(ErrorKind) -> Answer| kinds.map(make);
    let mut all = vec![
        Answer::Acked,
        Answer::RefusedWithId,
        Answer::NotSentWithId,
        Answer::Silence,
    ];
    all.extend(of(Answer::NotSent));
    all.extend(of(Answer::Refused));
    all.extend(of(Answer::Unknown));
    all
}

fn drafts() -> Vec<(OrderDraft, bool)> {
    let mut all = Vec::new();
    for effect in [Some(PositionEffect::Open), None] {
        for kind in [OrderKind::Limit, OrderKind::StopLossLimit] {
            let stop = kind == OrderKind::StopLossLimit;
            let draft = OrderDraft {
                kind,
                trigger_price: stop.then(|| samples::price("1450.00")),
                position_effect: effect,
                ..opening()
            };
            all.push((draft, effect.is_some() && !stop));
        }
    }
    all
}

/// Every answer, every declaration, every kind of order, with and without a second broker.
#[tokio::test(start_paused = true)]
async fn the_table_of_outcomes() {
    let mut rows = 0;
    for answer in answers() {
        for (draft, may_move) in drafts() {
            for second in [false, true] {
                let mut brokers = vec![broker(A)];
                answer.script(&brokers[0]);
                if second {
                    brokers.push(broker(B));
                    brokers[1].place.then(Ok(samples::placed("2")));
                }
                let bench = Bench::over(&brokers);
                let order = bench.submit(draft.clone()).await;
                let (certain, elsewhere) = answer.certain_and_elsewhere();
                let moves = certain && elsewhere && may_move && second;
                let (state, attempts): (OrderState, &[&str]) = match (answer, certain, moves) {
                    (Answer::Acked, ..) => (Working, &["acked"]),
                    (_, false, _) => (InDoubt, &["unknown"]),
                    (_, true, false) => (Rejected, &["not_placed"]),
                    (_, true, true) => (Working, &["not_placed", "acked"]),
                };
                let at = format!(
                    "{answer:?} {:?} {} second {second}",
                    draft.position_effect, draft.kind
                );
                assert_eq!(order.state, state, "{at}: {order:?}");
                assert_eq!(bench.written(&order).await, order, "{at}");
                assert_eq!(bench.attempt_states(&order).await, attempts, "{at}");
                let sends = bench.sends();
                assert_eq!(sends[0], 1, "{at}");
                assert_eq!(sends.get(1).copied().unwrap_or(0), usize::from(moves), "{at}");
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 52 * 4 * 2);
}

/// Each attempt goes out under the tag its intent was written with.
#[tokio::test(start_paused = true)]
async fn every_attempt_is_sent_under_its_own_written_tag() {
    let brokers = [broker(A), broker(B), broker(C)];
    brokers[0].place.then(Err(unreachable()));
    brokers[1].place.then(Err(refusal()));
    brokers[2].place.then(Ok(samples::placed("3")));
    let bench = Bench::over(&brokers);
    let order = bench.submit(opening()).await;
    assert_eq!((order.state, order.broker), (Working, Some(C)));
    let written: Vec<_> = bench
        .attempts(&order)
        .await
        .into_iter()
        .map(|a| Some(a.tag))
        .collect();
    let sent: Vec<_> = brokers.iter().map(|b| b.place.calls()[0].tag.clone()).collect();
    assert_eq!(written, sent);
    assert!(sent[0] != sent[1] && sent[1] != sent[2]);
}

#[tokio::test(start_paused = true)]
async fn the_last_refusal_is_what_the_caller_reads() {
    let brokers = [broker(A), broker(B)];
    brokers[0].place.then(Err(unreachable()));
    brokers[1].place.then(Err(refusal()));
    let bench = Bench::over(&brokers);
    let order = bench.submit(opening()).await;
    assert_eq!(order.state, Rejected);
    assert_eq!(order.message.as_deref(), Some("no margin (-50)"));
    assert_eq!(bench.attempt_states(&order).await, ["not_placed", "not_placed"]);
}

/// An account that cannot take the order is passed by before anything is written or sent.
#[tokio::test(start_paused = true)]
async fn accounts_that_cannot_are_passed_by() {
    let ioc = OrderDraft {
        validity: Validity::Ioc,
        ..opening()
    };
    let amo = OrderDraft {
        after_market: true,
        ..opening()
    };
    let undeclared = OrderDraft {
        position_effect: None,
        ..opening()
    };
    let mut all = Capabilities::least();
    all.validities = vec![Validity::Day, Validity::Ioc];
    all.after_market = true;
    let none = || {
        broker_with(A, {
            let mut c = Capabilities::least();
            c.exchanges = Vec::new();
            c
        })
    };
    for (first, draft, state) in [
        (broker(A), ioc, Working),
        (broker(A), amo, AfterMarket),
        (none(), opening(), Working),
        (broker_logged_out(A), opening(), Working),
        (broker_logged_out(A), undeclared, Working),
    ] {
        let brokers = [first, broker_with(B, all.clone())];
        brokers[1].place.then(Ok(samples::placed("2")));
        let bench = Bench::over(&brokers);
        let order = bench.submit(draft).await;
        assert_eq!((order.state, order.broker), (state, Some(B)));
        assert_eq!(bench.sends(), [0, 1]);
        assert_eq!(bench.attempt_states(&order).await, ["acked"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_refuses_with_the_way_out() {
    use sangam_core::ports::Login as _;
    let only = broker(A);
    only.resume(sangam_core::session::MarketSession {
        expires_at: samples::morning(),
        ..session()
    });
    let bench = Bench::over(&[only]);
    let order = bench.submit(opening()).await;
    assert_eq!(order.state, Rejected);
    assert!(order.message.is_some_and(|m| m.contains("sangam login fyers-1")));
    assert_eq!(bench.sends(), [0]);
}

/// A refusal that took longer than the deadline moves nothing.
#[tokio::test(start_paused = true)]
async fn nothing_moves_after_the_deadline() {
    let brokers = [broker(A), broker(B)];
    let held = brokers[0].place.hold();
    let bench = Bench::over(&brokers);
    let desk = bench.desk.clone();
    let submitting = tokio::spawn(async move { desk.submit(opening(), None).await });
    brokers[0].place.called(1).await;
    crate::wait::pass(Duration::from_secs(11)).await;
    held.answer(Err(unreachable()));
    let order = submitting.await.expect("no panic").expect("taken").order;
    assert_eq!(order.state, Rejected);
    assert_eq!(bench.sends(), [1, 0]);
}

/// A caller that goes away cancels nothing.
#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_cancels_nothing() {
    let brokers = [broker(A)];
    let held = brokers[0].place.hold();
    let bench = Bench::over(&brokers);
    let desk = bench.desk.clone();
    let caller = tokio::spawn(async move { desk.submit(keyed("k"), None).await });
    brokers[0].place.called(1).await;
    caller.abort();
    assert!(caller.await.is_err());
    held.answer(Ok(samples::placed("1")));
    for _ in 0..100 {
        if let Ok(again) = bench.submitted(keyed("k")).await {
            assert_eq!(again.order.state, Working);
            assert!(again.replayed);
            return;
        }
        crate::wait::pass(Duration::from_millis(10)).await;
    }
    panic!("never written");
}

/// A panic inside a broker's adapter leaves the order in doubt, and the book settles it.
#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_order_in_doubt() {
    let brokers = [broker(A)];
    brokers[0].place.always(|_| panic!("a bug made by a test"));
    let bench = Bench::over(&brokers);
    let order = bench.submit(opening()).await;
    assert_eq!(order.state, InDoubt);
    assert_eq!(bench.attempt_states(&order).await, ["unknown"]);
    let sent = brokers[0].place.calls().remove(0);
    brokers[0]
        .order_book
        .then(Ok(vec![row(&sent, "9", BrokerOrderStatus::Open, 0)]));
    let found = bench
        .desk
        .reconcile(&"fyers-1".parse().expect("a name"))
        .await
        .expect("read");
    assert_eq!(found.settled, 1);
    assert_eq!(bench.written(&order).await.state, Working);
}

/// A panic before anything was written down as an intent ends the order: nothing was sent.
#[tokio::test(start_paused = true)]
async fn a_panic_before_the_intent_ends_the_order() {
    let brokers = [broker(A)];
    brokers[0].quotes.always(|_| panic!("a bug made by a test"));
    let bench = Bench::over(&brokers);
    let market = OrderDraft {
        kind: OrderKind::Market,
        price: None,
        ..opening()
    };
    let order = bench.submit(market).await;
    assert_eq!(order.state, Rejected);
    assert_eq!(bench.sends(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_at_market_goes_as_a_stop_with_a_limit() {
    let brokers = [broker(A)];
    brokers[0].place.then(Ok(samples::placed("1")));
    let bench = Bench::over(&brokers);
    let draft = OrderDraft {
        kind: OrderKind::StopLossMarket,
        price: None,
        trigger_price: Some(samples::price("1400")),
        side: Side::Sell,
        product: Product::Intraday,
        position_effect: None,
        ..opening()
    };
    bench.submit(draft).await;
    let sent = brokers[0].place.calls().remove(0).request;
    assert!(OrderKinds::LIMITS.contains(sent.pricing.kind()));
    assert_eq!(sent.pricing.limit(), Some(samples::price("1393")));
}
