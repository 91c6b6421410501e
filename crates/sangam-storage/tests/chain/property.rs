//! Whatever chain, whatever is done to it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use sangam_core::timestamp::Timestamp;
use sangam_storage::chain::Digest;

use crate::kept::{Kept, chains};

/// What may be done to a file that is not ours to allow.
#[derive(Debug, Clone)]
enum Tampering {
    Actor(Index),
    Event(Index),
    Subject(Index),
    Detail(Index),
    At(Index),
    Day(Index),
    Sequence(Index),
    Hash(Index),
    /// From one to another, with the numbers of the later ones closed up or not.
    Delete(Index, Index, bool),
    Swap(Index, Index),
    /// Texts only, so that the numbers stay in order.
    SwapTexts(Index, Index),
    Double(Index),
    /// Back to an entry; the head is moved along or not.
    Cut(Index, bool),
    HeadSequence,
    HeadHash,
    Unseal(Index),
    SealRoot(Index),
    SealLast(Index),
    SealEntries(Index),
    SealFirst(Index),
    SealDay(Index),
    Pruned(Index),
}

fn tamperings() -> impl Strategy<Value = Tampering> {
    use Tampering as T;
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(T::Actor),
        at().prop_map(T::Event),
        at().prop_map(T::Subject),
        at().prop_map(T::Detail),
        at().prop_map(T::At),
        at().prop_map(T::Day),
        at().prop_map(T::Sequence),
        at().prop_map(T::Hash),
        (at(), at(), any::<bool>()).prop_map(|(from, to, closed)| T::Delete(from, to, closed)),
        (at(), at()).prop_map(|(one, other)| T::Swap(one, other)),
        (at(), at()).prop_map(|(one, other)| T::SwapTexts(one, other)),
        at().prop_map(T::Double),
        (at(), any::<bool>()).prop_map(|(from, head)| T::Cut(from, head)),
        Just(T::HeadSequence),
        Just(T::HeadHash),
        at().prop_map(T::Unseal),
        at().prop_map(T::SealRoot),
        at().prop_map(T::SealLast),
        at().prop_map(T::SealEntries),
        at().prop_map(T::SealFirst),
        at().prop_map(T::SealDay),
        at().prop_map(T::Pruned),
    ]
}

fn flip(digest: &mut Digest) {
    digest.0[11] ^= 4;
}

/// Does it. Some changes nothing, where there is no such thing to change.
fn tamper(kept: &mut Kept, tampering: &Tampering) {
    use Tampering as T;
    let count = kept.entries.len();
    let sealed = kept.sealed.len();
    match tampering {
        T::Actor(at) => kept.entries[at.index(count)].entry.actor.push('x'),
        T::Event(at) => kept.entries[at.index(count)].entry.event.insert(0, 'x'),
        T::Subject(at) => kept.entries[at.index(count)].entry.subject.push(' '),
        T::Detail(at) => kept.entries[at.index(count)].entry.detail.push('\0'),
        T::At(at) => {
            let its = &mut kept.entries[at.index(count)].entry.at;
            *its = Timestamp::from_nanosecond(its.as_nanosecond() + 1).expect("an instant");
        }
        T::Day(at) => {
            let day = &mut kept.entries[at.index(count)].day;
            *day = day.tomorrow().expect("a date");
        }
        T::Sequence(at) => kept.entries[at.index(count)].sequence += 1,
        T::Hash(at) => flip(&mut kept.entries[at.index(count)].hash),
        T::Delete(from, to, closed) => {
            let (from, to) = (from.index(count), to.index(count));
            let gone = from.min(to)..from.max(to);
            let less = gone.len() as u64;
            if *closed {
                kept.entries[gone.end..]
                    .iter_mut()
                    .for_each(|e| e.sequence -= less);
            }
            kept.entries.drain(gone);
        }
        T::Swap(one, other) => kept.entries.swap(one.index(count), other.index(count)),
        T::SwapTexts(one, other) => {
            let (one, other) = (one.index(count), other.index(count));
            let first = kept.entries[one].entry.clone();
            kept.entries[one].entry = kept.entries[other].entry.clone();
            kept.entries[other].entry = first;
        }
        T::Double(at) => {
            let at = at.index(count);
            kept.entries.insert(at, kept.entries[at].clone());
        }
        T::Cut(from, head) => {
            kept.entries.truncate(from.index(count));
            if let Some(last) = kept.entries.last()
                && *head
            {
                kept.head = last.link().head();
            }
        }
        T::HeadSequence => kept.head.sequence += 1,
        T::HeadHash => flip(&mut kept.head.hash),
        _ if sealed == 0 => {}
        T::Unseal(at) => drop(kept.sealed.remove(at.index(sealed))),
        T::SealRoot(at) => flip(&mut kept.sealed[at.index(sealed)].seal.root),
        T::SealLast(at) => flip(&mut kept.sealed[at.index(sealed)].seal.last_hash),
        T::SealEntries(at) => kept.sealed[at.index(sealed)].seal.entries += 1,
        T::SealFirst(at) => kept.sealed[at.index(sealed)].seal.first -= 1,
        T::SealDay(at) => {
            let day = &mut kept.sealed[at.index(sealed)].seal.day;
            *day = day.yesterday().expect("a date");
        }
        T::Pruned(at) => {
            let day = &mut kept.sealed[at.index(sealed)];
            day.pruned_at = Some(day.sealed_at);
        }
    }
}

/// Whether the head alone cannot show it: it was moved back along with the cut, within the day that is open.
fn is_a_cut_only_a_root_could_show(kept: &Kept, was: &Kept) -> bool {
    was.entries.starts_with(&kept.entries)
        && kept.sealed == was.sealed
        && kept.entries.last().is_some_and(|last| {
            last.link().head() == kept.head
                && was
                    .sealed
                    .last()
                    .is_none_or(|day| day.seal.last() <= last.sequence)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_was_written_is_right(kept in chains(), longest in 1_u64..20) {
        let verified = kept.verify(kept.roots()).expect("right");
        prop_assert_eq!(verified.entries, kept.entries.len() as u64);
        prop_assert_eq!(verified.head, kept.head);
        prop_assert_eq!(verified.sealed.len(), kept.sealed.len());
        prop_assert!(verified.open.is_some());
        prop_assert_eq!(kept.verify_in_parts(longest), Ok(verified));
    }

    #[test]
    fn what_was_done_to_it_is_found(was in chains(), tampering in tamperings(), longest in 1_u64..20) {
        let mut kept = was.clone();
        tamper(&mut kept, &tampering);
        prop_assume!(kept != was && !is_a_cut_only_a_root_could_show(&kept, &was));
        prop_assert!(kept.verify(BTreeMap::new()).is_err());
        // Parts are read by number, so the order of rows does not matter; all else does.
        kept.entries.sort_by_key(|entry| entry.sequence);
        prop_assert!(kept == was || kept.verify_in_parts(longest).is_err());
    }

    #[test]
    fn who_computes_all_anew_is_found_by_a_root_kept_elsewhere(was in chains(), at in any::<Index>(), gone in any::<bool>()) {
        prop_assume!(!was.sealed.is_empty());
        let mut kept = was.clone();
        let at = at.index(usize::try_from(was.sealed.last().expect("there is one").seal.last()).expect("small"));
        if gone {
            kept.entries.remove(at);
        } else {
            kept.entries[at].entry.detail.push('x');
        }
        let forged = kept.forged();
        prop_assert!(forged.verify(BTreeMap::new()).is_ok());
        prop_assert!(forged.verify(was.roots()).is_err());
    }

    #[test]
    fn a_pruned_chain_is_checked_from_where_it_begins(was in chains(), days in any::<Index>(), longest in 1_u64..20) {
        prop_assume!(!was.sealed.is_empty());
        let days = days.index(was.sealed.len()) + 1;
        let mut kept = was.clone();
        kept.prune(days);
        let verified = kept.verify(was.roots()).expect("right");
        prop_assert_eq!(verified.after, was.sealed[days - 1].seal.link());
        prop_assert_eq!(verified.sealed.len(), was.sealed.len() - days);
        prop_assert_eq!(kept.verify_in_parts(longest), Ok(verified));
        // Nothing may be taken out beyond the pruned days.
        kept.entries.remove(0);
        prop_assert!(kept.verify(BTreeMap::new()).is_err());
    }
}
