//! What changed from one trading date's table to another's, as data and as text for people.

use std::collections::HashMap;
use std::fmt;

use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Contract, Exchange, InstrumentId, Price, Quantity};

use crate::entry::Entry;
use crate::master::Kind;
use crate::slots::Mixing;
use crate::table::Table;

/// Changed instruments that are written out for people; the rest are counted.
const SHOWN_MAX: usize = 20;

/// What is different about one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The lot.
    Lot {
        /// Before.
        was: Quantity,
        /// Now.
        now: Quantity,
    },
    /// The price grid.
    Tick {
        /// Before.
        was: Price,
        /// Now.
        now: Price,
    },
    /// The exchange moved the expiry; token and strike stayed.
    Expiry {
        /// Before.
        was: Date,
        /// Now.
        now: Date,
    },
    /// The canonical name is another one: a company's rename, another series, a weekly that became the monthly.
    Renamed {
        /// The name before.
        was: InstrumentId,
    },
    /// A broker lists it now and did not.
    Gained(BrokerName),
    /// A broker listed it and does no longer.
    Lost(BrokerName),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lot { was, now } => write!(f, "lot {was} -> {now}"),
            Self::Tick { was, now } => write!(f, "tick {was} -> {now}"),
            Self::Expiry { was, now } => write!(f, "expiry {was} -> {now}"),
            Self::Renamed { was } => write!(f, "was {was}"),
            Self::Gained(broker) => write!(f, "now at {broker}"),
            Self::Lost(broker) => write!(f, "no longer at {broker}"),
        }
    }
}

/// One instrument that is in both tables and differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its name now.
    pub id: InstrumentId,
    /// In what.
    pub changes: Vec<Change>,
}

/// What changed between two tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The earlier table's date.
    pub from: Date,
    /// The later table's date.
    pub to: Date,
    /// Instruments only in the later table.
    pub added: Vec<InstrumentId>,
    /// Instruments only in the earlier table.
    pub removed: Vec<InstrumentId>,
    /// Instruments in both that differ.
    pub changed: Vec<Changed>,
    /// Instruments in both that are the same.
    pub unchanged: usize,
}

impl Diff {
    /// Compares two tables.
    ///
    /// The same contract tuple is the same instrument. What is left is matched by exchange and token where the
    /// underlying, strike and type agree too (an expiry that moved) or the ISIN or series does (a rename); a token alone
    /// never makes a match, because exchanges use tokens again.
    #[must_use]
    pub fn between(old: &Table, new: &Table) -> Self {
        let mut diff = Self {
            from: old.date(),
            to: new.date(),
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
            unchanged: 0,
        };
        let mut gone: HashMap<Contract, Entry<'_>, Mixing> = HashMap::default();
        let mut fresh = Vec::new();
        for entry in old.iter() {
            gone.insert(entry.contract(), entry);
        }
        for entry in new.iter() {
            match gone.remove(&entry.contract()) {
                Some(before) => diff.compare(before, entry),
                None => fresh.push(entry),
            }
        }
        let mut by_token: HashMap<(Exchange, u32), Entry<'_>, Mixing> = HashMap::default();
        for entry in gone.values() {
            for token in tokens(*entry) {
                by_token.insert((entry.exchange(), token), *entry);
            }
        }
        for entry in fresh {
            let before = tokens(entry)
                .find_map(|token| by_token.get(&(entry.exchange(), token)).copied())
                .filter(|before| is_successor(*before, entry));
            // Each earlier instrument has one successor.
            match before.and_then(|before| gone.remove(&before.contract())) {
                Some(before) => diff.compare(before, entry),
                None => diff.added.push(entry.id()),
            }
        }
        diff.removed = gone.values().map(|entry| entry.id()).collect();
        diff.removed.sort();
        diff.changed.sort_by(|one, other| one.id.cmp(&other.id));
        diff
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn compare(&mut self, before: Entry<'_>, after: Entry<'_>) {
        let (was, now) = (before.instrument(), after.instrument());
        let mut changes = Vec::new();
        if was.id != now.id {
            changes.push(Change::Renamed { was: was.id });
        }
        if let (Some(was), Some(now)) = (before.expiry(), after.expiry())
            && was != now
        {
            changes.push(Change::Expiry { was, now });
        }
        if was.lot != now.lot {
            changes.push(Change::Lot {
                was: was.lot,
                now: now.lot,
            });
        }
        if was.tick != now.tick {
            changes.push(Change::Tick {
                was: was.tick,
                now: now.tick,
            });
        }
        for broker in BrokerName::ALL {
            match (before.record().lists(broker), after.record().lists(broker)) {
                (false, true) => changes.push(Change::Gained(broker)),
                (true, false) => changes.push(Change::Lost(broker)),
                _ => {}
            }
        }
        if changes.is_empty() {
            self.unchanged += 1;
        } else {
            self.changed.push(Changed { id: now.id, changes });
        }
    }

    fn count(&self, is: impl Fn(&Change) -> bool) -> usize {
        self.changed
            .iter()
            .filter(|changed| changed.changes.iter().any(&is))
            .count()
    }
}

fn tokens(entry: Entry<'_>) -> impl Iterator<Item = u32> {
    let record = entry.record();
    BrokerName::ALL
        .into_iter()
        .filter_map(|broker| record.token(broker))
}

fn is_successor(before: Entry<'_>, after: Entry<'_>) -> bool {
    if before.kind() != after.kind() || before.exchange() != after.exchange() {
        return false;
    }
    match after.kind() {
        Kind::Index => true,
        Kind::Cash => match (before.isin(), after.isin()) {
            (Some(was), Some(now)) => was == now,
            _ => before.underlying() == after.underlying() || before.contract().kind == after.contract().kind,
        },
        Kind::Future | Kind::Call | Kind::Put => {
            before.underlying() == after.underlying() && before.record().strike == after.record().strike
        }
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} to {}: {} added, {} removed, {} changed, {} the same",
            self.from,
            self.to,
            self.added.len(),
            self.removed.len(),
            self.changed.len(),
            self.unchanged
        )?;
        let counts = [
            ("lot", self.count(|change| matches!(change, Change::Lot { .. }))),
            ("tick", self.count(|change| matches!(change, Change::Tick { .. }))),
            (
                "expiry moved",
                self.count(|change| matches!(change, Change::Expiry { .. })),
            ),
            (
                "renamed",
                self.count(|change| matches!(change, Change::Renamed { .. })),
            ),
            (
                "listing gained",
                self.count(|change| matches!(change, Change::Gained(_))),
            ),
            (
                "listing lost",
                self.count(|change| matches!(change, Change::Lost(_))),
            ),
        ];
        for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            writeln!(f, "  {what}: {count}")?;
        }
        for changed in self.changed.iter().take(SHOWN_MAX) {
            write!(f, "  {}", changed.id)?;
            for (at, change) in changed.changes.iter().enumerate() {
                write!(f, "{}{change}", if at == 0 { ": " } else { ", " })?;
            }
            writeln!(f)?;
        }
        if self.changed.len() > SHOWN_MAX {
            writeln!(f, "  and {} more", self.changed.len() - SHOWN_MAX)?;
        }
        Ok(())
    }
}
