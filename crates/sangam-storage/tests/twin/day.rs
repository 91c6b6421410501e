//! Random changes of the books, and the days they make.

use jiff::ToSpan as _;
use proptest::prelude::*;
use proptest::sample::select;
use sangam_core::ports::{
    AttemptRecord, Change, FillRecord, Ledger, OrderMoved, OrderRecord, SessionRecord, StopKind, StopSubject,
    WindowCount,
};
use sangam_core::{AccountId, AttemptNo, BrokerName, OrderState, OrderUid, Product, Side, Timestamp};
use sangam_testkit::{samples, strategies};

/// What happens next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// One commit as it comes.
    Commit(Vec<Change>),
    /// One commit of a move that starts where its order or attempt is.
    Honest(Change),
    /// Commits handed over together.
    Together(Vec<Vec<Change>>),
    /// The lease of the group is taken by one of two holders, for an hour or for no time.
    Take(bool, bool),
    /// The lease of so many takings ago is renewed.
    Renew(usize),
    /// A commit under the lease of so many takings ago.
    Under(usize, Change),
    /// The clock goes on by seconds, or back.
    Wait(i64),
    /// The program ends, well or badly, and begins again.
    Restart,
}

/// Steps of some days.
pub(crate) fn day() -> impl Strategy<Value = Vec<Step>> {
    let commit = || proptest::collection::vec(change(), 1..3);
    let step = prop_oneof![
        16 => change().prop_map(Step::Honest),
        8 => commit().prop_map(Step::Commit),
        4 => proptest::collection::vec(commit(), 2..12).prop_map(Step::Together),
        1 => any::<(bool, bool)>().prop_map(|(one, long)| Step::Take(one, long)),
        1 => (0..3_usize).prop_map(Step::Renew),
        2 => (0..3_usize, change()).prop_map(|(ago, change)| Step::Under(ago, change)),
        4 => prop_oneof![8 => 0..600_i64, 2 => 0..100_000_i64, 1 => -90_000..0_i64].prop_map(Step::Wait),
        2 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 20..120)
}

/// New orders and attempts are dated about now, some too early.
pub(crate) fn dated(change: Change, now: Timestamp) -> Change {
    let about = |at: Timestamp| now + ((at.as_second() - samples::morning().as_second()) % 75).seconds();
    match change {
        Change::Received(mut order) => {
            order.created_at = about(order.created_at);
            Change::Received(order)
        }
        Change::Intended(mut attempt) => {
            attempt.created_at = about(attempt.created_at);
            Change::Intended(attempt)
        }
        other => other,
    }
}

/// Most moves start where the order or attempt really is, or nearly all would be refused.
pub(crate) async fn made_honest(change: Change, ledger: &dyn Ledger) -> Change {
    match change {
        Change::OrderMoved(mut moved) => {
            if let Some(order) = ledger.order(moved.uid).await.expect("reads") {
                moved.from = order.state;
                if !moved.from.can_become(moved.to) {
                    moved.to = moved.from;
                }
            }
            Change::OrderMoved(moved)
        }
        Change::AttemptMoved {
            order,
            no,
            from,
            to,
            at,
        } => {
            let attempts = ledger.attempts(order).await.expect("reads");
            let real = attempts.iter().find(|attempt| attempt.no == no);
            Change::AttemptMoved {
                order,
                no,
                from: real.map_or(from, |attempt| attempt.state.name()),
                to,
                at,
            }
        }
        other => other,
    }
}

/// Few ids, so that steps meet.
fn uid() -> impl Strategy<Value = OrderUid> {
    (1..4_u8).prop_map(samples::uid)
}

/// Few states, so that moves often start where an order is.
fn state() -> impl Strategy<Value = OrderState> {
    select(vec![
        OrderState::Submitting,
        OrderState::InDoubt,
        OrderState::Working,
        OrderState::PartiallyFilled,
        OrderState::Filled,
    ])
}

fn received() -> impl Strategy<Value = Change> {
    (
        (
            uid(),
            select(vec!["asha", "ravi"]),
            proptest::option::of("k[1-3]"),
        ),
        (strategies::order_request(), state()),
        (strategies::text_opt(), strategies::instant()),
    )
        .prop_map(|((uid, owner, key), (request, state), (text, at))| {
            Change::Received(Box::new(OrderRecord {
                uid,
                owner: owner.parse().expect("an owner"),
                client_order_id: key.map(|key| key.parse().expect("a key")),
                request,
                state,
                strategy: text.clone(),
                message: text,
                created_at: at,
                updated_at: at,
                ..samples::order_record(1)
            }))
        })
}

fn order_moved() -> impl Strategy<Value = Change> {
    (
        (uid(), state(), state()),
        (
            proptest::option::of(strategies::quantity()),
            proptest::option::of(strategies::price()),
        ),
        (
            proptest::option::of(strategies::order_request()),
            proptest::option::of("b[1-3]"),
        ),
        (strategies::text_opt(), strategies::instant()),
    )
        .prop_map(
            |((uid, from, to), (filled, average_price), (request, id), (message, at))| {
                Change::OrderMoved(Box::new(OrderMoved {
                    uid,
                    placed_with: id.is_some().then(|| {
                        (
                            samples::attempt_record(1).account,
                            samples::attempt_record(1).broker,
                        )
                    }),
                    broker_order_id: id.map(|id| id.parse().expect("an id")),
                    filled,
                    average_price,
                    request,
                    message,
                    at,
                    ..samples::order_moved(1, from, to)
                }))
            },
        )
}

fn intended() -> impl Strategy<Value = Change> {
    (
        (uid(), 1..3_u16, "S[1-8]"),
        (
            strategies::broker(),
            strategies::order_request(),
            strategies::attempt_state(),
        ),
        strategies::instant(),
    )
        .prop_map(|((order, no, tag), (broker, request, state), at)| {
            Change::Intended(Box::new(AttemptRecord {
                order,
                no: AttemptNo(no),
                tag: tag.parse().expect("a tag"),
                broker,
                request,
                state,
                created_at: at,
                ..samples::attempt_record(1)
            }))
        })
}

fn attempt_moved() -> impl Strategy<Value = Change> {
    let names = vec![
        "intent",
        "acked",
        "not_placed",
        "unknown",
        "parked",
        "no such state",
    ];
    (
        uid(),
        1..3_u16,
        select(names),
        strategies::attempt_state(),
        strategies::instant(),
    )
        .prop_map(|(order, no, from, to, at)| Change::AttemptMoved {
            order,
            no: AttemptNo(no),
            from,
            to,
            at,
        })
}

/// Fills of few positions, of both sides, in no order of time, some out of range, some seen before.
fn filled() -> impl Strategy<Value = Change> {
    let quantity = prop_oneof![
        6 => 1..20_u64,
        1 => Just(1_000_000_000_000),
    ];
    let product = select(vec![None, Some(Product::Intraday), Some(Product::Delivery)]);
    let symbol = select(vec!["A-EQ", "A\0EQ", "A\u{FFFD}EQ"]);
    (
        ("b[1-2]", "t[1-9]", proptest::option::of(uid())),
        (
            select(Side::ALL),
            quantity,
            strategies::price(),
            proptest::option::weighted(0.8, strategies::instant()),
        ),
        (0..3_i64, product, any::<bool>(), symbol),
    )
        .prop_map(
            |((id, trade, order), (side, quantity, price, at), (days, product, known, symbol))| {
                let mut record = FillRecord {
                    order,
                    ..samples::fill_record(&id, &trade)
                };
                record.trading_date = record.trading_date.saturating_sub(days.days());
                record.fill.side = side;
                record.fill.quantity = samples::quantity(quantity);
                record.fill.price = price;
                record.fill.at = at;
                record.fill.product = product;
                if !known {
                    record.fill.instrument.id = None;
                    record.fill.instrument.broker_symbol = symbol.to_owned();
                }
                Change::Filled(Box::new(record))
            },
        )
}

fn holdings() -> impl Strategy<Value = Change> {
    let accounts = select(vec!["fyers-1", "upstox-1"]);
    let units = proptest::collection::vec(1..9_u64, 0..3);
    (accounts, 0..3_i64, units).prop_map(|(account, days, units)| Change::HoldingsRead {
        account: account.parse().expect("an account"),
        date: samples::fill_record("b1", "t1")
            .trading_date
            .saturating_sub(days.days()),
        holdings: units
            .into_iter()
            .map(|units| samples::holding_record(account, units))
            .collect(),
    })
}

fn session() -> impl Strategy<Value = Change> {
    (select(vec!["fyers-1", "upstox-1"]), strategies::instant()).prop_map(|(account, at)| {
        Change::SessionSeen(Box::new(SessionRecord {
            account: account.parse().expect("an account"),
            broker: BrokerName::Upstox,
            began_at: samples::morning(),
            expires_at: at,
        }))
    })
}

fn windows() -> impl Strategy<Value = Change> {
    let count = (select(vec!["all", "orders", "o\0"]), 0..3_u64, 0..9_u64);
    let accounts = select(vec!["fyers-1", "upstox-1"]);
    (accounts, proptest::collection::vec(count, 0..4)).prop_map(|(account, counts)| {
        let account: AccountId = account.parse().expect("an account");
        let count = |(scope, window, used): (&str, u64, u64)| WindowCount {
            account: account.clone(),
            scope: scope.to_owned(),
            window_ms: window * 1_000,
            used,
            quota: 10,
            counted_at: samples::morning(),
        };
        Change::WindowsCounted {
            counts: counts.into_iter().map(count).collect(),
            account,
        }
    })
}

fn positions() -> impl Strategy<Value = Change> {
    let accounts = select(vec!["fyers-1", "upstox-1"]);
    (accounts, proptest::collection::vec(-5..5_i64, 0..4)).prop_map(|(account, nets)| Change::PositionsRead {
        account: account.parse().expect("an account"),
        positions: nets
            .into_iter()
            .map(|net| samples::position_record(account, net))
            .collect(),
    })
}

/// What is wished of an order.
fn wished() -> impl Strategy<Value = Change> {
    let terms = proptest::option::of(strategies::order_request());
    (uid(), any::<bool>(), terms, strategies::instant()).prop_map(|(order, cancel, terms, at)| {
        if cancel {
            Change::CancelRequested { order, at }
        } else {
            Change::TermsAwaited {
                order,
                terms: terms.map(Box::new),
                at,
            }
        }
    })
}

/// Stops of few subjects, put and lifted.
fn stop() -> impl Strategy<Value = Change> {
    let of_group = any::<bool>();
    let kind = select(StopKind::ALL.to_vec());
    (of_group, kind, select(vec!["", "t1", "t\0"]), 0..3_u8).prop_map(|(of_group, kind, about, which)| {
        let subject = if of_group {
            StopSubject::Group(samples::order_record(1).group)
        } else {
            StopSubject::Account(samples::attempt_record(1).account)
        };
        let stop = samples::stop(subject, kind, about);
        if which == 0 {
            Change::Stopped(Box::new(stop))
        } else {
            Change::Lifted(stop.id)
        }
    })
}

/// Anything, sound or not.
pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => received(),
        6 => order_moved(),
        3 => intended(),
        4 => attempt_moved(),
        6 => filled(),
        2 => wished(),
        2 => stop(),
        1 => positions(),
        1 => holdings(),
        1 => session(),
        1 => windows(),
    ]
}
