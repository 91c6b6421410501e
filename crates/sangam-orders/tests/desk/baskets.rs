//! Baskets: each leg an order of its own; the same key sends each leg once, whatever happens at the same time.

use sangam_core::ports::{Ledger as _, OrderFilter};
use sangam_core::{ClientOrderId, OrderDraft, OrderState, Quantity, Side};
use sangam_orders::checks::Rule;
use sangam_orders::{BASKET_LEGS_MAX, DeskError, Leg, LegResults};
use sangam_testkit::samples;

use crate::support::*;

fn leg(units: u64) -> Leg {
    let draft = OrderDraft {
        quantity: Quantity::new(units).expect("small"),
        ..opening()
    };
    (draft, None)
}

fn key(text: &str) -> Option<ClientOrderId> {
    Some(text.parse().expect("a key"))
}

/// A broker that gives each order a number of its own.
fn counting(bench: &Bench) {
    let next = shared(0_u32);
    bench.brokers[0].place.always(move |_| {
        let mut next = next.lock();
        *next += 1;
        Ok(samples::placed(&next.to_string()))
    });
}

fn numbers(results: &LegResults) -> Vec<Option<String>> {
    let number = |result: &Result<sangam_orders::Submitted, DeskError>| {
        result
            .as_ref()
            .ok()
            .map(|submitted| submitted.order.number.to_string())
    };
    results.iter().map(number).collect()
}

#[tokio::test(start_paused = true)]
async fn a_bad_leg_stops_no_other_and_a_repeat_sends_nothing_again() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let legs = vec![leg(1), leg(0), leg(3)];
    let first = bench
        .desk
        .submit_basket(key("alert-7"), legs.clone())
        .await
        .expect("taken");
    assert!(first[0].is_ok() && first[2].is_ok());
    assert!(matches!(first[1], Err(DeskError::Invalid(_))), "{:?}", first[1]);
    let keys: Vec<_> = first
        .iter()
        .flatten()
        .filter_map(|submitted| submitted.order.client_order_id.as_ref())
        .map(ToString::to_string)
        .collect();
    assert_eq!(keys, ["alert-7:1", "alert-7:3"]);

    let again = bench
        .desk
        .submit_basket(key("alert-7"), legs)
        .await
        .expect("taken");
    assert_eq!(numbers(&again), numbers(&first));
    assert!(again[0].as_ref().is_ok_and(|submitted| submitted.replayed));
    assert_eq!(bench.sends(), [2]);
}

/// Another leg, a leg less, one more or another order of them: another basket, refused whole.
#[tokio::test(start_paused = true)]
async fn the_key_of_another_basket_is_refused_whole() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let sent = bench
        .desk
        .submit_basket(key("k"), vec![leg(1), leg(2)])
        .await
        .expect("taken");
    for other in [
        vec![leg(1)],
        vec![leg(1), leg(2), leg(3)],
        vec![leg(1), leg(3)],
        vec![leg(2), leg(1)],
    ] {
        let error = bench
            .desk
            .submit_basket(key("k"), other)
            .await
            .expect_err("another basket");
        let first = sent[0].as_ref().expect("taken").order.number;
        assert!(
            matches!(error, DeskError::KeyReused { existing } if existing == first),
            "{error}"
        );
    }
    assert_eq!(bench.sends(), [2]);
    assert_eq!(
        bench
            .books
            .orders(&OrderFilter::default())
            .await
            .expect("readable")
            .len(),
        2
    );
}

/// A key that one order has is no basket's, and what is left of a basket in the books is enough to tell it from a shorter one.
#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_refused_also_where_the_first_leg_is_not_in_the_books() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    bench.submit(keyed("one")).await;
    let error = bench.desk.submit_basket(key("one"), vec![leg(1), leg(2)]).await;
    assert!(matches!(error, Err(DeskError::KeyReused { .. })), "{error:?}");
    let half = bench
        .desk
        .submit_basket(key("k"), vec![leg(0), leg(2)])
        .await
        .expect("taken");
    assert!(half[0].is_err() && half[1].is_ok(), "{half:?}");
    let error = bench.desk.submit_basket(key("k"), vec![leg(1)]).await;
    assert!(matches!(error, Err(DeskError::KeyReused { .. })), "{error:?}");
    assert_eq!(bench.sends(), [2]);
}

#[tokio::test(start_paused = true)]
async fn one_key_at_once_from_many_sends_each_leg_once() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let submitting: Vec<_> = (0..20)
        .map(|_| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { desk.submit_basket(key("k"), vec![leg(1), leg(2), leg(3)]).await })
        })
        .collect();
    for submitted in submitting {
        for result in submitted.await.expect("no panic").expect("taken") {
            assert!(
                matches!(result, Ok(_) | Err(DeskError::InProgress { .. })),
                "{result:?}"
            );
        }
    }
    assert_eq!(bench.sends(), [3]);
}

/// Two different baskets under one key at the same moment: the legs of one go, the other is refused whole.
#[tokio::test(start_paused = true)]
async fn two_baskets_at_once_under_one_key_do_not_mix() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let submitting: Vec<_> = [[1, 2, 3], [4, 5, 6]]
        .into_iter()
        .cycle()
        .take(10)
        .map(|units| {
            let (desk, legs) = (bench.desk.clone(), units.map(leg).to_vec());
            tokio::spawn(async move { desk.submit_basket(key("k"), legs).await })
        })
        .collect();
    let mut whole = 0;
    for submitted in submitting {
        match submitted.await.expect("no panic") {
            Ok(results) => {
                assert!(results.iter().all(Result::is_ok), "{results:?}");
                whole += 1;
            }
            Err(error) => assert!(matches!(error, DeskError::KeyReused { .. }), "{error}"),
        }
    }
    let sent: Vec<_> = bench.brokers[0]
        .place
        .calls()
        .iter()
        .map(|sent| sent.request.quantity.units())
        .collect();
    assert_eq!(whole, 5);
    assert!(sent == [1, 2, 3] || sent == [4, 5, 6], "{sent:?}");
}

/// A leg in doubt says so and is not sent again; the others are what they are.
#[tokio::test(start_paused = true)]
async fn each_leg_has_its_own_outcome() {
    let bench = Bench::over(&[broker(A)]);
    bench.brokers[0]
        .place
        .always(|sent| match sent.request.quantity.units() {
            1 => Ok(samples::placed("1")),
            2 => Err(timeout()),
            _ => Err(refusal()),
        });
    let legs = vec![leg(1), leg(2), leg(3)];
    for _ in 0..2 {
        let results = bench
            .desk
            .submit_basket(key("k"), legs.clone())
            .await
            .expect("taken");
        let states: Vec<_> = results
            .iter()
            .flatten()
            .map(|submitted| submitted.order.state)
            .collect();
        assert_eq!(
            states,
            [OrderState::Working, OrderState::InDoubt, OrderState::Rejected]
        );
    }
    assert_eq!(bench.sends(), [3]);
}

#[tokio::test(start_paused = true)]
async fn purchases_go_before_sales() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let sale = |units| {
        let (draft, broker) = leg(units);
        let draft = OrderDraft {
            side: Side::Sell,
            ..draft
        };
        (draft, broker)
    };
    let legs = vec![sale(1), leg(2), sale(3), leg(4)];
    let results = bench.desk.submit_basket(None, legs).await.expect("taken");
    let units = |submitted: &sangam_orders::Submitted| submitted.order.request.quantity.units();
    let answered: Vec<_> = results.iter().flatten().map(units).collect();
    assert_eq!(answered, [1, 2, 3, 4], "answered in the order given");
    let sent: Vec<_> = bench.brokers[0]
        .place
        .calls()
        .iter()
        .map(|sent| sent.request.side)
        .collect();
    assert_eq!(sent, [Side::Buy, Side::Buy, Side::Sell, Side::Sell]);
}

#[tokio::test(start_paused = true)]
async fn a_basket_that_is_too_large_or_shapeless_is_refused_whole() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let many = vec![leg(1); BASKET_LEGS_MAX + 1];
    let error = bench.desk.submit_basket(None, many).await.expect_err("too many");
    let DeskError::Refused(refusal) = &error else {
        panic!("{error}");
    };
    assert_eq!(refusal.rule, Rule::BasketSize);
    assert!(
        refusal.message.contains("51") && refusal.message.contains("50"),
        "{refusal}"
    );
    assert!(matches!(
        bench.desk.submit_basket(None, Vec::new()).await,
        Err(DeskError::Invalid(_))
    ));
    let keyed = vec![(keyed("mine"), None)];
    assert!(matches!(
        bench.desk.submit_basket(key("k"), keyed.clone()).await,
        Err(DeskError::Invalid(_))
    ));
    assert_eq!(bench.sends(), [0]);
    let own = bench.desk.submit_basket(None, keyed).await.expect("taken");
    let order = &own[0].as_ref().expect("taken").order;
    assert_eq!(
        order.client_order_id.as_ref().map(ToString::to_string),
        Some("mine".to_owned())
    );
}

/// Whoever asked may go away: every leg is driven to its end.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_cancels_no_leg() {
    let bench = Bench::over(&[broker(A)]);
    counting(&bench);
    let asking = tokio::spawn({
        let desk = bench.desk.clone();
        async move { desk.submit_basket(key("k"), (1..=20).map(leg).collect()).await }
    });
    bench.brokers[0].place.called(1).await;
    asking.abort();
    bench.brokers[0].place.called(20).await;
    assert_eq!(bench.sends(), [20]);
}
