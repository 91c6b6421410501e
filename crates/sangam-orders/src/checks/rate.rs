//! Orders a second. The limiter enforces the rate; this refuses a configuration that would let it go too far.
//!
//! Source: NSE/INVG/67858, implementation standards to SEBI's circular of 4 February 2025: 10 orders a second for each
//! exchange and segment without a registered algorithm. Texts differ between "10" and "fewer than 10", and one window of
//! an account covers all its segments: never above 9.

use std::time::Duration;

use super::rule::{Refusal, Rule};

const SOURCE: &str = "NSE/INVG/67858, implementation standards to SEBI's circular of 4 February 2025: threshold of 10 \
                      orders a second";

/// Most orders a second of an account without a registered algorithm.
pub const UNREGISTERED_MAX: u64 = 9;

/// The most orders that windows of count and length let into one stretch of a second; `None` where there is no window.
#[must_use]
pub fn in_a_second(windows: &[(u32, Duration)]) -> Option<u64> {
    let second = Duration::from_secs(1).as_nanos();
    let most = |&(count, length): &(u32, Duration)| {
        // As many full windows as begin within a second.
        let stretches = second.div_ceil(length.as_nanos().max(1)).max(1);
        let stretches = u64::try_from(stretches).unwrap_or(u64::MAX);
        u64::from(count).saturating_mul(stretches)
    };
    windows.iter().map(most).min()
}

/// Refuses windows that let an account without a registered algorithm send too many orders a second.
///
/// # Errors
/// [`Refusal`] with the figure and the limit.
pub fn check_rate(windows: &[(u32, Duration)], registered: bool) -> Result<(), Refusal> {
    let most = in_a_second(windows);
    if registered || most.is_some_and(|most| most <= UNREGISTERED_MAX) {
        return Ok(());
    }
    let figure = most.map_or_else(|| "any number".to_owned(), |most| most.to_string());
    Err(Refusal::new(
        Rule::OrderRate,
        SOURCE,
        format!(
            "lets {figure} orders into a second, {UNREGISTERED_MAX} is the most without a registered algorithm; write 8/1s, \
             or set the account's `algo` to the registered name"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn windows(pairs: &[(u32, u64)]) -> Vec<(u32, Duration)> {
        let window = |&(count, ms)| (count, Duration::from_millis(ms));
        pairs.iter().map(window).collect()
    }

    #[test]
    fn the_strictest_window_of_a_second_counts() {
        let check = |pairs: &[(u32, u64)], most| assert_eq!(in_a_second(&windows(pairs)), most, "{pairs:?}");
        check(&[(8, 1_000)], Some(8));
        check(&[(8, 1_000), (36, 60_000)], Some(8));
        check(&[(18, 2_000)], Some(18));
        check(&[(5, 500)], Some(10));
        check(&[(3, 400)], Some(9));
        check(&[], None);
        let check = |pairs: &[(u32, u64)], registered, fine| {
            assert_eq!(check_rate(&windows(pairs), registered).is_ok(), fine, "{pairs:?}");
        };
        check(&[(9, 1_000)], false, true);
        check(&[(10, 1_000)], false, false);
        check(&[(10, 1_000)], true, true);
        check(&[(36, 60_000)], false, false);
        check(&[], false, false);
    }

    proptest! {
        /// Whatever windows say, calls spaced as they allow never put more into a second than the figure.
        #[test]
        fn no_second_holds_more_than_the_figure(count in 1_u32..30, ms in 50_u64..5_000) {
            let most = in_a_second(&windows(&[(count, ms)])).expect("a window");
            // The densest arrivals a window admits: `count` at once at the start of each stretch of its length.
            let arrivals: Vec<u64> = (0..40).flat_map(|place| vec![place * ms; count as usize]).collect();
            for from in arrivals.iter().flat_map(|at| [at.saturating_sub(999), *at]) {
                let within = arrivals.iter().filter(|at| (from..from + 1_000).contains(*at)).count();
                prop_assert!(u64::try_from(within).expect("few") <= most, "{within} from {from} ms");
            }
        }
    }
}
