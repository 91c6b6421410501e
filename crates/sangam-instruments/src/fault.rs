//! What was wrong with a file or a row, and the bounded list of it. Leaves out conflicts between rows that are each
//! right: those are `conflict`.

use std::fmt;

/// The most reports of one kind that are kept; the rest are counted.
pub const REPORTS_MAX: usize = 100;

/// Why a file is no master. The table of before stays in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterError {
    /// Nothing in it.
    #[error("{file}: the file is empty; expected a symbol master of Flattrade, Fyers or Upstox")]
    Empty {
        /// The file.
        file: String,
    },
    /// The compressed stream ends early or is damaged.
    #[error("{file}: the gzip data is damaged or cut short; download it again")]
    Gzip {
        /// The file.
        file: String,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// Larger than any master, so probably not one.
    #[error("{file}: more than {limit} bytes once unpacked, which no symbol master has")]
    TooLarge {
        /// The file.
        file: String,
        /// The bound, in bytes.
        limit: u64,
    },
    /// None of the known layouts.
    #[error("{file}: no symbol master: {found}; expected {}", EXPECTED)]
    UnknownLayout {
        /// The file.
        file: String,
        /// What it looks like instead.
        found: &'static str,
    },
    /// The right layout, and something in it that cannot be read past.
    #[error("{file}: {layout} stops being readable at {at} {number}; download it again")]
    Broken {
        /// The file.
        file: String,
        /// The layout it began as.
        layout: crate::Layout,
        /// `line` or `item`.
        at: &'static str,
        /// Which one, counted from one.
        number: u64,
    },
    /// The right layout without an instrument.
    #[error("{file}: {layout} without a single instrument; download it again")]
    NoRows {
        /// The file.
        file: String,
        /// The layout.
        layout: crate::Layout,
    },
    /// More rows malformed than well formed: a layout that changed, or another file.
    #[error("{file}: {malformed} of {rows} rows cannot be read as {layout}; first: {first}")]
    MostlyMalformed {
        /// The file.
        file: String,
        /// The layout.
        layout: crate::Layout,
        /// Rows that could not be read.
        malformed: u64,
        /// Rows in all.
        rows: u64,
        /// The first of them.
        first: RowFault,
    },
}

/// What the layouts are, for people.
const EXPECTED: &str = "a Flattrade or Noren file whose first line names Exchange, Token and Tradingsymbol, a Fyers CSV \
                        of 17 or more columns with a symbol such as NSE:SBIN-EQ in the tenth, an Upstox JSON array of \
                        instruments, or an Upstox CSV whose first line names instrument_key";

/// One row that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The file.
    pub file: String,
    /// `line` for text, `item` for JSON.
    pub at: &'static str,
    /// Which one, counted from one; a header counts as a line.
    pub number: u64,
    /// What was wrong.
    pub problem: String,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}: {}", self.file, self.at, self.number, self.problem)
    }
}

/// What reading one file came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Rows that are instruments.
    pub read: u64,
    /// Rows that could not be read and were skipped.
    pub malformed: u64,
    /// Rows that are no instrument here: underlyings without a contract, other countries' indices.
    pub ignored: u64,
    /// The first [`REPORTS_MAX`] malformed rows.
    pub faults: Vec<RowFault>,
}

/// Why a row is skipped, before the file and line are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Skip {
    /// Nothing wrong, only no instrument.
    NotAnInstrument,
    /// Something wrong.
    Malformed(String),
}

impl Skip {
    /// A field whose text cannot be read; long texts are cut.
    pub(crate) fn field(name: &str, text: &str) -> Self {
        let cut: String = text.chars().take(40).collect();
        Self::Malformed(format!("{name} {cut:?} is not valid"))
    }

    /// A field that is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self::Malformed(format!("{name} is missing"))
    }
}
