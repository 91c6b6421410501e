//! One file read: its rows in a compact form, its text in one piece, and what was skipped. Leaves out joining
//! brokers: that is `build`.

use std::borrow::Cow;

use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};

use crate::fault::{MasterError, REPORTS_MAX, ReadReport, RowFault, Skip};
use crate::layouts;
use crate::source::{self, Layout, Source};

/// Longest order name, key or token a master can hold.
const NAME_MAX: usize = 60;
/// Longest long name kept.
const TITLE_MAX: usize = 80;

/// Highest strike kept, in ten-thousandths of a rupee: ten million rupees, forty times the highest seen.
const STRIKE_MAX: i64 = 100_000_000_000;

/// Instead of a token, where an index row has none.
pub(crate) const NO_TOKEN: u32 = u32::MAX;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Index,
    Cash,
    Future,
    Call,
    Put,
}

impl Kind {
    pub(crate) fn is_option(self) -> bool {
        matches!(self, Self::Call | Self::Put)
    }

    pub(crate) fn is_derivative(self) -> bool {
        !matches!(self, Self::Index | Self::Cash)
    }
}

/// A piece of a master's text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    at: u32,
    len: u16,
}

/// One row, as a layout hands it over.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) exchange: Exchange,
    pub(crate) kind: Kind,
    pub(crate) token: u32,
    /// The underlying of a derivative, the ticker of a share, the short name of an index.
    pub(crate) ticker: Cow<'a, str>,
    /// Series or group; empty where the master does not tell it.
    pub(crate) series: &'a str,
    /// The broker's order name.
    pub(crate) order: &'a str,
    pub(crate) isin: &'a str,
    pub(crate) title: &'a str,
    /// Day number; nought for cash and indices.
    pub(crate) expiry: i32,
    /// Ten-thousandths of a rupee; nought unless an option.
    pub(crate) strike: i64,
    pub(crate) lot: u32,
    /// Millionths of a rupee; `None` where the master does not tell it.
    pub(crate) tick: Option<u32>,
    pub(crate) freeze: Option<u32>,
    /// Thousandths of a rupee that one unit of quantity gains when the price rises by one; `None` where not told.
    pub(crate) multiplier: Option<u32>,
}

/// One row, kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) strike: i64,
    pub(crate) ticker: Span,
    pub(crate) series: Span,
    pub(crate) order: Span,
    pub(crate) isin: Span,
    pub(crate) title: Span,
    pub(crate) token: u32,
    pub(crate) expiry: i32,
    pub(crate) lot: u32,
    pub(crate) number: u32,
    pub(crate) tick: Option<u32>,
    pub(crate) freeze: Option<u32>,
    pub(crate) multiplier: Option<u32>,
    pub(crate) exchange: Exchange,
    pub(crate) kind: Kind,
}

/// A symbol master, read.
#[derive(Debug)]
pub struct Master {
    name: String,
    layout: Layout,
    data_date: Option<Date>,
    text: String,
    rows: Vec<Row>,
    report: ReadReport,
    at: &'static str,
}

impl Master {
    /// Reads a master; its layout is told by its content.
    ///
    /// # Errors
    /// [`MasterError`] when the file is no master: empty, cut short, another kind of file, or mostly unreadable. A few
    /// malformed rows are no error: they are skipped and stand in [`Master::report`].
    pub fn read(source: &Source<'_>) -> Result<Self, MasterError> {
        let (content, layout) = source::open(source)?;
        let at = match layout {
            Layout::UpstoxJson => "item",
            Layout::Noren | Layout::Fyers | Layout::UpstoxCsv => "line",
        };
        let mut master = Self {
            name: source.name.to_owned(),
            layout,
            data_date: None,
            text: String::with_capacity(content.len() / 2),
            rows: Vec::with_capacity(content.len() / if at == "item" { 480 } else { 72 }),
            report: ReadReport::default(),
            at,
        };
        match layout {
            Layout::Noren => layouts::noren::read(&content, &mut master),
            Layout::Fyers => layouts::fyers::read(&content, &mut master),
            Layout::UpstoxJson => layouts::upstox_json::read(&content, &mut master),
            Layout::UpstoxCsv => layouts::upstox_csv::read(&content, &mut master),
        }
        .map_err(|number| master.broken(number))?;
        master.judged()
    }

    /// The broker whose names it holds.
    #[must_use]
    pub fn broker(&self) -> BrokerName {
        self.layout.broker()
    }

    /// The name it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layout it turned out to be.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The date its rows say they are of, where they say so (Fyers).
    #[must_use]
    pub fn data_date(&self) -> Option<Date> {
        self.data_date
    }

    /// What was read and what was skipped.
    #[must_use]
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn text(&self, span: Span) -> &str {
        let at = usize::try_from(span.at).unwrap_or(usize::MAX);
        self.text
            .get(at..at.saturating_add(span.len.into()))
            .unwrap_or_default()
    }

    /// A kept row as a report names it.
    pub(crate) fn place(&self, row: &Row) -> String {
        format!("{} {} {}", self.name, self.at, row.number)
    }

    pub(crate) fn set_data_date(&mut self, date: Option<Date>) {
        self.data_date = self.data_date.max(date);
    }

    /// Takes one row, or its reason to be skipped, from a layout.
    pub(crate) fn take(&mut self, number: u64, draft: Result<Draft<'_>, Skip>) {
        match draft.and_then(|draft| self.keep(number, &draft)) {
            Ok(()) => self.report.read += 1,
            Err(Skip::NotAnInstrument) => self.report.ignored += 1,
            Err(Skip::Malformed(problem)) => {
                self.report.malformed += 1;
                if self.report.faults.len() < REPORTS_MAX {
                    self.report.faults.push(RowFault {
                        file: self.name.clone(),
                        at: self.at,
                        number,
                        problem,
                    });
                }
            }
        }
    }

    fn keep(&mut self, number: u64, draft: &Draft<'_>) -> Result<(), Skip> {
        let ticker = short_name(&draft.ticker).ok_or_else(|| Skip::field("symbol", &draft.ticker))?;
        if !is_order_name(draft.order) {
            return Err(Skip::field("trading symbol", draft.order));
        }
        let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        let series_fine = draft.series.len() <= 8 && draft.series.bytes().all(letter);
        if !series_fine {
            return Err(Skip::field("series", draft.series));
        }
        if draft.strike > STRIKE_MAX {
            return Err(Skip::field("strike", &draft.strike.to_string()));
        }
        if draft.lot == 0 && draft.kind != Kind::Index {
            return Err(Skip::field("lot size", "0"));
        }
        let isin_fine = draft.isin.len() == 12 && draft.isin.bytes().all(|b| b.is_ascii_alphanumeric());
        let isin = if isin_fine { draft.isin } else { "" };
        let row = Row {
            strike: draft.strike,
            ticker: self.write(&ticker),
            series: self.write(draft.series),
            order: self.write(draft.order),
            isin: self.write(isin),
            title: self.write(cut(draft.title.trim(), TITLE_MAX)),
            token: draft.token,
            expiry: draft.expiry,
            lot: draft.lot,
            number: u32::try_from(number).unwrap_or(u32::MAX),
            tick: draft.tick,
            freeze: draft.freeze,
            multiplier: draft.multiplier,
            exchange: draft.exchange,
            kind: draft.kind,
        };
        self.rows.push(row);
        Ok(())
    }

    fn write(&mut self, text: &str) -> Span {
        let at = u32::try_from(self.text.len()).expect("a master is bounded well below 4 GiB");
        self.text.push_str(text);
        Span {
            at,
            len: u16::try_from(text.len()).expect("every text kept is bounded below 64 KiB"),
        }
    }

    fn broken(&self, number: u64) -> MasterError {
        MasterError::Broken {
            file: self.name.clone(),
            layout: self.layout,
            at: self.at,
            number,
        }
    }

    fn judged(self) -> Result<Self, MasterError> {
        let report = &self.report;
        let rows = report.read + report.malformed + report.ignored;
        match report.faults.first() {
            Some(first) if report.malformed * 2 > rows => Err(MasterError::MostlyMalformed {
                file: self.name.clone(),
                layout: self.layout,
                malformed: report.malformed,
                rows,
                first: first.clone(),
            }),
            _ if report.read == 0 => Err(MasterError::NoRows {
                file: self.name.clone(),
                layout: self.layout,
            }),
            _ => Ok(self),
        }
    }
}

/// A short name as canonical symbols hold it: upper case, no blanks; `None` when something else is in it.
fn short_name(text: &str) -> Option<Cow<'_, str>> {
    let clean = |b: u8| b.is_ascii_graphic() && !b.is_ascii_lowercase();
    let allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b':' | b'|' | b',');
    let name: Cow<'_, str> = if text.bytes().all(clean) {
        Cow::Borrowed(text)
    } else {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        Cow::Owned(kept.to_ascii_uppercase())
    };
    let fine = !name.is_empty() && name.len() <= 40 && name.bytes().all(allowed);
    fine.then_some(name)
}

/// Whether a broker's order name can be kept: printable, a blank inside is fine (indices have them).
fn is_order_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_MAX
        && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && text.trim() == text
}

fn cut(text: &str, max: usize) -> &str {
    let end = text
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| *end <= max)
        .last();
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
