//! Trades and positions from a broker's books into ours. Trades are keyed, so that one seen twice is counted once.

use std::sync::atomic::Ordering;

use sangam_core::ports::{AuditEntry, Change, FillRecord, LedgerError, OrderFilter, PositionRecord};
use sangam_core::timestamp::{Time, Timestamp};
use sangam_core::{Fill, IST};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Inner, Reading};

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
                .write_fills(account, trades)
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

    async fn write_fills(&self, account: &DeskAccount, trades: Vec<Fill>) -> Result<usize, LedgerError> {
        let now = self.parts.clock.now();
        let mut changes = Vec::with_capacity(trades.len() + 1);
        let mut ours = 0;
        for fill in trades {
            let order = self
                .parts
                .ledger
                .order_by_broker_id(account.id(), &fill.order_id)
                .await?;
            ours += usize::from(order.is_some());
            changes.push(Change::Filled(Box::new(FillRecord {
                account: account.id().clone(),
                broker: account.name(),
                trading_date: IST::date(fill.at.unwrap_or(now)),
                order: order.map(|order| order.uid),
                fill,
            })));
        }
        let trades = changes.len();
        match account.broker.positions().await {
            Ok(positions) => {
                let positions = positions
                    .into_iter()
                    .map(|position| PositionRecord {
                        account: account.id().clone(),
                        broker: account.name(),
                        position,
                        read_at: now,
                    })
                    .collect();
                changes.push(Change::PositionsRead {
                    account: account.id().clone(),
                    positions,
                });
            }
            Err(error) => tracing::debug!(account = %account.id(), %error, "positions not read"),
        }
        let audit = AuditEntry {
            at: now,
            actor: "desk".to_owned(),
            event: "books.read".to_owned(),
            subject: account.id().to_string(),
            detail: json!({"trades": trades}).to_string(),
        };
        self.parts.ledger.commit(&changes, &audit).await?;
        Ok(ours)
    }
}

fn start_of_day(now: Timestamp) -> Option<Timestamp> {
    IST::instant(IST::date(now).to_datetime(Time::midnight()))
}
