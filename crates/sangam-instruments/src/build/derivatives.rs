//! Futures and options joined by contract tuple, with the tokens watched: a token that stands for two contracts is
//! stale in one of them.

use std::collections::HashMap;

use sangam_core::{BrokerName, Exchange};

use super::{Builder, Group, PRECEDENCE, RowRef};
use crate::conflict::ConflictKind;
use crate::master::Kind;
use crate::slots::Mixing;

type Tuple = (Exchange, Kind, u32, i32, i64);

impl Builder<'_> {
    pub(super) fn join_derivatives(&mut self) {
        let mut by_tuple: HashMap<Tuple, usize, Mixing> = HashMap::default();
        let mut by_token: HashMap<(Exchange, u32), usize, Mixing> = HashMap::default();
        by_tuple.reserve(self.groups.capacity());
        by_token.reserve(self.groups.capacity());
        let mut twice: Vec<(usize, RowRef)> = Vec::new();
        let mut reused: Vec<(usize, usize, u32)> = Vec::new();
        for (at, master, row) in self.all_rows() {
            if !row.kind.is_derivative() {
                continue;
            }
            let ticker = self.names.number(master.text(row.ticker));
            let tuple = (row.exchange, row.kind, ticker, row.expiry, row.strike);
            let number = *by_tuple.entry(tuple).or_insert_with(|| {
                self.groups.push(Group {
                    exchange: row.exchange,
                    kind: row.kind,
                    ticker,
                    series: 0,
                    expiry: row.expiry,
                    strike: row.strike,
                    rows: [None; 3],
                });
                self.groups.len() - 1
            });
            let holder = *by_token.entry((row.exchange, row.token)).or_insert(number);
            if holder != number {
                reused.push((holder, number, row.token));
            }
            let broker = master.broker();
            match self.groups.get(number).and_then(|group| group.row(broker)) {
                None => self.set(number, broker, Some(at)),
                Some(before) if self.same_listing(before, at) => {}
                Some(_) => twice.push((number, at)),
            }
        }
        for (number, row) in twice {
            self.settle_twice(number, row);
        }
        for (first, second, token) in reused {
            self.settle_token(first, second, token);
        }
    }

    fn set(&mut self, number: usize, broker: BrokerName, row: Option<RowRef>) {
        if let Some(group) = self.groups.get_mut(number) {
            group.set(broker, row);
        }
    }

    fn same_listing(&self, one: RowRef, other: RowRef) -> bool {
        self.row(one).1.token == self.row(other).1.token && self.order(one) == self.order(other)
    }

    /// One broker, one contract, two rows.
    fn settle_twice(&mut self, number: usize, later: RowRef) {
        let broker = self.row(later).0.broker();
        let Some(group) = self.groups.get(number) else {
            return;
        };
        let Some(earlier) = group.row(broker) else { return };
        let confirmed = |row: RowRef| {
            let token = self.row(row).1.token;
            let others = BrokerName::ALL.into_iter().filter(|other| *other != broker);
            others
                .filter_map(|other| group.row(other))
                .any(|other| self.row(other).1.token == token)
        };
        let keeps_earlier = confirmed(earlier) && !confirmed(later);
        let (kept, dropped) = if keeps_earlier {
            (earlier, later)
        } else {
            (later, earlier)
        };
        let detail = format!(
            "{broker} {}: {} with {:?}, {} with {:?}; kept the former",
            self.ticker(later),
            self.place(kept),
            self.order(kept),
            self.place(dropped),
            self.order(dropped),
        );
        self.report.add(ConflictKind::ListedTwice, || detail);
        self.set(number, broker, Some(kept));
    }

    /// One token, two contracts.
    fn settle_token(&mut self, first: usize, second: usize, token: u32) {
        let holders = |number: usize| -> Vec<(BrokerName, RowRef)> {
            let group = self.groups.get(number);
            BrokerName::ALL
                .into_iter()
                .filter_map(|broker| Some((broker, group?.row(broker)?)))
                .filter(|(_, row)| self.row(*row).1.token == token)
                .collect()
        };
        let (one, other) = (holders(first), holders(second));
        let (Some((_, first_row)), Some((_, second_row))) = (one.first(), other.first()) else {
            return;
        };
        let best = |holders: &[(BrokerName, RowRef)]| {
            PRECEDENCE
                .iter()
                .position(|broker| holders.iter().any(|(holder, _)| holder == broker))
        };
        let first_wins = one.len() > other.len() || (one.len() == other.len() && best(&one) < best(&other));
        let detail = format!(
            "token {token}: {} with {:?}, {} with {:?}; kept the {}",
            self.place(*first_row),
            self.order(*first_row),
            self.place(*second_row),
            self.order(*second_row),
            if first_wins { "former" } else { "latter" },
        );
        self.report.add(ConflictKind::TokenReused, || detail);
        let (loser, rows) = if first_wins { (second, other) } else { (first, one) };
        for (broker, _) in rows {
            self.set(loser, broker, None);
        }
    }
}
