//! What is known about the days beforehand: their seals, and roots that were kept elsewhere.

use std::collections::{BTreeMap, VecDeque};

use sangam_core::timestamp::Date;

use super::{Broken, Digest, Link, Seal, SealedDay};

/// The days still to come, and those found right.
#[derive(Debug)]
pub(super) struct Days {
    ahead: VecDeque<Seal>,
    expected: BTreeMap<Date, Digest>,
    right: Vec<Seal>,
    pruned_to: Option<Date>,
}

impl Days {
    /// From the seals of a ledger, oldest first. Answers where its entries begin, too: after the pruned days.
    pub(super) fn new(
        sealed: &[SealedDay],
        expected: BTreeMap<Date, Digest>,
    ) -> Result<(Self, Link), Broken> {
        let kept = sealed.iter().take_while(|day| day.pruned_at.is_some()).count();
        let (pruned, kept) = sealed.split_at(kept);
        if let Some(out_of_turn) = kept.iter().find(|day| day.pruned_at.is_some()) {
            let day = out_of_turn.seal.day;
            return Err(Broken::PrunedOutOfTurn { day });
        }
        let start = in_step(Link::GENESIS, pruned.iter().map(|day| &day.seal))?;
        let mut days = Self::after(start, kept.iter().map(|day| day.seal.clone()).collect())?;
        days.expected = expected;
        for day in pruned {
            hold(&mut days.expected, &day.seal)?;
        }
        Ok((days, start))
    }

    /// Sealed days that follow a place, oldest first.
    pub(super) fn after(start: Link, seals: VecDeque<Seal>) -> Result<Self, Broken> {
        in_step(start, &seals)?;
        Ok(Self {
            ahead: seals,
            expected: BTreeMap::new(),
            right: Vec::new(),
            pruned_to: start.day,
        })
    }

    /// The seals not yet met, oldest first.
    pub(super) fn ahead(&self) -> impl Iterator<Item = &Seal> {
        self.ahead.iter()
    }

    /// A day that is over: an entry of a later one is there.
    pub(super) fn over(&mut self, found: Seal) -> Result<(), Broken> {
        if !self.is_sealed(&found)? {
            return Err(Broken::NotSealed { day: found.day });
        }
        self.right.push(found);
        Ok(())
    }

    /// The newest day, sealed or not, after which nothing may be left over. Answers the sealed days and the open one.
    pub(super) fn end(mut self, newest: Option<Seal>) -> Result<(Vec<Seal>, Option<Seal>), Broken> {
        let mut open = None;
        if let Some(newest) = newest {
            if self.is_sealed(&newest)? {
                self.right.push(newest);
            } else {
                open = Some(newest);
            }
        }
        if let Some(seal) = self.ahead.pop_front() {
            return Err(emptied(&seal));
        }
        if let Some(day) = self.expected.keys().next() {
            return Err(Broken::NoSuchDay { day: *day });
        }
        Ok((self.right, open))
    }

    /// Holds what was found of a day against all that is known of it. Answers whether it has a seal.
    fn is_sealed(&mut self, found: &Seal) -> Result<bool, Broken> {
        if self.pruned_to >= Some(found.day) {
            return Err(Broken::Reopened {
                sequence: found.first,
                day: found.day,
            });
        }
        let seal = self.ahead.pop_front_if(|seal| seal.day <= found.day);
        if let Some(seal) = &seal {
            if seal.day < found.day {
                return Err(emptied(seal));
            }
            compare(seal, found)?;
        }
        hold(&mut self.expected, found)?;
        Ok(seal.is_some())
    }
}

/// Whether seals follow on a place and on each other. Answers the end of the last.
fn in_step<'a>(start: Link, seals: impl IntoIterator<Item = &'a Seal>) -> Result<Link, Broken> {
    seals.into_iter().try_fold(start, |before, seal| {
        let day = seal.day;
        if before.day >= Some(day) {
            let why = "it is not later than the one before it";
            return Err(Broken::ImpossibleSeal { day, why });
        }
        if seal.entries == 0 {
            let why = "it has no entries";
            return Err(Broken::ImpossibleSeal { day, why });
        }
        let expected = before.sequence.saturating_add(1);
        if seal.first != expected {
            let found = seal.first;
            return Err(Broken::SealsApart { day, found, expected });
        }
        Ok(seal.link())
    })
}

/// Holds a day against the root kept elsewhere, if there is one.
pub(super) fn hold(expected: &mut BTreeMap<Date, Digest>, found: &Seal) -> Result<(), Broken> {
    match expected.remove(&found.day) {
        Some(expected) if expected != found.root => Err(Broken::RootDiffers {
            day: found.day,
            found: found.root,
            expected,
        }),
        _ => Ok(()),
    }
}

/// Whether a day is what its seal says.
pub(super) fn compare(seal: &Seal, found: &Seal) -> Result<(), Broken> {
    let differs = |what, found: String, sealed: String| {
        Err(Broken::SealDiffers {
            day: seal.day,
            what,
            found,
            sealed,
        })
    };
    if found.first != seal.first {
        return differs("its first entry", found.first.to_string(), seal.first.to_string());
    }
    if found.entries != seal.entries {
        return differs(
            "the count of its entries",
            found.entries.to_string(),
            seal.entries.to_string(),
        );
    }
    if found.last_hash != seal.last_hash {
        return differs(
            "the hash of its last entry",
            found.last_hash.to_string(),
            seal.last_hash.to_string(),
        );
    }
    if found.root != seal.root {
        return differs("its root", found.root.to_string(), seal.root.to_string());
    }
    Ok(())
}

fn emptied(seal: &Seal) -> Broken {
    Broken::Emptied {
        day: seal.day,
        first: seal.first,
        last: seal.last(),
    }
}
