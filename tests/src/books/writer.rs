//! The writer: many tasks at once, each with orders of its own, until the process is ended. Says each commit that was
//! acknowledged, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sangam_core::Timestamp;
use sangam_core::ports::{Lease, Ledger, LedgerError};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;
use tokio::task::JoinSet;

use super::story::Step;

/// The event of the entry with which the writer takes the lease of its group.
pub(super) const LEASE_TAKEN: &str = "lease.taken";
/// Who takes it.
pub(super) const HOLDER: &str = "books-writer";
/// How long it lasts.
pub(super) const LASTING: Duration = Duration::from_secs(60);
/// Between two commits on the story's clock: days pass soon, and tasks stay within the tolerance of the books.
const PER_COMMIT_MS: i64 = 3_000;
/// Between two looks at books that cannot be reached.
const PAUSE: Duration = Duration::from_millis(20);

/// The time in the story.
#[derive(Debug)]
struct StoryClock(AtomicI64);

impl StoryClock {
    fn next(&self) -> Result<Timestamp> {
        let ms = self.0.fetch_add(PER_COMMIT_MS, Ordering::Relaxed);
        Ok(Timestamp::from_millisecond(ms)?)
    }
}

/// Writes until it is ended from outside. `say` is handed each line: `ack GENERATION TASK ORDER STEP NUMBER` for a commit that
/// is durable (the number is that of the order, nought but in its first step), `doubt` for one of which that is not known.
///
/// # Errors
/// When the books answer what they must not: a refusal of a sound commit, or none of a wrong one.
pub async fn write(
    ledger: SqlLedger,
    generation: u8,
    tasks: u8,
    say: impl Fn(&str) + Send + Sync + 'static,
) -> Result<()> {
    let ledger = Arc::new(ledger);
    let say = Arc::new(say);
    let head = ledger.chain_head().await?;
    let last = ledger.chained(head.sequence, 1).await?;
    // The first day of new books is soon over.
    let new = samples::morning().as_millisecond() + 14 * 3_600_000;
    let from = last
        .first()
        .map_or(new, |last| last.entry.at.as_millisecond() + PER_COMMIT_MS);
    let clock = Arc::new(StoryClock(AtomicI64::new(from)));
    let mut audit = samples::audit(LEASE_TAKEN, &generation.to_string());
    audit.at = clock.next()?;
    let group = samples::order_record(0).group;
    let lease = ledger.take_lease(&group, HOLDER, LASTING, &audit).await?;
    say("ready");
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let one = Task {
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            lease: lease.clone(),
            say: Arc::clone(&say),
        };
        running.spawn(one.run(Step::first(generation, task)));
    }
    match running.join_next().await {
        Some(ended) => ended.context("a task ended")?,
        None => bail!("no tasks were asked for"),
    }
}

/// One of the tasks.
struct Task<F> {
    ledger: Arc<SqlLedger>,
    clock: Arc<StoryClock>,
    lease: Lease,
    say: Arc<F>,
}

impl<F: Fn(&str) + Send + Sync + 'static> Task<F> {
    async fn run(self, mut step: Step) -> Result<()> {
        loop {
            let number = self.done(step).await?;
            (self.say)(&format!(
                "ack {} {} {} {} {number}",
                step.generation, step.task, step.order, step.no
            ));
            if step.no == 0 && step.order.is_multiple_of(5) {
                self.must_be_refused(step).await?;
            }
            step = step.next();
        }
    }

    /// Has a step committed, however often the books are away meanwhile. Answers the number of the order, or nought.
    async fn done(&self, step: Step) -> Result<u64> {
        let mut pause = tokio::time::interval(PAUSE);
        loop {
            let at = self.clock.next()?;
            let (changes, audit) = (step.changes(at), step.audit(at));
            let answer = if step.is_leased() {
                self.ledger.commit_under(&self.lease, &changes, &audit).await
            } else {
                self.ledger.commit(&changes, &audit).await
            };
            match answer {
                Ok(number) => return Ok(number.map_or(0, |number| number.get())),
                Err(LedgerError::Store { .. }) => {
                    (self.say)("doubt");
                    if let Some(number) = self.found(step).await? {
                        return Ok(number);
                    }
                }
                Err(LedgerError::NotWritten { .. }) => {
                    (self.say)("doubt");
                    pause.tick().await;
                }
                Err(refused) => bail!("{step:?} was refused: {refused}"),
            }
        }
    }

    /// Whether a commit in doubt is there, as soon as the books can be read.
    async fn found(&self, step: Step) -> Result<Option<u64>> {
        let mut pause = tokio::time::interval(PAUSE);
        loop {
            pause.tick().await;
            let (Ok(entries), Ok(order)) = (
                self.ledger.audit_of(&step.subject()).await,
                self.ledger.order(step.uid()).await,
            ) else {
                continue;
            };
            if !entries.iter().any(|entry| Step::of(entry) == Some(step)) {
                return Ok(None);
            }
            let order = order.context("an entry of a step without its order")?;
            return Ok(Some(if step.no == 0 { order.number.get() } else { 0 }));
        }
    }

    /// The same order once more, in the middle of what the others write.
    async fn must_be_refused(&self, step: Step) -> Result<()> {
        let at = self.clock.next()?;
        let changes = step.changes(at);
        match self.ledger.commit(&changes, &step.audit(at)).await {
            Ok(number) => bail!("an order was received twice, now as {number:?}"),
            Err(
                LedgerError::DuplicateClientOrderId { .. }
                | LedgerError::Store { .. }
                | LedgerError::NotWritten { .. },
            ) => Ok(()),
            Err(other) => bail!("an order received twice was refused with {other:?}"),
        }
    }
}
