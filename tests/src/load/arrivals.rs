//! When reads come: all at once, or at random instants of a Poisson process. One seed gives one list.

use std::time::Duration;

use sangam_sim::rng::SplitMix;

use super::settings::{Profile, Settings};

/// The share of the brokers' rate that `steady` asks for.
const STEADY_SHARE: f64 = 0.7;

/// The instant of each read, from the start of the run, in order.
pub(super) fn of(settings: &Settings) -> Vec<Duration> {
    match settings.profile {
        Profile::Burst | Profile::Failover => (0..settings.requests).map(|_| Duration::ZERO).collect(),
        Profile::Steady => poisson(settings.requests, settings.rate() * STEADY_SHARE, settings.seed),
    }
}

/// So many arrivals at so many a second: the gaps between them are exponential.
fn poisson(count: u32, rate: f64, seed: u64) -> Vec<Duration> {
    let mut random = SplitMix::new(seed);
    let mut at = 0.0;
    let next = |_| {
        at -= (1.0 - unit(&mut random)).ln() / rate;
        Duration::from_secs_f64(at)
    };
    (0..count).map(next).collect()
}

/// A number from 0 up to 1, 1 left out.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn unit(random: &mut SplitMix) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_list_in_order() {
        let settings = Settings::new(Profile::Steady);
        let list = of(&settings);
        assert_eq!(list.len(), 2_000);
        assert!(list.is_sorted());
        assert_eq!(list, of(&settings));
        assert_ne!(list, of(&Settings { seed: 2, ..settings }));
    }

    #[test]
    fn the_rate_and_the_spread_are_those_of_a_poisson_process() {
        let (count, rate) = (100_000_u32, 56.0);
        let list = poisson(count, rate, 7);
        let mean = list.last().unwrap().as_secs_f64() / f64::from(count);
        assert!((mean * rate - 1.0).abs() < 0.02, "mean gap {mean}");
        // Of exponential gaps a share of 1/e is above the mean.
        let above = list
            .windows(2)
            .filter(|pair| (pair[1] - pair[0]).as_secs_f64() > 1.0 / rate);
        let share = f64::from(u32::try_from(above.count()).unwrap()) / f64::from(count);
        assert!(
            (share - (-1.0_f64).exp()).abs() < 0.01,
            "{share} of the gaps are above the mean"
        );
    }

    #[test]
    fn a_burst_comes_at_once() {
        assert!(of(&Settings::new(Profile::Burst)).iter().all(Duration::is_zero));
    }
}
