//! Rules that look at the text of one file.
//!
//! The words that are not allowed are put together from pieces here, or this file would be the first to break the rules.

use super::{File, Finding};

/// Longest source file. Well before that a second idea inside wants its own file.
const LINES_MAX: usize = 700;

/// Names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Info"];

const UNFINISHED: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

const MACHINE_PATHS: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/san", "gam"),
];

const REGISTRY_HOSTS: [&str; 10] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("docker", ".io"),
    concat!("ghcr", ".io"),
    concat!("quay", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("rubygems", ".org"),
    concat!("deb.debian", ".org"),
];

/// Judge one file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let Some(text) = &file.text else { return Vec::new() };
    let view = View::new(&file.path, text);
    let rules: [fn(&View<'_>) -> Vec<Finding>; 11] = [
        head,
        length,
        ignored,
        sleeping,
        unfinished,
        names,
        machine_paths,
        registries,
        secrets,
        whitespace,
        ending,
    ];
    rules.iter().flat_map(|rule| rule(&view)).collect()
}

/// A file with what the rules ask about it.
struct View<'a> {
    path: &'a str,
    text: &'a str,
}

impl<'a> View<'a> {
    fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text }
    }

    fn is(&self, extension: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, its)| its == extension)
    }

    /// Payloads as they were recorded; their form is not ours.
    fn recorded(&self) -> bool {
        self.path.split('/').any(|part| part == "fixtures")
    }

    /// Other people's files, shipped with their licence.
    fn vendored(&self) -> bool {
        self.path.split('/').any(|part| part == "vendored")
    }

    fn generated(&self) -> bool {
        self.text.starts_with(concat!("// @", "generated"))
    }

    fn rust(&self) -> bool {
        self.is("rs") && !self.recorded() && !self.generated()
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.text
            .split('\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    fn finding(&self, line: usize, rule: &'static str, advice: impl Into<String>) -> Finding {
        Finding {
            path: self.path.to_owned(),
            line,
            rule,
            advice: advice.into(),
        }
    }

    /// A finding for each line that `wrong` has advice about.
    fn each(&self, rule: &'static str, wrong: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
        self.lines()
            .filter_map(|(line, text)| Some(self.finding(line, rule, wrong(text)?)))
            .collect()
    }
}

fn head(view: &View<'_>) -> Vec<Finding> {
    // A crate may open with its README instead, which says the same.
    if !view.rust()
        || ["//!", "#![doc = include_str!("]
            .iter()
            .any(|head| view.text.starts_with(head))
    {
        return Vec::new();
    }
    vec![view.finding(
        1,
        "head",
        "begin with `//!`: what the file is for and what it leaves out",
    )]
}

fn length(view: &View<'_>) -> Vec<Finding> {
    let lines = view.text.lines().count();
    let counted = view.rust() || view.is("py") && !view.recorded();
    if !counted || lines <= LINES_MAX {
        return Vec::new();
    }
    let advice = format!("{lines} lines, at most {LINES_MAX}: find the second idea and give it a file");
    vec![view.finding(LINES_MAX + 1, "length", advice)]
}

fn ignored(view: &View<'_>) -> Vec<Finding> {
    if !view.rust() {
        return Vec::new();
    }
    view.each("ignore", |line| {
        let line = line.trim_start();
        (line.starts_with(concat!("#[ig", "nore")) || line.contains(concat!(", ig", "nore)]")))
            .then(|| "a test that does not run is no test: repair it or remove it".to_owned())
    })
}

fn sleeping(view: &View<'_>) -> Vec<Finding> {
    // One file may pause between two looks at something that another program changes.
    if !view.rust() || view.path.ends_with("/wait.rs") {
        return Vec::new();
    }
    // The programs beside the tests are none: what they measure takes its time.
    let within = view.path.strip_prefix("tests/src/").unwrap_or(view.path);
    let all_tests = within
        .split('/')
        .any(|part| part == "tests" || part == "tests.rs");
    let from = if all_tests {
        0
    } else {
        view.lines()
            .find(|(_, line)| line.trim() == "#[cfg(test)]")
            .map_or(usize::MAX, |(line, _)| line)
    };
    let sleeps = [concat!("thread::sl", "eep"), concat!("time::sl", "eep")];
    view.lines()
        .filter(|(line, text)| *line > from && sleeps.iter().any(|sleep| calls(text, sleep)))
        .map(|(line, _)| {
            view.finding(
                line,
                "sleep",
                "wait on the condition with a deadline, or move the clock by hand",
            )
        })
        .collect()
}

/// Whether a function is called, and not handed over as a timer (`&tokio::time::x)`).
fn calls(text: &str, function: &str) -> bool {
    text.match_indices(function)
        .any(|(at, _)| !text[at + function.len()..].starts_with([')', ',', ';']))
}

fn unfinished(view: &View<'_>) -> Vec<Finding> {
    if view.recorded()
        || view.vendored()
        || !["rs", "py", "toml", "md", "sh", "sql"].iter().any(|e| view.is(e))
    {
        return Vec::new();
    }
    view.each("unfinished", |line| {
        let mark = UNFINISHED.iter().find(|mark| stands_alone(line, mark))?;
        Some(format!("`{mark}` is work left over: finish it or file it"))
    })
}

fn names(view: &View<'_>) -> Vec<Finding> {
    if !view.rust() {
        return Vec::new();
    }
    let stem = view
        .path
        .rsplit('/')
        .next()
        .and_then(|name| name.strip_suffix(".rs"))
        .unwrap_or_default();
    let empty = |word: &str| EMPTY_NAMES.iter().find(|name| name.eq_ignore_ascii_case(word));
    let mut found: Vec<Finding> = stem
        .split('_')
        .filter_map(empty)
        .map(|name| {
            view.finding(
                1,
                "name",
                format!("`{name}` says nothing: name the file after its idea"),
            )
        })
        .collect();
    found.extend(view.each("name", |line| {
        let name = declared_type(line)?;
        let word = EMPTY_NAMES.iter().find(|word| name.ends_with(*word))?;
        Some(format!(
            "`{name}`: if no noun but `{word}` fits, the type has two jobs"
        ))
    }));
    found
}

/// The name of the type a line declares.
fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words.find(|word| ["struct", "enum", "trait", "type"].contains(word))?;
    let rest = words.next()?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    rest.starts_with(char::is_uppercase).then_some(&rest[..end])
}

fn machine_paths(view: &View<'_>) -> Vec<Finding> {
    view.each("machine", |line| {
        let path = MACHINE_PATHS.iter().find(|path| starts_a_path(line, path))?;
        Some(format!(
            "`{path}` is a folder of one machine: say it from the project's root"
        ))
    })
}

fn registries(view: &View<'_>) -> Vec<Finding> {
    if view.path == "Cargo.lock" {
        return Vec::new();
    }
    view.each("registry", |line| {
        let host = REGISTRY_HOSTS.iter().find(|host| line.contains(*host))?;
        Some(format!(
            "`{host}` is a registry's host: name the package, its client knows the host"
        ))
    })
}

fn secrets(view: &View<'_>) -> Vec<Finding> {
    if view.path == "Cargo.lock" {
        return Vec::new();
    }
    view.each("secret", |line| {
        let kind = if line.contains(concat!("PRIVATE ", "KEY-----")) {
            "a private key"
        } else {
            line.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
                .find_map(secret)?
        };
        Some(format!(
            "looks like {kind}: revoke it if it is real, make it plainly false if it is not"
        ))
    })
}

/// What a word looks like, if it looks like a credential.
fn secret(word: &str) -> Option<&'static str> {
    let long_token =
        word.starts_with(concat!("ey", "J")) && word.len() >= 60 && word.matches('.').count() == 2;
    let key_id = word.len() == 20
        && word.starts_with(concat!("AK", "IA"))
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let forge = [
        concat!("gh", "p_"),
        concat!("gh", "o_"),
        concat!("github_", "pat_"),
    ];
    match word {
        _ if long_token => Some("an access token"),
        _ if key_id => Some("a cloud key"),
        _ if word.len() >= 36 && forge.iter().any(|prefix| word.starts_with(prefix)) => Some("a forge token"),
        _ => None,
    }
}

fn whitespace(view: &View<'_>) -> Vec<Finding> {
    if view.recorded() || view.vendored() {
        return Vec::new();
    }
    view.each("whitespace", |line| {
        if line.ends_with('\r') {
            Some("ends in CR LF: end lines with LF".to_owned())
        } else {
            line.ends_with([' ', '\t'])
                .then(|| "blanks at the end of the line: remove them".to_owned())
        }
    })
}

fn ending(view: &View<'_>) -> Vec<Finding> {
    if view.recorded() || view.vendored() || view.text.is_empty() || view.text.ends_with('\n') {
        return Vec::new();
    }
    vec![view.finding(
        view.text.lines().count(),
        "ending",
        "end the last line with a line feed",
    )]
}

/// Whether `mark` is in the line and no part of a longer word.
fn stands_alone(line: &str, mark: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(mark).any(|(at, _)| {
        let after = &line[at + mark.len()..];
        !word(line[..at].chars().next_back()) && (mark.ends_with('(') || !word(after.chars().next()))
    })
}

/// Whether an absolute path with this beginning is in the line, rather than the middle of another path.
fn starts_a_path(line: &str, path: &str) -> bool {
    let within = |c: char| c.is_alphanumeric() || "._-*}~)".contains(c);
    line.match_indices(path)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(within))
}
