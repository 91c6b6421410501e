//! Gateways on one PostgreSQL: one at a time trades for a group, the next when the first is gone or does not move any more, and
//! one that was frozen meanwhile writes nothing when it moves again. Another group's trades beside them.
//!
//! A gateway that is not driven stands for a frozen process: its runtime is only polled inside `block_on`. The command line's
//! tests freeze and kill real processes.

use std::time::Duration;

use futures::future::{join, join_all};
use sangam::config::{RawConfig, RawLedger};
use sangam::{StartError, System};
use sangam_core::BrokerName;
use sangam_core::ports::{Ledger as _, LedgerError, OrderFilter};
use sangam_storage::{PostgresSettings, SqlLedger};
use sangam_testkit::PostgresServer;
use tokio::runtime::{Builder, Runtime};

use crate::support::{Stack, market_buy};

/// Longest a lease may take to be another's: it lasts a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// Orders of each group at once: fewer than the broker's rules allow.
const ORDERS: usize = 3;

/// By this database, for this group.
fn trading(raw: &mut RawConfig, url: &str, group: &str) {
    raw.account[0].group = group.to_owned();
    raw.ledger = RawLedger {
        url: Some(url.to_owned().into()),
        lease_s: Some(1),
        ..RawLedger::default()
    };
}

fn driven_by_hand() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Submits an order; one that was not placed is told, too.
async fn submit(system: &System) -> Result<(), String> {
    match system.desks()[0].submit(market_buy(), None).await {
        Ok(submitted) if submitted.order.broker_order_id.is_some() => Ok(()),
        Ok(submitted) => Err(format!("{:?}", submitted.order)),
        Err(error) => Err(error.to_string()),
    }
}

/// Orders of a system, all at once.
async fn submit_some(system: &System) {
    let all = join_all((0..ORDERS).map(|_| submit(system))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

/// Starts a gateway for the group when its lease is free; until then it must be told who has it.
async fn take_over(stack: &Stack, url: &str, holder: &str) -> System {
    let taking = async {
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        loop {
            pace.tick().await;
            match stack.beside(|raw| trading(raw, url, "main")).await {
                Ok(system) => return system,
                Err(StartError::Ledger(LedgerError::LeaseHeld { holder: told, .. })) => {
                    assert_eq!(told, holder);
                }
                Err(other) => panic!("{other}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, taking)
        .await
        .expect("the lease ends")
}

#[test]
fn a_frozen_gateway_is_followed_by_another_and_fenced_when_it_moves_again() {
    let database = PostgresServer::shared().database();
    let url = database.url();
    let others = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let by_hand = driven_by_hand();
    // Group `beside` trades all the time on the same books, through a broker of its own.
    let (beside, stack) = others.block_on(async {
        let beside = Stack::with_sims(&[BrokerName::Upstox], |raw| trading(raw, url, "beside")).await;
        let stack = Stack::with_sims(&[BrokerName::Fyers], |raw| trading(raw, url, "main")).await;
        stack.system.stop().await;
        (beside, stack)
    });
    let first = by_hand
        .block_on(stack.beside(|raw| trading(raw, url, "main")))
        .expect("nobody leads the group");
    by_hand.block_on(submit(&first)).expect("it trades");
    let folder = std::fs::read_dir(stack.folder.path())
        .expect("listed")
        .map(|entry| entry.expect("listed").path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("beside-"))
        });
    let name =
        std::fs::read_to_string(folder.expect("the first one's").join("installation")).expect("a name");

    // From here on the first does not move.
    let second = others.block_on(take_over(&stack, url, name.trim()));
    others.block_on(join(submit_some(&second), submit_some(&beside.system)));
    let accepted = async || {
        let (one, other) = (
            stack.accepted(BrokerName::Fyers),
            beside.accepted(BrokerName::Upstox),
        );
        one.await + other.await
    };
    let placed = others.block_on(accepted());
    assert_eq!(placed, u64::try_from(1 + 2 * ORDERS).expect("small"));

    // It moves again, and is told that another trades.
    let fenced = || {
        let late = by_hand.block_on(submit(&first)).expect_err("it is fenced");
        late.contains("taken by another gateway")
    };
    // The server may have closed its connection meanwhile, which it hears first.
    assert!((0..5).any(|_| fenced()), "it is told that another trades");
    others.block_on(async {
        submit(&second).await.expect("the second trades on");
        assert_eq!(accepted().await, placed + 1, "no order twice, none too many");
        let settings = PostgresSettings::of_url(url).expect("an address");
        let books = SqlLedger::connect(settings).await.expect("connects");
        let orders = books.orders(&OrderFilter::default()).await.expect("reads");
        assert_eq!(u64::try_from(orders.len()), Ok(placed + 1));
        books.check_chain().await.expect("whole");
        let compared = books.check_positions().await.expect("computes");
        assert_eq!(compared.differing, []);
        second.stop().await;
        beside.system.stop().await;
    });
    by_hand.block_on(first.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_stops_gives_its_group_back_at_once() {
    let database = PostgresServer::shared().database();
    let long = |raw: &mut RawConfig| {
        trading(raw, database.url(), "main");
        raw.ledger.lease_s = Some(300);
    };
    let stack = Stack::with_sims(&[BrokerName::Upstox], long).await;
    let name = std::fs::read_to_string(stack.folder.path().join("data/installation")).expect("a name");
    let refused = stack.beside(long).await.map(drop).expect_err("it is led");
    let text = refused.to_string();
    assert!(
        text.contains(name.trim()) && !text.contains("test-password"),
        "{text}"
    );
    stack.system.stop().await;
    let next = stack.beside(long).await.expect("it is free");
    submit(&next).await.expect("it trades");
    next.stop().await;
}
