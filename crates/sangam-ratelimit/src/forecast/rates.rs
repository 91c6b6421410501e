//! How often it came true, by bucket: a learnt table of probabilities. Old cases fade, so that it follows a change.

/// Cases a bucket remembers at most; older ones weigh less and less.
const REMEMBERED: f64 = 5_000.0;
/// Cases a bucket is worth at most when it is doubted.
const DOUBTED: f64 = 100.0;
/// What is taken for granted before there are cases, as that many cases.
const PRIOR_CASES: f64 = 1.0;
/// The share of them that came true.
pub(super) const PRIOR_RATE: f64 = 0.02;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    cases: f64,
    true_cases: f64,
}

/// `N` buckets.
#[derive(Debug, Clone)]
pub(super) struct Rates<const N: usize>([Bucket; N]);

impl<const N: usize> Rates<N> {
    pub(super) fn new() -> Self {
        Self::with_prior(PRIOR_CASES, |_| PRIOR_RATE)
    }

    /// As if each bucket had seen `cases`, of which a share came true.
    pub(super) fn with_prior(cases: f64, share: impl Fn(usize) -> f64) -> Self {
        Self(std::array::from_fn(|bucket| Bucket {
            cases,
            true_cases: cases * share(bucket),
        }))
    }

    pub(super) fn probability(&self, bucket: usize) -> f64 {
        let Bucket { cases, true_cases } = self.0[bucket];
        true_cases / cases
    }

    /// One more case.
    pub(super) fn learn(&mut self, bucket: usize, came: bool) {
        let Bucket { cases, true_cases } = &mut self.0[bucket];
        let kept = if *cases > REMEMBERED {
            1.0 - 1.0 / REMEMBERED
        } else {
            1.0
        };
        *cases = *cases * kept + 1.0;
        *true_cases = *true_cases * kept + f64::from(u8::from(came));
    }

    /// Keeps what it says and believes it less, so that the next cases weigh more.
    pub(super) fn doubt(&mut self) {
        for Bucket { cases, true_cases } in &mut self.0 {
            let kept = (DOUBTED / *cases).min(1.0);
            *cases *= kept;
            *true_cases *= kept;
        }
    }
}

/// Which of `count` equal parts of 0 to 1 a share lies in; beyond the ends, the part at the end.
pub(super) fn part(share: f64, count: u16) -> u16 {
    // `as` saturates, and a share that is not a number is the lowest part.
    ((share * f64::from(count)) as u16).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_change_after_any_number_of_cases() {
        let mut rates = Rates::<2>::new();
        for _ in 0..1_000_000 {
            rates.learn(1, false);
        }
        assert!(rates.probability(1) < 1e-4);
        assert!((rates.probability(0) - PRIOR_RATE).abs() < 1e-12);
        for _ in 0..15_000 {
            rates.learn(1, true);
        }
        assert!(rates.probability(1) > 0.9);
    }

    #[test]
    fn parts_have_ends() {
        let parts = [-1.0, f64::NAN, 0.0, 0.5, 1.0, 1e300].map(|share| part(share, 10));
        assert_eq!(parts, [0, 0, 0, 5, 9, 9]);
    }
}
