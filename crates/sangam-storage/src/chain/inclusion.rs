//! The proof that one entry is under the root of its day, without the others of that day (RFC 6962, section 2.1.1).

use serde::{Deserialize, Serialize};

use super::Digest;
use super::merkle::{leaf, node};

/// The nodes beside the way from a leaf up to the root, lowest first.
///
/// ```
/// use sangam_storage::chain::{Digest, Frontier, prove};
/// let hashes = [Digest([1; 32]), Digest([2; 32]), Digest([3; 32])];
/// let mut tree = Frontier::new();
/// hashes.iter().for_each(|hash| tree.push(hash));
///
/// let proof = prove(&hashes, 1).expect("there are three");
/// assert!(proof.check(&tree.root(), &hashes[1], 1, 3));
/// assert!(!proof.check(&tree.root(), &hashes[2], 1, 3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inclusion {
    /// At most 64.
    pub path: Vec<Digest>,
}

/// The proof for one entry of a day, from the hashes of all of them; `index` counts from nought. `None` when there are not
/// so many.
#[must_use]
pub fn prove(hashes: &[Digest], index: usize) -> Option<Inclusion> {
    if index >= hashes.len() {
        return None;
    }
    let mut level: Vec<Digest> = hashes.iter().map(leaf).collect();
    let mut path = Vec::new();
    let mut at = index;
    while level.len() > 1 {
        // The last of an odd level has no neighbour and moves up as it is.
        path.extend(level.get(at ^ 1));
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(left, right),
                _ => pair[0],
            })
            .collect();
        at /= 2;
    }
    Some(Inclusion { path })
}

impl Inclusion {
    /// Whether an entry's hash stands at `index` (from nought) of the `len` under `root`.
    #[must_use]
    pub fn check(&self, root: &Digest, hash: &Digest, index: u64, len: u64) -> bool {
        if index >= len {
            return false;
        }
        let mut path = self.path.iter();
        let mut found = leaf(hash);
        let (mut at, mut last) = (index, len - 1);
        while last > 0 {
            if at & 1 == 1 || at < last {
                let Some(beside) = path.next() else { return false };
                found = if at & 1 == 1 {
                    node(beside, &found)
                } else {
                    node(&found, beside)
                };
            }
            at >>= 1;
            last >>= 1;
        }
        path.next().is_none() && found == *root
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::merkle::tests::{defined, leaves};
    use super::*;

    #[test]
    fn there_is_no_proof_for_what_is_not_there() {
        assert_eq!(prove(&leaves(3), 3), None);
        assert_eq!(prove(&[], 0), None);
        let alone = leaves(1)[0];
        assert!(!Inclusion { path: vec![] }.check(&leaf(&alone), &alone, 0, 0));
        assert!(Inclusion { path: vec![] }.check(&leaf(&alone), &alone, 0, 1));
    }

    proptest! {
        #[test]
        fn a_proof_holds_for_its_entry_only(len in 1_u64..200, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
            let hashes = leaves(len);
            let (at, other) = (at.index(hashes.len()), other.index(hashes.len()));
            let root = defined(&hashes);
            let proof = prove(&hashes, at).expect("inside");
            prop_assert!(proof.check(&root, &hashes[at], at as u64, len));
            prop_assert_eq!(proof.check(&root, &hashes[other], at as u64, len), at == other);
            prop_assert_eq!(proof.check(&root, &hashes[at], other as u64, len), at == other);
            prop_assert!(!proof.check(&hashes[at], &hashes[at], at as u64, len));
            let mut longer = proof.clone();
            longer.path.push(root);
            prop_assert!(!longer.check(&root, &hashes[at], at as u64, len));
            let mut shorter = proof.clone();
            prop_assert!(shorter.path.pop().is_none() || !shorter.check(&root, &hashes[at], at as u64, len));
        }
    }
}
