//! What a permit costs, beside governor's token buckets on the same clock: one check of theirs, and three chained, which
//! is what three windows take there (and lets 399 of 200 a minute through). The clock is `Instant` throughout.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use governor::clock::MonotonicClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use sangam_ratelimit::{Budget, MachineTime, Priority, Rules, ScopeId, ScopeRules, Window};

type Bucket = RateLimiter<NotKeyed, InMemoryState, MonotonicClock>;

/// Never full while it is measured.
fn bucket() -> Bucket {
    let many = NonZeroU32::new(1_000_000_000).expect("not nought");
    RateLimiter::direct_with_clock(Quota::per_second(many), MonotonicClock)
}

/// Three windows with stamps in them that are old enough not to count: what is compared is the decision.
fn budget() -> (Budget, ScopeId) {
    let windows = [
        Window::new(1_000, Duration::from_millis(1)),
        Window::new(1_500, Duration::from_millis(2)),
        Window::new(2_000, Duration::from_millis(3)),
    ];
    let plan = Rules::new(vec![ScopeRules::new("all", &windows)])
        .check()
        .expect("right");
    let budget = Budget::new(&plan, Arc::new(MachineTime::start()));
    let all = budget.scope("all").expect("it is there");
    let mut calls = 0;
    while calls < 4_000 {
        if let Ok(permit) = budget.try_acquire(all, 1, Priority::Read) {
            permit.answered();
            calls += 1;
        }
    }
    (budget, all)
}

fn permits(c: &mut Criterion) {
    let mut group = c.benchmark_group("ratelimit");
    let (budget, all) = budget();
    group.bench_function("acquire_and_give_back_three_windows", |b| {
        b.iter(|| drop(black_box(budget.try_acquire(all, 1, Priority::Read))));
    });
    group.bench_function("clock", |b| b.iter(|| black_box(budget.now())));

    group.bench_function("decision_three_windows", |b| {
        b.iter(|| black_box(budget.earliest(all, 1)))
    });

    // One call of room is left in each: nothing is known ahead, and every window is looked at each time.
    let tight = [
        Window::new(10, Duration::from_secs(1_000)),
        Window::new(12, Duration::from_secs(2_000)),
        Window::new(14, Duration::from_secs(3_000)),
    ];
    let mut tight = Rules::new(vec![ScopeRules::new("all", &tight)]);
    tight.reserve_percent = 0;
    let tight = Budget::new(&tight.check().expect("right"), Arc::new(MachineTime::start()));
    for _ in 0..9 {
        tight
            .try_acquire(all, 1, Priority::Read)
            .expect("room")
            .answered();
    }
    group.bench_function("decision_three_windows_nearly_full", |b| {
        b.iter(|| black_box(tight.earliest(all, 1)))
    });

    let slow = [
        Window::per_second(10),
        Window::per_minute(200),
        Window::per_day(100_000),
    ];
    let plan = Rules::new(vec![ScopeRules::new("all", &slow)])
        .check()
        .expect("right");
    let full = Budget::new(&plan, Arc::new(MachineTime::start()));
    let held: Vec<_> = (0..9).map(|_| full.try_acquire(all, 1, Priority::Read)).collect();
    group.bench_function("refuse_three_windows", |b| {
        b.iter(|| drop(black_box(full.try_acquire(all, 1, Priority::Read))));
    });
    group.bench_function("earliest_when_full", |b| {
        b.iter(|| black_box(full.earliest(all, 1)))
    });
    drop(held);

    // Counted by slices, so that it does not fill: acquire, send, answer.
    let wide = [Window::per_second(90_000_000), Window::per_minute(100_000_000)];
    let plan = Rules::new(vec![ScopeRules::new("all", &wide)])
        .check()
        .expect("right");
    let open = Budget::new(&plan, Arc::new(MachineTime::start()));
    group.bench_function("acquire_send_answer_two_large_windows", |b| {
        b.iter(|| {
            if let Ok(mut permit) = open.try_acquire(all, 1, Priority::Read) {
                permit.sent();
                permit.answered();
            }
        });
    });

    let one = bucket();
    group.bench_function("governor_one_check", |b| {
        b.iter(|| black_box(one.check()).is_ok())
    });
    let three = [bucket(), bucket(), bucket()];
    group.bench_function("governor_three_chained", |b| {
        b.iter(|| three.iter().all(|bucket| black_box(bucket.check()).is_ok()));
    });
    group.finish();
}

criterion_group!(benches, permits);
criterion_main!(benches);
