//! The table of one trading date: every contract once, compact and immutable, found by any of its names. Leaves out
//! searching by parts of a name (`search`) and other people's spellings (`alias`).

use rust_decimal::Decimal;
use sangam_core::ports::SymbolMap;
use sangam_core::timestamp::Date;
use sangam_core::{
    BrokerName, Contract, ContractKind, Exchange, Instrument, InstrumentId, Listing, OptionRight, Price,
};
use std::fmt;
use std::sync::Arc;

use crate::build::{self, BuildError};
use crate::conflict::BuildReport;
use crate::entry::Entry;
use crate::master::{Kind, Master};
use crate::naming::{self, Parts};
use crate::record::{Record, Text};
use crate::scan;
use crate::slots::{Slots, hash_text, hash_token};

/// Every contract of one trading date, as the brokers' masters of that date list it.
///
/// It never changes: a refresh builds another one and [`LiveTable`](crate::LiveTable) swaps them.
pub struct Table {
    date: Date,
    records: Vec<Record>,
    arena: String,
    expiries: Vec<Date>,
    ticks: Vec<Price>,
    multipliers: Vec<Decimal>,
    series: Vec<Box<str>>,
    by_name: Slots,
    by_order: [Slots; 3],
    by_token: Slots,
}

impl Table {
    /// Joins masters of one trading date, any set of them, in any order.
    ///
    /// # Errors
    /// [`BuildError::NoMasters`] when there is not a single instrument. Rows that contradict each other are no error:
    /// they are settled by the rules at [`ConflictKind`](crate::ConflictKind) and counted in the report.
    pub fn build(date: Date, masters: &[Master]) -> Result<(Self, BuildReport), BuildError> {
        build::build(date, masters)
    }

    /// A table without a contract, for a program that has not fetched a master yet.
    #[must_use]
    pub fn empty(date: Date) -> Self {
        Self::with_room_for(date, 0)
    }

    /// The trading date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// How many contracts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Every contract, by exchange, underlying, expiry and strike.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::new(self, record))
    }

    /// A contract by its canonical name, aliases not included.
    #[must_use]
    pub fn find(&self, exchange: Exchange, symbol: &str) -> Option<Entry<'_>> {
        let row = self.row_of(exchange, symbol)?;
        Some(Entry::new(self, self.record(row)?))
    }

    /// A contract by the tuple that means the same at every broker.
    #[must_use]
    pub fn by_contract(&self, contract: &Contract) -> Option<Entry<'_>> {
        let exchange = contract.exchange;
        let underlying: &str = &contract.underlying;
        let found = match &contract.kind {
            ContractKind::Index => self.find(exchange, underlying),
            ContractKind::Cash { series } if exchange == Exchange::Nse && !matches!(&**series, "EQ" | "") => {
                self.find(exchange, &format!("{underlying}-{series}"))
            }
            ContractKind::Cash { .. } => self.find(exchange, underlying),
            ContractKind::Future { expiry } => {
                self.derivative(exchange, underlying, Kind::Future, scan::day_of(*expiry)?, 0)
            }
            ContractKind::Option {
                expiry,
                strike,
                right,
            } => {
                let kind = match right {
                    OptionRight::Call => Kind::Call,
                    OptionRight::Put => Kind::Put,
                };
                let day = scan::day_of(*expiry)?;
                self.derivative(exchange, underlying, kind, day, strike.ten_thousandths())
            }
        };
        found.filter(|entry| entry.contract() == *contract)
    }

    /// A contract by what one broker calls it in orders. Without an exchange the name must be that of one contract.
    #[must_use]
    pub fn by_order_name(
        &self,
        broker: BrokerName,
        exchange: Option<Exchange>,
        name: &str,
    ) -> Option<Entry<'_>> {
        let mut found = self
            .order_rows(broker, name)
            .filter(|(on, _)| exchange.is_none_or(|exchange| exchange == *on));
        let (_, row) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        Some(Entry::new(self, self.record(row)?))
    }

    /// A contract by a broker's exchange token. Indices are found on their exchange and on the one they are computed
    /// from, which is how Flattrade writes them (`NSE|26000`).
    #[must_use]
    pub fn by_exchange_token(&self, broker: BrokerName, exchange: Exchange, token: u32) -> Option<Entry<'_>> {
        let on = |exchange: Exchange| {
            self.by_token
                .candidates(hash_token(exchange as u8, token))
                .filter_map(|row| self.record(row))
                .find(|record| record.exchange == exchange && record.token(broker) == Some(token))
        };
        let record = on(exchange).or_else(|| match exchange {
            Exchange::Nse => on(Exchange::NseIndex),
            Exchange::Bse => on(Exchange::BseIndex),
            _ => None,
        })?;
        Some(Entry::new(self, record))
    }

    /// Heap bytes owned, counted by what is reserved and not by what is used.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + self.arena.capacity()
            + self.expiries.capacity() * size_of::<Date>()
            + self.ticks.capacity() * size_of::<Price>()
            + self.multipliers.capacity() * size_of::<Decimal>()
            + self.series.capacity() * size_of::<Box<str>>()
            + self.series.iter().map(|text| text.len()).sum::<usize>()
            + self.by_name.bytes()
            + self.by_order.iter().map(Slots::bytes).sum::<usize>()
            + self.by_token.bytes()
    }

    /// A derivative by its tuple: under its monthly name or its weekly one, whichever is that contract's.
    pub(crate) fn derivative(
        &self,
        exchange: Exchange,
        underlying: &str,
        kind: Kind,
        expiry: i32,
        strike: i64,
    ) -> Option<Entry<'_>> {
        let parts = Parts {
            exchange,
            underlying,
            kind,
            expiry,
            strike,
        };
        let mut name = String::with_capacity(40);
        [true, false].into_iter().find_map(|monthly| {
            name.clear();
            naming::canonical(&mut name, &parts, monthly);
            let entry = self.find(exchange, &name)?;
            (entry.day() == Some(expiry)).then_some(entry)
        })
    }

    pub(crate) fn text(&self, record: &Record, text: Text) -> &str {
        let (at, len) = record.text_place(text);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        self.arena
            .get(at..at.saturating_add(len.into()))
            .unwrap_or_default()
    }

    pub(crate) fn expiry(&self, record: &Record) -> Option<Date> {
        self.expiries.get(usize::from(record.expiry)).copied()
    }

    pub(crate) fn tick(&self, record: &Record) -> Price {
        self.ticks
            .get(usize::from(record.tick))
            .copied()
            .unwrap_or(Price::ZERO)
    }

    pub(crate) fn multiplier(&self, record: &Record) -> Option<Decimal> {
        self.multipliers.get(usize::from(record.multiplier)).copied()
    }

    pub(crate) fn series(&self, record: &Record) -> &str {
        self.series
            .get(usize::from(record.series))
            .map_or("", |text| text)
    }

    fn record(&self, row: u32) -> Option<&Record> {
        self.records.get(usize::try_from(row).ok()?)
    }
}

/// What building needs.
impl Table {
    pub(crate) fn with_room_for(date: Date, contracts: usize) -> Self {
        let slots = || Slots::with_room_for(contracts);
        Self {
            date,
            records: Vec::with_capacity(contracts),
            arena: String::with_capacity(contracts * 64),
            expiries: Vec::new(),
            ticks: Vec::new(),
            multipliers: Vec::new(),
            series: Vec::new(),
            by_name: slots(),
            by_order: [slots(), slots(), slots()],
            by_token: slots(),
        }
    }

    pub(crate) fn next_row(&self) -> u32 {
        u32::try_from(self.records.len()).expect("contracts are counted in 32 bits")
    }

    pub(crate) fn row_of(&self, exchange: Exchange, symbol: &str) -> Option<u32> {
        self.by_name
            .candidates(hash_text(exchange as u8, symbol))
            .find(|row| {
                self.record(*row).is_some_and(|record| {
                    record.exchange == exchange && self.text(record, Text::Name) == symbol
                })
            })
    }

    pub(crate) fn order_rows(&self, broker: BrokerName, name: &str) -> impl Iterator<Item = (Exchange, u32)> {
        let candidates = self
            .by_order
            .get(broker.index())
            .map(|slots| slots.candidates(hash_text(0, name)));
        candidates.into_iter().flatten().filter_map(move |row| {
            let record = self.record(row)?;
            let (_, len) = record.text_place(Text::of(broker));
            (len > 0 && self.text(record, Text::of(broker)) == name).then_some((record.exchange, row))
        })
    }

    pub(crate) fn arena_len(&self) -> usize {
        self.arena.len()
    }

    pub(crate) fn truncate_arena(&mut self, len: usize) {
        self.arena.truncate(len);
    }

    /// Writes a text of a record, or points into what the same contract has already written since `start`.
    pub(crate) fn write(&mut self, record: &mut Record, text: Text, start: usize, content: &str) {
        if content.is_empty() {
            return;
        }
        let written = self
            .arena
            .get(start..)
            .and_then(|own| own.find(content))
            .map(|at| start + at);
        let at = written.unwrap_or_else(|| {
            self.arena.push_str(content);
            self.arena.len() - content.len()
        });
        let place = (
            u32::try_from(at).expect("the texts of a table stay below 4 GiB"),
            u8::try_from(content.len()).expect("a master keeps texts of at most eighty bytes"),
        );
        record.place(text, place);
    }

    pub(crate) fn index_name(&mut self, hash: u64, row: u32) {
        self.by_name.insert(hash, row);
    }

    pub(crate) fn index_order(&mut self, broker: BrokerName, hash: u64, row: u32) {
        if let Some(slots) = self.by_order.get_mut(broker.index()) {
            slots.insert(hash, row);
        }
    }

    pub(crate) fn index_token(&mut self, hash: u64, row: u32) {
        self.by_token.insert(hash, row);
    }

    pub(crate) fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(crate) fn finish(
        &mut self,
        expiries: Vec<Date>,
        ticks: Vec<Price>,
        multipliers: Vec<Decimal>,
        series: Vec<Box<str>>,
    ) {
        self.expiries = expiries;
        self.ticks = ticks;
        self.multipliers = multipliers;
        self.series = series;
        self.records.shrink_to_fit();
        self.arena.shrink_to_fit();
    }
}

impl SymbolMap for Table {
    fn instrument(&self, id: &InstrumentId) -> Option<Arc<Instrument>> {
        self.find(id.exchange, id.symbol.as_str())
            .map(|entry| Arc::new(entry.instrument()))
    }

    fn listing(&self, broker: BrokerName, id: &InstrumentId) -> Option<Listing> {
        self.find(id.exchange, id.symbol.as_str())?.listing(broker)
    }

    fn by_order_symbol(
        &self,
        broker: BrokerName,
        exchange: Option<Exchange>,
        symbol: &str,
    ) -> Option<InstrumentId> {
        self.by_order_name(broker, exchange, symbol).map(Entry::id)
    }

    fn by_token(&self, broker: BrokerName, exchange: Exchange, token: &str) -> Option<InstrumentId> {
        self.by_exchange_token(broker, exchange, scan::token(token)?)
            .map(Entry::id)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("date", &self.date)
            .field("contracts", &self.records.len())
            .finish_non_exhaustive()
    }
}
