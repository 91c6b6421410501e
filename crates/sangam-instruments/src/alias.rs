//! Names as people and programs type them: canonical first, then OpenAlgo's form with the whole date. Nothing is
//! guessed: a name must be a contract of the table, and one that is two contracts is refused with both named.

use sangam_core::{Contract, Exchange};

use crate::entry::Entry;
use crate::master::Kind;
use crate::scan;
use crate::table::Table;

/// Longest name looked at.
const NAME_MAX: usize = 80;

/// Why a name is no single instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// In no master of the date, under no spelling.
    #[error(
        "unknown instrument {name:?} as of {date}; search for it by underlying, for example `instruments search {hint}`"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// The table's trading date.
        date: sangam_core::timestamp::Date,
        /// The letters at the front, to search for.
        hint: String,
    },
    /// Two contracts under one spelling.
    #[error(
        "{name:?} means two instruments: {first} and {second}; write {first_clear} or {second_clear} instead"
    )]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The contract whose canonical name it is, or the first exchange it is on.
        first: String,
        /// The other one.
        second: String,
        /// A spelling of the first that means nothing else.
        first_clear: String,
        /// A spelling of the second that means nothing else.
        second_clear: String,
    },
}

impl Table {
    /// The contract of a name on an exchange: the canonical symbol, or an alias in OpenAlgo's form
    /// (`NIFTY27NOV25FUT`, `NIFTY27NOV2526000CE`).
    ///
    /// # Errors
    /// [`ResolveError::Unknown`] for a name of no contract, [`ResolveError::Ambiguous`] for a name that is the
    /// canonical one of a contract and the alias of another.
    pub fn resolve(&self, exchange: Exchange, name: &str) -> Result<Entry<'_>, ResolveError> {
        let canonical = self.find(exchange, name);
        let alias = self.openalgo(exchange, name);
        match (canonical, alias) {
            (Some(one), Some(other)) if one.contract() != other.contract() => Err(ResolveError::Ambiguous {
                name: name.to_owned(),
                first: told(one),
                second: told(other),
                first_clear: one.openalgo_symbol(),
                second_clear: other.symbol().to_owned(),
            }),
            (Some(entry), _) | (None, Some(entry)) => Ok(entry),
            (None, None) => Err(self.unknown(name)),
        }
    }

    /// The contract of a name that may carry its exchange: `NSE:RELIANCE`, `NFO:NIFTY27NOV25FUT`, or a bare name that
    /// is on one exchange only.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve); a bare name listed on two exchanges is ambiguous.
    pub fn resolve_any(&self, text: &str) -> Result<Entry<'_>, ResolveError> {
        if let Some((exchange, name)) = text.split_once(':')
            && let Ok(exchange) = exchange.parse()
        {
            return self.resolve(exchange, name);
        }
        let mut found: Option<Entry<'_>> = None;
        for exchange in Exchange::ALL {
            match (self.resolve(exchange, text), found) {
                (Err(ResolveError::Unknown { .. }), _) => {}
                (Err(ambiguous), _) => return Err(ambiguous),
                (Ok(entry), None) => found = Some(entry),
                (Ok(second), Some(first)) => {
                    let full = |entry: Entry<'_>| format!("{}:{}", entry.exchange(), entry.symbol());
                    return Err(ResolveError::Ambiguous {
                        name: text.to_owned(),
                        first: told(first),
                        second: told(second),
                        first_clear: full(first),
                        second_clear: full(second),
                    });
                }
            }
        }
        found.ok_or_else(|| self.unknown(text))
    }

    fn unknown(&self, name: &str) -> ResolveError {
        let letters: String = name
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphabetic() || matches!(c, '&' | '-'))
            .take(20)
            .collect();
        ResolveError::Unknown {
            name: name.chars().take(NAME_MAX).collect(),
            date: self.date(),
            hint: if letters.is_empty() {
                "NIFTY".to_owned()
            } else {
                letters
            },
        }
    }

    /// The contract whose spelling with the whole date this is.
    fn openalgo(&self, exchange: Exchange, name: &str) -> Option<Entry<'_>> {
        if !name.is_ascii() || name.len() > NAME_MAX {
            return None;
        }
        let (body, kind) = if let Some(body) = name.strip_suffix("FUT") {
            (body, Kind::Future)
        } else if let Some(body) = name.strip_suffix("CE") {
            (body, Kind::Call)
        } else {
            (name.strip_suffix("PE")?, Kind::Put)
        };
        // The date stands before the strike; an underlying may end in digits, so every place is tried.
        let mut found = None;
        for at in 1..body.len() {
            let (underlying, rest) = body.split_at(at);
            let Some((date, strike)) = rest.split_at_checked(7) else {
                break;
            };
            let Some(expiry) = whole_date(date) else { continue };
            let strike = match (kind, strike) {
                (Kind::Future, "") => 0,
                (Kind::Future, _) => continue,
                (_, text) => match scan::fixed(text, 4).filter(|strike| *strike > 0 && is_plain(text)) {
                    Some(strike) => strike,
                    None => continue,
                },
            };
            let hit = self.derivative(exchange, underlying, kind, expiry, strike);
            found = found.or(hit.filter(|entry| {
                entry.underlying() == underlying && entry.kind() == kind && entry.record().strike == strike
            }));
        }
        found
    }
}

/// `27NOV25`.
fn whole_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let month = scan::month(bytes.get(2..5)?)?;
    let number = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 2)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let year = i32::try_from(number(5)?).ok()?;
    scan::day(2000 + year, month, number(0)?)
}

/// Digits and at most one point inside: no sign, no exponent, no leading nought before another digit.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && !text.starts_with('.')
        && !(text.len() > 1 && text.starts_with('0') && !text.starts_with("0."))
}

/// `NFO:NIFTY25SEP25850CE (NIFTY 25850 CE of 2025-09-30)`.
fn told(entry: Entry<'_>) -> String {
    let Contract { kind, .. } = entry.contract();
    let terms = match (entry.expiry(), entry.strike(), entry.right()) {
        (Some(expiry), Some(strike), Some(right)) => {
            format!("{} {strike} {right} of {expiry}", entry.underlying())
        }
        (Some(expiry), ..) => format!("{} future of {expiry}", entry.underlying()),
        _ => match kind {
            sangam_core::ContractKind::Cash { series } if !series.is_empty() => format!("series {series}"),
            sangam_core::ContractKind::Cash { .. } => "share".to_owned(),
            _ => "index".to_owned(),
        },
    };
    format!("{}:{} ({terms})", entry.exchange(), entry.symbol())
}
