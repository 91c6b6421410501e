//! What the cache costs: in memory, in Redis, and turning values into bytes, each beside what it could have been. Ratios are
//! better read from `cargo xtask figures cache`, which lets all run in turn.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sangam_benches::cache::{Contestant, encodings, memory, redis};

fn group(c: &mut Criterion, name: &str, samples: usize, contestants: Vec<Contestant>) {
    let mut group = c.benchmark_group(name);
    group.sample_size(samples);
    for mut contestant in contestants {
        if contestant.bytes > 0 {
            group.throughput(Throughput::Bytes(contestant.bytes as u64));
        }
        group.bench_function(contestant.name.as_str(), |b| b.iter(|| (contestant.run)()));
    }
    group.finish();
}

fn cache(c: &mut Criterion) {
    group(c, "cache", 100, memory());
    group(c, "cache_encoding", 100, encodings());
    group(c, "cache_redis", 30, redis());
}

criterion_group!(benches, cache);
criterion_main!(benches);
