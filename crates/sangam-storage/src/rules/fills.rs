//! Fills, each counted once and posted to the position it moves; and what was read whole from a broker.

use std::collections::HashSet;

use sangam_core::ports::{FillRecord, HoldingRecord, LedgerError, PositionRecord, WindowCount};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, Timestamp};

use super::{NewFill, Posting, Reading, Refusal, Snapshot, TradeKey, Undo, Working};
use crate::cost::{Applied, CostError, FillPlace, KeptPosition, PositionKey};

impl Working {
    pub(crate) fn trade_key(record: &FillRecord) -> TradeKey {
        (
            record.broker,
            record.account.clone(),
            record.trading_date,
            record.fill.order_id.clone(),
            record.fill.trade_id.clone(),
        )
    }

    pub(super) fn fill(&mut self, record: &FillRecord) -> Result<(), Refusal> {
        let key = Self::trade_key(record);
        match self.trades.get(&key) {
            None => self.new_fill(key, record),
            Some(None) => {
                if let Some(uid) = record.order {
                    self.needs(uid)?;
                    self.dirty.links.push((key.clone(), uid));
                    self.undo.push(Undo::Trade(key.clone(), Some(None)));
                    self.trades.insert(key, Some(uid));
                }
                Ok(())
            }
            Some(Some(_)) => Ok(()),
        }
    }

    fn new_fill(&mut self, key: TradeKey, record: &FillRecord) -> Result<(), Refusal> {
        record.order.map_or(Ok(()), |uid| self.needs(uid))?;
        let id = self.last_fill + 1;
        let position = PositionKey::of(record);
        let before = self.kept.get(&position);
        let (after, applied) = self.moved_by(before, &position, record, id)?;
        self.undo
            .push(Undo::Kept(position.clone(), before.cloned().map(Box::new)));
        self.kept.insert(position.clone(), after);
        self.dirty.kept.insert(position.clone());
        self.dirty.postings.push(Posting {
            fill: id,
            position: position.clone(),
            date: record.trading_date,
            posted: applied.posted,
        });
        self.dirty.lots.push((position.clone(), applied));
        self.undo.push(Undo::Trade(key.clone(), None));
        self.trades.insert(key, record.order);
        if let Some(fills) = self.history.get_mut(&position) {
            fills.push((id, record.clone()));
            self.undo.push(Undo::Remembered(position.clone()));
        }
        self.last_fill = id;
        self.dirty.fills.push(NewFill {
            id,
            position,
            record: record.clone(),
        });
        Ok(())
    }

    /// The position after a fill. One that happened before others of its position is put in its place: the position is
    /// computed anew from all of them.
    fn moved_by(
        &self,
        before: Option<&KeptPosition>,
        position: &PositionKey,
        record: &FillRecord,
        id: u64,
    ) -> Result<(KeptPosition, Applied), Refusal> {
        let moved = match before {
            None => KeptPosition::opened_by(record, id, self.method),
            Some(before) if FillPlace::of(record, id) > before.last => {
                let mut after = before.clone();
                after.apply(record, id).map(|applied| (after, applied))
            }
            Some(before) => {
                let Some(history) = self.history.get(position) else {
                    return Err(Refusal::NeedsHistory(position.clone()));
                };
                let all = history
                    .iter()
                    .map(|(id, record)| (*id, record))
                    .chain([(id, record)]);
                KeptPosition::recompute(self.method, all)
                    .and_then(|after| after.replacing(Some(before)).map(|applied| (after, applied)))
            }
        };
        moved.map_err(|error| Refusal::Rule(unfit(&error)))
    }

    pub(super) fn read_positions(
        &mut self,
        account: &AccountId,
        positions: &[PositionRecord],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        all_of(
            account,
            "position",
            positions.iter().map(|record| &record.account),
        )?;
        let reading = self.reading(positions.iter().map(|record| record.read_at), now);
        self.dirty
            .snapshots
            .push(Snapshot::Positions(account.clone(), positions.to_vec(), reading));
        Ok(())
    }

    pub(super) fn read_holdings(
        &mut self,
        account: &AccountId,
        date: Date,
        holdings: &[HoldingRecord],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        all_of(account, "holding", holdings.iter().map(|record| &record.account))?;
        let reading = self.reading(holdings.iter().map(|record| record.read_at), now);
        self.dirty.snapshots.push(Snapshot::Holdings(
            account.clone(),
            date,
            holdings.to_vec(),
            reading,
        ));
        Ok(())
    }

    /// When a book was read: as its rows say, or with the entry where it has none.
    fn reading(&self, rows: impl Iterator<Item = Timestamp>, now: Timestamp) -> Reading {
        Reading {
            at: rows.min().unwrap_or(now),
            entry: self.chain.head().sequence + 1,
        }
    }

    pub(super) fn count_windows(
        &mut self,
        account: &AccountId,
        counts: &[WindowCount],
    ) -> Result<(), LedgerError> {
        all_of(account, "window count", counts.iter().map(|count| &count.account))?;
        let mut seen = HashSet::new();
        for count in counts {
            if !seen.insert((&count.scope, count.window_ms)) {
                return Err(LedgerError::AlreadyThere {
                    subject: format!(
                        "a count of {} in {} ms of account {account}",
                        count.scope, count.window_ms
                    ),
                });
            }
        }
        self.dirty
            .snapshots
            .push(Snapshot::Windows(account.clone(), counts.to_vec()));
        Ok(())
    }
}

/// What is read of an account speaks of that account.
fn all_of<'a>(
    account: &AccountId,
    what: &str,
    named: impl Iterator<Item = &'a AccountId>,
) -> Result<(), LedgerError> {
    for (place, other) in named.enumerate() {
        if other != account {
            return Err(LedgerError::Conflict {
                subject: format!("{what} {place} of account {other}"),
                expected: format!("read from account {account}"),
            });
        }
    }
    Ok(())
}

fn unfit(error: &CostError) -> LedgerError {
    match error {
        CostError::OutOfRange { position, what } => LedgerError::OutOfRange {
            subject: format!("position {position}"),
            what: format!("{what} leaves the range it can be kept in; the fill was not written"),
        },
        other => LedgerError::Damaged {
            subject: "kept position".to_owned(),
            what: other.to_string(),
        },
    }
}
