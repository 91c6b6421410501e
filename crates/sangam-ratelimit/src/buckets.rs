//! The count of a window too large for stamps: 1,440 slices of its length. A slice is counted until its last moment has
//! left the window, so the rounding is against us and never for us; a day-long window is held a minute too long at most.

use crate::nanos::Nanos;

/// Slices a window is cut into.
const SLICES: u64 = 1_440;

/// Counts by slice. 5.8 KB whatever the window.
#[derive(Debug)]
pub(crate) struct Buckets {
    held_ns: u64,
    width_ns: u64,
    counts: Box<[u32]>,
    /// The oldest slice that may hold anything.
    first: u64,
    total: u64,
}

impl Buckets {
    pub(crate) fn new(held_ns: u64) -> Self {
        let width_ns = held_ns.div_ceil(SLICES).max(1);
        // The slices the window touches, the one under way, and one that is only partly left.
        let len = held_ns / width_ns + 3;
        Self {
            held_ns,
            width_ns,
            counts: vec![0; usize::try_from(len).expect("at most 1,443")].into_boxed_slice(),
            first: 0,
            total: 0,
        }
    }

    fn place(&self, slice: u64) -> usize {
        usize::try_from(slice % self.counts.len() as u64).expect("an index of the slice")
    }

    fn expire(&mut self, now: Nanos) {
        let low = now.get().saturating_sub(self.held_ns) / self.width_ns;
        if self.first >= low {
            return;
        }
        if low - self.first >= self.counts.len() as u64 {
            self.counts.fill(0);
            self.total = 0;
            self.first = low;
            return;
        }
        while self.first < low {
            let place = self.place(self.first);
            self.total -= u64::from(std::mem::take(&mut self.counts[place]));
            self.first += 1;
        }
    }

    /// Adds a call of some weight. `at` is not before any instant given earlier.
    pub(crate) fn add(&mut self, at: Nanos, weight: u32) {
        self.expire(at);
        let place = self.place(at.get() / self.width_ns);
        self.counts[place] = self.counts[place].saturating_add(weight);
        self.total += u64::from(weight);
    }

    /// Calls still held.
    pub(crate) fn held(&mut self, now: Nanos) -> u64 {
        self.expire(now);
        self.total
    }

    /// When at least `surplus` of those held will have left; call [`held`](Self::held) first.
    pub(crate) fn leaves(&self, surplus: u64) -> Nanos {
        let mut left = 0;
        for slice in self.first..self.first + self.counts.len() as u64 {
            left += u64::from(self.counts[self.place(slice)]);
            if left >= surplus {
                let end = (slice + 1).saturating_mul(self.width_ns);
                return Nanos::new(end).plus(self.held_ns);
            }
        }
        Nanos::NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Never less than the truth, and never more than the truth a slice earlier.
        #[test]
        fn property_rounds_against_us(steps in proptest::collection::vec((0_u64..400_000, 0_u32..3), 1..400)) {
            let held_ns = 1_440_000;
            let mut buckets = Buckets::new(held_ns);
            let mut log: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (wait, weight) in steps {
                now += wait;
                buckets.add(Nanos::new(now), weight);
                log.push((now, weight));
                let truth = |held: u64| -> u64 {
                    log.iter().filter(|(at, _)| at + held > now).map(|(_, k)| u64::from(*k)).sum()
                };
                let held = buckets.held(Nanos::new(now));
                prop_assert!(held >= truth(held_ns));
                prop_assert!(held <= truth(held_ns + buckets.width_ns + 1));
                if held > 0 {
                    let all_gone = buckets.leaves(held);
                    let mut later = Buckets { counts: buckets.counts.clone(), ..buckets };
                    prop_assert!(later.held(Nanos::new(all_gone.get() - 1)) > 0);
                    prop_assert_eq!(later.held(all_gone), 0);
                }
            }
        }
    }
}
