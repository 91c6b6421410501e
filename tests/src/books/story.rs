//! What the writer writes: commits that follow from their number and their time alone, so that whoever reads an audit entry
//! knows every row that must have come with it.

use std::time::Duration;

use sangam_core::ports::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, OrderMoved, OrderRecord, PositionRecord,
    SessionRecord, WindowCount,
};
use sangam_core::{
    AccountId, AttemptNo, AttemptState, BookInstrument, BrokerName, BrokerOrderId, Exchange, Fill, Holding,
    IST, InstrumentId, OrderRequest, OrderState, OrderUid, Position, Pricing, Quantity, Side, Timestamp,
};
use sangam_testkit::samples;

/// One commit of a writer's task: orders come one after another, each in the same steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// Which start of the writer on these books.
    pub generation: u8,
    /// Which of its tasks.
    pub task: u8,
    /// Which order of the task.
    pub order: u32,
    /// Which commit of the order.
    pub no: u8,
}

/// Instruments, so that some positions are shared by tasks and some are not.
const SYMBOLS: [&str; 4] = ["RELIANCE", "INFY", "TCS", "SBIN"];

impl Step {
    /// Commits of one order.
    pub const PER_ORDER: u8 = 6;

    /// The first of a task.
    #[must_use]
    pub fn first(generation: u8, task: u8) -> Self {
        Self {
            generation,
            task,
            order: 0,
            no: 0,
        }
    }

    /// The one that comes next.
    #[must_use]
    pub fn next(self) -> Self {
        if self.no + 1 < Self::PER_ORDER {
            Self {
                no: self.no + 1,
                ..self
            }
        } else {
            Self {
                order: self.order + 1,
                no: 0,
                ..self
            }
        }
    }

    /// The step an audit entry was written with; `None` for an entry that is not of a step.
    #[must_use]
    pub fn of(entry: &AuditEntry) -> Option<Self> {
        let no = entry.event.strip_prefix("step.")?.parse().ok()?;
        let mut parts = entry.subject.split('/');
        let step = Self {
            generation: parts.next()?.parse().ok()?,
            task: parts.next()?.parse().ok()?,
            order: parts.next()?.parse().ok()?,
            no,
        };
        parts.next().is_none().then_some(step)
    }

    /// What its audit entry is about.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}/{}/{}", self.generation, self.task, self.order)
    }

    /// Its audit entry at a time.
    #[must_use]
    pub fn audit(&self, at: Timestamp) -> AuditEntry {
        AuditEntry {
            at,
            ..samples::audit(&format!("step.{}", self.no), &self.subject())
        }
    }

    /// The order it belongs to.
    #[must_use]
    pub fn uid(&self) -> OrderUid {
        let mut chance = [0; 10];
        chance[0] = self.generation;
        chance[1] = self.task;
        chance[2..6].copy_from_slice(&self.order.to_be_bytes());
        OrderUid::new(1_795_405_500_000, &chance)
    }

    /// Whether its commit is made under the lease of the group.
    #[must_use]
    pub fn is_leased(&self) -> bool {
        self.no < 2
    }

    /// Its changes at a time.
    #[must_use]
    pub fn changes(&self, at: Timestamp) -> Vec<Change> {
        match self.no {
            0 => vec![self.received(at)],
            1 => vec![
                self.moved(at, OrderState::Received, OrderState::Validated, 0),
                self.moved(at, OrderState::Validated, OrderState::Submitting, 0),
                self.intended(at),
            ],
            2 if self.is_doubtful() => vec![
                self.attempt_moved(at, "intent", self.unknown()),
                self.moved(at, OrderState::Submitting, OrderState::InDoubt, 0),
            ],
            2 => vec![
                self.attempt_moved(at, "intent", self.acked()),
                self.placed(at, OrderState::Submitting),
            ],
            3 if self.is_doubtful() => vec![
                self.attempt_moved(at, "unknown", self.acked()),
                self.placed(at, OrderState::InDoubt),
                self.filled(at, 1, None),
                self.moved(at, OrderState::Working, OrderState::PartiallyFilled, 4),
            ],
            3 => vec![
                self.filled(at, 1, None),
                self.moved(at, OrderState::Working, OrderState::PartiallyFilled, 4),
            ],
            4 => vec![
                self.filled(at, 1, Some(self.uid())),
                self.filled(at, 2, Some(self.uid())),
                self.moved(at, OrderState::PartiallyFilled, OrderState::Filled, 10),
            ],
            _ => self.read(at),
        }
    }

    /// Each fourth order is in doubt for a while.
    fn is_doubtful(&self) -> bool {
        self.order % 4 == 3
    }

    fn account(&self) -> AccountId {
        format!("account-{}", self.task % 3).parse().expect("a name")
    }

    fn side(&self) -> Side {
        if (self.order + u32::from(self.task)).is_multiple_of(2) {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    fn instrument(&self) -> InstrumentId {
        let place = self.order as usize % SYMBOLS.len();
        format!("NSE:{}", SYMBOLS[place]).parse().expect("an instrument")
    }

    fn book_instrument(&self) -> BookInstrument {
        BookInstrument {
            id: Some(self.instrument()),
            exchange: Some(Exchange::Nse),
            broker_symbol: format!("{}-EQ", self.instrument().symbol),
        }
    }

    fn request(&self) -> OrderRequest {
        let pricing = match self.order % 2 {
            0 => Pricing::Limit {
                limit: samples::price("1450.5"),
            },
            _ => Pricing::Market,
        };
        OrderRequest {
            instrument: self.instrument(),
            side: self.side(),
            pricing,
            ..samples::request()
        }
    }

    fn received(&self, at: Timestamp) -> Change {
        Change::Received(Box::new(OrderRecord {
            uid: self.uid(),
            client_order_id: Some(self.subject().parse().expect("a key")),
            request: self.request(),
            strategy: Some(format!("it's \"strategy\"\n{}", self.task)),
            created_at: at,
            updated_at: at,
            ..samples::order_record(0)
        }))
    }

    fn intended(&self, at: Timestamp) -> Change {
        let tag = format!("S{:02}{:03}{:08}", self.generation, self.task, self.order);
        Change::Intended(Box::new(AttemptRecord {
            order: self.uid(),
            account: self.account(),
            tag: tag.parse().expect("a tag"),
            request: self.request(),
            created_at: at,
            updated_at: at,
            ..samples::attempt_record(0)
        }))
    }

    fn broker_order_id(&self) -> BrokerOrderId {
        let id = format!("B{}-{}-{}", self.generation, self.task, self.order);
        id.parse().expect("an id")
    }

    fn acked(&self) -> AttemptState {
        AttemptState::Acked {
            broker_order_id: self.broker_order_id(),
        }
    }

    fn unknown(&self) -> AttemptState {
        AttemptState::Unknown {
            reason: format!("no answer to {}", self.subject()),
        }
    }

    fn attempt_moved(&self, at: Timestamp, from: &'static str, to: AttemptState) -> Change {
        Change::AttemptMoved {
            order: self.uid(),
            no: AttemptNo::FIRST,
            from,
            to,
            at,
        }
    }

    fn bare_move(&self, at: Timestamp, from: OrderState, to: OrderState) -> OrderMoved {
        OrderMoved {
            uid: self.uid(),
            at,
            ..samples::order_moved(0, from, to)
        }
    }

    fn moved(&self, at: Timestamp, from: OrderState, to: OrderState, filled: u64) -> Change {
        Change::OrderMoved(Box::new(OrderMoved {
            filled: (filled > 0).then(|| samples::quantity(filled)),
            average_price: (filled > 0).then(|| samples::price("1450.45")),
            message: Some(format!("{from} to {to}")),
            ..self.bare_move(at, from, to)
        }))
    }

    fn placed(&self, at: Timestamp, from: OrderState) -> Change {
        Change::OrderMoved(Box::new(OrderMoved {
            placed_with: Some((self.account(), BrokerName::Fyers)),
            broker_order_id: Some(self.broker_order_id()),
            ..self.bare_move(at, from, OrderState::Working)
        }))
    }

    /// The first or second trade. Those of each third order happened a while ago: they come after later ones of their
    /// position.
    fn filled(&self, at: Timestamp, trade: u32, order: Option<OrderUid>) -> Change {
        let ago = if self.order.is_multiple_of(3) { 600 } else { 0 };
        let traded = at.checked_sub(Duration::from_secs(ago)).expect("a time");
        Change::Filled(Box::new(FillRecord {
            account: self.account(),
            trading_date: IST::date(traded),
            order,
            fill: Fill {
                order_id: self.broker_order_id(),
                trade_id: format!("T{trade}").parse().expect("a trade id"),
                instrument: self.book_instrument(),
                side: self.side(),
                quantity: samples::quantity(if trade == 1 { 4 } else { 6 }),
                price: samples::price(&format!("{}.25", 1400 + self.order % 100)),
                at: (trade == 1).then_some(traded),
                ..samples::fill_record("1", "1").fill
            },
            ..samples::fill_record("1", "1")
        }))
    }

    /// All that is read of an account from its broker.
    fn read(&self, at: Timestamp) -> Vec<Change> {
        let account = self.account();
        let of_account = |net: i64| PositionRecord {
            account: account.clone(),
            position: Position {
                instrument: self.book_instrument(),
                ..samples::position_record("x", net).position
            },
            read_at: at,
            ..samples::position_record("x", net)
        };
        let holding = HoldingRecord {
            account: account.clone(),
            broker: BrokerName::Fyers,
            holding: Holding {
                instrument: self.book_instrument(),
                isin: Some("INE002A01018".to_owned()),
                quantity: samples::quantity(u64::from(self.order) + 1),
                undelivered: Quantity::ZERO,
                saleable: samples::quantity(1),
                average_price: Some(samples::price("1400.125")),
                last_price: None,
            },
            read_at: at,
        };
        let seen = SessionRecord {
            account: account.clone(),
            broker: BrokerName::Fyers,
            began_at: at,
            expires_at: at.checked_add(Duration::from_secs(3600)).expect("a time"),
        };
        let count = |scope: &str, window_ms| WindowCount {
            account: account.clone(),
            scope: scope.to_owned(),
            window_ms,
            used: u64::from(self.order),
            quota: 1_000_000,
            counted_at: at,
        };
        vec![
            Change::PositionsRead {
                account: account.clone(),
                positions: (0..i64::from(self.order % 3)).map(of_account).collect(),
            },
            Change::HoldingsRead {
                account: account.clone(),
                date: IST::date(at),
                holdings: vec![holding],
            },
            Change::SessionSeen(Box::new(seen)),
            Change::WindowsCounted {
                account: account.clone(),
                counts: vec![count("all", 1_000), count("all", 60_000), count("orders", 1_000)],
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_its_step() {
        let mut step = Step::first(3, 7);
        for _ in 0..20 {
            assert_eq!(Step::of(&step.audit(samples::morning())), Some(step));
            step = step.next();
        }
        assert_eq!((step.order, step.no), (3, 2));
        assert_eq!(Step::of(&samples::audit("step.1", "1/2")), None);
        assert_eq!(Step::of(&samples::audit("lease.taken", "1/2/3")), None);
    }
}
