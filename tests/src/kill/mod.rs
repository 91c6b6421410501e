//! The whole gateway killed under load: the program itself on a SQLite file, over brokers simulated in processes of their own,
//! which live on. After each kill it is started again on its file and its books are held against the brokers'.

mod compare;
mod http;
mod load;
mod open_orders;
mod programs;
mod runs;

pub use open_orders::{OpenOrders, Recovery};
pub use runs::{Killed, Killing, Report};

use std::time::Duration;

/// Longest that anything here may take: a start, an answer, the settling of a doubt.
const PATIENCE: Duration = Duration::from_secs(90);

/// The middle and the worst of a hundred, in milliseconds.
fn percentiles_ms(times: &[Duration]) -> (u64, u64) {
    let mut times: Vec<_> = times.iter().map(Duration::as_millis).collect();
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times
            .get(place)
            .map_or(0, |ms| u64::try_from(*ms).unwrap_or(u64::MAX))
    };
    (at(50), at(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_times_there_are() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentiles_ms(&times), (100, 198));
        assert_eq!(percentiles_ms(&times[..1]), (200, 200));
        assert_eq!(percentiles_ms(&[]), (0, 0));
    }
}
