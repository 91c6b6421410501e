//! Each rule against a text that must fail it and one that must not.

use super::{File, Finding, rules, tree};

const HEAD: &str = "//! A file.\n";

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: Some(text.to_owned()),
    }
}

fn found(path: &str, text: &str) -> Vec<(&'static str, usize)> {
    rules::check(&file(path, text))
        .iter()
        .map(|finding| (finding.rule, finding.line))
        .collect()
}

fn check(path: &str, text: &str, expected: &[(&'static str, usize)]) {
    assert_eq!(found(path, text), expected, "{path}: {text}");
}

/// A source file with a head and this second line.
fn rust(path: &str, line: &str, expected: &[(&'static str, usize)]) {
    check(path, &format!("{HEAD}{line}\n"), expected);
}

#[test]
fn a_source_file_begins_with_what_it_is_for() {
    check("crates/a/src/lib.rs", "fn f() {}\n", &[("head", 1)]);
    check("crates/a/src/lib.rs", "// A file.\n", &[("head", 1)]);
    check("crates/a/src/lib.rs", HEAD, &[]);
    check(
        "crates/a/src/lib.rs",
        "#![doc = include_str!(\"../README.md\")]\n",
        &[],
    );
    check(
        "crates/a/src/wire.rs",
        "// @generated from a schema\nfn f() {}\n",
        &[],
    );
    check("tests/fixtures/broken.rs", "fn f() {}\n", &[]);
}

#[test]
fn a_source_file_is_short() {
    let long = format!("{HEAD}{}", "fn f() {}\n".repeat(700));
    check("crates/a/src/lib.rs", &long, &[("length", 701)]);
    check(
        "tests/clients/a/check.py",
        &"pass\n".repeat(701),
        &[("length", 701)],
    );
    check("docs/long.md", &"word\n".repeat(900), &[]);
}

#[test]
fn no_test_is_left_out() {
    rust(
        "crates/a/src/lib.rs",
        concat!("    #[ig", "nore = \"slow\"]"),
        &[("ignore", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        concat!("#[cfg_attr(slow, ig", "nore)]"),
        &[("ignore", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        "/// `#[must_use]`, and nothing to ignore",
        &[],
    );
}

#[test]
fn tests_do_not_sleep() {
    let sleep = concat!("tokio::time::sl", "eep(pause).await;");
    rust("tests/integration/failover.rs", sleep, &[("sleep", 2)]);
    rust(
        "crates/a/src/desk/tests.rs",
        concat!("std::thread::sl", "eep(pause);"),
        &[("sleep", 2)],
    );
    rust("crates/a/src/retry.rs", sleep, &[]);
    rust(
        "crates/a/src/retry.rs",
        &format!("#[cfg(test)]\nmod tests {{\n    {sleep}"),
        &[("sleep", 4)],
    );
    rust("tests/support/wait.rs", sleep, &[]);
    rust("tests/src/load/path.rs", sleep, &[]);
    rust("tests/src/load/tests.rs", sleep, &[("sleep", 2)]);
}

#[test]
fn nothing_is_left_unfinished() {
    rust(
        "crates/a/src/lib.rs",
        concat!("to", "do!()"),
        &[("unfinished", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        concat!("unimple", "mented!(\"later\")"),
        &[("unfinished", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        concat!("// FIX", "ME later"),
        &[("unfinished", 2)],
    );
    check("docs/a.md", concat!("XX", "X\n"), &[("unfinished", 1)]);
    rust(
        "crates/a/src/lib.rs",
        "let client = \"XX00000\"; let mask = \"XXXX\";",
        &[],
    );
}

#[test]
fn names_say_something() {
    rust(
        "crates/a/src/lib.rs",
        concat!("pub(crate) struct Order", "Manager<T> {"),
        &[("name", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        concat!("pub enum User", "Info {"),
        &[("name", 2)],
    );
    rust(
        "crates/a/src/lib.rs",
        concat!("type String", "Utils = ();"),
        &[("name", 2)],
    );
    rust("crates/a/src/order_helpers.rs", "", &[("name", 1)]);
    rust(
        "crates/a/src/lib.rs",
        "pub struct Informed; // no Manager here",
        &[],
    );
}

#[test]
fn no_path_of_one_machine() {
    check("README.md", concat!("see /wo", "rk/main\n"), &[("machine", 1)]);
    check("a.toml", concat!("x = \"/ro", "ot/.cargo\"\n"), &[("machine", 1)]);
    check(".ci/run", concat!("cd /tmp/san", "gam\n"), &[("machine", 1)]);
    check(
        "docs/a.md",
        concat!("frame/wo", "rk/done and ./wo", "rk/x and $HOME}/ro", "ot/y\n"),
        &[],
    );
}

#[test]
fn no_host_of_a_registry() {
    check(
        "docs/a.md",
        concat!("https://crates", ".io/crates/x\n"),
        &[("registry", 1)],
    );
    check(
        "deny.toml",
        concat!("a = \"https://index.crates", ".io\"\n"),
        &[("registry", 1)],
    );
    check(
        "Cargo.lock",
        concat!(
            "source = \"registry+https://github.com/rust-lang/crates",
            ".io-index\"\n"
        ),
        &[],
    );
}

#[test]
fn nothing_that_looks_like_a_secret() {
    let body = "A1b2C3d4E5f6".repeat(5);
    let token = format!("{}{body}.{body}.{body}", concat!("ey", "J"));
    check(
        "tests/fixtures/a.json",
        &format!("\"t\": \"{token}\"\n"),
        &[("secret", 1)],
    );
    check(
        "a.md",
        concat!("AK", "IA", "ABCDEFGHIJKLMNOP\n"),
        &[("secret", 1)],
    );
    check(
        "key.pem",
        concat!("-----BEGIN PRIVATE ", "KEY-----\n"),
        &[("secret", 1)],
    );
    check(
        "a.md",
        &format!("{}{}\n", concat!("gh", "p_"), "a".repeat(36)),
        &[("secret", 1)],
    );
    check("a.md", "TESTAPP-100:TEST.ACCESS.TOKEN and AKIA\n", &[]);
}

#[test]
fn lines_end_clean() {
    check(
        "a.md",
        "word \nword\t\nword\r\n",
        &[("whitespace", 1), ("whitespace", 2), ("whitespace", 3)],
    );
    check("a.md", "word", &[("ending", 1)]);
    check("tests/fixtures/a.txt", "word \r\nword", &[]);
}

fn tree_of(files: &[File]) -> Vec<(&'static str, String)> {
    let root = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ];
    let mut all: Vec<File> = root.iter().map(|path| file(path, "")).collect();
    all.extend(
        files
            .iter()
            .map(|given| file(&given.path, given.text.as_deref().unwrap_or_default())),
    );
    tree::check(&all)
        .into_iter()
        .map(|Finding { rule, path, .. }| (rule, path))
        .collect()
}

#[test]
fn the_root_holds_what_people_look_for() {
    assert_eq!(tree_of(&[]), [("root", "ARCHITECTURE.md".to_owned())]);
}

#[test]
fn a_crate_explains_itself_and_is_on_the_map() {
    let manifest = file("crates/sangam-core/Cargo.toml", "");
    let longer = file("ARCHITECTURE.md", "`sangam-core-extras` only");
    assert_eq!(
        tree_of(&[manifest, longer]),
        [
            ("readme", "crates/sangam-core/README.md".to_owned()),
            ("map", "ARCHITECTURE.md".to_owned())
        ]
    );
    let complete = [
        file("crates/sangam-core/Cargo.toml", ""),
        file("crates/sangam-core/README.md", ""),
        file("ARCHITECTURE.md", "- `sangam-core`: the words"),
    ];
    assert_eq!(tree_of(&complete), []);
}

#[test]
fn fixtures_have_a_source() {
    let map = || file("ARCHITECTURE.md", "");
    let bare = file("tests/fixtures/wire/upstox/place.json", "{}");
    assert_eq!(
        tree_of(&[map(), bare]),
        [("source", "tests/fixtures/wire/upstox/README.md".to_owned())]
    );
    let explained = file("tests/fixtures/README.md", "from the documents");
    assert_eq!(
        tree_of(&[
            map(),
            file("tests/fixtures/wire/upstox/place.json", "{}"),
            explained
        ]),
        []
    );
    assert_eq!(
        tree_of(&[
            map(),
            file("tests/fixtures/a.json", "{\"source\": \"documents\"}")
        ]),
        []
    );
    let above_the_root = file("tests/README.md", "not about fixtures");
    let still_bare = file("tests/fixtures/a.json", "{}");
    assert_eq!(tree_of(&[map(), above_the_root, still_bare]).len(), 1);
}

#[test]
fn a_finding_says_where_and_what_to_do() {
    let finding = Finding {
        path: "a.md".to_owned(),
        line: 0,
        rule: "root",
        advice: "missing".to_owned(),
    };
    assert_eq!(finding.to_string(), "a.md:1: root: missing");
}
