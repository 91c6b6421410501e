//! Random days on both databases and on their twin in memory give the same answers, whatever is asked, whenever the program
//! is started again, and whether commits come one by one or in groups.

mod asked;
mod day;

use std::time::Duration;

use futures::future::join_all;
use jiff::ToSpan as _;
use proptest::prelude::*;
use sangam_core::ports::{AuditEntry, Lease, Ledger, LedgerError};
use sangam_core::{GroupId, Timestamp};
use sangam_storage::{MemoryLedger, SqlLedger};
use sangam_testkit::samples;

use asked::{asked, same_beyond_the_port};
use day::{Step, dated, day, made_honest};

/// A database and its twin.
struct Twins<O> {
    open: O,
    books: SqlLedger,
    memory: MemoryLedger,
    now: Timestamp,
    /// As each of the two gave them.
    leases: Vec<(Lease, Lease)>,
}

/// What can be compared of an answer about a lease: each store has a clock of its own.
fn told(answer: &Result<Lease, LedgerError>) -> String {
    match answer {
        Ok(lease) => format!("{} {} {}", lease.group, lease.holder, lease.epoch),
        Err(LedgerError::LeaseHeld { group, holder, .. }) => format!("{group} is held by {holder}"),
        Err(other) => format!("{other:?}"),
    }
}

impl<O: AsyncFn() -> SqlLedger> Twins<O> {
    async fn new(open: O) -> Self {
        Self {
            books: open().await,
            open,
            memory: MemoryLedger::new(),
            now: samples::morning(),
            leases: Vec::new(),
        }
    }

    fn audit(&self, place: usize) -> AuditEntry {
        AuditEntry {
            at: self.now,
            ..samples::audit(&format!("step {place}"), "a step")
        }
    }

    async fn step(&mut self, place: usize, step: Step) -> Result<(), TestCaseError> {
        let audit = self.audit(place);
        let now = self.now;
        let dated =
            |changes: Vec<_>| -> Vec<_> { changes.into_iter().map(|change| dated(change, now)).collect() };
        match step {
            Step::Commit(changes) => self.together(vec![dated(changes)], &audit).await?,
            Step::Honest(change) => {
                let change = made_honest(change, &self.memory).await;
                self.together(vec![dated(vec![change])], &audit).await?;
            }
            Step::Together(commits) => {
                let commits = commits.into_iter().map(dated).collect();
                self.together(commits, &audit).await?;
            }
            Step::Take(first, long) => self.take(first, long, &audit).await?,
            Step::Renew(ago) => {
                if let Some((one, two)) = self.leases.iter().rev().nth(ago) {
                    let one = self.books.renew_lease(one, Duration::ZERO).await;
                    let two = self.memory.renew_lease(two, Duration::ZERO).await;
                    prop_assert_eq!(told(&one), told(&two));
                }
            }
            Step::Under(ago, change) => {
                if let Some((one, two)) = self.leases.iter().rev().nth(ago) {
                    let changes = dated(vec![change]);
                    let one = self.books.commit_under(one, &changes, &audit).await;
                    let two = self.memory.commit_under(two, &changes, &audit).await;
                    prop_assert_eq!(format!("{:?}", one), format!("{:?}", two));
                }
            }
            Step::Wait(seconds) => self.now += seconds.seconds(),
            Step::Restart => {
                if place.is_multiple_of(2) {
                    self.books.close().await;
                }
                self.books = (self.open)().await;
            }
        }
        Ok(())
    }

    /// Hands commits over at once to one and one by one to the other.
    async fn together(
        &self,
        commits: Vec<Vec<sangam_core::ports::Change>>,
        audit: &AuditEntry,
    ) -> Result<(), TestCaseError> {
        let answers = join_all(commits.iter().map(|changes| self.books.commit(changes, audit))).await;
        for (changes, one) in commits.iter().zip(answers) {
            let two = self.memory.commit(changes, audit).await;
            prop_assert_eq!(format!("{:?}", one), format!("{:?}", two));
        }
        Ok(())
    }

    async fn take(&mut self, first: bool, long: bool, audit: &AuditEntry) -> Result<(), TestCaseError> {
        let group: GroupId = "main".parse().expect("a group");
        let holder = if first { "one" } else { "two\0" };
        let lasting = Duration::from_secs(if long { 30 * 86_400 } else { 0 });
        let one = self.books.take_lease(&group, holder, lasting, audit).await;
        let two = self.memory.take_lease(&group, holder, lasting, audit).await;
        prop_assert_eq!(told(&one), told(&two));
        if let (Ok(one), Ok(two)) = (one, two) {
            self.leases.push((one, two));
        }
        Ok(())
    }
}

async fn live(open: impl AsyncFn() -> SqlLedger, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut twins = Twins::new(open).await;
    for (place, step) in steps.into_iter().enumerate() {
        twins.step(place, step).await?;
    }
    prop_assert_eq!(asked(&twins.books).await, asked(&twins.memory).await);
    same_beyond_the_port(&twins.books, &twins.memory).await;
    twins.books.close().await;
    Ok(())
}

fn run(day: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(day)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn property_the_file_and_its_twin_agree(steps in day()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        run(live(async || SqlLedger::open(&path).await.expect("opens"), steps))?;
    }
}

#[cfg(feature = "postgres")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn property_the_server_and_its_twin_agree(steps in day()) {
        use sangam_storage::PostgresSettings;
        let database = sangam_testkit::PostgresServer::shared().database();
        let settings = PostgresSettings::of_url(database.url()).expect("an address");
        run(live(async || SqlLedger::connect(settings.clone()).await.expect("opens"), steps))?;
    }
}
