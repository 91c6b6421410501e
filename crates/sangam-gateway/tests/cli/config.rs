//! `sangam.toml` and the environment: what is wrong is named with the key and the way out; secrets are never shown.

use crate::program::Place;

const SECRET: &str = "hunter2-never-shown";

fn account(more: &str) -> String {
    format!(
        "[[account]]\nname = \"flat\"\nbroker = \"flattrade\"\nuser_id = \"FT000000\"\napi_key = \"k\"\napi_secret = \
         \"{SECRET}\"\n{more}"
    )
}

#[test]
fn each_fault_names_its_key_and_shows_no_secret() {
    let cases: [(&str, String, &[&str]); 11] = [
        (
            "half written",
            account("simulated = tr"),
            &["sangam.toml", "sangam.example.toml"],
        ),
        (
            "unknown key",
            account("simulatd = true\n"),
            &["simulatd", "sangam.example.toml"],
        ),
        (
            "unknown table",
            format!("[rooting]\nx = 1\n{}", account("")),
            &["rooting"],
        ),
        (
            "wrong type",
            format!("health_interval_s = \"often\"\n{}", account("")),
            &["often"],
        ),
        (
            "out of range",
            format!("health_interval_s = 0\n{}", account("")),
            &["health_interval_s", "outside 1 to 3600"],
        ),
        (
            "unknown broker",
            account("").replace("\"flattrade\"", "\"zerodha\""),
            &["account.flat.broker", "known are flattrade"],
        ),
        (
            "no secret",
            account("").replace(SECRET, " "),
            &["account.flat.api_secret", "SANGAM_ACCOUNT_FLAT_API_SECRET"],
        ),
        (
            "simulator without address",
            account("simulated = true\n"),
            &["account.flat.base_url", "127.0.0.1"],
        ),
        (
            "twice",
            format!("{}{}", account(""), account("")),
            &["account.flat", "twice"],
        ),
        (
            "mixed group",
            format!(
                "{}{}",
                account(""),
                account("simulated = true\nbase_url = \"http://127.0.0.1:1\"\n")
                    .replace("\"flat\"", "\"paper\"")
            ),
            &["group main", "simulated accounts (paper)", "real ones (flat)"],
        ),
        (
            "a secret in an address",
            account("base_url = \"https://me:pass@x.example\"\n"),
            &["account.flat.base_url"],
        ),
    ];
    for (what, text, wanted) in cases {
        let place = Place::new();
        place.write("sangam.toml", &text);
        let ran = place
            .run(&["serve", "--listen", "127.0.0.1:0"])
            .refused(1, wanted);
        assert!(
            !ran.err.contains(SECRET) && !ran.out.contains(SECRET),
            "{what}: {ran:?}"
        );
        assert!(!place.path("sangam-data").exists(), "{what}: nothing is made");
        let ran = place.run(&["doctor"]).refused(1, &["found something wrong"]);
        assert!(
            ran.out.contains("WRONG") && ran.out.contains(wanted[0]),
            "{what}: {ran:?}"
        );
        assert!(!ran.out.contains(SECRET), "{what}: {ran:?}");
    }
}

#[test]
fn a_file_that_is_not_there_or_does_not_read_is_told() {
    let place = Place::new();
    place
        .run(&["serve", "--config", "nowhere.toml"])
        .refused(1, &["nowhere.toml", "readable"]);
    place
        .run_with(&[("SANGAM_CONFIG", "elsewhere.toml")], &["doctor"])
        .refused(1, &[]);
    std::fs::write(place.path("sangam.toml"), b"\xff\xfe").expect("written");
    place.run(&["serve"]).refused(1, &["sangam.toml"]);
}

/// The environment wins over the file, a flag over both.
#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    place.write(
        "sangam.toml",
        "data_dir = \"of-file\"\nlisten = \"of the file\"\n",
    );
    let folder = |env: &[(&str, &str)], args: &[&str]| {
        let ran = place.run_with(env, args);
        let rows = ran.json();
        let row = rows
            .as_array()
            .and_then(|rows| rows.iter().find(|row| row["what"] == "data folder"));
        row.expect("a finding")["detail"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert!(folder(&[], &["doctor", "--json"]).starts_with("of-file "));
    let env = [("SANGAM_DATA_DIR", "of-env")];
    assert!(folder(&env, &["doctor", "--json"]).starts_with("of-env "));
    assert!(folder(&env, &["doctor", "--json", "--data-dir", "of-flag"]).starts_with("of-flag "));

    place.run(&["serve"]).refused(1, &["\"of the file\""]);
    let env = [("SANGAM_LISTEN", "of the environment")];
    place
        .run_with(&env, &["serve"])
        .refused(1, &["\"of the environment\""]);
    place
        .run_with(&env, &["serve", "--listen", "of a flag"])
        .refused(1, &["\"of a flag\""]);
}

#[test]
fn numbers_come_through_the_environment_and_unknown_variables_are_told() {
    let place = Place::new();
    let env = [("SANGAM_ORDERS__SLIPPAGE_BP", "5000")];
    place
        .run_with(&env, &["serve", "--listen", "127.0.0.1:0"])
        .refused(1, &["orders.slippage_bp", "5000 is outside 0 to 2000"]);
    let env = [("SANGAM_ORDERS__SLIPPAGE_BP", "some")];
    place
        .run_with(&env, &["serve", "--listen", "127.0.0.1:0"])
        .refused(1, &["SANGAM_"]);
    let ran = place
        .run_with(&[("SANGAM_ORDERS__SLIPAGE_BP", "5")], &["doctor"])
        .done();
    assert!(
        ran.err.contains("SANGAM_ORDERS__SLIPAGE_BP") && ran.err.contains("no effect"),
        "{ran:?}"
    );
}

/// A secret may come from the environment alone.
#[test]
fn a_secret_comes_from_the_environment() {
    let place = Place::new();
    let text = account("").replace(&format!("api_secret = \"{SECRET}\"\n"), "");
    place.write("sangam.toml", &text);
    place.run(&["doctor"]).refused(1, &[]);
    let ran = place.run_with(
        &[("SANGAM_ACCOUNT_FLAT_API_SECRET", SECRET)],
        &["doctor", "--json"],
    );
    let rows = ran.json();
    assert_eq!(rows[0]["fine"], true, "{rows}");
    // What is left to do is the log-in, and it says so.
    assert!(ran.out.contains("sangam login flat"), "{ran:?}");
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET));
}

/// The shipped example parses, passes every check, and names every key there is.
#[test]
fn the_example_is_whole() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sangam.example.toml");
    let place = Place::new();
    let ran = place.run(&["doctor", "--json", "--config", example]);
    let rows = ran.json();
    assert_eq!(rows[0]["what"], "configuration");
    assert_eq!(rows[0]["fine"], true, "{rows}");
    let text = std::fs::read_to_string(example).expect("shipped");
    let raw = [
        include_str!("../../../sangam/src/config/raw.rs"),
        include_str!("../../../sangam/src/config/checks.rs"),
    ];
    let keys: Vec<_> = raw
        .iter()
        .flat_map(|file| file.lines())
        .filter_map(|line| {
            line.trim()
                .strip_prefix("pub ")?
                .split_once(": ")
                .map(|(key, _)| key)
        })
        .collect();
    assert!(keys.len() >= 44, "{keys:?}");
    for key in keys {
        let shown = text.lines().any(|line| {
            let line = line.trim_start_matches(['[', ' ']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([' ', ']', '.', '=']))
                || line.contains(&format!(".{key}]"))
        });
        assert!(shown, "{key} is a key and not in sangam.example.toml");
    }
}
