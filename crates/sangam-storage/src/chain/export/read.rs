//! Checking an export: what its lines say together.

use std::collections::BTreeMap;
use std::io::BufRead;

use sangam_core::timestamp::Date;

use super::super::days::{compare, hold};
use super::super::{Broken, ChainedEntry, Digest, Link, Part, Seal, Verified};
use super::ExportError;
use super::line::{End, Header, Line};
use super::lines::{Lines, says};

/// Checks a whole export: every entry, every seal, the chain between them, and each root given from outside.
///
/// Exports that follow each other join where the `head` of one is what the next comes `after`.
///
/// # Errors
/// When it cannot be read or is not, to the byte, what was written, with the line it was seen in; when a root is another
/// one, or is expected of a day that is not in it.
pub fn verify_export(
    reader: impl BufRead,
    expected: BTreeMap<Date, Digest>,
) -> Result<Verified, ExportError> {
    let mut lines = Lines::of(reader);
    let header = lines.header()?;
    let mut checked = Checked::after(&header, expected)?;
    let (number, end) = loop {
        let (number, line) = lines.next()?;
        let broken = |broken| ExportError::Broken { line: number, broken };
        match line {
            Line::Entry(entry) => checked.entry(&entry.into()).map_err(broken)?,
            Line::Seal(seal) if checked.is_open() => checked.seal(seal).map_err(broken)?,
            Line::End(end) if !checked.is_open() && !checked.sealed.is_empty() => break (number, end),
            line => {
                return Err(ExportError::OutOfPlace {
                    line: number,
                    found: line.kind(),
                    expected: checked.expects(),
                });
            }
        }
    };
    lines.end(&end)?;
    checked.end(&header, &end, number)
}

/// What was read so far.
struct Checked {
    start: Link,
    part: Part,
    expected: BTreeMap<Date, Digest>,
    sealed: Vec<Seal>,
}

impl Checked {
    fn after(header: &Header<'_>, expected: BTreeMap<Date, Digest>) -> Result<Self, ExportError> {
        let Some(sequence) = header.first.checked_sub(1) else {
            return Err(ExportError::Untrue {
                line: 1,
                what: "the number of the first entry",
                says: "0".to_owned(),
                found: "1 or more".to_owned(),
            });
        };
        if sequence == 0 {
            says(
                1,
                "the hash before the first entry",
                &header.previous,
                &Digest::GENESIS,
            )?;
        }
        let start = Link {
            sequence,
            hash: header.previous,
            day: None,
        };
        Ok(Self {
            start,
            part: Part::after(start),
            expected,
            sealed: Vec::new(),
        })
    }

    fn entry(&mut self, entry: &ChainedEntry) -> Result<(), Broken> {
        self.part.push(entry)?;
        if let Some(over) = self.part.days_over().next() {
            return Err(Broken::NotSealed { day: over.day() });
        }
        if self.sealed.last().is_some_and(|seal| seal.day == entry.day) {
            return Err(Broken::Reopened {
                sequence: entry.sequence,
                day: entry.day,
            });
        }
        Ok(())
    }

    fn seal(&mut self, seal: Seal) -> Result<(), Broken> {
        if let Some(day) = self.part.take_day() {
            let found = day.seal();
            if seal.day != found.day {
                return Err(Broken::NotSealed { day: found.day });
            }
            compare(&seal, &found)?;
        }
        hold(&mut self.expected, &seal)?;
        self.sealed.push(seal);
        Ok(())
    }

    fn end(mut self, header: &Header<'_>, end: &End, line: u64) -> Result<Verified, ExportError> {
        let head = self.part.link().head();
        let entries = head.sequence - self.start.sequence;
        let days = || self.sealed.iter().map(|seal| seal.day);
        let shown = |day: Option<Date>| day.map_or_else(|| "none".to_owned(), |day| day.to_string());
        says(
            1,
            "the first day",
            &header.from.to_string(),
            &shown(days().next()),
        )?;
        says(
            1,
            "the last day",
            &header.to.to_string(),
            &shown(days().next_back()),
        )?;
        says(line, "the count of entries", &end.entries, &entries)?;
        says(line, "the count of days", &end.days, &(self.sealed.len() as u64))?;
        if let Some((day, _)) = self.expected.pop_first() {
            let broken = Broken::NoSuchDay { day };
            return Err(ExportError::Broken { line, broken });
        }
        Ok(Verified {
            after: self.start,
            head,
            entries,
            sealed: self.sealed,
            open: None,
        })
    }

    /// Whether entries were read that no seal has followed yet.
    fn is_open(&self) -> bool {
        self.part.has_days()
    }

    fn expects(&self) -> &'static str {
        match (self.is_open(), self.sealed.is_empty()) {
            (true, _) => "an entry or a seal",
            (false, true) => "an entry",
            (false, false) => "an entry or the last line",
        }
    }
}
