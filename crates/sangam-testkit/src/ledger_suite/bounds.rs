//! What does not fit: clocks that are behind, amounts out of range, texts that a store cannot hold as they are.

use jiff::ToSpan as _;
use sangam_core::ports::{AttemptRecord, Change, FillRecord, Ledger, LedgerError, OrderRecord};
use sangam_core::{AttemptState, NotPlaced, OrderState, Product, Timestamp};

use super::{commit, receive, received, refused, taken};
use crate::samples;

fn order_at(seed: u8, at: Timestamp) -> Change {
    Change::Received(Box::new(OrderRecord {
        created_at: at,
        updated_at: at,
        ..samples::order_record(seed)
    }))
}

fn attempt_at(seed: u8, at: Timestamp) -> Change {
    Change::Intended(Box::new(AttemptRecord {
        created_at: at,
        updated_at: at,
        ..samples::attempt_record(seed)
    }))
}

pub(super) async fn a_clock_that_is_behind_makes_no_orders(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let newest = samples::morning() + 3_600.seconds() + 900.milliseconds();
    let mut entry = samples::audit("clock.ahead", "suite");
    entry.at = newest;
    ledger.commit(&[], &entry).await.expect("sound");

    for late in [60_001.milliseconds(), 60_900.milliseconds(), 2.hours()] {
        let behind = newest - late;
        for change in [order_at(2, behind), attempt_at(1, behind)] {
            match commit(ledger, &[change]).await {
                Err(LedgerError::ClockBehind { at, newest: told }) => {
                    assert_eq!((at, told), (behind, newest))
                }
                other => panic!("{late} behind was answered {other:?}"),
            }
        }
    }
    assert_eq!(ledger.order(samples::uid(2)).await.expect("reads"), None);
    assert_eq!(ledger.attempts(samples::uid(1)).await.expect("reads"), []);

    // The clocks of two machines may differ a little; and what became of orders is kept whatever the clock says.
    let near = newest - 60.seconds();
    taken(ledger, &[order_at(2, near), attempt_at(1, near)]).await;
    let moved = samples::order_moved(1, OrderState::Received, OrderState::Validated);
    taken(ledger, &[Change::OrderMoved(Box::new(moved))]).await;
    taken(
        ledger,
        &[Change::Filled(Box::new(samples::fill_record("808", "t1")))],
    )
    .await;
    let one = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        (one.state, one.updated_at),
        (OrderState::Validated, samples::morning())
    );
}

pub(super) async fn an_instant_no_store_can_hold_is_refused(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    for wrong in [Timestamp::MIN, Timestamp::MAX] {
        let mut entry = samples::audit("suite.step", "far away");
        entry.at = wrong;
        refused!(ledger.commit(&[], &entry).await, LedgerError::NotWritten { .. });
        let group = samples::order_record(1).group;
        let lasting = std::time::Duration::from_secs(1);
        refused!(
            ledger.take_lease(&group, "one", lasting, &entry).await,
            LedgerError::NotWritten { .. }
        );
        refused!(
            commit(ledger, &[order_at(2, wrong)]).await,
            LedgerError::NotWritten { .. }
        );
    }
    assert_eq!(ledger.audit_of("far away").await.expect("reads"), []);
    assert_eq!(ledger.leases().await.expect("reads"), []);
    receive(ledger, 2).await;
}

fn fill(trade: &str, quantity: u64, price: &str) -> FillRecord {
    let mut record = samples::fill_record("808", trade);
    record.fill.quantity = samples::quantity(quantity);
    record.fill.price = samples::price(price);
    record
}

fn filled(record: &FillRecord) -> Change {
    Change::Filled(Box::new(record.clone()))
}

/// Quantity and price are in range, what they make together is not, alone or on top of what is there.
pub(super) async fn an_amount_out_of_range_is_refused_by_name(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let day = samples::fill_record("1", "1").trading_date;
    let too_much = fill("t1", 1_000_000_000_000, "10000000000");
    let much = fill("t2", 60_000, "10000000000");
    let as_much = fill("t3", 60_000, "10000000000");
    let mut late = fill("t4", 60_000, "10000000000");
    late.fill.at = Some(samples::morning() - 1.hours());
    let step = Change::OrderMoved(Box::new(samples::order_moved(
        1,
        OrderState::Received,
        OrderState::Validated,
    )));
    let refused_by_name = async |record: &FillRecord| {
        let audit = samples::audit("fill.seen", "out of range");
        match ledger.commit(&[step.clone(), filled(record)], &audit).await {
            Err(LedgerError::OutOfRange { subject, what }) => {
                assert!(
                    subject.contains("RELIANCE") && subject.contains("fyers-1"),
                    "{subject}"
                );
                assert!(!what.is_empty());
            }
            other => panic!("an amount out of range was answered {other:?}"),
        }
    };
    refused_by_name(&too_much).await;
    assert_eq!(ledger.fills(day).await.expect("reads"), []);
    taken(ledger, &[filled(&much)]).await;
    refused_by_name(&as_much).await;
    refused_by_name(&late).await;
    assert_eq!(
        ledger.fills(day).await.expect("reads"),
        std::slice::from_ref(&much)
    );
    assert_eq!(ledger.audit_of("out of range").await.expect("reads"), []);
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(order.state, OrderState::Received);
    // The position is as it was: what fits is taken.
    let small = fill("t5", 1, "1");
    taken(ledger, &[filled(&small)]).await;
    assert_eq!(ledger.fills(day).await.expect("reads"), [much, small]);
}

/// A fill that happened before others of its position is as good as they.
pub(super) async fn late_fills_are_taken(ledger: &impl Ledger) {
    let day = samples::fill_record("1", "1").trading_date;
    let at = |trade: &str, minutes: i64| {
        let mut record = fill(trade, 2, "100");
        record.fill.at = Some(samples::morning() + minutes.minutes());
        record
    };
    let mut without = fill("t9", 2, "100");
    without.fill.at = None;
    let [noon, early, middle, first] = [at("t1", 180), at("t2", 10), at("t3", 60), at("t4", 0)];
    taken(ledger, &[filled(&noon)]).await;
    taken(ledger, &[filled(&without)]).await;
    taken(ledger, &[filled(&early)]).await;
    // Two in one commit, the later one first; and one again.
    taken(ledger, &[filled(&middle), filled(&first), filled(&early)]).await;
    let yesterday = FillRecord {
        trading_date: day.yesterday().expect("a date"),
        ..at("t1", 200)
    };
    taken(ledger, &[filled(&yesterday)]).await;
    let fills = ledger.fills(day).await.expect("reads");
    assert_eq!(fills, [first, early, middle, noon, without]);
    let before = ledger.fills(yesterday.trading_date).await.expect("reads");
    assert_eq!(before, [yesterday]);
}

/// The character nought is kept as the sign for one that cannot be shown, everywhere the same.
pub(super) async fn a_character_nought_is_replaced(ledger: &impl Ledger) {
    let (nought, kept) = ("a\0b'\n\0", "a\u{FFFD}b'\n\u{FFFD}");
    let order = |text: &str| {
        let mut order = OrderRecord {
            body_digest: text.to_owned(),
            strategy: Some(text.to_owned()),
            message: Some(text.to_owned()),
            ..samples::order_record(1)
        };
        order.request.product = Product::Other(text.to_owned());
        order
    };
    let refusal = |text: &str| AttemptState::NotPlaced {
        proof: NotPlaced::Refused {
            code: text.to_owned(),
        },
    };
    let fill_of = |trade: &str, text: &str| {
        let mut record = samples::fill_record("808", trade);
        record.fill.instrument.id = None;
        record.fill.instrument.broker_symbol = text.to_owned();
        record.fill.product = Some(Product::Other(text.to_owned()));
        record
    };
    let holding = |text: &str| {
        let mut record = samples::holding_record("fyers-1", 3);
        record.holding.isin = Some(text.to_owned());
        record.holding.instrument.broker_symbol = text.to_owned();
        record
    };
    let position = |text: &str| {
        let mut record = samples::position_record("fyers-1", 3);
        record.position.instrument.broker_symbol = text.to_owned();
        record
    };
    let mut audit = samples::audit(nought, nought);
    audit.detail = nought.to_owned();
    let account = samples::attempt_record(1).account;
    let date = samples::fill_record("1", "1").trading_date;
    let changes = [
        Change::Received(Box::new(order(nought))),
        super::intended(1),
        super::attempt_moved(1, "intent", refusal(nought)),
        filled(&fill_of("t1", nought)),
        filled(&fill_of("t2", kept)),
        Change::HoldingsRead {
            account: account.clone(),
            date,
            holdings: vec![holding(nought)],
        },
        Change::PositionsRead {
            account,
            positions: vec![position(nought)],
        },
    ];
    let number = ledger
        .commit(&changes, &audit)
        .await
        .expect("sound")
        .expect("a number");
    // Names that are the same once they are kept are one position, also for what comes later.
    taken(ledger, &[filled(&fill_of("t3", nought))]).await;

    let found = ledger.order(samples::uid(1)).await.expect("reads");
    assert_eq!(
        found,
        Some(OrderRecord {
            number,
            ..order(kept)
        })
    );
    let attempts = ledger.attempts(samples::uid(1)).await.expect("reads");
    assert_eq!(
        attempts.first().map(|attempt| &attempt.state),
        Some(&refusal(kept))
    );
    let expected = ["t1", "t2", "t3"].map(|trade| fill_of(trade, kept));
    assert_eq!(ledger.fills(date).await.expect("reads"), expected);
    assert_eq!(ledger.holdings().await.expect("reads"), [holding(kept)]);
    assert_eq!(ledger.positions().await.expect("reads"), [position(kept)]);
    for subject in [nought, kept] {
        let entries = ledger.audit_of(subject).await.expect("reads");
        assert_eq!(entries.len(), 1, "{subject:?}");
        assert_eq!(
            (entries[0].event.as_str(), entries[0].detail.as_str()),
            (kept, kept)
        );
    }
}

/// Free texts may be as long as they like; names that things are looked up by may not.
pub(super) async fn long_texts_are_kept_and_long_names_refused(ledger: &impl Ledger) {
    // Without a pattern, so that nothing can be made shorter on the way.
    let mut seed = 1_u32;
    let mut long = String::new();
    while long.len() < 300_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        long.push(char::from_u32(0x4e00 + (seed >> 16) % 0x5000).expect("a character"));
    }
    let order = OrderRecord {
        message: Some(long.clone()),
        strategy: Some(long.clone()),
        ..samples::order_record(1)
    };
    let mut audit = samples::audit(&long, "long");
    audit.detail.clone_from(&long);
    let change = Change::Received(Box::new(order.clone()));
    let number = ledger
        .commit(&[change], &audit)
        .await
        .expect("sound")
        .expect("a number");
    let found = ledger.order(order.uid).await.expect("reads");
    assert_eq!(found, Some(OrderRecord { number, ..order }));
    assert_eq!(ledger.audit_of("long").await.expect("reads"), [audit]);

    let name: String = long.chars().take(2_000).collect();
    refused!(
        ledger
            .commit(&[received(2)], &samples::audit("suite.step", &name))
            .await,
        LedgerError::OutOfRange { .. }
    );
    let mut symbol = samples::fill_record("808", "t1");
    symbol.fill.instrument.broker_symbol.clone_from(&name);
    let mut product = samples::fill_record("808", "t1");
    product.fill.product = Some(Product::Other(name));
    for record in [symbol, product] {
        refused!(
            commit(ledger, &[filled(&record)]).await,
            LedgerError::OutOfRange { .. }
        );
    }
    assert_eq!(ledger.order(samples::uid(2)).await.expect("reads"), None);
}
