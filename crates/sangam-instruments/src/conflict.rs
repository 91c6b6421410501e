//! Rows that are each well formed and contradict one another: what they were and which one won. Leaves out rows that
//! cannot be read at all: those are `fault`.

use std::fmt;

use sangam_core::BrokerName;

use crate::fault::REPORTS_MAX;

/// In what way rows contradict each other, and the rule that settled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// One broker lists one contract twice under different names or tokens. Kept is the row whose token or name another
    /// broker confirms, else the later row.
    ListedTwice,
    /// One exchange token stands for two contracts. Kept is the contract most brokers give it, then the one of Upstox,
    /// Fyers, Flattrade in this order, then the later row; the other listing is left out.
    TokenReused,
    /// Brokers name one security differently under one token, as after a rename. All listings are kept.
    NamedDifferently,
    /// Two brokers' rows share a token, and neither name, series nor ISIN agrees. The minority is left out.
    Disputed,
    /// Two contracts would have one canonical name or one order name. The later one, or its listing, is left out.
    NameTaken,
    /// Brokers give one contract different lot sizes. Kept is the one of Upstox, Fyers, Flattrade in this order.
    LotDiffers,
    /// Brokers give one contract different ticks. Kept is the one of Upstox, Fyers, Flattrade in this order.
    TickDiffers,
    /// No master tells the series; a share is named as if it were of the main one, a bond of NSE is left out.
    SeriesUnknown,
}

impl ConflictKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::ListedTwice,
        Self::TokenReused,
        Self::NamedDifferently,
        Self::Disputed,
        Self::NameTaken,
        Self::LotDiffers,
        Self::TickDiffers,
        Self::SeriesUnknown,
    ];

    /// A few words for a count.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ListedTwice => "listed twice by one broker",
            Self::TokenReused => "one token for two contracts",
            Self::NamedDifferently => "named differently under one token",
            Self::Disputed => "left out as disputed",
            Self::NameTaken => "left out as the name was taken",
            Self::LotDiffers => "with lots that differ",
            Self::TickDiffers => "with ticks that differ",
            Self::SeriesUnknown => "of unknown series",
        }
    }
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which kind.
    pub kind: ConflictKind,
    /// What contradicts what, with file and line.
    pub detail: String,
}

/// What building a table came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildReport {
    /// Contracts in the table.
    pub contracts: usize,
    listings: [usize; 3],
    conflicts: Vec<Conflict>,
    counts: [u64; ConflictKind::ALL.len()],
}

impl BuildReport {
    /// How many contracts a broker lists.
    #[must_use]
    pub fn listings(&self, broker: BrokerName) -> usize {
        self.listings.get(broker.index()).copied().unwrap_or(0)
    }

    /// The first [`REPORTS_MAX`] contradictions of each kind.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// How many contradictions of one kind there were.
    #[must_use]
    pub fn count(&self, kind: ConflictKind) -> u64 {
        ConflictKind::ALL
            .iter()
            .position(|known| *known == kind)
            .and_then(|at| self.counts.get(at))
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn add(&mut self, kind: ConflictKind, detail: impl FnOnce() -> String) {
        let at = ConflictKind::ALL.iter().position(|known| *known == kind);
        let Some(count) = at.and_then(|at| self.counts.get_mut(at)) else {
            return;
        };
        *count += 1;
        // Texts are only written while there is room to keep them.
        if usize::try_from(*count).is_ok_and(|count| count <= REPORTS_MAX) {
            self.conflicts.push(Conflict {
                kind,
                detail: detail(),
            });
        }
    }

    pub(crate) fn listed(&mut self, broker: BrokerName) {
        if let Some(count) = self.listings.get_mut(broker.index()) {
            *count += 1;
        }
    }
}

impl fmt::Display for BuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} contracts", self.contracts)?;
        for broker in BrokerName::ALL {
            write!(f, ", {} at {broker}", self.listings(broker))?;
        }
        for kind in ConflictKind::ALL {
            if self.count(kind) > 0 {
                write!(f, "; {} {}", self.count(kind), kind.as_str())?;
            }
        }
        Ok(())
    }
}
