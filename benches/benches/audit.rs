//! What the audit chain costs: one hash, as each commit pays it, and a chain of a million entries verified in memory, at
//! once and in two parts on two threads. Entries are as the order desk writes them, over 250 days.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sangam_core::Timestamp;
use sangam_core::ports::AuditEntry;
use sangam_storage::chain::{
    ChainedEntry, Digest, ExportWriter, Link, OpenDay, Part, SealedDay, Verifier, entry_hash, verify_export,
};

const ENTRIES: u64 = 1_000_000;
const A_DAY: u64 = 4_000;

fn entry(n: u64) -> AuditEntry {
    let (day, within) = (n / A_DAY, n % A_DAY);
    let second = 1_795_405_500 + i64::try_from(day * 86_400 + within * 5).expect("small");
    AuditEntry {
        at: Timestamp::new(second, 123_456_789).expect("an instant"),
        actor: "desk".to_owned(),
        event: "attempt.acked".to_owned(),
        subject: "019abf3c-6c00-7abc-8def-0123456789ab".to_owned(),
        detail: format!(r#"{{"attempt":1,"broker_order_id":"26112300{n:07}"}}"#),
    }
}

/// A chain and the seals of all its days but the last.
fn chain() -> (Vec<ChainedEntry>, Vec<SealedDay>) {
    let mut at = Link::GENESIS;
    let mut open: Option<OpenDay> = None;
    let mut sealed = Vec::new();
    let entries = (0..ENTRIES)
        .map(|n| {
            let entry = at.next(entry(n));
            at = entry.link();
            match &mut open {
                Some(day) if day.day() == entry.day => day.push(&entry.hash),
                _ => {
                    let over = open.replace(OpenDay::begin(&entry));
                    sealed.extend(over.map(|day| SealedDay::new(day.seal(), entry.entry.at)));
                }
            }
            entry
        })
        .collect();
    (entries, sealed)
}

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
