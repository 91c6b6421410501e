//! A call costs no allocation: neither let in nor refused, neither asked about nor answered.

use std::alloc::System;
use std::sync::Arc;

use sangam_ratelimit::{Budget, MachineTime, Priority, Rules, ScopeRules, Window};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn calls_allocate_nothing_and_a_scope_is_small() {
    let windows = [
        Window::per_second(10),
        Window::per_minute(200),
        Window::per_day(100_000),
    ];
    let making = Region::new(ALLOCATOR);
    let plan = Rules::new(vec![
        ScopeRules::new("all", &windows),
        ScopeRules::new("orders", &windows).within("all"),
    ])
    .check()
    .unwrap();
    let budget = Budget::new(&plan, Arc::new(MachineTime::start()));
    let made = making.change();
    let orders = budget.scope("orders").unwrap();
    let calling = Region::new(ALLOCATOR);
    let mut refused = 0;
    for round in 0..1_000 {
        match budget.try_acquire(orders, 1, Priority::Order) {
            Ok(permit) if round % 3 == 0 => drop(permit),
            Ok(mut permit) => {
                permit.sent();
                if round % 7 == 0 {
                    drop(permit);
                } else {
                    permit.answered();
                }
            }
            Err(_) => refused += 1,
        }
        let _ = budget.earliest(orders, 1);
    }
    assert!(refused > 900);
    let called = calling.change();
    assert_eq!((called.allocations, called.reallocations), (0, 0), "{called:?}");
    let both = made.bytes_allocated - made.bytes_deallocated;
    assert!(
        both < 2 * 16 * 1_024 + 32 * 1_024,
        "{both} bytes with the room for calls given up on"
    );
}
