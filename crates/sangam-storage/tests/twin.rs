//! Random days on the file and on its twin in memory give the same answers, whatever is asked and whenever the program
//! is started again.

use proptest::prelude::*;
use proptest::sample::select;
use sangam_core::ports::{
    AttemptRecord, Change, FillRecord, Ledger, LedgerError, OrderFilter, OrderMoved, OrderRecord,
};
use sangam_core::{AttemptNo, OrderNumber, OrderState, OrderUid};
use sangam_storage::{MemoryLedger, SqlLedger};
use sangam_testkit::{samples, strategies};

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

fn filled() -> impl Strategy<Value = Change> {
    (
        ("b[1-2]", "t[1-3]", proptest::option::of(uid())),
        (
            strategies::quantity(),
            strategies::price(),
            proptest::option::of(strategies::instant()),
        ),
    )
        .prop_map(|((id, trade, order), (quantity, price, at))| {
            let mut record = FillRecord {
                order,
                ..samples::fill_record(&id, &trade)
            };
            record.fill.quantity = quantity;
            record.fill.price = price;
            record.fill.at = at;
            Change::Filled(Box::new(record))
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

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => received(),
        6 => order_moved(),
        3 => intended(),
        4 => attempt_moved(),
        2 => filled(),
        1 => positions(),
    ]
}

/// Most moves start where the order or attempt really is, or nearly all would be refused.
async fn made_honest(change: Change, ledger: &dyn Ledger) -> Change {
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

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Change>),
    Honest(Change),
    Restart,
}

fn day() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => change().prop_map(Step::Honest),
        4 => proptest::collection::vec(change(), 1..3).prop_map(Step::Commit),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 20..120)
}

type Answer = Result<Option<OrderNumber>, LedgerError>;

/// Everything that can be asked, as one text.
async fn asked(ledger: &dyn Ledger) -> String {
    let mut told = Vec::new();
    for open_only in [false, true] {
        for since in [None, Some(samples::morning())] {
            for limit in [None, Some(2)] {
                let filter = OrderFilter {
                    since,
                    open_only,
                    limit,
                };
                told.push(format!("{:#?}", ledger.orders(&filter).await.expect("reads")));
            }
        }
    }
    for seed in 1..4 {
        let uid = samples::uid(seed);
        told.push(format!("{:#?}", ledger.order(uid).await.expect("reads")));
        told.push(format!("{:#?}", ledger.attempts(uid).await.expect("reads")));
        told.push(format!("{:#?}", ledger.fills_of(uid).await.expect("reads")));
    }
    for key in ["k1", "k2", "k3"] {
        let (owner, key) = ("asha".parse().expect("an owner"), key.parse().expect("a key"));
        let found = ledger.order_by_client_id(&owner, &key).await;
        told.push(format!("{:#?}", found.expect("reads")));
    }
    for id in ["b1", "b2", "b3"] {
        let account = samples::attempt_record(1).account;
        let found = ledger
            .order_by_broker_id(&account, &id.parse().expect("an id"))
            .await;
        told.push(format!("{:#?}", found.expect("reads")));
    }
    let date = samples::fill_record("b1", "t1").trading_date;
    told.push(format!("{:#?}", ledger.open_attempts().await.expect("reads")));
    told.push(format!("{:#?}", ledger.fills(date).await.expect("reads")));
    told.push(format!("{:#?}", ledger.positions().await.expect("reads")));
    told.push(format!("{:#?}", ledger.audit_of("a step").await.expect("reads")));
    told.join("\n")
}

async fn both(
    file: &SqlLedger,
    memory: &MemoryLedger,
    changes: &[Change],
    place: usize,
) -> Result<(), TestCaseError> {
    let audit = samples::audit(&format!("step {place}"), "a step");
    let one: Answer = file.commit(changes, &audit).await;
    let two: Answer = memory.commit(changes, &audit).await;
    prop_assert_eq!(format!("{:?}", one), format!("{:?}", two));
    Ok(())
}

async fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    let mut file = SqlLedger::open(&path).await.expect("opens");
    let memory = MemoryLedger::new();
    for (place, step) in steps.into_iter().enumerate() {
        match step {
            Step::Commit(changes) => both(&file, &memory, &changes, place).await?,
            Step::Honest(change) => {
                let change = made_honest(change, &memory).await;
                both(&file, &memory, &[change], place).await?;
            }
            Step::Restart => {
                if place % 2 == 0 {
                    file.close().await;
                }
                file = SqlLedger::open(&path).await.expect("opens again");
            }
        }
    }
    prop_assert_eq!(asked(&file).await, asked(&memory).await);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn property_the_file_and_its_twin_agree(steps in day()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(live(steps))?;
    }
}
