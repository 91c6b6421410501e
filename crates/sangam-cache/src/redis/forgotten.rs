//! What was forgotten, and may still stand in Redis: a server that is away, or a write that was on its way, must not bring
//! an entry back. Marks live here as long as such an entry could; what Redis has not been told yet is owed to it.
//!
//! Own entries are told apart by the number of their write, so that no clock matters; those of other processes by when they
//! were made. The number of marks is bounded: when there are too many of a kind, the whole kind gets one.

use std::collections::HashMap;
use std::time::Duration;

use sangam_core::ports::CacheKind;
use sangam_core::{Monotonic, Timestamp};

use super::envelope::Stamp;

/// Most marks of a kind.
const MARKS_MAX: usize = 4_096;
/// How much the wall clock may fall back against the monotonic one between two looks and count as drift.
const DRIFT: Duration = Duration::from_millis(50);

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) wall: Timestamp,
    pub(super) monotonic: Monotonic,
}

/// Up to where entries are dead.
#[derive(Debug, Clone, Copy, Default)]
struct Floor {
    /// Own ones: this write and those before.
    write: u64,
    /// Those of others: made then or before.
    made_at: Timestamp,
    /// From then on nothing of before can be alive any more.
    until: Monotonic,
}

impl Floor {
    fn raise(&mut self, other: Floor) {
        self.write = self.write.max(other.write);
        self.made_at = self.made_at.max(other.made_at);
        self.until = self.until.max(other.until);
    }

    fn buries(&self, stamp: Stamp, own: bool, now: Now) -> bool {
        now.monotonic < self.until
            && if own {
                stamp.write <= self.write
            } else {
                stamp.made_at <= self.made_at
            }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    floor: Floor,
    owed: bool,
}

#[derive(Debug, Default)]
struct OfKind {
    all: Mark,
    keys: HashMap<Box<str>, Mark>,
}

/// What Redis is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owed {
    /// To drop everything.
    All,
    /// To drop a kind.
    Kind(CacheKind),
    /// To drop these keys.
    Keys(Vec<(CacheKind, Box<str>)>),
}

/// The marks of one process.
#[derive(Debug)]
pub(super) struct Forgotten {
    own: u64,
    longest: Duration,
    all: Mark,
    kinds: HashMap<CacheKind, OfKind>,
    /// Wall over monotonic at the last look, in nanoseconds.
    ahead_ns: Option<i128>,
}

impl Forgotten {
    /// Nothing forgotten. `own` is this process as a writer, `longest` the longest time to live of any kind.
    pub(super) fn new(own: u64, longest: Duration) -> Self {
        Self {
            own,
            longest,
            all: Mark::default(),
            kinds: HashMap::new(),
            ahead_ns: None,
        }
    }

    /// Looks at the clocks. Where the wall clock was set back, entries of others would look younger than they are: all made
    /// until now are dead.
    pub(super) fn look(&mut self, now: Now) {
        let monotonic = now.monotonic.since(Monotonic::default());
        let monotonic_ns = i128::try_from(monotonic.as_nanos()).unwrap_or(i128::MAX);
        let ahead_ns = now.wall.as_nanosecond().saturating_sub(monotonic_ns);
        let before_ns = self.ahead_ns.replace(ahead_ns).unwrap_or(ahead_ns);
        let fell_ns = before_ns.saturating_sub(ahead_ns);
        if fell_ns > i128::try_from(DRIFT.as_nanos()).unwrap_or(i128::MAX) {
            let made_at = Timestamp::from_nanosecond(before_ns.saturating_add(monotonic_ns));
            self.all.floor.raise(Floor {
                write: 0,
                made_at: made_at.unwrap_or(Timestamp::MAX),
                until: now.monotonic.after(self.longest),
            });
        }
    }

    /// Forgets a key: every write until `write`, and what others made until now. Redis is to be told.
    pub(super) fn forget(&mut self, kind: CacheKind, key: &str, write: u64, ttl: Duration, now: Now) {
        let floor = Floor {
            write,
            made_at: now.wall,
            until: now.monotonic.after(ttl),
        };
        self.mark(kind, key, Mark { floor, owed: true }, now);
    }

    /// A write came to nothing or to nobody knows what: what is older is not to be taken for the newest.
    pub(super) fn lost(&mut self, kind: CacheKind, key: &str, stamp: Stamp, ttl: Duration, now: Now) {
        let before = Timestamp::from_nanosecond(stamp.made_at.as_nanosecond().saturating_sub(1));
        let floor = Floor {
            write: stamp.write - 1,
            made_at: before.unwrap_or(Timestamp::MIN),
            until: now.monotonic.after(ttl),
        };
        self.mark(kind, key, Mark { floor, owed: false }, now);
    }

    /// A write arrived. Where there was a mark, one of before may still come after it.
    pub(super) fn stored(&mut self, kind: CacheKind, key: &str, write: u64, ttl: Duration, now: Now) {
        let mark = self.kinds.get_mut(&kind).and_then(|of| of.keys.get_mut(key));
        if let Some(mark) = mark {
            mark.floor.write = mark.floor.write.max(write - 1);
            mark.floor.until = mark.floor.until.max(now.monotonic.after(ttl));
            mark.owed = false;
        }
    }

    /// Forgets everything: every write until `write`, and what others made until now. Redis is to be told.
    pub(super) fn flush(&mut self, write: u64, now: Now) {
        self.all.floor.raise(Floor {
            write,
            made_at: now.wall,
            until: now.monotonic.after(self.longest),
        });
        self.all.owed = true;
    }

    /// Whether what Redis has under a key counts.
    pub(super) fn counts(&self, kind: CacheKind, key: &str, stamp: Stamp, now: Now) -> bool {
        let own = stamp.writer == self.own;
        let buried = |mark: &Mark| mark.floor.buries(stamp, own, now);
        let of = self.kinds.get(&kind);
        !(buried(&self.all) || of.is_some_and(|of| buried(&of.all) || of.keys.get(key).is_some_and(buried)))
    }

    /// Whether Redis is to be told anything.
    pub(super) fn owes(&self) -> bool {
        let any = |of: &OfKind| of.all.owed || of.keys.values().any(|mark| mark.owed);
        self.all.owed || self.kinds.values().any(any)
    }

    /// The next thing to tell, of at most so many keys; what can be in no cache any more is left out.
    pub(super) fn next_owed(&mut self, keys_max: usize, now: Now) -> Option<Owed> {
        if self.all.owed {
            return Some(Owed::All);
        }
        let mut keys = Vec::new();
        for (kind, of) in &mut self.kinds {
            if of.all.owed {
                return Some(Owed::Kind(*kind));
            }
            of.keys.retain(|_, mark| now.monotonic < mark.floor.until);
            let owed = of.keys.iter().filter(|(_, mark)| mark.owed);
            keys.extend(owed.map(|(key, _)| (*kind, key.clone())));
        }
        keys.truncate(keys_max);
        (!keys.is_empty()).then_some(Owed::Keys(keys))
    }

    /// Redis was told what was owed by the writes until `write`.
    pub(super) fn told(&mut self, owed: &Owed, write: u64) {
        let settle = |mark: &mut Mark| mark.owed &= mark.floor.write > write;
        match owed {
            Owed::All => settle(&mut self.all),
            Owed::Kind(kind) => {
                if let Some(of) = self.kinds.get_mut(kind) {
                    settle(&mut of.all);
                }
            }
            Owed::Keys(keys) => {
                for (kind, key) in keys {
                    if let Some(mark) = self.kinds.get_mut(kind).and_then(|of| of.keys.get_mut(key)) {
                        settle(mark);
                    }
                }
            }
        }
    }

    fn mark(&mut self, kind: CacheKind, key: &str, mark: Mark, now: Now) {
        let of = self.kinds.entry(kind).or_default();
        if let Some(there) = of.keys.get_mut(key) {
            there.floor.raise(mark.floor);
            there.owed |= mark.owed;
            return;
        }
        if of.keys.len() >= MARKS_MAX {
            of.keys.retain(|_, mark| now.monotonic < mark.floor.until);
        }
        if of.keys.len() >= MARKS_MAX {
            let marks = of.keys.drain().map(|(_, mark)| mark).chain([mark]);
            for mark in marks {
                of.all.floor.raise(mark.floor);
                of.all.owed |= mark.owed;
            }
            return;
        }
        of.keys.insert(key.into(), mark);
    }
}

#[cfg(test)]
#[path = "forgotten_tests.rs"]
mod tests;
