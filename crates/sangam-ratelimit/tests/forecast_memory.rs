//! A bin costs no allocation, and a forecaster is small however long it runs.

use std::alloc::System;
use std::time::Duration;

use sangam_ratelimit::forecast::{Calendar, Forecaster, Settings, Slot};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn bins_allocate_nothing_and_memory_is_constant() {
    let making = Region::new(ALLOCATOR);
    let mut forecaster = Forecaster::new(&Settings::for_capacity(100.0))
        .unwrap()
        .with_calendar(Calendar::new(|bin| Some(Slot::of_day(bin * 10))));
    let made = making.change();
    let mut expected = 0;
    let mut round = || {
        let counting = Region::new(ALLOCATOR);
        for bin in 0..10_000_u64 {
            // Peaks every hour, and a gap now and then.
            let count = if bin % 360 < 20 { 10 * (bin % 360) } else { 20 };
            forecaster.observe(count);
            expected += u32::from(forecaster.expects_burst());
            if bin.is_multiple_of(999) {
                forecaster.skip(10);
            }
            let _ = (forecaster.score(), forecaster.believed());
        }
        let counted = counting.change();
        counted.allocations + counted.reallocations
    };
    // The harness's own thread may allocate beside a round, not beside every one.
    let fewest = (0..5).map(|_| round()).min();
    assert_eq!(fewest, Some(0));
    assert!(expected > 100);
    let bytes = size_of::<Forecaster>() + made.bytes_allocated - made.bytes_deallocated;
    assert!(bytes < 16 * 1_024, "{bytes} bytes");

    let making = Region::new(ALLOCATOR);
    let longest = Settings {
        horizon: Duration::from_secs(3_600),
        ..Settings::for_capacity(100.0)
    };
    let _forecaster = Forecaster::new(&longest).unwrap();
    let made = making.change();
    assert!(made.bytes_allocated < 160 * 1_024, "{made:?}");
}
