//! Why an export could not be written, or is not accepted.

use super::super::Broken;
use super::line::FORMAT;

/// What went wrong with an export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no day to write.
    #[error("there is no sealed day to export: name days that are over and have entries")]
    NoDays,
    /// The chain that was to be written is broken.
    #[error("the chain is broken and not exported: {0}")]
    ChainBroken(#[from] Broken),
    /// Writing failed; what is there by now is no export.
    #[error(
        "the export cannot be written; remove what is there of it and free the disk or name another place"
    )]
    Write(#[source] std::io::Error),
    /// Reading failed.
    #[error("line {line} cannot be read")]
    Read {
        /// Counted from 1.
        line: u64,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line no entry can have made.
    #[error("line {line} is longer than {longest} bytes: this is no export, or damaged")]
    TooLong {
        /// Counted from 1.
        line: u64,
        /// What a line may have.
        longest: u64,
    },
    /// Of another version.
    #[error("the export has the form {found:?}, this version reads {FORMAT:?}: use the sangam that wrote it")]
    OtherFormat {
        /// As the header has it.
        found: String,
    },
    /// No line of an export.
    #[error("line {line} is no line of an export")]
    NotALine {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A line that says something, but in other bytes than it was written in.
    #[error("line {line} is not in the form it was written in: it was edited")]
    NotAsWritten {
        /// Counted from 1.
        line: u64,
    },
    /// A line where it does not belong.
    #[error("line {line} is {found}, where {expected} belongs: lines were taken out, added or moved")]
    OutOfPlace {
        /// Counted from 1.
        line: u64,
        /// What it is.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// The end is not there.
    #[error("the export is cut: it ends with line {lines}, before its last line")]
    Cut {
        /// How many lines there are, the last perhaps not whole.
        lines: u64,
    },
    /// Something follows the last line.
    #[error("something follows line {line}, which is the last of the export: remove it")]
    Trailing {
        /// The number of the last line.
        line: u64,
    },
    /// The header or the last line says something else than what is there.
    #[error("line {line} says that {what} is {says}, but it is {found}")]
    Untrue {
        /// Counted from 1.
        line: u64,
        /// What.
        what: &'static str,
        /// As the line has it.
        says: String,
        /// As it is.
        found: String,
    },
    /// The chain in it is broken.
    #[error("line {line}: {broken}")]
    Broken {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        broken: Broken,
    },
}
