//! Masters kept on disk as they came, one folder a date and a broker, so that a restart needs no download. They are
//! read again at start: what is on disk is what the broker sent, and no second format can part from it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sangam_core::BrokerName;
use sangam_core::timestamp::Date;

use crate::build::BuildError;
use crate::conflict::BuildReport;
use crate::fault::{MasterError, ReadReport};
use crate::master::Master;
use crate::source::Source;
use crate::table::Table;

/// Masters on disk.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk refused.
    #[error("cannot {doing} {}; check that the folder exists and is writable", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no master; nothing was stored.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The file is a master, of another broker.
    #[error("{file}: this is a master of {found}, not of {expected}; nothing was stored")]
    OtherBroker {
        /// The file.
        file: String,
        /// The broker it was stored for.
        expected: BrokerName,
        /// The broker whose names it holds.
        found: BrokerName,
    },
    /// A name that is no plain file name.
    #[error("{name:?} cannot be a file name: letters, digits, '.', '_' and '-' only, not beginning with '.'")]
    Name {
        /// What was given.
        name: String,
    },
    /// Nothing readable of that date.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A table read from disk.
#[derive(Debug)]
pub struct Loaded {
    /// The table.
    pub table: Table,
    /// How it came about.
    pub report: LoadReport,
}

/// What reading the store came to.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// What was read and skipped, for each file by broker and name.
    pub read: Vec<(BrokerName, String, ReadReport)>,
    /// Files that are no masters or could not be read; they were left out.
    pub refused: Vec<StoreError>,
    /// Later dates passed over because nothing of theirs could be read.
    pub passed_over: Vec<Date>,
    /// How the masters were joined.
    pub build: BuildReport,
}

impl Store {
    /// Opens a folder, making it if need be.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it cannot be made.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(at("make the folder", &dir))?;
        Ok(Self { dir })
    }

    /// Stores one master, under its date, broker and name, after reading it: what is no master is never stored, and a
    /// file of the same name is replaced in one step.
    ///
    /// # Errors
    /// [`StoreError::Master`] or [`StoreError::OtherBroker`] for what does not belong there, [`StoreError::Io`] when the
    /// disk refuses. What was stored before stays in each case.
    pub fn save(
        &self,
        date: Date,
        broker: BrokerName,
        name: &str,
        bytes: &[u8],
    ) -> Result<Master, StoreError> {
        if !is_file_name(name) {
            return Err(StoreError::Name {
                name: name.to_owned(),
            });
        }
        let master = Master::read(&Source::new(name, bytes))?;
        if master.broker() != broker {
            return Err(StoreError::OtherBroker {
                file: name.to_owned(),
                expected: broker,
                found: master.broker(),
            });
        }
        let folder = self.dir.join(date.to_string()).join(broker.as_str());
        fs::create_dir_all(&folder).map_err(at("make the folder", &folder))?;
        let path = folder.join(name);
        let unfinished = folder.join(format!(".{name}.part"));
        write_through(&unfinished, bytes)
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(at("write", &path))?;
        Ok(master)
    }

    /// The dates there is something of, latest first.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the folder cannot be listed.
    pub fn dates(&self) -> Result<Vec<Date>, StoreError> {
        let mut dates: Vec<Date> = names_in(&self.dir)?
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        dates.sort_unstable_by(|one, other| other.cmp(one));
        Ok(dates)
    }

    /// Reads the table of one date. Files that cannot be read are left out and reported.
    ///
    /// # Errors
    /// [`StoreError::Build`] when nothing of that date can be read, [`StoreError::Io`] when the folder cannot be listed.
    pub fn load(&self, date: Date) -> Result<Loaded, StoreError> {
        let mut report = LoadReport::default();
        let table = self.read_date(date, &mut report)?;
        Ok(Loaded { table, report })
    }

    /// Reads the table of the latest date of which anything can be read; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a folder cannot be listed.
    pub fn load_latest(&self) -> Result<Option<Loaded>, StoreError> {
        let mut report = LoadReport::default();
        for date in self.dates()? {
            match self.read_date(date, &mut report) {
                Ok(table) => return Ok(Some(Loaded { table, report })),
                Err(StoreError::Build(_)) => report.passed_over.push(date),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Removes all but the latest dates and tells which went.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a folder cannot be removed.
    pub fn keep_latest(&self, dates: usize) -> Result<Vec<Date>, StoreError> {
        let old: Vec<Date> = self.dates()?.into_iter().skip(dates).collect();
        for date in &old {
            let folder = self.dir.join(date.to_string());
            fs::remove_dir_all(&folder).map_err(at("remove the folder", &folder))?;
        }
        Ok(old)
    }

    fn read_date(&self, date: Date, report: &mut LoadReport) -> Result<Table, StoreError> {
        let mut masters = Vec::new();
        for broker in BrokerName::ALL {
            let folder = self.dir.join(date.to_string()).join(broker.as_str());
            if !folder.is_dir() {
                continue;
            }
            for name in names_in(&folder)? {
                let path = folder.join(&name);
                match read_file(&path, broker) {
                    Ok(master) => {
                        report.read.push((broker, name, master.report().clone()));
                        masters.push(master);
                    }
                    Err(error) => report.refused.push(error),
                }
            }
        }
        let (table, build) = Table::build(date, &masters)?;
        report.build = build;
        Ok(table)
    }
}

fn read_file(path: &Path, broker: BrokerName) -> Result<Master, StoreError> {
    let bytes = fs::read(path).map_err(at("read", path))?;
    let name = path.display().to_string();
    let master = Master::read(&Source::new(&name, &bytes))?;
    if master.broker() == broker {
        Ok(master)
    } else {
        Err(StoreError::OtherBroker {
            file: name,
            expected: broker,
            found: master.broker(),
        })
    }
}

/// Names of what lies in a folder, in order; unfinished files, which begin with a point, are not named.
fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for item in fs::read_dir(folder).map_err(at("list", folder))? {
        let name = item.map_err(at("list", folder))?.file_name();
        if let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError::Io { doing, path, source }
}
