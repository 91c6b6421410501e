//! Books, fills and prices for the tests of the portfolio.

use std::collections::HashMap;
use std::time::Duration;

use rust_decimal::Decimal;
use sangam_core::ports::FillRecord;
use sangam_core::{
    BookInstrument, BrokerName, Exchange, Holding, InstrumentId, Money, Position, Price, Product, Quantity,
    Side, Timestamp,
};
use sangam_testkit::samples;

use crate::cost::{CostMethod, KeptPosition};
use crate::portfolio::{AccountBook, BookRead, Part, Portfolio, PortfolioError, PortfolioInputs, SeenPrice};

/// All that can be given, owned.
#[derive(Debug, Clone, Default)]
pub(in crate::portfolio) struct Given {
    pub(in crate::portfolio) kept: Vec<KeptPosition>,
    pub(in crate::portfolio) books: Vec<AccountBook>,
    pub(in crate::portfolio) prices: HashMap<InstrumentId, SeenPrice>,
    pub(in crate::portfolio) multipliers: HashMap<InstrumentId, Decimal>,
}

impl Given {
    pub(in crate::portfolio) fn portfolio(&self) -> Result<Portfolio, PortfolioError> {
        Portfolio::of(&PortfolioInputs {
            kept: &self.kept,
            books: &self.books,
            prices: &self.prices,
            multipliers: &self.multipliers,
            now: now(),
            stale_after: Duration::from_secs(60),
        })
    }

    pub(in crate::portfolio) fn shown(&self) -> Portfolio {
        self.portfolio().expect("in range")
    }

    /// The one part of the one line there is.
    pub(in crate::portfolio) fn part(&self) -> Part {
        let mut portfolio = self.shown();
        assert_eq!(portfolio.lines.len(), 1, "{portfolio:?}");
        let mut line = portfolio.lines.remove(0);
        assert_eq!(line.parts.len(), 1, "{line:?}");
        line.parts.remove(0)
    }
}

pub(in crate::portfolio) fn now() -> Timestamp {
    samples::morning() + Duration::from_secs(3_600)
}

pub(in crate::portfolio) fn seconds_ago(seconds: u64) -> Timestamp {
    now() - Duration::from_secs(seconds)
}

pub(in crate::portfolio) fn instrument(id: &str) -> BookInstrument {
    let id: InstrumentId = id.parse().expect("an instrument");
    BookInstrument {
        exchange: Some(id.exchange),
        broker_symbol: format!("{}-EQ", id.symbol),
        id: Some(id),
    }
}

/// What a broker does not know by our names.
pub(in crate::portfolio) fn nameless(broker_symbol: &str) -> BookInstrument {
    BookInstrument {
        id: None,
        exchange: Some(Exchange::Nse),
        broker_symbol: broker_symbol.to_owned(),
    }
}

pub(in crate::portfolio) fn opt_price(text: &str) -> Option<Price> {
    (!text.is_empty()).then(|| samples::price(text))
}

/// A row of a position book; a price that is empty is not told.
pub(in crate::portfolio) fn position(
    id: &str,
    product: Product,
    net: i64,
    average: &str,
    last: &str,
) -> Position {
    Position {
        instrument: instrument(id),
        product: Some(product),
        net: net.try_into().expect("a quantity"),
        average_price: opt_price(average),
        bought: Quantity::ZERO,
        buy_average: None,
        sold: Quantity::ZERO,
        sell_average: None,
        last_price: opt_price(last),
        realised: None,
        unrealised: None,
    }
}

pub(in crate::portfolio) fn holding(
    id: &str,
    quantity: u64,
    undelivered: u64,
    average: &str,
    last: &str,
) -> Holding {
    Holding {
        instrument: instrument(id),
        isin: None,
        quantity: samples::quantity(quantity),
        undelivered: samples::quantity(undelivered),
        saleable: samples::quantity(quantity),
        average_price: opt_price(average),
        last_price: opt_price(last),
    }
}

/// One account's books, read half a minute ago.
pub(in crate::portfolio) fn book(
    account: &str,
    broker: BrokerName,
    positions: Option<Vec<Position>>,
    holdings: Option<Vec<Holding>>,
) -> AccountBook {
    let read_at = seconds_ago(30);
    AccountBook {
        account: account.parse().expect("an account"),
        broker,
        positions: positions.map(|rows| BookRead { rows, read_at }),
        holdings: holdings.map(|rows| BookRead { rows, read_at }),
    }
}

/// A position kept from fills of signed units; one of the day before where `today` is not set.
pub(in crate::portfolio) fn kept(
    account: &str,
    broker: BrokerName,
    id: &str,
    product: &Product,
    fills: &[(i64, &str, bool)],
) -> KeptPosition {
    let fill = |(units, price, today): &(i64, &str, bool)| -> FillRecord {
        let mut record = samples::fill_record("1", "1");
        record.account = account.parse().expect("an account");
        record.broker = broker;
        record.fill.instrument = instrument(id);
        record.fill.product = Some(product.clone());
        record.fill.side = if *units < 0 { Side::Sell } else { Side::Buy };
        record.fill.quantity = samples::quantity(units.unsigned_abs());
        record.fill.price = samples::price(price);
        if !today {
            record.trading_date = record.trading_date.yesterday().expect("not the first day");
        }
        record
    };
    let records: Vec<_> = fills.iter().map(fill).collect();
    KeptPosition::recompute(CostMethod::Fifo, (1..).zip(&records)).expect("sound fills")
}

pub(in crate::portfolio) fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}
