//! Writing an export, checking what is written.

use std::collections::VecDeque;
use std::io::Write;

use sha2::{Digest as _, Sha256};

use super::super::{ChainedEntry, Digest, Link, Seal, Verified, Verifier};
use super::ExportError;
use super::line::{End, Entry, FORMAT, Header, Line};

/// Writes sealed days, entry by entry. Without [`ExportWriter::finish`] what it wrote is not accepted as an export.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use sangam_core::ports::AuditEntry;
/// # use sangam_storage::chain::{ExportError, ExportWriter, Digest, Link, OpenDay, verify_export};
/// # let entry = AuditEntry { at: "2026-11-23T03:45:00Z".parse().unwrap(), actor: "desk".into(),
/// #     event: "order.received".into(), subject: "018f".into(), detail: "{}".into() };
/// let entry = Link::GENESIS.next(entry);
/// let seal = OpenDay::begin(&entry).seal();
///
/// let mut export = ExportWriter::begin(Vec::new(), Digest::GENESIS, vec![seal.clone()])?;
/// export.entry(&entry)?;
/// let (file, written) = export.finish()?;
/// assert_eq!(written.sealed, [seal]);
///
/// assert_eq!(verify_export(file.as_slice(), BTreeMap::new())?, written);
/// let cut = &file[..file.len() / 2];
/// assert!(matches!(verify_export(cut, BTreeMap::new()), Err(ExportError::Cut { lines: 2 })));
/// # Ok::<(), ExportError>(())
/// ```
#[derive(Debug)]
pub struct ExportWriter<W> {
    out: W,
    verifier: Verifier,
    /// The seals not yet written.
    seals: VecDeque<Seal>,
    end: Link,
    days: u64,
    sum: Sha256,
    buffer: Vec<u8>,
}

impl<W: Write> ExportWriter<W> {
    /// With the days that are to be in it, oldest first and without a gap, and the hash before their first entry.
    ///
    /// # Errors
    /// When there is no day, the seals do not follow each other, or the header cannot be written.
    pub fn begin(out: W, previous: Digest, seals: Vec<Seal>) -> Result<Self, ExportError> {
        let (Some(first), Some(last)) = (seals.first(), seals.last()) else {
            return Err(ExportError::NoDays);
        };
        let header = Header {
            format: FORMAT.into(),
            from: first.day,
            to: last.day,
            first: first.first,
            previous,
        };
        let start = Link {
            sequence: first.first.saturating_sub(1),
            hash: previous,
            day: None,
        };
        let mut export = Self {
            out,
            verifier: Verifier::of_days(start, seals.clone())?,
            end: last.link(),
            days: seals.len() as u64,
            seals: seals.into(),
            sum: Sha256::new(),
            buffer: Vec::new(),
        };
        export.line(&Line::Header(header))?;
        Ok(export)
    }

    /// Writes the next entry, and the seal after the last of a day.
    ///
    /// # Errors
    /// When the chain is broken here, or it cannot be written.
    pub fn entry(&mut self, entry: &ChainedEntry) -> Result<(), ExportError> {
        self.verifier.push(entry)?;
        self.line(&Line::Entry(Entry::from(entry)))?;
        let over = |seal: &mut Seal| seal.last() <= entry.sequence;
        if let Some(seal) = self.seals.pop_front_if(over) {
            self.line(&Line::Seal(seal))?;
        }
        Ok(())
    }

    /// Writes the last line, flushes, and gives back what was written to. Syncing a file to its disk is the caller's.
    ///
    /// # Errors
    /// When entries are missing, a day is not what was sealed, or it cannot be written.
    pub fn finish(mut self) -> Result<(W, Verified), ExportError> {
        let verified = self.verifier.finish(&self.end.head())?;
        let end = Line::End(End {
            days: self.days,
            entries: verified.entries,
            sha256: Digest::of(self.sum),
        });
        end.write(&mut self.buffer);
        self.out.write_all(&self.buffer).map_err(ExportError::Write)?;
        self.out.flush().map_err(ExportError::Write)?;
        Ok((self.out, verified))
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), ExportError> {
        line.write(&mut self.buffer);
        self.sum.update(&self.buffer);
        self.out.write_all(&self.buffer).map_err(ExportError::Write)
    }
}
