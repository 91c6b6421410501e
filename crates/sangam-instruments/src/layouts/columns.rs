//! Rows of comma-separated text as borrowed fields, and header names looked up without case.

use csv::{ByteRecord, ReaderBuilder};

/// One row of text fields.
pub(crate) struct Fields<'a>(&'a ByteRecord);

impl<'a> Fields<'a> {
    /// The trimmed text of a column; empty where the row is shorter or the bytes are no text.
    pub(crate) fn get(&self, column: Option<usize>) -> &'a str {
        column
            .and_then(|at| self.0.get(at))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
            .trim()
    }

    /// How many fields the row has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Where each wanted column stands in the header.
pub(crate) struct Header(Vec<String>);

impl Header {
    /// The first of some spellings.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.0.iter().position(|column| column == name))
    }
}

/// Reads the rows one after the other. With a header the first row goes to `begin`, else `begin` gets nothing.
///
/// The error is the line at which the text stops being readable.
pub(crate) fn each_row<T>(
    content: &[u8],
    has_header: bool,
    begin: impl FnOnce(&Header) -> T,
    mut row: impl FnMut(&T, u64, &Fields<'_>),
) -> Result<(), u64> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(content);
    let mut record = ByteRecord::new();
    let mut line = 1;
    let mut header = Header(Vec::new());
    if has_header {
        reader.read_byte_record(&mut record).map_err(|_| line)?;
        header.0 = record
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
            .collect();
    }
    let columns = begin(&header);
    loop {
        line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                let number = record
                    .position()
                    .map_or(line, |position| line_at(content, position));
                row(&columns, number, &Fields(&record));
            }
            Ok(false) => return Ok(()),
            Err(_) => return Err(line),
        }
    }
}

/// The line a record's text begins on: the reader counts it from the end of the record before, so line ends (the second
/// half of `\r\n`, empty lines) may still lie ahead.
fn line_at(content: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let ends = content.get(start..).unwrap_or_default().iter();
    let ahead = ends
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|byte| **byte == b'\n');
    position.line() + u64::try_from(ahead.count()).unwrap_or(0)
}
