//! Masters of one date joined into one table. Derivatives meet by contract tuple, shares by exchange and token with
//! name, series and ISIN checked, indices by token. Which row wins where they contradict each other stands at
//! [`ConflictKind`](crate::ConflictKind).

mod cash;
mod derivatives;
mod emit;

use std::collections::HashMap;

use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};

use crate::conflict::BuildReport;
use crate::master::{Kind, Master, Row};
use crate::slots::Mixing;
use crate::source::Layout;
use crate::table::Table;

/// Why no table was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No master was given, or none with an instrument.
    #[error("no symbol master of {date} was given; fetch at least one broker's and try again")]
    NoMasters {
        /// The trading date wanted.
        date: Date,
    },
}

/// Which broker's word is taken first where masters differ in lot, tick or name: those whose masters were never seen
/// to hold stale rows, then Flattrade.
pub(crate) const PRECEDENCE: [BrokerName; 3] = [BrokerName::Upstox, BrokerName::Fyers, BrokerName::Flattrade];

/// A row of a master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowRef {
    master: u16,
    row: u32,
}

/// One contract with the row each broker has for it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) exchange: Exchange,
    pub(crate) kind: Kind,
    /// Number of the ticker among the names.
    pub(crate) ticker: u32,
    pub(crate) series: u32,
    pub(crate) expiry: i32,
    pub(crate) strike: i64,
    pub(crate) rows: [Option<RowRef>; 3],
}

impl Group {
    fn support(&self) -> usize {
        self.rows.iter().flatten().count()
    }

    fn row(&self, broker: BrokerName) -> Option<RowRef> {
        self.rows.get(broker.index()).copied().flatten()
    }

    fn set(&mut self, broker: BrokerName, row: Option<RowRef>) {
        if let Some(slot) = self.rows.get_mut(broker.index()) {
            *slot = row;
        }
    }
}

/// Texts numbered in the order they come.
#[derive(Debug, Default)]
pub(crate) struct Names<'m> {
    texts: Vec<&'m str>,
    numbers: HashMap<&'m str, u32, Mixing>,
}

impl<'m> Names<'m> {
    fn number(&mut self, text: &'m str) -> u32 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.texts.push(text);
            u32::try_from(self.texts.len() - 1)
                .expect("there are fewer names than rows, which are counted in 32 bits")
        })
    }

    fn text(&self, number: u32) -> &'m str {
        usize::try_from(number)
            .ok()
            .and_then(|at| self.texts.get(at))
            .copied()
            .unwrap_or_default()
    }
}

pub(crate) struct Builder<'m> {
    masters: Vec<&'m Master>,
    names: Names<'m>,
    groups: Vec<Group>,
    report: BuildReport,
}

/// Joins masters of one trading date.
pub(crate) fn build(date: Date, masters: &[Master]) -> Result<(Table, BuildReport), BuildError> {
    let mut builder = Builder {
        masters: masters.iter().collect(),
        names: Names::default(),
        groups: Vec::with_capacity(
            masters
                .iter()
                .map(|master| master.rows().len())
                .max()
                .unwrap_or(0),
        ),
        report: BuildReport::default(),
    };
    // The older CSV tells less than the JSON, so it comes after it.
    builder
        .masters
        .sort_by_key(|master| master.layout() == Layout::UpstoxCsv);
    builder.join_derivatives();
    builder.join_cash_and_indices();
    if builder.groups.is_empty() {
        return Err(BuildError::NoMasters { date });
    }
    Ok(builder.emit(date))
}

impl<'m> Builder<'m> {
    fn row(&self, at: RowRef) -> (&'m Master, &'m Row) {
        let master = self
            .masters
            .get(usize::from(at.master))
            .copied()
            .expect("row references are made from the list of masters");
        let row = usize::try_from(at.row)
            .ok()
            .and_then(|row| master.rows().get(row));
        (
            master,
            row.expect("row references are made from the master's rows"),
        )
    }

    fn order(&self, at: RowRef) -> &'m str {
        let (master, row) = self.row(at);
        master.text(row.order)
    }

    fn ticker(&self, at: RowRef) -> &'m str {
        let (master, row) = self.row(at);
        master.text(row.ticker)
    }

    fn place(&self, at: RowRef) -> String {
        let (master, row) = self.row(at);
        master.place(row)
    }

    /// Every row there is, with the place to find it again.
    fn all_rows(&self) -> impl Iterator<Item = (RowRef, &'m Master, &'m Row)> + use<'m> {
        let masters = self.masters.clone();
        masters.into_iter().enumerate().flat_map(|(at, master)| {
            let at = u16::try_from(at).expect("masters are counted in dozens");
            master.rows().iter().enumerate().map(move |(row, found)| {
                let row = u32::try_from(row).expect("rows are counted in 32 bits");
                (RowRef { master: at, row }, master, found)
            })
        })
    }
}
