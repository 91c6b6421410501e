//! What is said about a broken chain.

use std::collections::BTreeMap;

use sangam_storage::chain::{Digest, Part, Verifier};

use crate::kept::{Kept, days_of, entry_at};

/// Three days of three, two and two entries; the last is open.
fn chain() -> Kept {
    days_of(&[3, 2, 2])
}

fn said(change: impl FnOnce(&mut Kept)) -> String {
    let mut kept = chain();
    change(&mut kept);
    kept.verify(BTreeMap::new()).expect_err("broken").to_string()
}

#[test]
fn a_change_is_named_by_entry_and_day() {
    let words = said(|kept| kept.entries[4].entry.detail = r#"{"n":9}"#.to_owned());
    let carried = chain().entries[4].hash;
    assert!(
        words.starts_with(&format!(
            "entry 5 of 2026-11-24 was changed: it carries the hash {carried}"
        )),
        "{words}"
    );
}

#[test]
fn what_is_missing_is_counted() {
    let words = said(|kept| drop(kept.entries.drain(1..4)));
    assert_eq!(words, "entries 2 to 4 are missing");
}

#[test]
fn order_is_told_from_absence() {
    let words = said(|kept| kept.entries.insert(3, kept.entries[1].clone()));
    assert_eq!(
        words,
        "entry 2 stands where entry 4 belongs: out of order, or there twice"
    );
}

#[test]
fn a_cut_is_told_by_the_head() {
    let words = said(|kept| drop(kept.entries.pop()));
    assert_eq!(words, "the chain is cut: its last entry is 6, its head says 7");
}

#[test]
fn a_cut_sealed_day_is_told_by_its_seal() {
    let words = said(|kept| {
        kept.entries.truncate(4);
        kept.head = kept.entries[3].link().head();
    });
    assert_eq!(
        words,
        "2026-11-24 is not what was sealed: the count of its entries is 1, sealed was 2"
    );
    let words = said(|kept| {
        kept.entries.truncate(3);
        kept.head = kept.entries[2].link().head();
    });
    assert_eq!(
        words,
        "entries 4 to 5 are missing: all of 2026-11-24, which is sealed and not pruned"
    );
}

#[test]
fn a_missing_seal_is_told_from_a_changed_one() {
    assert_eq!(
        said(|kept| kept.sealed.truncate(1)),
        "2026-11-24 is over and has entries, but no seal: it was removed, or its day was changed"
    );
    assert_eq!(
        said(|kept| kept.sealed = kept.sealed.split_off(1)),
        "the seal of 2026-11-24 begins at entry 4, the one before it ends so that it begins at 1: a seal was removed or \
         changed"
    );
    let words = said(|kept| kept.sealed[0].seal.root = Digest([0; 32]));
    assert!(
        words.starts_with("2026-11-23 is not what was sealed: its root is "),
        "{words}"
    );
}

#[test]
fn a_root_kept_elsewhere_is_held_against_open_and_pruned_days_too() {
    let mut kept = chain();
    let open = kept.verify(BTreeMap::new()).expect("right").open.expect("a day");
    let expected = |day: &str, root| BTreeMap::from([(day.parse().expect("a date"), root)]);
    assert!(kept.verify(expected("2026-11-25", open.root)).is_ok());
    assert!(kept.verify(expected("2026-11-25", Digest([0; 32]))).is_err());
    kept.prune(1);
    let root = kept.sealed[0].seal.root;
    assert!(kept.verify(expected("2026-11-23", root)).is_ok());
    let words = kept
        .verify(expected("2026-11-23", Digest([0; 32])))
        .expect_err("another");
    assert_eq!(
        words.to_string(),
        format!(
            "the root of 2026-11-23 differs: it is {root}, expected was {}",
            "0".repeat(64)
        )
    );
    let words = kept
        .verify(expected("2026-11-22", root))
        .expect_err("no such day");
    assert_eq!(
        words.to_string(),
        "a root is expected for 2026-11-22, which has no entries here"
    );
}

#[test]
fn a_pruned_day_stays_shut() {
    let mut kept = days_of(&[3, 2]);
    kept.prune(1);
    // On a clock gone back the entry belongs to the pruned day, and its hash is right.
    let shut = kept.sealed[0].seal.link();
    let late = shut.next(entry_at(0, "{}"));
    kept.head = late.link().head();
    kept.entries = vec![late];
    let broken = kept.verify(BTreeMap::new()).expect_err("shut");
    assert_eq!(
        broken.to_string(),
        "entry 4 is put under 2026-11-23, which had been sealed before it"
    );
}

#[test]
fn a_wrong_day_is_found_behind_a_right_hash() {
    let mut kept = days_of(&[2]);
    let last = &mut kept.entries[1];
    last.day = last.day.tomorrow().expect("a date");
    let before = chain().entries[0].hash;
    last.hash = sangam_storage::chain::entry_hash(&before, 2, last.day, &last.entry);
    let broken = kept.verify(BTreeMap::new()).expect_err("wrong");
    assert_eq!(
        broken.to_string(),
        "entry 2 is put under 2026-11-24, but belongs to 2026-11-23"
    );
}

#[test]
fn parts_on_different_entries_do_not_join() {
    let kept = chain();
    let mut verifier = Verifier::new(&kept.sealed, BTreeMap::new()).expect("seals");
    verifier.push(&kept.entries[0]).expect("the first");
    let mut other = kept.entries[0].link();
    other.hash = Digest([0; 32]);
    let broken = verifier.join(Part::after(other)).expect_err("another");
    assert!(
        broken
            .to_string()
            .starts_with("what follows entry 1 was checked against another")
    );
}

#[test]
fn an_empty_chain_is_right() {
    let kept = Kept::write(Vec::new());
    let verified = kept.verify(BTreeMap::new()).expect("right");
    assert_eq!((verified.entries, verified.open), (0, None));
    assert_eq!(kept.verify_in_parts(8).expect("right").entries, 0);
}
