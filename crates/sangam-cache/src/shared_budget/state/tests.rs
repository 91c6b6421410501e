//! The line, the ends and the server's clock, without a server.

use sangam_core::AccountId;

use super::super::settings::SharedBudgetSettings;
use super::super::split::{PoolScope, ShareWindow};
use super::*;

fn at(ms: u64) -> Monotonic {
    Monotonic::from_origin(Duration::from_millis(ms))
}

fn plan() -> Plan {
    let scope = |name: &str, within: Option<&str>| PoolScope {
        name: name.into(),
        within: within.map(str::to_owned),
        windows: vec![ShareWindow::new(10, Duration::from_secs(1))],
        has_base: true,
    };
    let pool = [scope("all", None), scope("orders", Some("all"))];
    Plan::new(
        &AccountId::new("acct").unwrap(),
        &pool,
        &SharedBudgetSettings::default(),
    )
    .unwrap()
}

fn joined(plan: &Plan) -> State {
    let mut state = State::new(plan);
    state.rejoined();
    state
}

type Told = oneshot::Receiver<Result<PoolPermit, RateRefusal>>;

fn enter(state: &mut State, priority: Priority, weight: u32) -> (Place, Told) {
    let (teller, told) = oneshot::channel();
    (state.enter(priority, 1, weight, at(60_000), teller), told)
}

fn full(wait_ms: u64) -> Verdict {
    Verdict::Refused(Full {
        wait: Duration::from_millis(wait_ms),
        scope: 1,
        window: 0,
        used: 10,
        limit: 10,
    })
}

fn heard(verdicts: Vec<Verdict>) -> Heard {
    Heard {
        now_us: 1,
        verdicts,
        used: vec![vec![Some(4)], vec![None]],
    }
}

#[test]
fn the_urgent_are_asked_for_first_and_what_is_full_is_not_asked_for() {
    let plan = plan();
    let mut state = joined(&plan);
    let (read, _a) = enter(&mut state, Priority::Read, 1);
    let (exit, _b) = enter(&mut state, Priority::Protective, 1);
    let (order, _c) = enter(&mut state, Priority::Order, 1);
    let call = state.next_call(&plan, at(0)).unwrap();
    let places: Vec<Place> = call.asks.iter().map(|(_, waiting)| waiting.place).collect();
    assert_eq!(places, [exit, order, read]);
    let verdicts = vec![Verdict::Granted, full(100), full(100)];
    let told = state.heard(&plan, call, &heard(verdicts), Duration::from_secs(1), at(1));
    assert_eq!(
        (told.granted.len(), told.refused.len(), state.waiting()),
        (1, 0, 2)
    );
    assert!(state.next_call(&plan, at(100)).is_none(), "not before the bound");
    let (_, _d) = enter(&mut state, Priority::Protective, 1);
    let call = state.next_call(&plan, at(2)).unwrap();
    assert_eq!(call.asks.len(), 1, "whoever may use the reserve is asked for");
    assert_eq!(state.next_call(&plan, at(101)).unwrap().asks.len(), 2);
    assert_eq!(
        (
            state.known.used(&plan, 0, 0, at(500)),
            state.known.used(&plan, 0, 0, at(1_001))
        ),
        (4, 0)
    );
}

#[test]
fn who_would_wait_past_the_deadline_is_told_at_once() {
    let plan = plan();
    let mut state = joined(&plan);
    let (_, _told) = enter(&mut state, Priority::Order, 1);
    let call = state.next_call(&plan, at(0)).unwrap();
    let told = state.heard(
        &plan,
        call,
        &heard(vec![full(60_001)]),
        Duration::from_secs(1),
        at(0),
    );
    assert_eq!((told.refused.len(), state.waiting()), (1, 0));
    assert_eq!(told.refused[0].1.window, "orders 10/1s of the pool");
}

#[test]
fn a_failed_call_uses_nothing_and_forgets_nobody() {
    let plan = plan();
    let mut state = joined(&plan);
    let (_, kept) = enter(&mut state, Priority::Order, 2);
    let (_, gone) = enter(&mut state, Priority::Order, 1);
    state.shut(&plan, 0, Duration::from_micros(5), at(0));
    let call = state.next_call(&plan, at(1)).unwrap();
    let ids: Vec<u64> = call.asks.iter().map(|(id, _)| *id).collect();
    assert_eq!((call.ends.len(), ids.len()), (1, 2));
    drop(gone);
    state.failed(call, at(2));
    assert_eq!(state.waiting(), 1);
    let again = state.next_call(&plan, at(10)).unwrap();
    assert_eq!(
        again.ends[0].kind,
        EndKind::Shut,
        "in the order in which they happened"
    );
    let back: Vec<(u64, u32)> = again.ends[1..].iter().map(|end| (end.id, end.weight)).collect();
    assert_eq!(back, [(ids[0], 2), (ids[1], 1)]);
    assert!(!ids.contains(&again.asks[0].0), "an id is asked for once");
    drop(kept);
}

#[test]
fn a_call_stays_small_and_no_more_than_two_are_under_way() {
    let plan = plan();
    let mut state = joined(&plan);
    let _told: Vec<Told> = (0..300).map(|_| enter(&mut state, Priority::Read, 5).1).collect();
    let call = state.next_call(&plan, at(0)).unwrap();
    assert_eq!(call.asks.len(), 102);
    assert!(state.next_call(&plan, at(0)).is_some());
    assert!(state.next_call(&plan, at(0)).is_none());
    state.failed(call, at(0));
    assert!(state.next_call(&plan, at(0)).is_some());
    state.lost(at(500));
    assert!(state.next_call(&plan, at(1_000)).is_none());
}

#[test]
fn a_clock_set_forward_is_noticed_and_a_slow_answer_is_not_taken_for_one() {
    let mut state = joined(&plan());
    let server = |ms: u64| i64::try_from(5_000_000_000 + ms * 1_000).unwrap();
    assert!(state.server_clock.kept(server(10), at(10), at(11)));
    assert!(state.server_clock.kept(server(1_010), at(1_000), at(1_020)));
    assert!(
        state.server_clock.kept(server(2_090), at(2_000), at(2_100)),
        "late"
    );
    assert!(
        !state.server_clock.kept(server(3_500), at(3_000), at(3_001)),
        "half a second ahead"
    );
    assert!(state.server_clock.kept(server(4_500), at(4_000), at(4_001)));
    assert!(
        state.server_clock.kept(server(1_500), at(5_000), at(5_001)),
        "a clock set back costs only time"
    );
}
