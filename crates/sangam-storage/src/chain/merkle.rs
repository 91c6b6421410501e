//! The Merkle tree over the entries of a day, as RFC 6962 (section 2.1) defines it, kept as its right edge only.

use sha2::{Digest as _, Sha256};

use super::Digest;

/// A growing Merkle tree: the roots of its full subtrees, which is all that is needed to go on. A day of a million
/// entries takes twenty of them.
///
/// The leaves are entries' hashes. A leaf's node is SHA-256 of a byte 0 and the hash, an inner node SHA-256 of a byte 1
/// and its two children; the root of nothing is SHA-256 of nothing.
///
/// ```
/// use sangam_storage::chain::{Digest, Frontier};
/// let mut tree = Frontier::new();
/// tree.push(&Digest([1; 32]));
/// let one = tree.root();
/// tree.push(&Digest([2; 32]));
/// assert_eq!(tree.len(), 2);
/// assert_ne!(tree.root(), one);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    /// Roots of full subtrees, larger first: one for each bit that is set in `len`.
    peaks: Vec<Digest>,
    len: u64,
}

/// A part of a tree that cannot be joined on here: its subtrees would lie across those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{more} leaves cannot be joined to {there} as a tree: begin the part at a multiple of a power of two that it does not exceed"
)]
pub struct NotAligned {
    /// Leaves before it.
    pub there: u64,
    /// Leaves in it.
    pub more: u64,
}

impl Frontier {
    /// Without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a leaf.
    pub fn push(&mut self, hash: &Digest) {
        self.carry(leaf(hash), 0);
    }

    /// Appends the leaves of another tree, without having them.
    ///
    /// # Errors
    /// When the full subtrees of the other would not be full subtrees here. Those of a part always are when it begins at
    /// a multiple of a power of two and has no more leaves than that.
    pub fn append(&mut self, other: &Self) -> Result<(), NotAligned> {
        let largest = other.len.checked_ilog2().unwrap_or(0);
        if self.len != 0 && other.len != 0 && self.len.trailing_zeros() < largest {
            return Err(NotAligned {
                there: self.len,
                more: other.len,
            });
        }
        let mut rest = other.len;
        for peak in &other.peaks {
            let height = rest.ilog2();
            self.carry(*peak, height);
            rest -= 1 << height;
        }
        Ok(())
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return Digest::of(Sha256::new());
        };
        peaks.fold(*last, |right, left| node(left, &right))
    }

    /// How many leaves.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no leaf.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a full subtree of two to the `height` leaves, joining it with its neighbours of the same height.
    fn carry(&mut self, mut subtree: Digest, height: u32) {
        let mut heights = self.len >> height;
        while heights & 1 == 1 {
            let left = self.peaks.pop().expect("one peak for each bit of the length");
            subtree = node(&left, &subtree);
            heights >>= 1;
        }
        self.peaks.push(subtree);
        self.len += 1 << height;
    }
}

/// The node of a leaf.
pub(super) fn leaf(hash: &Digest) -> Digest {
    let mut bytes = [0; 33];
    bytes[1..].copy_from_slice(hash.as_bytes());
    Digest::of(Sha256::new_with_prefix(bytes))
}

/// The node over two.
pub(super) fn node(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Digest::of(Sha256::new_with_prefix(bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, word for word: split at the largest power of two below the length.
    pub(in super::super) fn defined(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(Sha256::new()),
            [one] => leaf(one),
            more => {
                let split = more.len().next_power_of_two() / 2;
                node(&defined(&more[..split]), &defined(&more[split..]))
            }
        }
    }

    /// Different hashes.
    pub(in super::super) fn leaves(count: u64) -> Vec<Digest> {
        (0..count)
            .map(|n| Digest::of(Sha256::new_with_prefix(n.to_be_bytes())))
            .collect()
    }

    fn tree(leaves: &[Digest]) -> Frontier {
        let mut tree = Frontier::new();
        leaves.iter().for_each(|leaf| tree.push(leaf));
        tree
    }

    #[test]
    fn the_root_of_nothing_is_the_hash_of_nothing() {
        assert_eq!(
            Frontier::new().root().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn every_small_tree_is_the_defined_one() {
        let leaves = leaves(300);
        let mut tree = Frontier::new();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), defined(&leaves[..count]), "{count} leaves");
            tree.push(leaf);
        }
        assert_eq!(tree.len(), 300);
    }

    #[test]
    fn a_part_across_subtrees_is_refused() {
        let leaves = leaves(7);
        let mut there = tree(&leaves[..3]);
        let before = there.clone();
        let refused = there.append(&tree(&leaves[3..]));
        assert_eq!(refused, Err(NotAligned { there: 3, more: 4 }));
        assert_eq!(there, before);
    }

    proptest! {
        #[test]
        fn parts_that_begin_at_multiples_join(count in 0_u64..700, power in 0_u32..10) {
            let leaves = leaves(count);
            let mut joined = Frontier::new();
            for part in leaves.chunks(1 << power) {
                joined.append(&tree(part)).expect("aligned");
            }
            prop_assert_eq!(joined, tree(&leaves));
        }
    }
}
