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
        let mut at = Link::GENESIS;
        for day in sealed {
            in_step(at, &day.seal)?;
            at = day.seal.link();
        }
        let kept = sealed.iter().take_while(|day| day.pruned_at.is_some()).count();
        let (pruned, kept) = sealed.split_at(kept);
        if let Some(out_of_turn) = kept.iter().find(|day| day.pruned_at.is_some()) {
            let day = out_of_turn.seal.day;
            return Err(Broken::PrunedOutOfTurn { day });
        }
        let start = pruned.last().map_or(Link::GENESIS, |day| day.seal.link());
        let mut days = Self {
            ahead: kept.iter().map(|day| day.seal.clone()).collect(),
            expected,
            right: Vec::new(),
            pruned_to: start.day,
        };
        for day in pruned {
            days.expect(&day.seal)?;
        }
        Ok((days, start))
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
        self.expect(found)?;
        Ok(seal.is_some())
    }

    /// Holds a day against the root kept elsewhere, if there is one.
    fn expect(&mut self, found: &Seal) -> Result<(), Broken> {
        match self.expected.remove(&found.day) {
            Some(expected) if expected != found.root => Err(Broken::RootDiffers {
                day: found.day,
                found: found.root,
                expected,
            }),
            _ => Ok(()),
        }
    }
}

/// Whether a seal follows on what is before it.
fn in_step(before: Link, seal: &Seal) -> Result<(), Broken> {
    let impossible = |why| Err(Broken::ImpossibleSeal { day: seal.day, why });
    if before.day >= Some(seal.day) {
        return impossible("it is not later than the one before it");
    }
    if seal.entries == 0 {
        return impossible("it has no entries");
    }
    let expected = before.sequence.saturating_add(1);
    if seal.first != expected {
        return Err(Broken::SealsApart {
            day: seal.day,
            found: seal.first,
            expected,
        });
    }
    Ok(())
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
