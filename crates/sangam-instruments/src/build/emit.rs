//! The joined contracts written into the table: names decided, texts shared, indexes filled.

use std::collections::HashMap;

use rust_decimal::Decimal;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange, Price};

use super::{Builder, Group, PRECEDENCE};
use crate::conflict::{BuildReport, ConflictKind};
use crate::master::{Kind, NO_TOKEN, Row};
use crate::naming::{self, Parts};
use crate::record::{FREE, NOTHING, Record, Text};
use crate::scan;
use crate::slots::{Mixing, hash_text, hash_token};
use crate::table::Table;

type Month = (Exchange, u32, bool, i32);

/// Values of which there are few, numbered.
struct Numbered<K, V> {
    numbers: HashMap<K, u16, Mixing>,
    values: Vec<V>,
}

impl<K: std::hash::Hash + Eq + Copy, V> Numbered<K, V> {
    fn new() -> Self {
        Self {
            numbers: HashMap::default(),
            values: Vec::new(),
        }
    }

    /// The number of a value; `NOTHING` once there are more than any master was seen to need.
    fn number(&mut self, key: K, value: impl FnOnce() -> Option<V>) -> u16 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u16::try_from(self.values.len()).unwrap_or(NOTHING);
        match value() {
            Some(value) if number != NOTHING => {
                self.values.push(value);
                self.numbers.insert(key, number);
                number
            }
            _ => NOTHING,
        }
    }
}

struct Emitter {
    table: Table,
    expiries: Numbered<i32, Date>,
    ticks: Numbered<u32, Price>,
    multipliers: Numbered<u32, Decimal>,
    series: Numbered<u32, Box<str>>,
    titles: HashMap<String, (u32, u8), Mixing>,
    name: String,
}

impl Builder<'_> {
    pub(super) fn emit(mut self, date: Date) -> (Table, BuildReport) {
        self.groups.retain(|group| group.support() > 0);
        self.sort();
        let monthlies = self.monthlies();
        let mut emitter = Emitter {
            table: Table::with_room_for(date, self.groups.len()),
            expiries: Numbered::new(),
            ticks: Numbered::new(),
            multipliers: Numbered::new(),
            series: Numbered::new(),
            titles: HashMap::default(),
            name: String::new(),
        };
        for group in std::mem::take(&mut self.groups) {
            let month = month_of(&group);
            let monthly = monthlies.get(&month).copied().flatten() == Some(group.expiry);
            emitter.add(&mut self, &group, monthly);
        }
        let mut table = emitter.table;
        table.finish(
            emitter.expiries.values,
            emitter.ticks.values,
            emitter.multipliers.values,
            emitter.series.values,
        );
        self.report.contracts = table.len();
        (table, self.report)
    }

    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..).take(self.names.texts.len()).collect();
        order.sort_unstable_by_key(|number| self.names.text(*number));
        let mut rank = vec![0_u32; order.len()];
        for (place, number) in (0..).zip(order) {
            if let Some(slot) = usize::try_from(number).ok().and_then(|at| rank.get_mut(at)) {
                *slot = place;
            }
        }
        let rank_of = |number: u32| usize::try_from(number).ok().and_then(|at| rank.get(at)).copied();
        self.groups.sort_unstable_by_key(|group| {
            (
                group.exchange,
                rank_of(group.ticker),
                group.expiry,
                group.kind == Kind::Future,
                group.strike,
                group.kind,
                rank_of(group.series),
            )
        });
    }

    /// The day that carries the monthly name, for each underlying and month, options and futures apart.
    fn monthlies(&self) -> HashMap<Month, Option<i32>, Mixing> {
        let mut days: HashMap<Month, Vec<i32>, Mixing> = HashMap::default();
        for group in self.groups.iter().filter(|group| group.kind.is_derivative()) {
            let days = days.entry(month_of(group)).or_default();
            // Groups come in order of expiry, so equal days are neighbours.
            if days.last() != Some(&group.expiry) {
                days.push(group.expiry);
            }
        }
        days.into_iter()
            .map(|(month, days)| (month, naming::monthly(month.0, self.names.text(month.1), &days)))
            .collect()
    }

    /// The first value in the order of precedence, and whether another broker says something else.
    fn agreed<T: PartialEq + Copy>(
        &self,
        group: &Group,
        value: impl Fn(&Row) -> Option<T>,
    ) -> (Option<T>, bool) {
        let mut said = PRECEDENCE
            .iter()
            .filter_map(|broker| group.row(*broker))
            .filter_map(|row| value(self.row(row).1));
        let first = said.next();
        let differs = said.any(|other| Some(other) != first);
        (first, differs)
    }
}

fn month_of(group: &Group) -> Month {
    let (year, month, _) = scan::civil(group.expiry);
    let month = year * 12 + i32::try_from(month).unwrap_or(0);
    (group.exchange, group.ticker, group.kind.is_option(), month)
}

impl Emitter {
    fn add(&mut self, builder: &mut Builder<'_>, group: &Group, monthly: bool) {
        let ticker = builder.names.text(group.ticker);
        let series = builder.names.text(group.series);
        self.write_name(group, ticker, series, monthly);
        if self.table.row_of(group.exchange, &self.name).is_some() {
            let detail = format!("{}:{}", group.exchange, self.name);
            builder.report.add(ConflictKind::NameTaken, || detail);
            return;
        }
        let row = self.table.next_row();
        let mut record = self.record(builder, group, ticker);
        let start = self.table.arena_len();
        let name = std::mem::take(&mut self.name);
        let mut orders = [None; 3];
        for (slot, found) in orders.iter_mut().zip(group.rows) {
            *slot = found.map(|at| builder.order(at));
        }
        // Fyers' text holds the canonical name, and often Flattrade's; written first it serves for them.
        if let Some(order) = orders.get(BrokerName::Fyers.index()).copied().flatten() {
            self.table
                .write(&mut record, Text::of(BrokerName::Fyers), start, order);
        }
        self.table.write(&mut record, Text::Name, start, &name);
        for broker in BrokerName::ALL {
            let Some(order) = orders.get(broker.index()).copied().flatten() else {
                continue;
            };
            let taken = self
                .table
                .order_rows(broker, order)
                .any(|(exchange, _)| exchange == group.exchange);
            if taken {
                builder.report.add(ConflictKind::NameTaken, || {
                    format!("{broker} {order:?} of {}:{name}", group.exchange)
                });
                record.forget(broker);
                continue;
            }
            self.table.write(&mut record, Text::of(broker), start, order);
            self.table.index_order(broker, hash_text(0, order), row);
            builder.report.listed(broker);
        }
        if record.has_no_listing() {
            self.table.truncate_arena(start);
            self.name = name;
            return;
        }
        let isin = self.first_text(builder, group, |row| row.isin);
        self.table.write(&mut record, Text::Isin, start, isin);
        if !group.kind.is_derivative() {
            let title = self.first_text(builder, group, |row| row.title);
            self.write_title(&mut record, title);
        }
        let exchange = group.exchange as u8;
        self.table.index_name(hash_text(exchange, &name), row);
        let mut tokens = record.tokens;
        tokens.sort_unstable();
        for (at, token) in tokens.iter().enumerate() {
            if *token != NO_TOKEN && tokens.get(at.wrapping_sub(1)) != Some(token) {
                self.table.index_token(hash_token(exchange, *token), row);
            }
        }
        self.table.push(record);
        self.name = name;
    }

    fn write_name(&mut self, group: &Group, ticker: &str, series: &str, monthly: bool) {
        self.name.clear();
        match group.kind {
            Kind::Index => self.name.push_str(ticker),
            Kind::Cash => {
                self.name.push_str(ticker);
                if group.exchange == Exchange::Nse && !matches!(series, "EQ" | "") {
                    self.name.push('-');
                    self.name.push_str(series);
                }
            }
            _ => {
                let parts = Parts {
                    exchange: group.exchange,
                    underlying: ticker,
                    kind: group.kind,
                    expiry: group.expiry,
                    strike: group.strike,
                };
                naming::canonical(&mut self.name, &parts, monthly);
            }
        }
    }

    fn record(&mut self, builder: &mut Builder<'_>, group: &Group, ticker: &str) -> Record {
        let positive = |value: u32| Some(value).filter(|value| *value > 0);
        let (lot, lot_differs) = builder.agreed(group, |row| positive(row.lot));
        let (tick, tick_differs) = builder.agreed(group, |row| row.tick.and_then(positive));
        let (freeze, _) = builder.agreed(group, |row| row.freeze);
        let (multiplier, _) = builder.agreed(group, |row| row.multiplier);
        for (kind, differs) in [
            (ConflictKind::LotDiffers, lot_differs && group.kind != Kind::Index),
            (ConflictKind::TickDiffers, tick_differs),
        ] {
            if differs {
                let detail = format!("{}:{}", group.exchange, self.name);
                builder.report.add(kind, || detail);
            }
        }
        let mut tokens = [NO_TOKEN; 3];
        for (token, row) in tokens.iter_mut().zip(group.rows) {
            if let Some(row) = row {
                *token = builder.row(row).1.token;
            }
        }
        let tick = tick.map_or(NOTHING, |tick| {
            self.ticks
                .number(tick, || Price::new(Decimal::new(tick.into(), 6)).ok())
        });
        let multiplier = multiplier.map_or(NOTHING, |value| {
            self.multipliers
                .number(value, || Some(Decimal::new(value.into(), 3).normalize()))
        });
        let expiry = if group.kind.is_derivative() {
            self.expiries.number(group.expiry, || scan::date_of(group.expiry))
        } else {
            NOTHING
        };
        let series = match group.kind {
            Kind::Cash => self
                .series
                .number(group.series, || Some(builder.names.text(group.series).into())),
            _ => NOTHING,
        };
        Record {
            at: [0; Text::COUNT],
            len: [0; Text::COUNT],
            underlying_len: u8::try_from(ticker.len())
                .expect("a master keeps tickers of at most forty letters"),
            exchange: group.exchange,
            kind: group.kind,
            tokens,
            strike: group.strike,
            lot: lot.unwrap_or(1),
            freeze: freeze.unwrap_or(FREE),
            expiry,
            series,
            tick,
            multiplier,
        }
    }

    fn first_text<'m>(
        &self,
        builder: &Builder<'m>,
        group: &Group,
        span: impl Fn(&Row) -> crate::master::Span,
    ) -> &'m str {
        PRECEDENCE
            .iter()
            .filter_map(|broker| group.row(*broker))
            .map(|at| {
                let (master, row) = builder.row(at);
                master.text(span(row))
            })
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    fn write_title(&mut self, record: &mut Record, title: &str) {
        if title.is_empty() {
            return;
        }
        if let Some(place) = self.titles.get(title) {
            record.place(Text::Title, *place);
            return;
        }
        let start = self.table.arena_len();
        self.table.write(record, Text::Title, start, title);
        self.titles
            .insert(title.to_owned(), record.text_place(Text::Title));
    }
}
