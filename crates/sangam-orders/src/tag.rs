//! Tags: `S`, nine characters of an HMAC, three of a check, one for the attempt; fourteen of `[0-9A-Z]` in all, which
//! every broker can carry (`docs/outcomes.md`). The same order gets the same tag after a lost ledger, so that it can be
//! looked for before it is sent again.

use hmac::{Hmac, Mac as _};
use sangam_core::{AttemptNo, OwnerId, Tag};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LENGTH: usize = 14;

/// The installation's key for tags. Silent in `Debug`.
#[derive(Clone)]
pub struct TagKey([u8; 32]);

impl TagKey {
    /// Wraps 32 random bytes made once per installation.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The tag of an attempt. `bump` is raised when a tag turns out to be taken.
    #[must_use]
    pub fn tag(&self, owner: &OwnerId, order_key: &str, attempt: AttemptNo, bump: u8) -> Tag {
        let mut mac =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(owner.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(order_key.as_bytes());
        if bump > 0 {
            mac.update(&[0, bump]);
        }
        let mut text = String::with_capacity(LENGTH);
        text.push('S');
        push_base36(&mut text, &mac.finalize().into_bytes(), 9);
        let place = usize::from(attempt.0.clamp(1, 35));
        let attempt = char::from(ALPHABET[place]);
        let check = check(&text, attempt);
        text.push_str(&check);
        text.push(attempt);
        Tag::new(text).expect("fourteen letters and digits make a tag")
    }
}

impl std::fmt::Debug for TagKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TagKey(hidden)")
    }
}

/// Whether a tag has the whole shape of ours, check included. Which installation made it is not told.
#[must_use]
pub fn is_ours(tag: &Tag) -> bool {
    let text = tag.as_str();
    let shaped = text.len() == LENGTH && text.starts_with('S') && text.bytes().all(|b| ALPHABET.contains(&b));
    shaped
        && text
            .chars()
            .last()
            .is_some_and(|attempt| check(&text[..10], attempt) == text[10..13])
}

fn check(head: &str, attempt: char) -> String {
    let digest = Sha256::new()
        .chain_update(head.as_bytes())
        .chain_update([attempt as u8])
        .finalize();
    let mut check = String::with_capacity(3);
    push_base36(&mut check, &digest, 3);
    check
}

fn push_base36(text: &mut String, bytes: &[u8], count: usize) {
    let mut rest = bytes
        .iter()
        .take(16)
        .fold(0_u128, |acc, byte| acc << 8 | u128::from(*byte));
    for _ in 0..count {
        let digit = usize::try_from(rest % 36).expect("a digit below 36");
        text.push(char::from(ALPHABET[digit]));
        rest /= 36;
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> TagKey {
        TagKey::new([7; 32])
    }

    fn owner() -> OwnerId {
        "owner".parse().expect("a name")
    }

    proptest! {
        #[test]
        fn a_tag_is_ours_stable_and_told_apart(a in "[ -~]{1,64}", b in "[ -~]{1,64}", no in 1_u16..36) {
            let tag = key().tag(&owner(), &a, AttemptNo(no), 0);
            prop_assert!(is_ours(&tag));
            prop_assert_eq!(&tag, &key().tag(&owner(), &a, AttemptNo(no), 0));
            prop_assert_ne!(&tag, &key().tag(&owner(), &a, AttemptNo(no), 1));
            if a != b {
                prop_assert_ne!(&tag, &key().tag(&owner(), &b, AttemptNo(no), 0));
            }
            if no < 35 {
                prop_assert_ne!(tag, key().tag(&owner(), &a, AttemptNo(no + 1), 0));
            }
        }

        #[test]
        fn one_changed_character_breaks_the_check(at in 1_usize..14, to in 0_usize..36) {
            let tag = key().tag(&owner(), "order", AttemptNo::FIRST, 0);
            let mut text = tag.as_str().as_bytes().to_vec();
            let new = ALPHABET[to];
            prop_assume!(text[at] != new);
            text[at] = new;
            let changed = Tag::new(String::from_utf8(text).expect("ascii")).expect("a tag");
            // Three characters of check let one in 46,656 through; this seed's neighbours are not among them.
            prop_assert!(!is_ours(&changed));
        }
    }

    #[test]
    fn foreign_tags_are_ignored() {
        for text in ["algo0001", "S1234567890123", "S12345678901234", "s123456789abcd"] {
            assert!(!is_ours(&Tag::new(text).expect("a tag")), "{text}");
        }
    }
}
