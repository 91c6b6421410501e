//! Verifying the chain: cut into parts that several connections read and check at the same time, joined in order.
//!
//! Entries up to the head of one moment never change, so parts may be read at other moments than the head. The exception
//! is a prune meanwhile: then the whole is done again.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sangam_core::ports::LedgerError;
use sangam_core::timestamp::Date;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::{AuditError, AuditProgress, Stop};
use super::page::{PAGE, page};
use super::{HEAD, PRUNED, days_now, head};
use crate::chain::{Broken, ChainHead, Digest, Link, Part, SealedDay, Verified, Verifier};
use crate::sql::SqlLedger;
use crate::sql::ask::ask;
use crate::sql::encode::Encode;
use crate::sql::failure::Fault;
use crate::sql::readers::Readers;
use crate::sql::session::{Cell, Session};

/// Parts each connection gets at least, so that all of them have work to the end.
const PARTS_EACH: u64 = 4;

ask!(
    ENDS,
    "select (select min(sequence) from audit), (select max(sequence) from audit)"
);
ask!(
    PRUNING_SAID,
    "select count(*) from audit where subject = ? and event = ?"
);
// The seal of a day is dated by the entry that begins the next.
ask!(
    SEALED_AT_OTHER_TIMES,
    "select min(audit_days.day) from audit_days join audit on audit.sequence = audit_days.first + audit_days.entries \
     where audit_days.pruned_at is null and audit.at <> audit_days.sealed_at"
);

/// What a chain is held against, all of one moment.
struct Outline {
    head: ChainHead,
    rows: Option<RangeInclusive<u64>>,
    days: Vec<SealedDay>,
}

impl SqlLedger {
    /// Verifies the whole audit chain: every entry, every day and its seal, the head, and the roots that were kept
    /// elsewhere. Works while others write; what they write meanwhile is not looked at.
    ///
    /// Uses all connections that read, and as many threads as the runtime has. `progress` hears now and then how far it is.
    ///
    /// # Errors
    /// [`AuditError::Broken`] with the first thing found wrong, [`LedgerError::Damaged`] naming an entry that does not read,
    /// [`LedgerError::Store`] when the books cannot be read.
    pub async fn verify_chain(
        &self,
        expected: BTreeMap<Date, Digest>,
        progress: impl Fn(AuditProgress) + Send + Sync,
    ) -> Result<Verified, AuditError> {
        let verified = loop {
            let outline = self.told(self.readers.of_one_moment(outline).await)?;
            let gone = pruned(&outline.days);
            let checked = check(&self.readers, outline, expected.clone(), &progress).await;
            if checked.is_ok() || gone == pruned(&self.sealed_days().await?) {
                break checked;
            }
        };
        verified.map_err(|stop| stop.told(&self.store.place))
    }

    /// Verifies the whole audit chain without roots kept elsewhere, and answers its head.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] saying which entry is wrong and how; [`LedgerError::Store`] when the books cannot be read.
    pub async fn check_chain(&self) -> Result<ChainHead, LedgerError> {
        match self.verify_chain(BTreeMap::new(), |_| ()).await {
            Ok(verified) => Ok(verified.head),
            Err(AuditError::Ledger(error)) => Err(error),
            Err(other) => Err(LedgerError::Damaged {
                subject: "audit log".to_owned(),
                what: other.to_string(),
            }),
        }
    }
}

fn pruned(days: &[SealedDay]) -> usize {
    days.iter().filter(|day| day.pruned_at.is_some()).count()
}

async fn outline(session: &mut dyn Session) -> Result<Outline, Fault> {
    let head = head(&session.rows(&HEAD, Vec::new()).await?)?;
    let ends = session.rows(&ENDS, Vec::new()).await?;
    let end = |place: usize| match ends.first().and_then(|row| row.get(place)) {
        Some(Cell::Int(Some(end))) => u64::try_from(*end).ok(),
        _ => None,
    };
    Ok(Outline {
        head,
        rows: end(0).zip(end(1)).map(|(first, last)| first..=last),
        days: days_now(session).await?,
    })
}

async fn check(
    readers: &Arc<Readers>,
    outline: Outline,
    expected: BTreeMap<Date, Digest>,
    progress: &(impl Fn(AuditProgress) + Send + Sync),
) -> Result<Verified, Stop> {
    let Outline { head, rows, days } = outline;
    let mut verifier = Verifier::new(&days, expected)?;
    let start = verifier.start();
    let of = head.sequence.saturating_sub(start.sequence);
    let shares = PARTS_EACH * u64::try_from(readers.most()).unwrap_or(1);
    let longest = of.div_ceil(shares).clamp(1, PAGE.into());
    let parts: Arc<[_]> = verifier.parts(rows, &head, longest)?.into();
    let mut checked = Lanes::start(readers, &parts, start);
    for part in parts.iter() {
        verifier.join(checked.next().await?)?;
        let done = part.end().saturating_sub(start.sequence);
        progress(AuditProgress { done, of });
    }
    let verified = verifier.finish(&head)?;
    marks_are_right(readers, &days).await?;
    Ok(verified)
}

/// The marks of the days, as far as entries say what they must be.
async fn marks_are_right(readers: &Readers, days: &[SealedDay]) -> Result<(), Stop> {
    let newest = days.iter().rev().find(|day| day.pruned_at.is_some());
    if let Some(day) = newest.map(|newest| newest.seal.day) {
        let mut values = Encode::default();
        values.shown(&day).word(PRUNED);
        let rows = readers.rows(&PRUNING_SAID, values.0).await?;
        if !matches!(rows.first().and_then(|row| row.first()), Some(Cell::Int(Some(said))) if *said > 0) {
            return Err(Broken::PrunedUnsaid { day }.into());
        }
    }
    let rows = readers.rows(&SEALED_AT_OTHER_TIMES, Vec::new()).await?;
    if let Some(Cell::Text(Some(day))) = rows.first().and_then(|row| row.first())
        && let Ok(day) = day.parse()
    {
        return Err(Broken::SealedAtOtherTime { day }.into());
    }
    Ok(())
}

/// Parts checked at the same time, handed out in their order.
struct Lanes {
    done: mpsc::Receiver<(usize, Result<Part, Stop>)>,
    waiting: BTreeMap<usize, Result<Part, Stop>>,
    next: usize,
    // Ends the tasks when this goes.
    _tasks: JoinSet<()>,
}

impl Lanes {
    fn start(readers: &Arc<Readers>, parts: &Arc<[RangeInclusive<u64>]>, start: Link) -> Self {
        let lanes = readers.most().min(parts.len());
        let (tell, done) = mpsc::channel(lanes.max(1));
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..lanes {
            let (readers, parts) = (Arc::clone(readers), Arc::clone(parts));
            let (tell, next) = (tell.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(range) = parts.get(place) else { return };
                    let part = part(&readers, range.clone(), start).await;
                    if tell.send((place, part)).await.is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            done,
            waiting: BTreeMap::new(),
            next: 0,
            _tasks: tasks,
        }
    }

    async fn next(&mut self) -> Result<Part, Stop> {
        loop {
            if let Some(part) = self.waiting.remove(&self.next) {
                self.next += 1;
                return part;
            }
            let Some((place, part)) = self.done.recv().await else {
                let what = "checking the audit log ended before its end: do it again".to_owned();
                let source = "a task was ended".into();
                return Err(LedgerError::Store { what, source }.into());
            };
            self.waiting.insert(place, part);
        }
    }
}

/// Checks one part. It trusts what the entry before it carries, which is read along with it.
async fn part(readers: &Readers, range: RangeInclusive<u64>, start: Link) -> Result<Part, Stop> {
    let (first, last) = range.into_inner();
    let before = first.saturating_sub(1);
    let from = if before == start.sequence { first } else { before };
    let most = u32::try_from(last - from).unwrap_or(PAGE).saturating_add(1);
    let entries = page(readers, from, most).await?;
    let mut entries = entries.iter();
    let mut part = Part::after(start);
    if from == before {
        match entries.next() {
            Some(entry) if entry.sequence == before => part = Part::after(entry.link()),
            // The part that should end with it comes first and says more.
            _ => {
                let (first, last) = (before, before);
                return Err(Broken::Missing { first, last }.into());
            }
        }
    }
    // Where one is missing, so many entries reach into the next part: the gap is seen whole.
    for entry in entries {
        part.push(entry)?;
    }
    let link = part.link();
    if link.sequence < last {
        let (last, head) = (link.sequence, last);
        return Err(Broken::Cut { last, head }.into());
    }
    Ok(part)
}
