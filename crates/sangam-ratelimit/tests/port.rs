//! The port of sangam-core over budgets: which scope a class is charged to, units, urgency, and accounts apart.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sangam_core::ports::{
    BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, acquire_first,
};
use sangam_core::{AccountId, CallClass, Clock, ManualClock, Monotonic, Priority, Timestamp};
use sangam_ratelimit::defaults::{FLATTRADE, UPSTOX};
use sangam_ratelimit::port::AccountBudgets;

type Granted = Result<Box<dyn Permit>, RateRefusal>;

fn scope(account: &str, class: CallClass) -> Scope {
    Scope {
        account: AccountId::new(account).unwrap(),
        class,
    }
}

fn budgets() -> (Arc<ManualClock>, Arc<AccountBudgets>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let plan = |defaults: sangam_ratelimit::defaults::BrokerDefaults| defaults.rules().check().unwrap();
    let accounts = [("flat", plan(FLATTRADE)), ("up", plan(UPSTOX))];
    let accounts = accounts.map(|(name, plan)| (AccountId::new(name).unwrap(), plan));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let sleeper = Arc::new(|_: Duration| std::future::pending());
    let budgets = AccountBudgets::new(accounts, &shared, sleeper);
    (clock, Arc::new(budgets))
}

fn ask(budgets: &Arc<AccountBudgets>, scope: Scope, priority: Priority) -> Granted {
    let request = PermitRequest {
        scope,
        weight: 1,
        priority,
        deadline: Monotonic::default().after(Duration::from_millis(500)),
    };
    match pin!(budgets.acquire(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(granted) => granted,
        Poll::Pending => panic!("let in or refused at once"),
    }
}

fn call(budgets: &Arc<AccountBudgets>, account: &str, class: CallClass, priority: Priority) -> bool {
    ask(budgets, scope(account, class), priority)
        .map(|mut permit| {
            permit.sent();
            permit.answered();
        })
        .is_ok()
}

#[test]
fn classes_share_what_their_broker_counts_together() {
    let (clock, budgets) = budgets();
    let calls = |account, class, priority| {
        (0..100)
            .take_while(|_| call(&budgets, account, class, priority))
            .count()
    };
    assert_eq!(calls("flat", CallClass::Orders, Priority::Order), 7);
    assert_eq!(
        calls("flat", CallClass::History, Priority::Read),
        1,
        "all calls count together"
    );
    assert_eq!(
        calls("flat", CallClass::Orders, Priority::Protective),
        1,
        "from the reserve"
    );
    assert_eq!(calls("up", CallClass::Orders, Priority::Order), 7);
    assert_eq!(
        calls("up", CallClass::MarketData, Priority::Read),
        41,
        "reads are counted apart"
    );
    assert!(
        !call(&budgets, "flat", CallClass::Login, Priority::Reconcile),
        "log-ins are counted with all calls"
    );
    let refusal = ask(&budgets, scope("flat", CallClass::Orders), Priority::Order).unwrap_err();
    assert_eq!(
        (refusal.window.as_str(), refusal.used, refusal.limit),
        ("orders 8/1s", 8, 7)
    );
    assert_eq!(refusal.retry_after, Duration::from_millis(1_002));
    let earliest = budgets.earliest(&scope("flat", CallClass::Orders), 1);
    assert_eq!(earliest, Monotonic::default().after(refusal.retry_after));
    clock.advance(Duration::from_millis(1_002));
    assert_eq!(
        budgets.earliest(&scope("flat", CallClass::Orders), 1),
        clock.monotonic()
    );
    let of = |class| {
        budgets
            .usage()
            .into_iter()
            .filter(move |w| w.scope == scope("flat", class))
    };
    let orders: Vec<_> = of(CallClass::Orders)
        .map(|w| (w.window.as_secs(), w.used, w.limit))
        .collect();
    assert_eq!(orders, [(1, 0, 8), (60, 8, 36)]);
    let reads: Vec<_> = of(CallClass::History)
        .map(|w| (w.window.as_secs(), w.used, w.limit))
        .collect();
    assert_eq!(reads, [(1, 0, 9), (60, 9, 100)]);
    assert_eq!(of(CallClass::Login).count(), 2);
}

#[test]
fn an_account_without_a_budget_calls_nobody() {
    let (_, budgets) = budgets();
    for class in [CallClass::Orders, CallClass::Login] {
        let refusal = ask(&budgets, scope("stranger", class), Priority::Protective).unwrap_err();
        assert!(refusal.window.contains("stranger"), "{refusal}");
    }
    let never = budgets.earliest(&scope("stranger", CallClass::Orders), 1);
    assert!(never > Monotonic::default().after(Duration::from_secs(1_000_000)));
}

#[test]
fn a_report_of_the_broker_shuts_its_account_alone() {
    let (_, budgets) = budgets();
    budgets.refused(
        &scope("flat", CallClass::Orders),
        BrokerRateRefusal {
            retry_after: Some(Duration::from_secs(3)),
            ..BrokerRateRefusal::default()
        },
    );
    let refusal = ask(
        &budgets,
        scope("flat", CallClass::MarketData),
        Priority::Protective,
    )
    .unwrap_err();
    assert_eq!(refusal.retry_after, Duration::from_secs(3));
    assert!(call(&budgets, "up", CallClass::Orders, Priority::Order));
    let account = AccountId::new("flat").unwrap();
    let usage = budgets.budget(&account).unwrap().usage();
    assert!(usage.iter().all(|scope| scope.broker_refusals == 1), "{usage:?}");
}

/// Who waits at two accounts takes the first permit there is, and stands in nobody's way at the other.
#[test]
fn waiting_at_several_accounts_takes_the_first_and_leaves_no_hole() {
    let (_, budgets) = budgets();
    let wish = |account: &str| PermitRequest {
        scope: scope(account, CallClass::Orders),
        weight: 1,
        priority: Priority::Order,
        deadline: Monotonic::default().after(Duration::from_secs(60)),
    };
    let fill = |account: &str| -> Vec<Box<dyn Permit>> {
        (0..7)
            .map(|_| ask(&budgets, scope(account, CallClass::Orders), Priority::Order).unwrap())
            .collect()
    };
    let (flat, mut up) = (fill("flat"), fill("up"));
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut both = pin!(acquire_first(&*budgets, vec![wish("flat"), wish("up")]));
        assert!(both.as_mut().poll(&mut context).is_pending());
        drop(up.pop());
        let Poll::Ready(Ok((at, permit))) = both.as_mut().poll(&mut context) else {
            panic!("there is room at the second");
        };
        assert_eq!(at, 1);
        drop(permit);
    }
    drop((flat, up));
    for account in ["flat", "up"] {
        assert_eq!(fill(account).len(), 7, "nobody is left in the line of {account}");
    }
    let strangers = vec![wish("stranger"), wish("other")];
    let mut nobody = pin!(acquire_first(&*budgets, strangers));
    let Poll::Ready(Err(refusals)) = nobody.as_mut().poll(&mut context) else {
        panic!("no such accounts");
    };
    assert!(refusals[0].window.contains("stranger") && refusals[1].window.contains("other"));
    let mut none = pin!(acquire_first(&*budgets, Vec::new()));
    let Poll::Ready(Err(refusals)) = none.as_mut().poll(&mut context) else {
        panic!("nothing was wished for");
    };
    assert!(refusals.is_empty());
}

/// The wall clock labels events and measures nothing: set back or a day ahead, it gives no permit and closes none.
#[test]
fn a_wall_clock_that_steps_changes_no_window() {
    let (clock, budgets) = budgets();
    let orders = || call(&budgets, "flat", CallClass::Orders, Priority::Order);
    assert_eq!((0..100).take_while(|_| orders()).count(), 7);
    for step in [86_400_i64, -86_400, 365 * 86_400] {
        clock.step_to(Timestamp::from_second(step).unwrap());
        assert!(!orders(), "a step of {step} s");
    }
    budgets.refused(&scope("flat", CallClass::Orders), BrokerRateRefusal::default());
    clock.step_to(Timestamp::UNIX_EPOCH);
    clock.advance(Duration::from_secs(700));
    let earliest = budgets.earliest(&scope("flat", CallClass::Orders), 1);
    assert!(
        earliest <= clock.monotonic(),
        "what was shut opens by the time that passed"
    );
}
