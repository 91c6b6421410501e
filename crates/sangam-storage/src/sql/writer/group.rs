//! One group of commits: judged, written, made durable, answered.

use sangam_core::Timestamp;
use sangam_core::ports::{Change, LedgerError};

use super::Writer;
use super::work::{Applied, Work};
use crate::cost::PositionKey;
use crate::rules::{Refusal, Working};
use crate::sql::failure::{self, Fault, Place, Shared};
use crate::sql::session::{AtOnce, Row, Session};
use crate::sql::{catch_up, load, persist};

/// Most changes of a commit that is written in one round trip: each kind of it is a text that stays prepared.
const CHANGES_AT_ONCE: usize = 2;

/// Rows kept in memory between groups; beyond it everything is forgotten and read again.
const ROWS_MAX: usize = 100_000;

/// A connection in a new transaction, and where the audit chain ends.
type Begun = (Box<dyn Session>, Vec<Row>);

/// What the rules say of some work.
enum Verdict {
    Applied(Applied),
    Refused(LedgerError),
    /// It has to be tried again, by itself, when this group is written.
    Later(PositionKey),
}

/// How a transaction ended.
enum Ended {
    Durable(Vec<Verdict>),
    /// Nothing was written. `each` tells whether one of several may be taken by itself.
    NotWritten {
        error: LedgerError,
        each: bool,
    },
    /// Nobody knows.
    Unknown(LedgerError),
}

impl Writer {
    /// Writes all of it, the tasks that want the books for themselves one by one.
    pub(super) async fn all(&mut self, works: Vec<Work>) {
        if std::mem::replace(&mut self.in_hand, true) {
            // Somebody's panic left it in the middle of something: what is remembered may be half applied.
            return refuse_all(works, &Shared::of(failure::closed(&self.store.place)));
        }
        self.all_in_turn(works).await;
        self.in_hand = false;
    }

    async fn all_in_turn(&mut self, works: Vec<Work>) {
        let mut group = Vec::with_capacity(works.len());
        for work in works {
            if work.is_alone() {
                self.group(std::mem::take(&mut group), true).await;
                self.alone(work).await;
            } else {
                group.push(work);
            }
        }
        self.group(group, true).await;
        if self.working.len() > ROWS_MAX {
            self.working.forget_rows();
        }
    }

    /// Writes a group; each by itself where writing the whole fails.
    async fn group(&mut self, works: Vec<Work>, split: bool) {
        if works.is_empty() {
            return;
        }
        let Some(works) = self.at_once(works).await else {
            return;
        };
        let (mut session, head) = match self.begun().await {
            Ok(begun) => begun,
            Err(error) => return answer_not_written(works, error),
        };
        let ended = self.transaction(&mut *session, &head, &works).await;
        match ended {
            Ended::Durable(verdicts) => {
                self.session = Some(session);
                self.working.settle();
                self.answer(works, verdicts).await;
            }
            Ended::NotWritten { error, each } => {
                self.drop_group(session).await;
                if split && each && works.len() > 1 {
                    for work in works {
                        Box::pin(self.group(vec![work], false)).await;
                    }
                } else {
                    answer_not_written(works, error);
                }
            }
            Ended::Unknown(error) => {
                self.working.forget();
                let shared = Shared::of(error);
                for work in works {
                    work.refuse(shared.unknown());
                }
            }
        }
    }

    /// Writes one commit that speaks only of what is loaded in a single round trip, where the database can. What was loaded is
    /// still right if the audit chain ends where it ended, which the same transaction looks at. Gives back what is to be
    /// written the long way: refusals too, for they are told only on what a transaction read.
    async fn at_once(&mut self, mut works: Vec<Work>) -> Option<Vec<Work>> {
        let able = self
            .session
            .as_ref()
            .is_some_and(|session| session.is_able_at_once());
        let alone = able && works.len() == 1 && self.working.caught_up;
        // What was read whole has as many rows as it has: each number of them would be a kind of its own.
        let read_whole = |change: &Change| {
            matches!(
                change,
                Change::PositionsRead { .. } | Change::HoldingsRead { .. } | Change::WindowsCounted { .. }
            )
        };
        let short = |work: &Work| {
            work.is_commit()
                && work.changes().len() <= CHANGES_AT_ONCE
                && !work.changes().iter().any(read_whole)
                && load::is_loaded(&self.working, work.changes())
        };
        if !alone || !works.iter().all(short) {
            return Some(works);
        }
        let (work, mut session) = (works.pop()?, self.session.take()?);
        let before = self.working.chain.clone();
        let end = before.head();
        let Verdict::Applied(applied) = judge(&mut self.working, &work, None) else {
            self.session = Some(session);
            return Some(vec![work]);
        };
        let plan = persist::plan(&mut self.working);
        match session.at_once(&end, plan).await {
            Some(AtOnce::Durable) => {
                self.session = Some(session);
                self.working.settle();
                work.accept(applied);
                None
            }
            Some(AtOnce::Unknown(error)) => {
                self.working.forget();
                work.refuse(failure::in_commit(&self.store.place, error));
                None
            }
            Some(AtOnce::NotWritten(error)) => {
                self.working.forget_but(before);
                self.session = Some(session);
                let fault = Fault::Sql(error);
                if fault.is_of_the_store() {
                    work.refuse(fault.before_commit("writing to", &self.store.place));
                    return None;
                }
                Some(vec![work])
            }
            None => {
                self.working.forget_but(before);
                self.session = Some(session);
                Some(vec![work])
            }
        }
    }

    /// A connection in a new transaction. It is made anew if the last one was given up, or turns out to be gone: a server may
    /// have been started again since.
    async fn begun(&mut self) -> Result<Begun, LedgerError> {
        let not_begun =
            |error: sqlx::Error, place: &Place| Fault::Sql(error).before_commit("writing to", place);
        if let Some(mut kept) = self.session.take() {
            match kept.begin_asking(&catch_up::HEAD).await {
                Ok(head) => return Ok((kept, head)),
                Err(error) if failure::is_gone(&error) => {
                    tracing::warn!(ledger = %self.store.place, %error, "the ledger's connection is gone; making a new one");
                }
                Err(error) => {
                    // It may have begun, and failed in the question.
                    self.drop_group(kept).await;
                    return Err(not_begun(error, &self.store.place));
                }
            }
        }
        let mut session = self.store.writer().await?;
        match session.begin_asking(&catch_up::HEAD).await {
            Ok(head) => Ok((session, head)),
            Err(error) => Err(not_begun(error, &self.store.place)),
        }
    }

    /// Forgets a transaction; its connection is kept if it can still take one back.
    async fn drop_group(&mut self, mut session: Box<dyn Session>) {
        self.working.forget();
        if session.rollback().await.is_ok() {
            self.session = Some(session);
        }
    }

    async fn transaction(&mut self, session: &mut dyn Session, head: &[Row], works: &[Work]) -> Ended {
        let place = &self.store.place;
        let not_written = |fault: Fault| Ended::NotWritten {
            each: !fault.is_of_the_store(),
            error: fault.before_commit("writing to", place),
        };
        let verdicts = match judged(session, &mut self.working, head, works).await {
            Ok(verdicts) => verdicts,
            Err(fault) => return not_written(fault),
        };
        if let Err(fault) = persist::all(session, &mut self.working).await {
            return not_written(fault);
        }
        match session.commit().await {
            Ok(()) => Ended::Durable(verdicts),
            Err(error) => Ended::Unknown(failure::in_commit(place, error)),
        }
    }

    async fn answer(&mut self, works: Vec<Work>, verdicts: Vec<Verdict>) {
        let mut later = Vec::new();
        for (work, verdict) in works.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Applied(applied) => work.accept(applied),
                Verdict::Refused(error) => work.refuse(error),
                Verdict::Later(position) => later.push((work, position)),
            }
        }
        for (work, position) in later {
            tracing::debug!(%position, "a fill came after later ones: its position is computed anew");
            Box::pin(self.group(vec![work], false)).await;
        }
    }

    /// Lets a task have the books for itself.
    async fn alone(&mut self, work: Work) {
        let Work::Alone { task, answer } = work else {
            return;
        };
        let (mut session, head) = match self.begun().await {
            Ok(begun) => begun,
            Err(error) => return drop(answer.send(Err(error))),
        };
        let place = self.store.place.clone();
        let done = match catch_up::to_the_end(&mut *session, &mut self.working, &head).await {
            Err(fault) => Err(fault),
            Ok(()) => match task(&mut *session, &mut self.working).await {
                Err(fault) => Err(fault),
                Ok(()) => persist::all(&mut *session, &mut self.working).await,
            },
        };
        let told = match done {
            Err(fault) => {
                self.drop_group(session).await;
                Err(fault.before_commit("writing to", &place))
            }
            Ok(()) => {
                let committed = session.commit().await;
                self.working.forget();
                match committed {
                    Ok(()) => {
                        self.session = Some(session);
                        Ok(())
                    }
                    Err(error) => Err(failure::in_commit(&place, error)),
                }
            }
        };
        if answer.send(told).is_err() {
            tracing::debug!("nobody waited for the answer of a task on the books");
        }
    }
}

/// Reads what has to be known and lets the rules judge each work in turn.
async fn judged(
    session: &mut dyn Session,
    working: &mut Working,
    head: &[Row],
    works: &[Work],
) -> Result<Vec<Verdict>, Fault> {
    catch_up::to_the_end(session, working, head).await?;
    let mut now = None;
    if works.iter().any(Work::is_about_leases) {
        catch_up::leases(session, working).await?;
        now = Some(catch_up::now(session).await?);
    }
    let changes = works.iter().flat_map(|work| work.changes().iter());
    load::wanted(session, working, &changes.collect::<Vec<_>>()).await?;
    Ok(works.iter().map(|work| judge(working, work, now)).collect())
}

fn judge(working: &mut Working, work: &Work, now: Option<Timestamp>) -> Verdict {
    let now = now.unwrap_or(Timestamp::MAX);
    let leased = |lease: Result<_, LedgerError>| lease.map(Applied::Lease).map_err(Refusal::Rule);
    let judged = match work {
        Work::Commit {
            lease,
            changes,
            audit,
            ..
        } => working.apply(lease.as_ref(), changes, audit).map(Applied::Number),
        Work::TakeLease {
            group,
            holder,
            lasting,
            audit,
            ..
        } => leased(working.take_lease(group, holder, now, *lasting, audit)),
        Work::RenewLease { lease, lasting, .. } => leased(working.renew_lease(lease, now, *lasting)),
        Work::Alone { .. } => Ok(Applied::Number(None)),
    };
    match judged {
        Ok(applied) => Verdict::Applied(applied),
        Err(Refusal::Rule(error)) => Verdict::Refused(error),
        Err(Refusal::NeedsHistory(position)) => Verdict::Later(position),
    }
}

fn refuse_all(works: Vec<Work>, error: &Shared) {
    for work in works {
        work.refuse(error.not_written());
    }
}

/// One hears the error as it is; several hear what it says.
fn answer_not_written(mut works: Vec<Work>, error: LedgerError) {
    match (works.pop(), works.is_empty()) {
        (Some(work), true) => work.refuse(error),
        (Some(work), false) => {
            works.push(work);
            refuse_all(works, &Shared::of(error));
        }
        (None, _) => {}
    }
}
