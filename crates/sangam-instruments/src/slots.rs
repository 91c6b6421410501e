//! A hash table of row numbers: four bytes a slot, keys compared in the rows themselves. `HashMap` would store each
//! key again; this crate has five indexes and a bound on bytes a contract.

use std::hash::{BuildHasherDefault, Hasher};

const EMPTY: u32 = u32::MAX;

/// Row numbers by hash; it is filled once and then only read.
#[derive(Debug, Default)]
pub(crate) struct Slots(Box<[u32]>);

impl Slots {
    /// Room for this many rows at a load of at most two thirds.
    pub(crate) fn with_room_for(rows: usize) -> Self {
        let slots = (rows + rows / 2 + 2).next_power_of_two();
        Self(vec![EMPTY; slots].into_boxed_slice())
    }

    /// Adds a row. Equal hashes are kept side by side.
    pub(crate) fn insert(&mut self, hash: u64, row: u32) {
        let mask = self.0.len() - 1;
        let mut at = start(hash, mask);
        loop {
            if let Some(slot) = self.0.get_mut(at)
                && *slot == EMPTY
            {
                *slot = row;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// The rows that may have this hash; the caller compares keys.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let mask = self.0.len().wrapping_sub(1);
        let mut at = start(hash, mask);
        std::iter::from_fn(move || {
            let row = self.0.get(at).copied().filter(|row| *row != EMPTY)?;
            at = (at + 1) & mask;
            Some(row)
        })
    }

    /// Heap bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * size_of::<u32>()
    }
}

fn start(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 20).unwrap_or(0) & mask
}

/// A fast hasher for short texts and small numbers. Masters come from the brokers, so no one picks keys that collide.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mixer(u64);

/// The hasher as maps take it.
pub(crate) type Mixing = BuildHasherDefault<Mixer>;

impl Mixer {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xa076_1d64_78bd_642f_u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0_u8; 8];
            for (to, from) in word.iter_mut().zip(rest) {
                *to = *from;
            }
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(u64::try_from(bytes.len()).unwrap_or(0));
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The hash of a text, salted with a small number.
pub(crate) fn hash_text(salt: u8, text: &str) -> u64 {
    let mut mixer = Mixer::default();
    mixer.write_u8(salt);
    mixer.write(text.as_bytes());
    mixer.finish()
}

/// The hash of a token on an exchange.
pub(crate) fn hash_token(salt: u8, token: u32) -> u64 {
    let mut mixer = Mixer::default();
    mixer.write_u64(u64::from(salt) << 32 | u64::from(token));
    mixer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_put_in_is_found_again() {
        let mut slots = Slots::with_room_for(1000);
        let name = |row: u32| format!("NIFTY25O14{row}CE");
        for row in 0..1000 {
            slots.insert(hash_text(3, &name(row)), row);
        }
        let mut looked_at = 0;
        for row in 0..1000 {
            let found = slots
                .candidates(hash_text(3, &name(row)))
                .inspect(|_| looked_at += 1)
                .any(|hit| hit == row);
            assert!(found, "{row}");
        }
        assert!(
            looked_at < 4000,
            "{looked_at} rows looked at for 1000 look-ups: the hash spreads badly"
        );
        assert_eq!(
            slots
                .candidates(hash_text(3, "ABSENT"))
                .filter(|row| *row > 1000)
                .count(),
            0
        );
        assert_eq!(Slots::default().candidates(1).count(), 0);
    }
}
