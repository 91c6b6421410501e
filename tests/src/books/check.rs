//! What must be true of books whose writer was killed: every acknowledged commit is there under its number, what was not
//! acknowledged is there whole or not at all, and the chain holds.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, bail, ensure};
use sangam_core::OrderUid;
use sangam_core::ports::Ledger as _;
use sangam_storage::chain::{ChainedEntry, Verifier};
use sangam_storage::{MemoryLedger, SqlLedger};

use super::compare;
use super::story::Step;
use super::writer::{HOLDER, LASTING, LEASE_TAKEN};

/// Entries read at once.
const PAGE: u32 = 2_000;

/// What a writer said, over all its starts on the same books.
#[derive(Debug, Clone, Default)]
pub struct Acknowledged {
    /// The last step of each task of each start.
    last: BTreeMap<(u8, u8), Step>,
    numbers: HashMap<OrderUid, u64>,
    commits: u64,
}

impl Acknowledged {
    /// Takes a line of the writer.
    ///
    /// # Errors
    /// For a line that is none of its.
    pub fn hear(&mut self, line: &str) -> Result<Heard> {
        match line.split_once(' ') {
            None if line == "ready" => return Ok(Heard::Ready),
            None if line == "doubt" => return Ok(Heard::Doubt),
            Some(("ack", words)) => self.acknowledge(words).with_context(|| format!("in {line:?}"))?,
            _ => bail!("the writer said {line:?}"),
        }
        Ok(Heard::Acknowledged)
    }

    fn acknowledge(&mut self, words: &str) -> Result<()> {
        let figures: Vec<u64> = words.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [generation, task, order, no, number] = figures[..] else {
            bail!("five numbers belong there");
        };
        let step = Step {
            generation: u8::try_from(generation)?,
            task: u8::try_from(task)?,
            order: u32::try_from(order)?,
            no: u8::try_from(no)?,
        };
        let before = self.last.insert((step.generation, step.task), step);
        let expected = before.map_or(Step::first(step.generation, step.task), Step::next);
        ensure!(
            step == expected,
            "the writer said {step:?} instead of {expected:?}"
        );
        if step.no == 0 {
            self.numbers.insert(step.uid(), number);
        }
        self.commits += 1;
        Ok(())
    }

    /// Commits that were acknowledged.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }
}

/// What a line of the writer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It begins.
    Ready,
    /// A commit was acknowledged.
    Acknowledged,
    /// A commit failed, or nobody knows.
    Doubt,
}

/// What was found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Entries of the chain, each of one commit.
    pub entries: u64,
    /// Days of the chain that are sealed.
    pub sealed_days: u64,
    /// Orders, compared field by field with their attempts and fills.
    pub orders: u64,
    /// Commits that were durable when the writer died before it could say so.
    pub unsaid: u64,
}

/// Holds books against what was said of them.
///
/// The chain tells in which order commits were made, and each entry which commit it was: made again in that order on books in
/// memory, they must leave the same chain, the same numbers and the same rows everywhere.
///
/// # Errors
/// With the first thing that is not as it must be.
pub async fn check(ledger: &SqlLedger, acknowledged: &Acknowledged) -> Result<Checked> {
    let entries = entries(ledger).await?;
    let sealed = ledger.sealed_days().await?;
    let mut verifier = Verifier::new(&sealed, BTreeMap::new())?;
    for entry in &entries {
        verifier.push(entry)?;
    }
    let verified = verifier.finish(&ledger.chain_head().await?)?;

    let (memory, found) = made_again(&entries, acknowledged).await?;
    let unsaid = nothing_lost(&found, acknowledged)?;
    let (again, days) = memory.chain();
    ensure!(again == entries, "made again, the commits leave another chain");
    ensure!(days == sealed, "made again, the commits leave other seals");
    let orders = compare::all(ledger, &memory).await?;
    let positions = ledger.check_positions().await?;
    ensure!(
        positions.differing.is_empty(),
        "positions differ from their fills: {:?}",
        positions.differing
    );
    Ok(Checked {
        entries: verified.entries,
        sealed_days: sealed.len() as u64,
        orders,
        unsaid,
    })
}

async fn entries(ledger: &SqlLedger) -> Result<Vec<ChainedEntry>> {
    let mut entries: Vec<ChainedEntry> = Vec::new();
    loop {
        let next = entries.last().map_or(1, |last| last.sequence + 1);
        let page = ledger.chained(next, PAGE).await?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
    }
}

/// Makes the commits again. Answers the books and the last step of each task.
async fn made_again(
    entries: &[ChainedEntry],
    acknowledged: &Acknowledged,
) -> Result<(MemoryLedger, BTreeMap<(u8, u8), Step>)> {
    let memory = MemoryLedger::new();
    let mut found: BTreeMap<(u8, u8), Step> = BTreeMap::new();
    for ChainedEntry { entry, sequence, .. } in entries {
        if entry.event == LEASE_TAKEN {
            let group = sangam_testkit::samples::order_record(0).group;
            memory.take_lease(&group, HOLDER, LASTING, entry).await?;
            continue;
        }
        let step = Step::of(entry).with_context(|| format!("entry {sequence} is of no commit: {entry:?}"))?;
        let before = found.insert((step.generation, step.task), step);
        let expected = before.map_or(Step::first(step.generation, step.task), Step::next);
        ensure!(
            step == expected,
            "entry {sequence} is of {step:?} instead of {expected:?}"
        );
        let number = memory
            .commit(&step.changes(entry.at), entry)
            .await
            .with_context(|| format!("make entry {sequence} again"))?;
        if let Some(said) = acknowledged.numbers.get(&step.uid())
            && step.no == 0
        {
            let number = number.map_or(0, |number| number.get());
            ensure!(
                number == *said,
                "{step:?} has the number {number}, it was acknowledged as {said}"
            );
        }
    }
    Ok((memory, found))
}

/// Each task has all its acknowledged commits and at most one more: it waits for each answer.
fn nothing_lost(found: &BTreeMap<(u8, u8), Step>, acknowledged: &Acknowledged) -> Result<u64> {
    let mut unsaid = 0;
    for (task, last) in &acknowledged.last {
        let there = found
            .get(task)
            .with_context(|| format!("{last:?} was acknowledged and is lost"))?;
        ensure!(
            there >= last,
            "{last:?} was acknowledged and is lost: the last one there is {there:?}"
        );
    }
    for (task, there) in found {
        let last = acknowledged.last.get(task);
        if last == Some(there) {
            continue;
        }
        let expected = last.map_or(Step::first(task.0, task.1), |last| last.next());
        ensure!(
            *there == expected,
            "{there:?} is there though {last:?} was the last one acknowledged"
        );
        unsaid += 1;
    }
    Ok(unsaid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str]) -> Acknowledged {
        let mut said = Acknowledged::default();
        for line in lines {
            said.hear(line).expect("a line");
        }
        said
    }

    async fn written(steps: u32) -> (tempfile::TempDir, SqlLedger) {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = SqlLedger::open(folder.path().join("books.db"))
            .await
            .expect("opens");
        let mut step = Step::first(0, 0);
        for _ in 0..steps {
            let at = sangam_testkit::samples::morning();
            ledger
                .commit(&step.changes(at), &step.audit(at))
                .await
                .expect("commits");
            step = step.next();
        }
        (folder, ledger)
    }

    #[tokio::test]
    async fn what_is_there_may_be_one_more_than_what_was_said_and_never_less() {
        let (_folder, ledger) = written(3).await;
        let number = "ack 0 0 0 0 2611230000001";
        for (said, right) in [
            (vec![number], false),
            (vec![number, "ack 0 0 0 1 0"], true),
            (vec![number, "ack 0 0 0 1 0", "ack 0 0 0 2 0"], true),
            (
                vec![number, "ack 0 0 0 1 0", "ack 0 0 0 2 0", "ack 0 0 0 3 0"],
                false,
            ),
            (vec![number, "ack 0 0 0 1 0", "ack 0 1 0 0 2611230000002"], false),
            (vec!["ack 0 0 0 0 2611230000009", "ack 0 0 0 1 0"], false),
        ] {
            let checked = check(&ledger, &heard(&said)).await;
            assert_eq!(checked.is_ok(), right, "{said:?}: {checked:?}");
        }
    }

    #[tokio::test]
    async fn half_a_commit_is_found() {
        for damage in [
            "delete from attempts",
            "update orders set state = 'validated'",
            "update orders set message = 'other'",
            "update audit_head set sequence = 1",
        ] {
            let (folder, ledger) = written(2).await;
            let path = folder.path().join("books.db");
            let said = heard(&["ack 0 0 0 0 2611230000001", "ack 0 0 0 1 0"]);
            check(&ledger, &said).await.expect("right");
            let mut hand = compare::hand(&path).await.expect("opens");
            sqlx::query(damage).execute(&mut hand).await.expect("edits");
            check(&ledger, &said).await.expect_err(damage);
        }
    }
}
