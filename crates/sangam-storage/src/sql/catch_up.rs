//! Going on from where the books end now: they may have been written by another process since.

use sangam_core::Timestamp;
use sangam_core::ports::LedgerError;

use super::ask::{Ask, ask};
use super::cells::Cells;
use super::failure::Fault;
use super::op::{Column, blob, int, text};
use super::session::{Cell, Row, Session};
use super::{columns as c, row};
use crate::chain::{ChainHead, Digest, Link, OpenDay};
use crate::rules::{ChainEnd, Working};

const HEAD_COLUMNS: &[Column] = &[int("sequence"), blob("hash"), int("newest_at")];
/// In PostgreSQL this is also the lock that lets one process write at a time; a SQLite file is locked by the beginning.
pub(super) static HEAD: std::sync::LazyLock<Ask> = std::sync::LazyLock::new(|| {
    let sql = "select sequence, hash, newest_at from audit_head where id = 1";
    Ask::each(sql, &format!("{sql} for update"))
});
const HASH_COLUMNS: &[Column] = &[int("sequence"), text("day"), blob("hash")];
ask!(
    SINCE,
    "select sequence, day, hash from audit where sequence >= ? order by sequence"
);
ask!(
    LAST_DAY,
    "select sequence, day, hash from audit where day = (select day from audit where sequence = ?) order by sequence"
);
ask!(LEASES, c::LEASES, "select {} from leases");
ask!(STOPS, c::STOPS, "select {} from stops");

/// Makes sure that what was loaded is what the books hold, given the answer to [`HEAD`]: if somebody else wrote since, it is forgotten.
pub(super) async fn to_the_end(
    session: &mut dyn Session,
    working: &mut Working,
    head: &[Row],
) -> Result<(), Fault> {
    let found = head.first().ok_or_else(|| LedgerError::Damaged {
        subject: "audit_head".to_owned(),
        what: "its row is missing: restore a backup".to_owned(),
    })?;
    let cells = Cells::new(found, "audit_head", HEAD_COLUMNS, "sequence");
    let head = ChainHead {
        sequence: cells.count("sequence")?,
        hash: cells.digest("hash")?,
    };
    if working.caught_up && head == working.chain.head() {
        return Ok(());
    }
    let newest = cells.instant_opt("newest_at")?;
    let known = std::mem::take(&mut working.chain);
    working.forget();
    working.chain = follow(session, known, &head).await?;
    working.chain.newest = newest;
    leases(session, working).await?;
    stops(session, working).await?;
    working.caught_up = true;
    Ok(())
}

/// The end of the chain at a head, going on from the end that was known where it is still part of the chain.
async fn follow(session: &mut dyn Session, known: ChainEnd, head: &ChainHead) -> Result<ChainEnd, Fault> {
    if head.sequence == 0 {
        return Ok(ChainEnd::default());
    }
    let mut hashes = Vec::new();
    if known.open.is_some() && known.link.sequence <= head.sequence {
        hashes = asked(session, &SINCE, known.link.sequence).await?;
    }
    let mut end = match hashes.first() {
        Some(first) if first.sequence == known.link.sequence && first.hash == known.link.hash => {
            hashes.remove(0);
            known
        }
        _ => {
            hashes = asked(session, &LAST_DAY, head.sequence).await?;
            ChainEnd::default()
        }
    };
    for link in hashes {
        match (&mut end.open, link.day) {
            (Some(open), Some(day)) if open.day() == day => open.push(&link.hash),
            (open, Some(day)) => *open = Some(OpenDay::starting(day, link.sequence, &link.hash)),
            (_, None) => {}
        }
        end.link = link;
    }
    if end.head() == *head {
        return Ok(end);
    }
    Err(LedgerError::Damaged {
        subject: format!("audit {}", head.sequence),
        what: format!(
            "the end of the audit log is not where the books say it is (found entry {}): run `sangam audit verify`, then \
             restore a backup",
            end.head().sequence
        ),
    }
    .into())
}

async fn asked(session: &mut dyn Session, ask: &Ask, sequence: u64) -> Result<Vec<Link>, Fault> {
    let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
    let rows = session.rows(ask, vec![Cell::from(sequence)]).await?;
    Ok(rows.iter().map(link).collect::<Result<_, _>>()?)
}

fn link(row: &Row) -> Result<Link, LedgerError> {
    let cells = Cells::new(row, "audit", HASH_COLUMNS, "sequence");
    let hash: Digest = cells.digest("hash")?;
    Ok(Link {
        sequence: cells.count("sequence")?,
        hash,
        day: Some(cells.parse("day")?),
    })
}

/// Reads the leases: their times move without a trace in the chain.
pub(super) async fn leases(session: &mut dyn Session, working: &mut Working) -> Result<(), Fault> {
    working.leases.clear();
    for found in session.rows(&LEASES, Vec::new()).await? {
        let lease = row::lease(&found)?;
        working.leases.insert(lease.group.clone(), lease);
    }
    Ok(())
}

/// Reads what stops new orders.
async fn stops(session: &mut dyn Session, working: &mut Working) -> Result<(), Fault> {
    working.stops.clear();
    for found in session.rows(&STOPS, Vec::new()).await? {
        let stop = row::stop(&found)?;
        working.stops.insert(stop.id.clone(), stop);
    }
    Ok(())
}

/// The time by the clock of the store.
pub(super) async fn now(session: &mut dyn Session) -> Result<Timestamp, Fault> {
    let ms = session.now_ms().await?;
    Timestamp::from_millisecond(ms).map_err(|error| {
        Fault::Ledger(LedgerError::NotWritten {
            what: format!("the clock of the ledger's store is {ms} ms after 1970: set it"),
            source: Box::new(error),
        })
    })
}
