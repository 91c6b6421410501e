//! What a budget called, in a small file, so that a process that was killed takes its windows up where they were.
//!
//! Each send and each end of a call is appended before the next thing happens and never synced: what was handed to the
//! system survives the death of the process, and nothing else is promised. A machine that went down, and a file from
//! another one, are told by the machine's boot id in the first line; then nobody knows what was called last, and the
//! windows wait. The file is begun anew when everything in it is older than the longest window; one forerunner is kept.
//!
//! How records act on the counters is in `resume`.

mod record;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::nanos::Nanos;
use crate::plan::Plan;
pub(crate) use record::{Kind, Record};

const MAGIC: &str = "sangam calls 1";
/// A file is begun anew only above this size, in bytes.
const ROTATE_ABOVE: u64 = 256 * 1024;
/// How far the wall clock may have moved since it was last written down.
const WALL_EVERY_S: u64 = 60;
/// A file of more than this is none of ours.
const SIZE_MAX: u64 = 256 * 1024 * 1024;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("calls cannot be written down in {path}: {source}; make it writable or move it away")]
pub struct JournalError {
    path: String,
    source: io::Error,
}

/// What the file said of the past.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// There was no file.
    Nothing,
    /// Calls of this machine since its start.
    Known(Vec<Record>),
    /// Calls from before the machine's start or from another machine: their readings mean nothing here.
    Elsewhere(Vec<Record>),
    /// A file that cannot be read.
    Damaged,
}

/// The open file of one budget.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    header: String,
    file: File,
    len: u64,
    /// The first record's reading, and how long a record matters.
    began: Option<Nanos>,
    keep_ns: u64,
    /// Calls sent and not ended, written again at the head of a new file.
    open: HashMap<u64, Record>,
    next_id: u64,
    wall: Option<u64>,
    pub(crate) fault: Option<String>,
}

impl Journal {
    /// Opens the file, made where it is missing, and reads what it says. `boot` names this start of this machine.
    pub(crate) fn open(
        path: &Path,
        boot: &str,
        plan: &Plan,
        now: Nanos,
    ) -> Result<(Self, Past), JournalError> {
        let scopes: Vec<&str> = plan.scopes.iter().map(|scope| &*scope.name).collect();
        let fault = |source| JournalError {
            path: path.display().to_string(),
            source,
        };
        let mut past = Past::Nothing;
        for part in [forerunner(path), path.to_owned()] {
            past = join(past, read(&part, boot, &scopes).map_err(fault)?);
        }
        let header = format!("{MAGIC}\n{}\n{}\n", one_line(boot), scopes.join(","));
        let longest = plan
            .scopes
            .iter()
            .flat_map(|scope| &scope.windows)
            .map(|(_, held)| *held);
        let keep_ns = longest
            .max()
            .unwrap_or(0)
            .saturating_add(crate::nanos::ns(plan.unanswered))
            .saturating_add(60_000_000_000);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(fault)?;
        let len = file.metadata().map_err(fault)?.len();
        let mut journal = Self {
            path: path.to_owned(),
            header,
            file,
            len,
            began: None,
            keep_ns,
            open: HashMap::new(),
            // Later than any id of an earlier opener, who began at an earlier reading.
            next_id: now.get().max(1),
            wall: None,
            fault: None,
        };
        match &past {
            Past::Known(records) => {
                journal.began = records.first().map(|record| record.at);
                journal.next_id = journal.next_id.max(
                    records
                        .iter()
                        .filter(|r| r.kind == Kind::Sent)
                        .map(|r| r.id + 1)
                        .max()
                        .unwrap_or(0),
                );
                journal.cut_tail().map_err(fault)?;
            }
            Past::Nothing | Past::Elsewhere(_) | Past::Damaged => journal.begin_anew(false).map_err(fault)?,
        }
        Ok((journal, past))
    }

    /// Cuts off what is no whole record, so that the next one stands where it is looked for.
    fn cut_tail(&mut self) -> io::Result<()> {
        let head = self.header.len() as u64;
        let rest = (self.len - head.min(self.len)) % record::LEN as u64;
        if rest > 0 {
            self.len -= rest;
            self.file.set_len(self.len)?;
        }
        Ok(())
    }

    /// Begins a new file. The old one is kept as the forerunner if it still matters.
    fn begin_anew(&mut self, keep: bool) -> io::Result<()> {
        let old = forerunner(&self.path);
        if keep {
            std::fs::rename(&self.path, &old)?;
        } else {
            remove(&old)?;
        }
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, &self.header)?;
        std::fs::rename(&fresh, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.len = self.header.len() as u64;
        self.began = None;
        let mut open: Vec<Record> = self.open.values().copied().collect();
        open.sort_by_key(|record| record.at);
        for record in open {
            self.write(&record)?;
        }
        Ok(())
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.file.write_all(&record.encode())?;
        self.len += record::LEN as u64;
        self.began.get_or_insert(record.at);
        Ok(())
    }

    /// Appends; after a fault nothing is written any more and no file is left, so that the next start knows that it knows
    /// nothing.
    pub(crate) fn append(&mut self, record: &Record) {
        if self.fault.is_some() {
            return;
        }
        let outdated = self
            .began
            .is_some_and(|began| record.at.get() > began.get().saturating_add(self.keep_ns));
        let written = if outdated && self.len > ROTATE_ABOVE {
            self.begin_anew(true).and_then(|()| self.write(record))
        } else {
            self.write(record)
        };
        if let Err(error) = written {
            self.fault = Some(format!("{}: {error}", self.path.display()));
            for part in [forerunner(&self.path), self.path.clone()] {
                // What cannot be removed either is told by the fault.
                let _left = remove(&part);
            }
        }
    }

    /// A call leaves; the answer is its id.
    pub(crate) fn sent(&mut self, scope: usize, weight: u32, at: Nanos, wall: Option<u64>) -> u64 {
        if let Some(seconds) = wall
            && self
                .wall
                .is_none_or(|last| seconds.abs_diff(last) >= WALL_EVERY_S)
        {
            self.wall = Some(seconds);
            self.append(&Record {
                kind: Kind::Wall,
                scope: 0,
                weight: 0,
                id: seconds,
                at,
            });
        }
        let id = self.next_id;
        self.next_id += 1;
        let record = Record {
            kind: Kind::Sent,
            scope: u8::try_from(scope).expect("at most 32 scopes"),
            weight,
            id,
            at,
        };
        self.append(&record);
        self.open.insert(id, record);
        id
    }

    /// A call that was sent ends.
    pub(crate) fn ended(&mut self, kind: Kind, id: u64, at: Nanos) {
        if let Some(sent) = self.open.remove(&id) {
            self.append(&Record { kind, at, ..sent });
        }
    }

    /// The file, to be synced by somebody who has the time.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

fn forerunner(path: &Path) -> PathBuf {
    path.with_extension("old")
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read(path: &Path, boot: &str, scopes: &[&str]) -> io::Result<Past> {
    let bytes = match std::fs::metadata(path) {
        Ok(found) if found.len() > SIZE_MAX => return Ok(Past::Damaged),
        Ok(_) => std::fs::read(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Past::Nothing),
        Err(error) => return Err(error),
    };
    let mut rest = &bytes[..];
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at(end);
        rest = &after[1..];
        std::str::from_utf8(line).ok()
    };
    let (Some(MAGIC), Some(made_in), Some(names)) = (line(), line(), line()) else {
        return Ok(Past::Damaged);
    };
    // Scopes are told by name: the rules may have changed since. One that is gone is charged to the outermost.
    let places: Vec<u8> = names
        .split(',')
        .map(|name| {
            let at = scopes.iter().position(|scope| *scope == name).unwrap_or(0);
            u8::try_from(at).unwrap_or(0)
        })
        .collect();
    let mut records = Vec::with_capacity(rest.len() / record::LEN);
    for chunk in rest.chunks_exact(record::LEN) {
        let record = Record::decode(chunk.try_into().expect("whole chunks"));
        let Some((record, place)) = record.and_then(|r| Some((r, *places.get(usize::from(r.scope))?))) else {
            return Ok(Past::Damaged);
        };
        records.push(Record {
            scope: place,
            ..record
        });
    }
    Ok(if made_in == one_line(boot) && !made_in.is_empty() {
        Past::Known(records)
    } else {
        Past::Elsewhere(records)
    })
}

/// A forerunner and the file after it.
fn join(first: Past, then: Past) -> Past {
    match (first, then) {
        (Past::Damaged, _) | (_, Past::Damaged) => Past::Damaged,
        (Past::Nothing, past) | (past, Past::Nothing) => past,
        (Past::Known(mut all), Past::Known(more)) => {
            all.extend(more);
            Past::Known(all)
        }
        (Past::Known(mut all) | Past::Elsewhere(mut all), Past::Known(more) | Past::Elsewhere(more)) => {
            all.extend(more);
            Past::Elsewhere(all)
        }
    }
}
