//! The copied table is the one the checks read, where both are here.

use std::fs;
use std::path::Path;

#[test]
fn the_copied_mapping_is_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/instruments/mapping.csv");
    let text = fs::read_to_string(path).expect("the fixture is part of the project");
    assert_eq!(text.lines().count(), 64, "a header and 63 contracts");
    assert!(
        text.lines().all(|line| line.split(',').count() >= 17),
        "every line has all columns"
    );
}
