//! What counts after what was forgotten: single cases, and days of sets, removals and flushes over a Redis that does with
//! writes what it likes.

use proptest::prelude::*;

use super::*;

const OWN: u64 = 1;
const OTHER: u64 = 2;
const KIND: CacheKind = CacheKind::Positions;
const TTL: Duration = Duration::from_secs(2);

fn at(ms: u64) -> Now {
    Now {
        wall: Timestamp::from_millisecond(1_000_000_000 + ms.cast_signed()).unwrap(),
        monotonic: Monotonic::from_origin(Duration::from_millis(ms)),
    }
}

fn stamp(writer: u64, write: u64, made_ms: u64) -> Stamp {
    Stamp {
        writer,
        write,
        made_at: at(made_ms).wall,
        dies_at: at(made_ms).monotonic.after(TTL),
    }
}

fn fresh() -> Forgotten {
    Forgotten::new(OWN, Duration::from_secs(60))
}

#[test]
fn own_entries_are_told_apart_without_a_clock() {
    let mut forgotten = fresh();
    forgotten.forget(KIND, "x", 5, TTL, at(0));
    assert!(!forgotten.counts(KIND, "x", stamp(OWN, 5, 0), at(0)));
    assert!(forgotten.counts(KIND, "x", stamp(OWN, 6, 0), at(0)));
    assert!(!forgotten.counts(KIND, "x", stamp(OTHER, 9, 0), at(0)));
    assert!(forgotten.counts(KIND, "x", stamp(OTHER, 1, 1), at(1)));
    assert!(forgotten.counts(KIND, "y", stamp(OWN, 1, 0), at(0)));
    assert!(forgotten.counts(CacheKind::Funds, "x", stamp(OWN, 1, 0), at(0)));
}

#[test]
fn what_is_owed_is_told_until_it_is_settled() {
    let mut forgotten = fresh();
    assert!(!forgotten.owes());
    forgotten.forget(KIND, "x", 1, TTL, at(0));
    let owed = forgotten.next_owed(10, at(0)).unwrap();
    assert_eq!(owed, Owed::Keys(vec![(KIND, "x".into())]));
    // Forgotten once more while Redis was being told.
    forgotten.forget(KIND, "x", 2, TTL, at(0));
    forgotten.told(&owed, 1);
    assert!(forgotten.owes());
    forgotten.told(&owed, 2);
    assert!(!forgotten.owes());
    forgotten.flush(3, at(0));
    assert_eq!(forgotten.next_owed(10, at(0)), Some(Owed::All));
    forgotten.told(&Owed::All, 3);
    assert_eq!(forgotten.next_owed(10, at(0)), None);
}

#[test]
fn a_debt_lapses_when_nothing_of_before_can_be_alive() {
    let mut forgotten = fresh();
    forgotten.forget(KIND, "x", 1, TTL, at(0));
    assert!(forgotten.next_owed(10, at(1_999)).is_some());
    assert_eq!(forgotten.next_owed(10, at(2_000)), None);
    assert!(!forgotten.owes());
}

#[test]
fn too_many_marks_become_one_for_the_kind() {
    let mut forgotten = fresh();
    for write in 1..=MARKS_MAX as u64 + 1 {
        forgotten.forget(KIND, &format!("key {write}"), write, TTL, at(0));
    }
    assert!(forgotten.kinds[&KIND].keys.is_empty());
    assert!(!forgotten.counts(KIND, "never forgotten", stamp(OWN, 7, 0), at(0)));
    assert!(forgotten.counts(KIND, "later", stamp(OWN, MARKS_MAX as u64 + 2, 0), at(0)));
    assert!(forgotten.counts(CacheKind::Funds, "of another kind", stamp(OWN, 7, 0), at(0)));
    assert_eq!(forgotten.next_owed(10, at(0)), Some(Owed::Kind(KIND)));
    // Old ones make room first.
    let mut forgotten = fresh();
    for write in 1..=MARKS_MAX as u64 {
        forgotten.forget(KIND, &format!("key {write}"), write, TTL, at(0));
    }
    forgotten.forget(KIND, "x", 9_999, TTL, at(5_000));
    assert_eq!(forgotten.kinds[&KIND].keys.len(), 1);
}

#[test]
fn a_lost_write_hides_what_is_older_and_a_later_one_ends_that() {
    let mut forgotten = fresh();
    forgotten.lost(KIND, "x", stamp(OWN, 5, 10), TTL, at(10));
    assert!(!forgotten.owes());
    assert!(!forgotten.counts(KIND, "x", stamp(OWN, 4, 9), at(10)));
    assert!(
        forgotten.counts(KIND, "x", stamp(OWN, 5, 10), at(10)),
        "it may have arrived"
    );
    assert!(!forgotten.counts(KIND, "x", stamp(OTHER, 1, 9), at(10)));
    assert!(forgotten.counts(KIND, "x", stamp(OTHER, 1, 10), at(10)));
    // The next one arrives, and then the lost one after it.
    forgotten.stored(KIND, "x", 6, TTL, at(20));
    assert!(!forgotten.counts(KIND, "x", stamp(OWN, 5, 10), at(21)));
    assert!(forgotten.counts(KIND, "x", stamp(OWN, 6, 20), at(21)));
}

#[test]
fn a_wall_clock_set_back_buries_what_others_made() {
    let mut forgotten = fresh();
    forgotten.look(at(10_000));
    let back = Now {
        wall: at(1_000).wall,
        monotonic: at(10_001).monotonic,
    };
    forgotten.look(back);
    assert!(!forgotten.counts(KIND, "x", stamp(OTHER, 1, 9_999), back));
    assert!(
        forgotten.counts(KIND, "x", stamp(OWN, 1, 9_999), back),
        "its own clock judges it"
    );
    let later = Now {
        wall: at(62_000).wall,
        monotonic: at(71_000).monotonic,
    };
    forgotten.look(later);
    assert!(forgotten.counts(KIND, "x", stamp(OTHER, 1, 62_000), later));
    // A clock that is slowed a little buries nothing.
    let mut forgotten = fresh();
    for step in 0..100 {
        let slow = Now {
            wall: at(step * 990).wall,
            monotonic: at(step * 1_000).monotonic,
        };
        forgotten.look(slow);
        assert!(forgotten.counts(KIND, "x", stamp(OTHER, 1, 0), slow));
    }
}

/// What happens to a key. Redis may lose a write or do it whenever it likes; whether we hear of it is another matter.
#[derive(Debug, Clone)]
enum Step {
    Set { key: u8, arrives: bool, heard: bool },
    Late(u8),
    Remove(u8),
    Flush,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_u8, any::<bool>(), any::<bool>())
            .prop_map(|(key, arrives, heard)| Step::Set { key, arrives, heard: arrives && heard }),
        3 => any::<u8>().prop_map(Step::Late),
        3 => (0..3_u8).prop_map(Step::Remove),
        1 => Just(Step::Flush),
        2 => (1..700_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// A Redis that keeps what it was told to drop, and does lost writes over again at any time, never makes an entry count
    /// that was forgotten or that was followed by a younger one.
    #[test]
    fn property_no_day_brings_back_what_was_forgotten(steps in proptest::collection::vec(step(), 1..80)) {
        let mut forgotten = fresh();
        let (mut ms, mut write) = (0_u64, 0_u64);
        let mut redis: HashMap<u8, Stamp> = HashMap::new();
        let mut sent: Vec<(u8, Stamp)> = Vec::new();
        // The least write of a key that may be seen.
        let mut least = [0_u64; 3];
        for step in steps {
            let now = at(ms);
            match step {
                Step::Set { key, arrives, heard } => {
                    write += 1;
                    let stamp = stamp(OWN, write, ms);
                    let name = key.to_string();
                    if arrives {
                        redis.insert(key, stamp);
                    }
                    if heard {
                        forgotten.stored(KIND, &name, write, TTL, now);
                    } else {
                        sent.push((key, stamp));
                        forgotten.lost(KIND, &name, stamp, TTL, now);
                    }
                    least[usize::from(key)] = write;
                }
                Step::Late(which) => {
                    if !sent.is_empty() {
                        let (key, stamp) = sent[usize::from(which) % sent.len()];
                        redis.insert(key, stamp);
                    }
                }
                Step::Remove(key) => {
                    write += 1;
                    forgotten.forget(KIND, &key.to_string(), write, TTL, now);
                    least[usize::from(key)] = write;
                }
                Step::Flush => {
                    write += 1;
                    forgotten.flush(write, now);
                    least = [write; 3];
                }
                Step::Wait(by) => ms += by,
            }
            let now = at(ms);
            for (key, stamp) in &redis {
                let young = now.monotonic < stamp.dies_at;
                if young && forgotten.counts(KIND, &key.to_string(), *stamp, now) {
                    prop_assert!(stamp.write >= least[usize::from(*key)], "{stamp:?} came back");
                }
            }
        }
    }
}
