//! Counts verdicts and prints them: a difference for each failure, then one line a broker.

use std::collections::BTreeMap;
use std::fmt;

use sangam_core::BrokerName;

use super::Verdict;

/// What became of all vectors.
#[derive(Debug, Default)]
pub struct Report {
    brokers: BTreeMap<BrokerName, Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: Vec<(String, String)>,
    not_offered: BTreeMap<&'static str, Vec<String>>,
}

impl Report {
    /// Counts one verdict.
    pub fn count(&mut self, broker: BrokerName, title: &str, verdict: Verdict) {
        let tally = self.brokers.entry(broker).or_default();
        match verdict {
            Verdict::Passed => tally.passed += 1,
            Verdict::Failed(difference) => tally.failed.push((title.to_owned(), difference)),
            Verdict::NotOffered(reason) => {
                tally
                    .not_offered
                    .entry(reason)
                    .or_default()
                    .push(title.to_owned());
            }
        }
    }

    /// Counts a failure that is not of a vector's own: an unreadable file, a broker without an adapter.
    pub fn fail(&mut self, broker: BrokerName, title: &str, why: &str) {
        self.count(broker, title, Verdict::Failed(why.to_owned()));
    }

    /// How many failed, over all brokers.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.brokers.values().map(|tally| tally.failed.len()).sum()
    }

    /// How many passed at a broker.
    #[must_use]
    pub fn passed(&self, broker: BrokerName) -> usize {
        self.brokers.get(&broker).map_or(0, |tally| tally.passed)
    }

    /// How many of a broker's vectors Sangam does not offer.
    #[must_use]
    pub fn not_offered(&self, broker: BrokerName) -> usize {
        self.brokers
            .get(&broker)
            .map_or(0, |tally| tally.not_offered.values().map(Vec::len).sum())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (broker, tally) in &self.brokers {
            for (title, difference) in &tally.failed {
                writeln!(f, "FAILED {broker} {title}")?;
                for line in difference.lines() {
                    writeln!(f, "    {line}")?;
                }
            }
        }
        for (broker, tally) in &self.brokers {
            for (reason, titles) in &tally.not_offered {
                writeln!(f, "not offered at {broker}, {reason}:")?;
                for title in titles {
                    writeln!(f, "    {title}")?;
                }
            }
        }
        for (broker, tally) in &self.brokers {
            let not_offered: usize = tally.not_offered.values().map(Vec::len).sum();
            writeln!(
                f,
                "{broker}: {} passed, {} failed, {not_offered} not offered",
                tally.passed,
                tally.failed.len()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_differences_and_closes_with_the_counts() {
        let mut report = Report::default();
        report.count(BrokerName::Upstox, "a", Verdict::Passed);
        report.count(BrokerName::Upstox, "b", Verdict::NotOffered("a socket"));
        report.fail(BrokerName::Fyers, "c", "path: expected \"/x\", sent \"/y\"");
        let text = report.to_string();
        assert!(text.contains("FAILED fyers c\n    path: expected"), "{text}");
        assert!(text.ends_with(
            "fyers: 0 passed, 1 failed, 0 not offered\nupstox: 1 passed, 0 failed, 1 not offered\n"
        ));
        assert_eq!(report.failed(), 1);
    }
}
