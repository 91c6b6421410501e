//! `sangam forecast score`: a trace plain and gzipped, as a table and as JSON, and what is wrong with a file told by its
//! line. Real traces are scored elsewhere; the ones here are made up.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::program::Place;

/// Waves of a few minutes, of which each third rises above the rest.
fn trace() -> String {
    let mut text = "bin,count\n".to_owned();
    for bin in 0_u64..6_000 {
        let (wave, at) = (bin / 60, bin % 60);
        let height = if wave % 3 == 0 { 14 } else { 6 };
        let count = 40 + height * at.min(60 - at).saturating_sub(18) + (bin * 7_919) % 11;
        text += &format!("{bin},{count}\n");
    }
    text
}

fn gzip(file: &Path) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed
        .write_all(&fs::read(file).expect("there"))
        .expect("a vector takes all");
    packed.finish().expect("a vector takes all")
}

#[test]
fn a_trace_is_scored_beside_the_baselines() {
    let place = Place::new();
    let file = place.write("trace.csv", &trace());
    let scored = place
        .run(&["forecast", "score", "trace.csv", "--json"])
        .done()
        .json();
    assert_eq!(
        (&scored["bins"], &scored["bin_s"], &scored["horizon_s"]),
        (&6_000.into(), &10.into(), &60.into())
    );
    assert!(
        scored["burst_level"].as_u64().is_some_and(|level| level > 60),
        "{scored}"
    );
    let methods = scored["baselines"].as_object().expect("named");
    for name in [
        "persistence",
        "window_persistence",
        "graded_persistence",
        "climatology",
        "slot_climatology",
        "seed_rule",
    ] {
        assert!(methods.contains_key(name), "{name}: {scored}");
    }
    for method in methods.values().chain([&scored["model"], &scored["live"]]) {
        for field in [
            "precision",
            "recall",
            "f1",
            "brier",
            "brier_skill",
            "lead_time_s",
            "false_alarms_a_day",
        ] {
            assert!(
                method[field].is_number() || method[field].is_null(),
                "{field}: {method}"
            );
        }
        assert!(
            method["questions"].is_u64() && method["bursts"].is_u64(),
            "{method}"
        );
    }
    let f1 = |method: &serde_json::Value| method["f1"].as_f64().expect("a number");
    assert!(f1(&scored["model"]) > f1(&methods["seed_rule"]), "{scored}");
    assert!(scored["model"]["threshold"].is_number());

    // The same, compressed, whatever it is called.
    fs::write(place.path("packed"), gzip(&file)).expect("written");
    let packed = place
        .run(&["forecast", "score", "packed", "--json"])
        .done()
        .json();
    assert_eq!(packed, scored);

    let table = place
        .run(&["forecast", "score", "trace.csv", "--horizon", "2min"])
        .done()
        .out;
    for word in [
        "within 120 s",
        "F1",
        "Brier skill",
        "graded persistence",
        "seed rule",
        "Live",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[test]
fn a_wrong_file_is_told_by_its_line_and_what_to_do() {
    let place = Place::new();
    let check = |text: &str, words: &[&str]| {
        place.write("bad.csv", text);
        let ran = place.run(&["forecast", "score", "bad.csv"]);
        let ran = ran.refused(1, &["bad.csv"]).refused(1, words);
        assert!(!ran.err.contains("panicked"), "{ran:?}");
    };
    check("", &["is empty", "bin,count"]);
    check("a,b\n0,1\n", &["line 1", "the header is \"a,b\"", "bin,count"]);
    check(
        "bin,count\n0,1\n1,lots\n",
        &["line 3", "count \"lots\"", "whole number"],
    );
    check("bin,count\n0,1\n1,-2\n", &["line 3", "count \"-2\""]);
    check(
        "bin,count\n0,1\n7,2\n",
        &["line 3", "bins 1 to 6 are missing", "count 0"],
    );
    check(
        "bin,count\n0,1\n1,2\n",
        &["cannot be scored", "2 bins are too few", "240"],
    );
    let flat = (0..500).fold("bin,count\n".to_owned(), |text, bin| text + &format!("{bin},5\n"));
    check(&flat, &["cannot be scored", "no burst above 5 in the first half"]);

    place
        .run(&["forecast", "score", "nowhere.csv"])
        .refused(1, &["nowhere.csv", "name of a trace"]);
    place
        .run(&["forecast", "score", "."])
        .refused(1, &["name of a file"]);
    // Cut off in the middle, and no gzip after its first bytes.
    let file = place.write("trace.csv", &trace());
    let packed = gzip(&file);
    fs::write(place.path("cut.gz"), &packed[..packed.len() / 2]).expect("written");
    place
        .run(&["forecast", "score", "cut.gz"])
        .refused(1, &["cut.gz", "gzipped", "line ", "damaged"]);
    fs::write(place.path("odd.gz"), b"\x1f\x8bnothing").expect("written");
    place
        .run(&["forecast", "score", "odd.gz"])
        .refused(1, &["odd.gz", "line 1", "damaged"]);
    fs::write(place.path("odd.csv"), b"bin,count\n0,\xff\n").expect("written");
    place
        .run(&["forecast", "score", "odd.csv"])
        .refused(1, &["odd.csv", "line 2"]);

    place
        .run(&["forecast", "score", "trace.csv", "--horizon", "60"])
        .refused(2, &["60s or 5min"]);
    place
        .run(&["forecast", "score", "trace.csv", "--horizon", "0s"])
        .refused(2, &["above 0"]);
    place
        .run(&["forecast", "score", "trace.csv", "--horizon", "15s"])
        .refused(1, &["horizon", "whole number of bins"]);
    place
        .run(&["forecast", "score", "trace.csv", "--horizon", "2h"])
        .refused(1, &["horizon", "360"]);
}
