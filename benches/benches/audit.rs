//! What the audit chain costs: one hash, as each commit pays it, and a chain of a million entries verified in memory, at
//! once and in two parts on two threads. Entries are as the order desk writes them, over 250 days.

#[path = "audit/entries.rs"]
mod entries;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use entries::{ENTRIES, chain};
use sangam_storage::chain::{Digest, ExportWriter, Link, OpenDay, Part, Verifier, entry_hash, verify_export};

fn audit(c: &mut Criterion) {
    let (entries, sealed) = chain();
    let head = entries.last().expect("there are").link().head();
    let mut group = c.benchmark_group("audit");

    let one = &entries[0];
    group.bench_function("entry_hash", |b| {
        b.iter(|| entry_hash(black_box(&Digest::GENESIS), 1, one.day, black_box(&one.entry)));
    });
    let mut day = OpenDay::begin(one);
    group.bench_function("push_to_day", |b| b.iter(|| day.push(black_box(&one.hash))));

    group.sample_size(10).throughput(Throughput::Elements(ENTRIES));
    group.bench_function("verify_a_million", |b| {
        b.iter(|| {
            let mut verifier = Verifier::new(&sealed, BTreeMap::new()).expect("seals");
            for entry in &entries {
                verifier.push(entry).expect("right");
            }
            verifier.finish(&head).expect("right").entries
        });
    });
    group.bench_function("verify_a_million_on_two_threads", |b| {
        b.iter(|| {
            let mut verifier = Verifier::new(&sealed, BTreeMap::new()).expect("seals");
            let parts = verifier
                .parts(Some(1..=ENTRIES), &head, 1 << 16)
                .expect("the rows are there");
            let part = |range: &std::ops::RangeInclusive<u64>| {
                let first = usize::try_from(range.start() - 1).expect("small");
                let last = usize::try_from(*range.end()).expect("small");
                let before = first
                    .checked_sub(1)
                    .map_or(Link::GENESIS, |at| entries[at].link());
                let mut part = Part::after(before);
                for entry in &entries[first..last] {
                    part.push(entry).expect("right");
                }
                part
            };
            let (front, back) = parts.split_at(parts.len() / 2);
            let (front, back) = thread::scope(|scope| {
                let back = scope.spawn(|| back.iter().map(part).collect::<Vec<_>>());
                let front = front.iter().map(part).collect::<Vec<_>>();
                (front, back.join().expect("no panic"))
            });
            for part in front.into_iter().chain(back) {
                verifier.join(part).expect("right");
            }
            verifier.finish(&head).expect("right").entries
        });
    });

    let days: Vec<_> = sealed.iter().map(|day| day.seal.clone()).collect();
    let last = days.last().expect("there are").last();
    let write = || {
        let mut export = ExportWriter::begin(Vec::new(), Digest::GENESIS, days.clone()).expect("days");
        for entry in entries.iter().take_while(|entry| entry.sequence <= last) {
            export.entry(entry).expect("right");
        }
        export.finish().expect("right").0
    };
    group.throughput(Throughput::Elements(last));
    group.bench_function("export", |b| b.iter(write));
    let file = write();
    group.bench_function("verify_export", |b| {
        b.iter(|| verify_export(file.as_slice(), BTreeMap::new()).expect("right"));
    });
    group.finish();
}

criterion_group!(benches, audit);
criterion_main!(benches);
