//! Whatever is done to an export.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{lines, read, summed, write};
use crate::kept::{Kept, chains};

/// Chains with a sealed day.
fn sealed_chains() -> impl Strategy<Value = Kept> {
    chains().prop_filter("a sealed day", |kept| !kept.sealed.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_was_written_is_accepted(kept in sealed_chains(), from in any::<Index>()) {
        let from = from.index(kept.sealed.len());
        let verified = read(&write(&kept, from).expect("writes")).expect("right");
        let seals: Vec<_> = kept.sealed[from..].iter().map(|day| day.seal.clone()).collect();
        prop_assert_eq!(verified.sealed, seals);
    }

    #[test]
    fn any_changed_byte_is_found(kept in sealed_chains(), at in any::<Index>(), flip in 1_u8..) {
        let mut file = write(&kept, 0).expect("writes");
        let at = at.index(file.len());
        file[at] ^= flip;
        prop_assert!(read(&file).is_err());
    }

    #[test]
    fn any_changed_character_is_found_without_the_sum(kept in sealed_chains(), at in any::<Index>(), to in r#"[0-9a-fZTt:"{}, ]"#) {
        let file = String::from_utf8(write(&kept, 0).expect("writes")).expect("text");
        let places: Vec<_> = file.char_indices().collect();
        let (at, was) = places[at.index(places.len())];
        let mut changed = file.clone();
        changed.replace_range(at..at + was.len_utf8(), &to);
        let changed = summed(lines(changed.as_bytes()));
        prop_assert!(changed == file.as_bytes() || read(&changed).is_err());
    }

    #[test]
    fn lines_taken_out_added_or_moved_are_found_without_the_sum(
        kept in sealed_chains(), one in any::<Index>(), other in any::<Index>(), what in 0..4,
    ) {
        let file = write(&kept, 0).expect("writes");
        let mut lines = lines(&file);
        // The last line stays, so that its sum can be made right.
        let (one, other) = (one.index(lines.len() - 1), other.index(lines.len() - 1));
        let (from, to) = (one.min(other), one.max(other));
        match what {
            0 => drop(lines.drain(from..to)),
            1 => lines.swap(one, other),
            2 => lines.insert(one, lines[other].clone()),
            _ => lines[one] = lines[other].clone(),
        }
        let changed = summed(lines);
        prop_assert!(changed == file || read(&changed).is_err());
    }

    #[test]
    fn any_cut_is_found(kept in sealed_chains(), at in any::<Index>()) {
        let file = write(&kept, 0).expect("writes");
        let cut = at.index(file.len());
        prop_assert!(read(&file[..cut]).is_err());
        prop_assert!(cut == 0 || read(&file[cut..]).is_err());
    }

    #[test]
    fn anything_else_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), kept in sealed_chains(), at in any::<Index>()) {
        prop_assert!(read(&bytes).is_err());
        let mut file = write(&kept, 0).expect("writes");
        let at = at.index(file.len());
        file.splice(at..at, bytes.iter().copied());
        prop_assert!(bytes.is_empty() || read(&file).is_err());
    }
}
