//! Counting tests: what passed, failed and was left out, read from the lines that runners print.

use std::ops::AddAssign;

/// Totals of one or several runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests the runner knew and did not run. There should be none.
    pub(crate) ignored: u64,
}

impl Tally {
    /// Whether anything ran at all.
    pub(crate) fn ran(self) -> bool {
        self.passed + self.failed > 0
    }

    /// The totals in a `test result:` line of a Rust test binary.
    pub(crate) fn from_test_result(line: &str) -> Option<Self> {
        let (_verdict, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let count = |label: &str| {
            counts
                .split(';')
                .find_map(|part| part.trim().strip_suffix(label)?.trim().parse::<u64>().ok())
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            ignored: count("ignored")?,
        })
    }

    /// The totals in a line like `upstox: 12 passed, 0 failed`, whatever follows.
    pub(crate) fn from_named_totals(line: &str) -> Option<Self> {
        let (name, counts) = line.trim().split_once(": ")?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let mut parts = counts.split(", ");
        let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let rest = parts.next()?;
        let failed = rest.split_once(" failed")?.0.parse().ok()?;
        Some(Self {
            passed,
            failed,
            ignored: 0,
        })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn totals(passed: u64, failed: u64, ignored: u64) -> Option<Tally> {
        Some(Tally {
            passed,
            failed,
            ignored,
        })
    }

    #[test]
    fn reads_the_result_line_of_a_test_binary() {
        let line = "test result: FAILED. 31 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.07s";
        assert_eq!(Tally::from_test_result(line), totals(31, 2, 1));
    }

    #[test]
    fn other_lines_are_no_result() {
        for line in [
            "",
            "running 3 tests",
            "test result: ok",
            "test a ... ok",
            "the test result: ok. 1 passed",
        ] {
            assert_eq!(Tally::from_test_result(line), None, "{line}");
        }
    }

    #[test]
    fn reads_named_totals_and_what_may_follow() {
        assert_eq!(
            Tally::from_named_totals("upstox: 12 passed, 3 failed"),
            totals(12, 3, 0)
        );
        assert_eq!(
            Tally::from_named_totals("fyers: 90 passed, 0 failed, 7 not offered"),
            totals(90, 0, 0)
        );
        assert_eq!(
            Tally::from_named_totals("fyers: 90 passed, 1 failed; 7 not offered"),
            totals(90, 1, 0)
        );
    }

    #[test]
    fn a_grand_total_without_a_name_does_not_count_twice() {
        assert_eq!(Tally::from_named_totals("12 passed, 3 failed"), None);
        assert_eq!(Tally::from_named_totals("in all: 12 passed, 3 failed"), None);
        assert_eq!(Tally::from_named_totals("upstox: twelve passed, 3 failed"), None);
    }
}
