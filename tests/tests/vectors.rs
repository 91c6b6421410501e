//! Every wire vector that ships with the project passes, at every broker that is registered.

use sangam_core::BrokerName;
use sangam_tests::vectors;

#[test]
fn every_vector_passes() {
    let folders: Vec<_> = vectors::all()
        .iter()
        .map(|broker| vectors::fixtures().join(broker.name().as_str()))
        .collect();
    let report = vectors::run(&folders).expect("the fixtures can be read");
    assert_eq!(report.failed(), 0, "{report}");
    for broker in vectors::all() {
        assert!(
            report.passed(broker.name()) > 0,
            "no vector ran for {}",
            broker.name()
        );
    }
}

#[test]
fn no_broker_is_registered_twice() {
    for name in BrokerName::ALL {
        let times = vectors::all()
            .iter()
            .filter(|broker| broker.name() == name)
            .count();
        assert!(times <= 1, "{name} is registered {times} times");
    }
}
