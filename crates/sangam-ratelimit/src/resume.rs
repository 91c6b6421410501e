//! Taking up the windows where an earlier process left them.
//!
//! The records of its journal act on the counters as the calls did. Calls it never saw the end of count as given up now.
//! Where nobody knows what was called last (the machine was started anew, the file is another machine's, damaged, or not
//! there although there was an earlier life) every window is shut until the longest a call can still be under way and the
//! window have passed; of windows longer than an hour what is on record counts as called just now instead.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::budget::Budget;
use crate::journal::{Journal, JournalError, Kind, Past, Record};
use crate::nanos::{Nanos, ns};
use crate::plan::Plan;
use crate::state::State;
use crate::strain::BrokerRefusal;
use crate::time::TimeSource;

/// Windows longer than this are not waited out but counted on from what is on record.
const LONG: Duration = Duration::from_secs(3_600);
/// What was not yet on the disk when a machine went down is at most from so long before.
const UNSYNCED: Duration = Duration::from_secs(60);
/// A wall clock is believed this far.
const WALL_SLACK_S: u64 = 3_600;
const DAY: Duration = Duration::from_secs(86_400);

/// Whether there was a life before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// None: where there is no journal, nothing was called.
    Fresh,
    /// There was: a journal that is missing was lost.
    Known,
}

/// How the windows were taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// Nothing was called before.
    Fresh,
    /// Where they were, with so many calls on record.
    TakenUp {
        /// Calls on record.
        calls: usize,
        /// Of those, calls without an end: they count as given up now.
        in_flight: usize,
    },
    /// Nobody knows what was called last: the windows are shut for so long, at the longest.
    Shut {
        /// Until the last of them opens.
        wait: Duration,
        /// Calls on record that windows longer than an hour count on from.
        calls: u64,
    },
}

impl Budget {
    /// A budget that writes its calls down in a file and takes up what an earlier one wrote there.
    ///
    /// `boot` names this start of this machine (on Linux `/proc/sys/kernel/random/boot_id`), and readings of `time` count
    /// from it, so that those of an earlier process can be compared with ours; an empty `boot` is never the same. `file`
    /// is one budget's own.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read or written.
    pub fn resume(
        plan: &Plan,
        time: Arc<dyn TimeSource>,
        file: &Path,
        boot: &str,
        before: Before,
    ) -> Result<(Self, Resumed), JournalError> {
        let now = time.now();
        let until_midnight = time.until_midnight();
        let wall = time.unix_seconds();
        let (mut journal, past) = Journal::open(file, boot, plan, now)?;
        let mut state = State::new(plan);
        let resumed = match past {
            Past::Nothing if before == Before::Fresh => Resumed::Fresh,
            Past::Known(records) => state.replay(&records, now, until_midnight),
            Past::Elsewhere(records) => state.wait(&mut journal, &records, wall, now, None),
            // Without a record a broker's day is waited out.
            Past::Nothing | Past::Damaged => {
                let day = until_midnight.unwrap_or(DAY);
                state.wait(&mut journal, &[], wall, now, Some(day))
            }
        };
        Ok((Self::with(plan, time, state, Some(journal)), resumed))
    }
}

impl State {
    /// What is on record happens again.
    fn replay(&mut self, records: &[Record], now: Nanos, until_midnight: Option<Duration>) -> Resumed {
        let mut open: HashMap<u64, (usize, u32)> = HashMap::new();
        let mut calls = 0;
        for record in records {
            // A reading from ahead of now would be of another clock.
            let at = self.advance(record.at.min(now));
            let scope = usize::from(record.scope);
            match record.kind {
                Kind::Sent => {
                    calls += 1;
                    if open.insert(record.id, (scope, record.weight)).is_none() {
                        self.fly(scope, record.weight);
                        self.sent(scope, record.weight, at);
                    }
                }
                Kind::Answered => match open.remove(&record.id) {
                    Some((scope, weight)) => self.answered(scope, weight, at),
                    None => {
                        calls += 1;
                        self.carry(scope, record.weight, at);
                    }
                },
                Kind::NotSent => {
                    if let Some((scope, weight)) = open.remove(&record.id) {
                        self.not_sent(scope, weight);
                    }
                }
                Kind::GivenUp => {
                    if let Some((scope, weight)) = open.remove(&record.id) {
                        self.given_up(scope, weight, at);
                    }
                }
                Kind::Refused => {
                    let some = |ms: u64| (ms > 0 && ms < u64::MAX).then(|| Duration::from_millis(ms));
                    let refusal = BrokerRefusal {
                        retry_after: some(record.id),
                        window: some(u64::from(record.weight)),
                        limit: None,
                    };
                    self.refused(scope, refusal, at, midnight_then(at, now, until_midnight));
                }
                Kind::Told => self.told(scope, Duration::from_millis(record.id), record.weight),
                Kind::Unknown => self.shut(at, Nanos::new(record.id)),
                Kind::Wall => {}
            }
        }
        let in_flight = open.len();
        let now = self.advance(now);
        for (scope, weight) in open.into_values() {
            self.given_up(scope, weight, now);
        }
        self.advance(now);
        Resumed::TakenUp { calls, in_flight }
    }

    /// Shuts the windows, and has the long ones count on from what is on record. What was done is written down, so that
    /// the next start finds it.
    fn wait(
        &mut self,
        journal: &mut Journal,
        records: &[Record],
        wall: Option<u64>,
        now: Nanos,
        long_shut: Option<Duration>,
    ) -> Resumed {
        let now = self.advance(now);
        let counted = recent(records, wall);
        let mut calls = 0;
        for (scope, on_record) in counts(&counted).into_iter().enumerate() {
            if on_record == 0 || scope >= self.scopes.len() {
                continue;
            }
            calls += on_record;
            // What was under way to the disk when the machine went down: at most what the short windows let through.
            let lost = self.most_within(scope, UNSYNCED, LONG);
            let weight = u32::try_from(on_record).unwrap_or(u32::MAX).saturating_add(lost);
            self.carry(scope, weight, now);
            journal.append(&Record {
                kind: Kind::Answered,
                scope: u8::try_from(scope).unwrap_or(0),
                weight,
                id: 0,
                at: now,
            });
        }
        let long_until = long_shut.map_or(now, |day| now.after(day).plus(ns(self.unanswered())));
        self.shut(now, long_until);
        journal.append(&Record {
            kind: Kind::Unknown,
            scope: 0,
            weight: 0,
            id: long_until.get(),
            at: now,
        });
        let wait = self
            .scopes
            .iter()
            .map(|scope| scope.shut_for(now))
            .max()
            .unwrap_or_default();
        Resumed::Shut { wait, calls }
    }

    /// Windows of at most an hour are shut until a call of before `at` has certainly left them, longer ones until
    /// `long_until`.
    fn shut(&mut self, at: Nanos, long_until: Nanos) {
        let flight_ns = ns(self.unanswered());
        for scope in &mut self.scopes {
            scope.shut(at, flight_ns, long_until, LONG);
        }
    }
}

/// How long the day lasted at an earlier instant; `None` where it was an earlier day, or none is known.
fn midnight_then(at: Nanos, now: Nanos, until_midnight: Option<Duration>) -> Option<Duration> {
    let ago = now.since(at);
    let left = until_midnight? + ago;
    (left <= DAY).then_some(left)
}

/// What is not older than a day by the wall clock, where one is on record; everything where none is.
fn recent(records: &[Record], wall: Option<u64>) -> Vec<Record> {
    let Some(now) = wall else {
        return records.to_vec();
    };
    let oldest = now.saturating_sub(DAY.as_secs() + WALL_SLACK_S);
    let is_wall = |record: &Record| record.kind == Kind::Wall;
    if !records.iter().any(is_wall) {
        return records.to_vec();
    }
    // Calls after a reading are less than a minute younger than it: the slack covers them.
    let young = records
        .iter()
        .position(|record| is_wall(record) && record.id >= oldest);
    records[young.unwrap_or(records.len())..].to_vec()
}

/// Calls on record, by scope: sent, or carried over.
fn counts(records: &[Record]) -> Vec<u64> {
    let mut counts = vec![0; 256];
    let mut sent = std::collections::HashSet::new();
    for record in records {
        let carried = record.kind == Kind::Answered && !sent.contains(&record.id);
        // A file begun anew repeats what was under way.
        let first = record.kind == Kind::Sent && sent.insert(record.id);
        if first || carried {
            counts[usize::from(record.scope)] += u64::from(record.weight);
        }
    }
    counts
}
