//! What `--help` says, kept in tests/fixtures/cli so that every change of it is seen. With SANGAM_BLESS=1 in the
//! environment the test writes the texts instead of comparing them.

use std::fs;
use std::path::PathBuf;

use crate::program::Place;

const COMMANDS: [&str; 37] = [
    "",
    "serve",
    "sim",
    "login",
    "orders",
    "orders place",
    "orders modify",
    "orders cancel",
    "orders status",
    "orders list",
    "basket",
    "quote",
    "positions",
    "holdings",
    "portfolio",
    "funds",
    "brokers",
    "limits",
    "checks",
    "instruments",
    "instruments sync",
    "forecast",
    "forecast score",
    "backup",
    "restore",
    "migrate",
    "ledger",
    "ledger status",
    "ledger rebuild",
    "ledger accept-clock",
    "audit",
    "audit verify",
    "audit export",
    "audit prune",
    "audit log",
    "audit roots",
    "doctor",
];

fn kept(command: &str) -> PathBuf {
    let name = if command.is_empty() {
        "sangam".to_owned()
    } else {
        command.replace(' ', "-")
    };
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/cli")
        .join(format!("{name}.txt"))
}

#[test]
fn help_is_as_reviewed() {
    let place = Place::new();
    let bless = std::env::vars_os().any(|(name, _)| name == "SANGAM_BLESS");
    for command in COMMANDS
        .into_iter()
        .chain(["instruments search", "instruments resolve"])
    {
        let mut args: Vec<_> = command.split_whitespace().collect();
        args.push("--help");
        let said = place.run_with(&[("COLUMNS", "100")], &args).done().out;
        let path = kept(command);
        if bless {
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(&path, &said).expect("written");
        }
        let wanted = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            said,
            wanted,
            "`sangam {command} --help` is not {}",
            path.display()
        );
    }
}

#[test]
fn every_command_is_reviewed_and_explains_itself() {
    let place = Place::new();
    let top = place.run(&["--help"]).done().out;
    let commands = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Texts go on in lines indented further.
        .filter(|line| !line.starts_with("   "));
    for line in commands {
        let mut words = line.split_whitespace();
        let name = words.next().expect("a name");
        assert!(
            name == "help" || COMMANDS.contains(&name),
            "{name} has no reviewed help"
        );
        assert!(words.next().is_some(), "{name} does not say what it does");
    }
    assert!(top.contains("Examples:") && top.contains("Exit codes:"), "{top}");
    let version = place.run(&["--version"]).done().out;
    assert!(version.starts_with("sangam "), "{version}");
    place.run(&["sreve"]).refused(2, &["serve"]);
}
