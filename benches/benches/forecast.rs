//! What a bin costs the forecast: counting, learning what came of the question a horizon ago, and asking anew. On demand with a
//! burst every few minutes, so that all of it is done.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sangam_ratelimit::forecast::{Calendar, Forecaster, Settings, Slot};

/// A day of bins.
fn demand() -> Vec<u64> {
    let one = |bin: u64| {
        let at = bin % 90;
        30 + 2 * at.min(90 - at) + bin * 7_919 % 13
    };
    (0..8_640).map(one).collect()
}

fn bins(c: &mut Criterion) {
    let counts = demand();
    let mut group = c.benchmark_group("forecast");
    for (name, horizon_s) in [("bin", 60), ("bin_horizon_10_min", 600)] {
        let settings = Settings {
            horizon: Duration::from_secs(horizon_s),
            ..Settings::for_capacity(130.0)
        };
        let mut forecaster = Forecaster::new(&settings)
            .expect("right")
            .with_calendar(Calendar::new(|bin| Some(Slot::of_day(bin * 10))));
        counts.iter().for_each(|count| forecaster.observe(*count));
        let mut next = counts.iter().copied().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                forecaster.observe(next.next().expect("it goes round"));
                black_box(forecaster.probability())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bins);
criterion_main!(benches);
