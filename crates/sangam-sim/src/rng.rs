//! Seeded chance: a splitmix generator for fault decisions and a stateless hash for the market, so that one seed and
//! one clock give one history.

/// A splitmix64 generator. Small, seeded, not for secrets.
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// A generator that always gives the same numbers for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// True with the given probability: never at 0, always at 1.
    pub fn chance(&mut self, rate: f64) -> bool {
        // 53 random bits make every double in [0, 1) equally likely; rates are probabilities, not money.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let draw = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        draw < rate
    }

    /// A number in `low..=high`; `low` when the range is empty.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low {
            return low;
        }
        low + self.next_u64() % (high - low + 1)
    }
}

/// Mixes 64 bits well (the splitmix finaliser).
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One hash of several numbers, stable over runs and machines.
#[must_use]
pub fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(0x5851_F42D_4C95_7F2D, |state, part| {
        mix(state ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    })
}

/// One hash of a text, stable over runs and machines (FNV-1a, mixed).
#[must_use]
pub fn hash_text(text: &str) -> u64 {
    mix(text.bytes().fold(0xCBF2_9CE4_8422_2325, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_sequence() {
        let draw = |seed| {
            let mut rng = SplitMix::new(seed);
            [rng.next_u64(), rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn rates_are_respected() {
        let mut rng = SplitMix::new(1);
        assert!((0..1_000).all(|_| !rng.chance(0.0)));
        assert!((0..1_000).all(|_| rng.chance(1.0)));
        let hits = (0..10_000).filter(|_| rng.chance(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| (3..=5).contains(&rng.between(3, 5))));
    }
}
