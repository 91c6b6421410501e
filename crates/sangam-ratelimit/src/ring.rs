//! The last so many stamps of a scope, exact to the nanosecond. One ring serves every window whose count fits in it: the
//! window of N calls asks for the N-th last stamp and no other.

use crate::nanos::Nanos;

/// Stamps in ascending order, the oldest overwritten.
#[derive(Debug)]
pub(crate) struct Ring {
    stamps: Box<[Nanos]>,
    /// Where the next stamp goes.
    next: usize,
    len: usize,
}

impl Ring {
    pub(crate) fn new(capacity: u32) -> Self {
        Self {
            stamps: vec![Nanos::ZERO; capacity as usize].into_boxed_slice(),
            next: 0,
            len: 0,
        }
    }

    /// Adds a call of some weight. `at` is not before any stamp already there.
    pub(crate) fn push(&mut self, at: Nanos, weight: u32) {
        let capacity = self.stamps.len();
        for _ in 0..(weight as usize).min(capacity) {
            self.stamps[self.next] = at;
            self.next = if self.next + 1 == capacity {
                0
            } else {
                self.next + 1
            };
            self.len = capacity.min(self.len + 1);
        }
    }

    /// The stamp that is `nth` from the end, counted from 1; none if there are fewer.
    pub(crate) fn nth_last(&self, nth: u32) -> Option<Nanos> {
        let nth = nth as usize;
        if nth > self.len {
            return None;
        }
        let at = if self.next >= nth {
            self.next - nth
        } else {
            self.next + self.stamps.len() - nth
        };
        Some(self.stamps[at])
    }

    /// How many stamps are still held at `now`, each for so long.
    pub(crate) fn held(&self, held_ns: u64, now: Nanos) -> u32 {
        let (mut low, mut high) = (0, u32::try_from(self.len).unwrap_or(u32::MAX));
        while low < high {
            let nth = low + (high - low).div_ceil(2);
            match self.nth_last(nth) {
                Some(at) if at.plus(held_ns) > now => low = nth,
                _ => high = nth - 1,
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_the_end_and_forgets_the_oldest() {
        let mut ring = Ring::new(3);
        assert_eq!(ring.nth_last(1), None);
        ring.push(Nanos::new(10), 1);
        ring.push(Nanos::new(20), 2);
        ring.push(Nanos::new(30), 1);
        let stamps = [1, 2, 3, 4].map(|nth| ring.nth_last(nth).map(Nanos::get));
        assert_eq!(stamps, [Some(30), Some(20), Some(20), None]);
        let held = [30, 119, 120, 129, 130].map(|now| ring.held(100, Nanos::new(now)));
        assert_eq!(held, [3, 3, 1, 1, 0]);
    }

    #[test]
    fn holds_nothing_where_no_window_needs_it() {
        let mut ring = Ring::new(0);
        ring.push(Nanos::new(1), 5);
        assert_eq!((ring.nth_last(1), ring.held(1, Nanos::new(1))), (None, 0));
    }
}
