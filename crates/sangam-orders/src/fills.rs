//! Trades and positions from a broker's books into ours. Trades are keyed, so that one seen twice is counted once.

use std::sync::atomic::Ordering;

use sangam_core::ports::{AuditEntry, Change, FillRecord, LedgerError, OrderFilter, PositionRecord};
use sangam_core::timestamp::{Time, Timestamp};
use sangam_core::{Fill, IST, Position};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Inner, Reading};
use crate::trades_written::Written;

impl Reading {
    /// An order was seen with more fills: its trades are to be read, however many readings that takes.
    pub(crate) fn owe_trades(&self) {
        self.trades_owed.store(true, Ordering::SeqCst);
    }

    /// Whether trades may have happened that are not in the ledger.
    pub(crate) fn owes_trades(&self) -> bool {
        self.trades_owed.load(Ordering::SeqCst)
    }
}

impl Inner {
    /// After a restart: which accounts have orders of today whose trades did not all get into the ledger.
    pub(crate) async fn find_owed_trades(&self) -> Result<(), LedgerError> {
        let filter = OrderFilter {
            since: start_of_day(self.parts.clock.now()),
            ..OrderFilter::default()
        };
        for order in self.parts.ledger.orders(&filter).await? {
            let reading = order.account.as_ref().and_then(|id| self.reading.get(id));
            let Some(reading) = reading.filter(|_| order.group == self.parts.group) else {
                continue;
            };
            if order.filled.is_zero() || reading.owes_trades() {
                continue;
            }
            let fills = self.parts.ledger.fills_of(order.uid).await?;
            let traded: u64 = fills.iter().map(|record| record.fill.quantity.units()).sum();
            if traded < order.filled.units() {
                reading.owe_trades();
            }
        }
        Ok(())
    }

    /// Reads the trades an account owes and its positions; answers how many trades belong to orders of ours. A failure
    /// leaves them for the next reading.
    pub(crate) async fn read_fills(&self, account: &DeskAccount) -> usize {
        let Some(reading) = self.reading.get(account.id()).filter(|r| r.owes_trades()) else {
            return 0;
        };
        // Taken before the question: a fill seen while it is answered is owed again.
        reading.trades_owed.store(false, Ordering::SeqCst);
        let written = match account.broker.trades().await {
            Ok(trades) => self
                .write_fills(account, reading, trades)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        written.unwrap_or_else(|error| {
            reading.owe_trades();
            tracing::warn!(account = %account.id(), error, "trades not read; the next reading tries again");
            0
        })
    }

    async fn write_fills(
        &self,
        account: &DeskAccount,
        reading: &Reading,
        trades: Vec<Fill>,
    ) -> Result<usize, LedgerError> {
        let now = self.parts.clock.now();
        let (mut fresh, mut ours) = (Vec::new(), 0);
        for fill in trades {
            let trading_date = IST::date(fill.at.unwrap_or(now));
            let written = reading.trades_written.of(trading_date, &fill);
            if written == Some(Written::Linked) {
                ours += 1;
                continue;
            }
            let order = self
                .parts
                .ledger
                .order_by_broker_id(account.id(), &fill.order_id)
                .await?;
            ours += usize::from(order.is_some());
            if order.is_none() && written.is_some() {
                continue;
            }
            fresh.push(FillRecord {
                account: account.id().clone(),
                broker: account.name(),
                trading_date,
                order: order.map(|order| order.uid),
                fill,
            });
        }
        as_they_happened(&mut fresh);
        let trades = fresh.len();
        let mut changes: Vec<_> = fresh
            .iter()
            .map(|record| Change::Filled(Box::new(record.clone())))
            .collect();
        match account.broker.positions().await {
            Ok(positions) if trades > 0 || self.moved(account, &positions, now).await? => {
                changes.push(positions_read(account, positions, now));
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(account = %account.id(), %error, "positions not read"),
        }
        if changes.is_empty() {
            return Ok(ours);
        }
        let audit = AuditEntry {
            at: now,
            actor: "desk".to_owned(),
            event: "books.read".to_owned(),
            subject: account.id().to_string(),
            detail: json!({"trades": trades}).to_string(),
        };
        self.parts.ledger.commit(&changes, &audit).await?;
        self.checks.traded(&fresh);
        reading.trades_written.note(fresh.iter());
        Ok(ours)
    }

    /// Whether positions are others than those in the ledger, but for prices, or those are of another day. Rows that are
    /// the same keep the time they were written with, which is never too new.
    async fn moved(
        &self,
        account: &DeskAccount,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let mut kept = self.parts.ledger.positions().await?;
        kept.retain(|record| record.account == *account.id());
        let today = IST::date(now);
        let same = |(record, position): (&PositionRecord, &Position)| {
            record.broker == account.name()
                && IST::date(record.read_at) == today
                && without_price(&record.position) == without_price(position)
        };
        // An empty book leaves no row to tell when it was read.
        let known = kept.len() == positions.len() && !kept.is_empty();
        Ok(!(known && kept.iter().zip(positions).all(same)))
    }
}

/// Sorts trades by when they happened, those without a time last, as the ledger does. A book that lists the newest first
/// is turned round before, so that trades of one second stay in their order.
fn as_they_happened(trades: &mut [FillRecord]) {
    let timed = || trades.iter().filter_map(|record| record.fill.at);
    if timed().next() > timed().next_back() {
        trades.reverse();
    }
    trades.sort_by_key(|record| (record.trading_date, record.fill.at.is_none(), record.fill.at));
}

fn positions_read(account: &DeskAccount, positions: Vec<Position>, read_at: Timestamp) -> Change {
    let record = |position| PositionRecord {
        account: account.id().clone(),
        broker: account.name(),
        position,
        read_at,
    };
    Change::PositionsRead {
        account: account.id().clone(),
        positions: positions.into_iter().map(record).collect(),
    }
}

fn without_price(position: &Position) -> Position {
    Position {
        last_price: None,
        unrealised: None,
        ..position.clone()
    }
}

fn start_of_day(now: Timestamp) -> Option<Timestamp> {
    IST::instant(IST::date(now).to_datetime(Time::midnight()))
}
