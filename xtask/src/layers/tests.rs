//! The rule against made-up graphs, and the table against itself.

use super::table::LAYERS;
use super::violations;
use crate::metadata::{Dependency, Package};

fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
    with_features(name, dependencies, &[])
}

fn with_features(name: &str, dependencies: &[(&str, Option<&str>)], features: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
                features: features.iter().map(|feature| (*feature).to_owned()).collect(),
            })
            .collect(),
        targets: Vec::new(),
    }
}

fn check(package: Package, expected: &[&str]) {
    let found = violations(&[package]);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (message, fragment) in found.iter().zip(expected) {
        assert!(message.contains(fragment), "{message} should contain {fragment}");
    }
}

#[test]
fn inward_is_allowed() {
    check(package("sangam-core", &[("serde", None)]), &[]);
    check(
        package(
            "sangam-orders",
            &[("sangam-core", None), ("sangam-testkit", Some("dev"))],
        ),
        &[],
    );
    check(
        package("sangam-broker", &[("sangam-core", None), ("reqwest", None)]),
        &[],
    );
    check(
        package(
            "sangam-tests",
            &[("sangam-sim", None), ("sangam", None), ("reqwest", None)],
        ),
        &[],
    );
}

#[test]
fn siblings_and_outward_are_not() {
    check(
        package("sangam-orders", &[("sangam-routing", None)]),
        &["sangam-orders -> sangam-routing"],
    );
    check(
        package("sangam-core", &[("sangam", None)]),
        &["it may depend on none of our crates"],
    );
    check(
        package("sangam-sim", &[("sangam-instruments", None)]),
        &["sangam-sim -> sangam-instruments"],
    );
    check(
        package("sangam-routing", &[("sangam-orders", Some("build"))]),
        &["sangam-routing -> sangam-orders"],
    );
    check(
        package("xtask", &[("sangam-tests", None)]),
        &["xtask -> sangam-tests"],
    );
}

#[test]
fn the_testkit_is_for_tests() {
    check(
        package("sangam-cache", &[("sangam-testkit", None)]),
        &["move it to [dev-dependencies]"],
    );
}

#[test]
fn a_driver_stays_with_its_owner() {
    check(
        package("sangam-broker-fyers", &[("reqwest", None)]),
        &["belongs to sangam-broker alone"],
    );
    check(
        package("sangam-core", &[("sqlx", None), ("fred", None)]),
        &["SQL belongs", "Redis belongs"],
    );
    check(
        package("sangam", &[("axum", None)]),
        &["belongs to sangam-gateway and sangam-sim alone"],
    );
    check(package("sangam-storage", &[("axum", Some("dev"))]), &[]);
}

#[test]
fn hyper_is_free_as_a_server_and_owned_as_a_client() {
    check(with_features("sangam-sim", &[("hyper", None)], &["server"]), &[]);
    check(
        with_features("sangam-sim", &[("hyper", None)], &["server", "client"]),
        &["hyper's client belongs"],
    );
}

#[test]
fn a_package_nobody_placed_is_named() {
    check(package("sangam-novelty", &[]), &["in no row of the table"]);
}

#[test]
fn the_table_itself_has_no_circle() {
    let mut placed: Vec<&str> = Vec::new();
    while placed.len() < LAYERS.len() {
        let before = placed.len();
        for (name, allowed) in LAYERS {
            if !placed.contains(name) && allowed.iter().all(|inner| placed.contains(inner)) {
                placed.push(name);
            }
        }
        assert!(
            placed.len() > before,
            "a circle, or a name without a row, among what is left after {placed:?}"
        );
    }
}
