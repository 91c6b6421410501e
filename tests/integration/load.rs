//! The load tool itself: bursts and the stop of a broker over the whole stack, judged by the brokers' counts.

use sangam_tests::load::{self, Delay, Profile, Settings};

fn settings(profile: Profile) -> Settings {
    Settings {
        requests: 150,
        delay: Delay {
            min_ms: 0,
            max_ms: 80,
        },
        seed: 11,
        ..Settings::new(profile)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_passes_no_window_and_loses_nothing() {
    let settings = settings(Profile::Burst);
    let report = load::run(&settings, &|_| ()).await.expect("a run");
    assert!(report.faults().is_empty(), "{report}");
    assert_eq!((report.violations, report.lost), (0, 0), "{report}");
    assert_eq!((report.sent, report.arrived), (150, 150), "{report}");
    assert!(report.shares.values().all(|share| *share > 0), "{report}");
    assert!(
        report.time_s >= report.bound_s * 0.9,
        "faster than can be: {report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_of_the_busiest_broker_loses_no_read_and_no_order() {
    let report = load::run(&settings(Profile::Failover), &|_| ())
        .await
        .expect("a run");
    assert!(report.faults().is_empty(), "{report}");
    assert_eq!((report.violations, report.lost), (0, 0), "{report}");
    assert_eq!(report.stopped.as_deref(), Some("upstox"));
    let orders = &report.orders;
    assert_eq!(orders.placed, 20, "{report}");
    assert_eq!(
        orders.acknowledged + orders.refused + orders.in_doubt,
        orders.placed,
        "{report}"
    );
}
