//! Waiting: order, priority, deadlines, bounds, and that whoever goes away leaves no hole.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sangam_ratelimit::{
    Ask, Budget, Nanos, Permit, Priority, Refusal, Rules, ScopeRules, TimeSource as _, Why, Window,
};
use support::{Clockwork, Task, Timers, settle};

const MS: Duration = Duration::from_millis(1);

type Waiting = Task<Result<Permit, Refusal>>;

struct Bench {
    timers: Arc<Timers>,
    budget: Budget,
}

fn bench(change: impl FnOnce(&mut Rules)) -> Bench {
    let timers = Arc::new(Timers::default());
    let mut rules = Rules::new(vec![
        ScopeRules::new("all", &[Window::per_second(4)]),
        ScopeRules::new("orders", &[Window::per_second(2)]).within("all"),
    ]);
    rules.reserve_percent = 0;
    change(&mut rules);
    let budget = Budget::new(&rules.check().unwrap(), Arc::clone(&timers.time) as _);
    Bench { timers, budget }
}

impl Bench {
    fn ask(&self, scope: &str, weight: u32, priority: Priority, patience: Duration) -> Waiting {
        let ask = Ask {
            scope: self.budget.scope(scope).unwrap(),
            weight,
            priority,
            deadline: self.budget.now().after(patience),
        };
        let (budget, sleeper) = (self.budget.clone(), Clockwork(Arc::clone(&self.timers)));
        Task::start(async move { budget.acquire(ask, &sleeper).await })
    }

    fn long(&self, scope: &str, priority: Priority) -> Waiting {
        self.ask(scope, 1, priority, Duration::from_secs(1_000))
    }

    /// Moves on to the next alarm, as a runtime would.
    fn ring(&self, tasks: &mut [Waiting]) {
        let next = self.timers.next().expect("somebody sleeps");
        self.timers.advance(next.since(self.timers.time.now()));
        settle(tasks);
    }
}

fn answer(task: &mut Waiting) {
    let mut permit = task.done.take().unwrap().unwrap();
    permit.sent();
    permit.answered();
}

fn why(task: &Waiting) -> Why {
    task.done.as_ref().unwrap().as_ref().unwrap_err().why
}

/// Who holds a permit, by index.
fn granted(tasks: &[Waiting]) -> Vec<usize> {
    let holds = |task: &Waiting| task.done.as_ref().is_some_and(Result::is_ok);
    (0..tasks.len()).filter(|at| holds(&tasks[*at])).collect()
}

#[test]
fn priority_first_then_who_came_first() {
    let it = bench(|_| {});
    let mut first: Vec<_> = (0..4).map(|_| it.long("all", Priority::Read)).collect();
    assert_eq!(granted(&first), [0, 1, 2, 3]);
    let mut tasks: Vec<_> = [
        Priority::Read,
        Priority::Order,
        Priority::Read,
        Priority::Protective,
        Priority::Order,
        Priority::Reconcile,
    ]
    .map(|priority| it.long("all", priority))
    .into();
    first.iter_mut().for_each(answer);
    assert!(granted(&tasks).is_empty());
    it.ring(&mut tasks);
    assert_eq!(granted(&tasks), [1, 3, 4, 5]);
    for at in [1, 3, 4, 5] {
        answer(&mut tasks[at]);
    }
    it.ring(&mut tasks);
    assert_eq!(granted(&tasks), [0, 2]);
}

#[test]
fn a_full_inner_scope_stops_no_one_outside_and_nobody_overtakes() {
    let it = bench(|_| {});
    let mut orders: Vec<_> = (0..3).map(|_| it.long("orders", Priority::Order)).collect();
    assert_eq!(granted(&orders), [0, 1]);
    let read = it.long("all", Priority::Read);
    assert!(
        granted(&[read]).len() == 1,
        "reads have room of their own, given back here"
    );
    let mut heavy = vec![
        it.ask("all", 3, Priority::Read, Duration::from_secs(9)),
        it.ask("all", 1, Priority::Read, Duration::from_secs(9)),
    ];
    assert!(
        granted(&heavy).is_empty(),
        "the light one fits, and waits its turn"
    );
    let all = it.budget.scope("all").unwrap();
    assert_eq!(
        it.budget.try_acquire(all, 1, Priority::Read).unwrap_err().why,
        Why::Queued
    );
    drop(it.budget.try_acquire(all, 1, Priority::Protective).unwrap());
    heavy[0].cancel();
    settle(&mut heavy);
    assert_eq!(granted(&heavy), [1], "a place given up is no hole");
    answer(&mut orders[0]);
    answer(&mut orders[1]);
    it.ring(&mut orders);
    assert_eq!(granted(&orders), [2]);
}

#[test]
fn deadlines_hold_and_hopeless_waits_end_at_once() {
    let it = bench(|_| {});
    let past = it.ask("all", 1, Priority::Order, Duration::ZERO);
    assert_eq!(why(&past), Why::Deadline);
    let mut held: Vec<_> = (0..4).map(|_| it.long("all", Priority::Read)).collect();
    for task in &mut held {
        let permit = task.done.as_mut().unwrap().as_mut().unwrap();
        permit.sent();
    }
    let hopeless = it.ask("all", 1, Priority::Order, 1_001 * MS);
    assert_eq!(
        why(&hopeless),
        Why::Deadline,
        "an answer now would still be held for longer"
    );
    let refusal = hopeless.done.unwrap().unwrap_err();
    assert_eq!(
        (refusal.used, refusal.limit, refusal.retry_after),
        (4, 4, 1_002 * MS)
    );
    let mut late = vec![it.ask("all", 1, Priority::Order, 1_500 * MS)];
    it.timers.advance(600 * MS);
    settle(&mut late);
    held.iter_mut().for_each(answer);
    while late[0].done.is_none() {
        it.ring(&mut late);
    }
    assert_eq!(why(&late[0]), Why::Deadline);
    assert_eq!(it.timers.time.now(), Nanos::ZERO.after(1_500 * MS));
    let heavy = it.ask("all", 5, Priority::Protective, Duration::from_secs(1_000));
    assert_eq!(why(&heavy), Why::TooHeavy);
}

#[test]
fn a_permit_given_back_wakes_the_first() {
    let it = bench(|_| {});
    let mut held: Vec<_> = (0..4).map(|_| it.long("all", Priority::Read)).collect();
    let mut tasks: Vec<_> = (0..3).map(|_| it.long("all", Priority::Read)).collect();
    let sleeping = it.timers.set();
    drop(held.pop());
    settle(&mut tasks);
    assert_eq!(granted(&tasks), [0]);
    assert_eq!(
        sleeping, 3,
        "one alarm each: the first for its turn, the others for their deadlines"
    );
    drop(tasks.remove(0));
    settle(&mut tasks);
    assert_eq!(granted(&tasks), [0]);
}

#[test]
fn the_line_is_bounded_and_the_urgent_displace() {
    let it = bench(|rules| rules.waiting_max = 2);
    let held: Vec<_> = (0..4).map(|_| it.long("all", Priority::Read)).collect();
    let mut tasks: Vec<_> = (0..2).map(|_| it.long("all", Priority::Read)).collect();
    assert_eq!(why(&it.long("all", Priority::Read)), Why::QueueFull);
    tasks.push(it.long("all", Priority::Protective));
    settle(&mut tasks);
    assert_eq!(why(&tasks[1]), Why::Displaced, "the last of the least urgent");
    assert!(tasks[0].done.is_none() && tasks[2].done.is_none());
    drop(held);
    settle(&mut tasks);
    assert_eq!(granted(&tasks), [0, 2]);
}

#[test]
fn quota_that_comes_back_is_used_without_an_answer() {
    let it = bench(|_| {});
    let all = it.budget.scope("all").unwrap();
    it.budget.refused(all, sangam_ratelimit::BrokerRefusal::default());
    let mut tasks = vec![it.ask("all", 4, Priority::Read, Duration::from_secs(5_000))];
    while tasks[0].done.is_none() {
        it.ring(&mut tasks);
        assert!(tasks[0].polls < 50);
    }
    assert_eq!(granted(&tasks), [0]);
    assert_eq!(
        it.timers.time.now(),
        Nanos::ZERO.after(Duration::from_secs(2_400))
    );
}

/// What a random history does next.
#[derive(Debug, Clone)]
enum Step {
    Ask(bool, u32, u8, u64),
    Cancel(usize),
    Answer(usize),
    GiveUp(usize),
    GiveBack(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (any::<bool>(), 1_u32..3, 0_u8..4, 1_u64..20_000).prop_map(|(o, k, p, d)| Step::Ask(o, k, p, d)),
        1 => any::<usize>().prop_map(Step::Cancel),
        4 => any::<usize>().prop_map(Step::Answer),
        1 => any::<usize>().prop_map(Step::GiveUp),
        1 => any::<usize>().prop_map(Step::GiveBack),
        4 => (0_u64..900).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..150)
}

proptest! {
    /// Whatever comes, goes and is given up on: within a scope and priority the order of arrival holds, all who wait are
    /// served or refused by their deadline, and in the end the whole budget is there again.
    #[test]
    fn property_no_history_leaves_a_hole(steps in steps()) {
        let it = bench(|_| {});
        let mut tasks: Vec<Waiting> = Vec::new();
        let mut kinds: Vec<(bool, u8, Nanos, bool)> = Vec::new();
        let mut served: Vec<usize> = Vec::new();
        let note = |tasks: &[Waiting], kinds: &[(bool, u8, Nanos, bool)], served: &mut Vec<usize>, now: Nanos| {
            let new: Vec<usize> = granted(tasks).into_iter().filter(|at| !served.contains(at)).collect();
            for at in &new {
                let before = (0..*at).find(|&b| {
                    kinds[b].0 == kinds[*at].0 && kinds[b].1 == kinds[*at].1
                        && !kinds[b].3 && tasks[b].done.is_none() && kinds[b].2 > now
                });
                assert!(before.is_none_or(|b| served.contains(&b)), "{before:?} was overtaken by {at}");
            }
            served.extend(new);
        };
        for step in steps {
            let pick = |n: usize| (!served.is_empty()).then(|| served[n % served.len()]);
            match step {
                Step::Ask(orders, weight, priority, patience_ms) => {
                    let rank = [Priority::Protective, Priority::Reconcile, Priority::Order, Priority::Read];
                    let scope = if orders { "orders" } else { "all" };
                    let patience = Duration::from_millis(patience_ms);
                    kinds.push((orders, priority, it.budget.now().after(patience), false));
                    tasks.push(it.ask(scope, weight, rank[priority as usize], patience));
                }
                Step::Cancel(n) if !tasks.is_empty() => {
                    let at = n % tasks.len();
                    if tasks[at].done.is_none() {
                        tasks[at].cancel();
                        kinds[at].3 = true;
                    }
                }
                Step::Answer(n) => {
                    if let Some(Ok(mut permit)) = pick(n).and_then(|at| tasks[at].done.take()) {
                        permit.sent();
                        permit.answered();
                    }
                }
                Step::GiveUp(n) => {
                    if let Some(Ok(mut permit)) = pick(n).and_then(|at| tasks[at].done.take()) {
                        permit.sent();
                    }
                }
                Step::GiveBack(n) => drop(pick(n).map(|at| tasks[at].done.take())),
                Step::Wait(ms) => it.timers.advance(Duration::from_millis(ms)),
                Step::Cancel(_) => {}
            }
            settle(&mut tasks);
            note(&tasks, &kinds, &mut served, it.budget.now());
        }
        // Everyone who is let in is answered at once from now on, and time goes on as timers ask.
        for _ in 0..2_000 {
            for task in &mut tasks {
                if task.done.as_ref().is_some_and(Result::is_ok) {
                    answer(task);
                }
            }
            if it.timers.next().is_none() {
                break;
            }
            it.ring(&mut tasks);
            note(&tasks, &kinds, &mut served, it.budget.now());
        }
        prop_assert!(tasks.iter().all(Task::is_over), "served, refused or gone: nobody waits for ever");
        it.timers.advance(Duration::from_secs(40));
        settle(&mut tasks);
        let all = it.budget.usage();
        prop_assert_eq!((all[0].in_flight, all[0].windows[0].used, all[1].windows[0].used), (0, 0, 0));
        let whole = it.ask("orders", 2, Priority::Read, MS);
        prop_assert!(whole.done.is_some_and(|done| done.is_ok()), "nobody stands in the way any more");
    }
}
