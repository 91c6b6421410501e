//! Which trades of an account are in the ledger for sure. A broker's book lists the whole day, and reading it again after
//! each fill would ask the ledger about every trade each time.

use std::collections::HashMap;

use parking_lot::Mutex;
use sangam_core::ports::FillRecord;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerOrderId, Fill, TradeId};

/// Trades remembered before the table is begun anew: forgetting costs a look, for the ledger counts none twice.
const TRADES_MAX: usize = 65_536;

/// What is in the ledger of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// The trade and the order of ours it belongs to.
    Linked,
    /// The trade alone: an order of ours may still be found for it.
    Alone,
}

/// Trades written by this process.
#[derive(Debug, Default)]
pub(crate) struct TradesWritten(Mutex<HashMap<(Date, BrokerOrderId, TradeId), Written>>);

impl TradesWritten {
    /// What was written of a trade; `None` when it may not be in the ledger.
    pub(crate) fn of(&self, date: Date, fill: &Fill) -> Option<Written> {
        let trade = (date, fill.order_id.clone(), fill.trade_id.clone());
        self.0.lock().get(&trade).copied()
    }

    /// Notes what was written.
    pub(crate) fn note<'a>(&self, written: impl Iterator<Item = &'a FillRecord>) {
        let mut trades = self.0.lock();
        for record in written {
            if trades.len() >= TRADES_MAX {
                trades.clear();
            }
            let fill = &record.fill;
            let trade = (record.trading_date, fill.order_id.clone(), fill.trade_id.clone());
            let what = record.order.map_or(Written::Alone, |_| Written::Linked);
            trades.insert(trade, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use sangam_testkit::samples;

    use super::*;

    #[test]
    fn a_trade_is_known_by_date_order_and_trade() {
        let alone = samples::fill_record("808", "t1");
        let linked = FillRecord {
            order: Some(samples::uid(1)),
            ..samples::fill_record("808", "t2")
        };
        let written = TradesWritten::default();
        written.note([&alone, &linked].into_iter());
        let date = linked.trading_date;
        assert_eq!(written.of(date, &alone.fill), Some(Written::Alone));
        assert_eq!(written.of(date, &linked.fill), Some(Written::Linked));
        let tomorrow = date.tomorrow().expect("a date");
        assert_eq!(written.of(tomorrow, &linked.fill), None);
        assert_eq!(written.of(date, &samples::fill_record("809", "t2").fill), None);
    }
}
