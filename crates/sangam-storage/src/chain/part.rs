//! A run of entries, each checked against the one before.

use super::{Broken, ChainedEntry, Link, OpenDay, day_of, entry_hash};

/// A part of the chain, checked on its own: it trusts the place it begins at until a [`super::Verifier`] joins it.
#[derive(Debug, Clone)]
pub struct Part {
    after: Link,
    at: Link,
    days: Vec<OpenDay>,
}

impl Part {
    /// The part after a place. For a part in the middle of a chain, that is what the entry before it carries.
    #[must_use]
    pub fn after(link: Link) -> Self {
        Self {
            after: link,
            at: link,
            days: Vec::new(),
        }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// When it is not the one that follows, does not have the hash it carries, or is put under a wrong day.
    pub fn push(&mut self, entry: &ChainedEntry) -> Result<(), Broken> {
        self.step(entry)?;
        match self.days.last_mut() {
            Some(day) if day.day() == entry.day => day.push(&entry.hash),
            _ => self.days.push(OpenDay::begin(entry)),
        }
        Ok(())
    }

    /// The place it has come to.
    #[must_use]
    pub fn link(&self) -> Link {
        self.at
    }

    /// The days that are over, oldest first; the last stays, as it may go on.
    pub(super) fn days_over(&mut self) -> impl Iterator<Item = OpenDay> {
        let over = self.days.len().saturating_sub(1);
        self.days.drain(..over)
    }

    /// Whether it has days.
    pub(super) fn has_days(&self) -> bool {
        !self.days.is_empty()
    }

    /// Takes its last day out.
    pub(super) fn take_day(&mut self) -> Option<OpenDay> {
        self.days.pop()
    }

    /// All its days, oldest first.
    pub(super) fn into_days(self) -> Vec<OpenDay> {
        self.days
    }

    /// Puts another part behind, whose beginning is checked here. Nothing is taken when it does not fit.
    pub(super) fn join(&mut self, other: Self) -> Result<(), Broken> {
        follows(self.at.sequence, other.after.sequence.saturating_add(1))?;
        let sequence = self.at.sequence;
        if other.after != self.at {
            return Err(Broken::Joint { sequence });
        }
        let mut more = other.days.into_iter().peekable();
        if let (Some(day), Some(rest)) = (self.days.last_mut(), more.peek())
            && day.day() == rest.day()
        {
            // Parts are cut where the seals allow it; where that is not the case, the day begins elsewhere than sealed.
            day.append(rest).map_err(|_| Broken::Joint { sequence })?;
            more.next();
        }
        self.days.extend(more);
        self.at = other.at;
        Ok(())
    }

    fn step(&mut self, entry: &ChainedEntry) -> Result<(), Broken> {
        follows(self.at.sequence, entry.sequence)?;
        let computed = entry_hash(&self.at.hash, entry.sequence, entry.day, &entry.entry);
        if computed != entry.hash {
            return Err(Broken::Changed {
                sequence: entry.sequence,
                day: entry.day,
                carried: entry.hash,
                computed,
            });
        }
        let expected = day_of(self.at.day, entry.entry.at);
        if entry.day != expected {
            return Err(Broken::WrongDay {
                sequence: entry.sequence,
                found: entry.day,
                expected,
            });
        }
        self.at = entry.link();
        Ok(())
    }
}

/// Whether an entry's number is the one after another's.
pub(super) fn follows(last: u64, found: u64) -> Result<(), Broken> {
    let expected = last.saturating_add(1);
    if found > expected {
        return Err(Broken::Missing {
            first: expected,
            last: found - 1,
        });
    }
    if found < expected {
        return Err(Broken::OutOfOrder { found, expected });
    }
    Ok(())
}
