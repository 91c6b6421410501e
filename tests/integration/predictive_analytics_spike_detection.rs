//! The seed's `predictive_analytics_spike_detection`: usage rises from a tenth to the whole of what fits, and a burst is
//! expected before it is there. Beside it what the seed's answer could not: stay silent on a flat line, and end.

use sangam_ratelimit::forecast::{Forecaster, Settings};

/// The seed's pattern.
const RISING: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Calls that fit into a bin.
const CAPACITY: f64 = 100.0;

/// Feeds shares of the capacity and answers, bin by bin, whether a burst was expected.
fn feed(forecaster: &mut Forecaster, usages: &[f64]) -> Vec<bool> {
    let one = |usage: &f64| {
        forecaster.observe((usage * CAPACITY).round() as u64);
        forecaster.expects_burst()
    };
    usages.iter().map(one).collect()
}

fn forecaster() -> Forecaster {
    Forecaster::new(&Settings::for_capacity(CAPACITY)).expect("right settings")
}

#[test]
fn predictive_analytics_spike_detection() {
    // A forecaster that knows nothing, and one that has watched quiet days.
    for quiet_bins in [0, 20_000] {
        let mut forecaster = forecaster();
        feed(&mut forecaster, &vec![0.1; quiet_bins]);
        let expected = feed(&mut forecaster, &RISING);
        let spike_predicted: bool = expected[RISING.len() - 1];
        assert!(spike_predicted, "after {quiet_bins} quiet bins");
        // Usage passes the burst level, 80 %, in the ninth bin. It was expected before.
        assert!(
            expected[7] && !expected[0],
            "after {quiet_bins} quiet bins: {expected:?}"
        );
    }
    for flat in [0.1, 0.5] {
        let expected = feed(&mut forecaster(), &[flat; 200]);
        assert!(!expected.contains(&true), "flat at {flat}");
    }
}

#[test]
fn an_alarm_ends_by_itself_when_nothing_is_called_any_more() {
    let mut forecaster = forecaster();
    let expected = feed(&mut forecaster, &RISING);
    assert_eq!(expected.last(), Some(&true));
    // The earlier system learnt of usage from calls alone, so a spike kept calls away and lasted for ever. An idle bin is
    // observed like any other.
    let idle = feed(&mut forecaster, &[0.0; 30]);
    let ended = idle.iter().position(|expected| !expected);
    assert!(ended.is_some_and(|bins| bins < 6), "{idle:?}");
    assert!(!idle[6..].contains(&true), "it came back: {idle:?}");
    // Again and again, also once it has learnt that such rises are bursts.
    for round in 0..50 {
        let expected = feed(&mut forecaster, &RISING);
        assert_eq!(expected.last(), Some(&true), "round {round}");
        let idle = feed(&mut forecaster, &[0.0; 60]);
        assert_eq!(idle.last(), Some(&false), "round {round}");
    }
    let score = forecaster.score();
    assert!(score.recall.is_some_and(|recall| recall > 0.5), "{score:?}");
}
