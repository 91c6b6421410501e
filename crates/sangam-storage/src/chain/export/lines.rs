//! Reading the lines of an export, each on its own.

use std::io::{BufRead, Read as _};

use sha2::{Digest as _, Sha256};

use super::super::Digest;
use super::ExportError;
use super::line::{End, FORMAT, Header, Line, Opening};

/// A line of an export is read whole; this is far more than an entry has.
const LINE_MAX: u64 = 16 << 20;

/// The lines, each held to the form it is written in, and the sum over those before.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    text: Vec<u8>,
    /// The line as it would be written.
    again: Vec<u8>,
    sum: Sha256,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            text: Vec::new(),
            again: Vec::new(),
            sum: Sha256::new(),
        }
    }

    /// The first line.
    pub(super) fn header(&mut self) -> Result<Header<'static>, ExportError> {
        self.read()?;
        if let Ok(opening) = serde_json::from_slice::<Opening<'_>>(&self.text)
            && opening.header.format != FORMAT
        {
            return Err(ExportError::OtherFormat {
                found: opening.header.format.into_owned(),
            });
        }
        match self.parse()? {
            Line::Header(header) => Ok(Header {
                format: FORMAT.into(),
                ..header
            }),
            line => Err(ExportError::OutOfPlace {
                line: 1,
                found: line.kind(),
                expected: "a header",
            }),
        }
    }

    /// The next line and its number.
    pub(super) fn next(&mut self) -> Result<(u64, Line<'_>), ExportError> {
        self.sum.update(&self.text);
        self.read()?;
        Ok((self.number, self.parse()?))
    }

    /// After the last line.
    pub(super) fn end(mut self, end: &End) -> Result<(), ExportError> {
        let line = self.number;
        let more = self
            .reader
            .fill_buf()
            .map_err(|source| ExportError::Read { line, source })?;
        if !more.is_empty() {
            return Err(ExportError::Trailing { line });
        }
        says(
            line,
            "the SHA-256 of the lines before it",
            &end.sha256,
            &Digest::of(self.sum),
        )
    }

    fn read(&mut self) -> Result<(), ExportError> {
        self.number += 1;
        self.text.clear();
        let line = self.number;
        // One more than it may have, to see that it has more.
        let read = (&mut self.reader)
            .take(LINE_MAX + 1)
            .read_until(b'\n', &mut self.text)
            .map_err(|source| ExportError::Read { line, source })?;
        if read as u64 > LINE_MAX {
            return Err(ExportError::TooLong {
                line,
                longest: LINE_MAX,
            });
        }
        match self.text.last() {
            None => Err(ExportError::Cut { lines: line - 1 }),
            Some(b'\n') => Ok(()),
            Some(_) => Err(ExportError::Cut { lines: line }),
        }
    }

    fn parse(&mut self) -> Result<Line<'_>, ExportError> {
        let number = self.number;
        let line: Line<'_> = serde_json::from_slice(&self.text)
            .map_err(|source| ExportError::NotALine { line: number, source })?;
        line.write(&mut self.again);
        if self.again != self.text {
            return Err(ExportError::NotAsWritten { line: number });
        }
        Ok(line)
    }
}

/// Holds what a line says against what is there.
pub(super) fn says<T: PartialEq + ToString>(
    line: u64,
    what: &'static str,
    says: &T,
    found: &T,
) -> Result<(), ExportError> {
    if says == found {
        return Ok(());
    }
    Err(ExportError::Untrue {
        line,
        what,
        says: says.to_string(),
        found: found.to_string(),
    })
}
