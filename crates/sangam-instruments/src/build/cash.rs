//! Shares joined by exchange and token, checked by name, series and ISIN; indices by token, or by name where a master
//! has no token for them.

use std::collections::HashMap;

use sangam_core::{BrokerName, Exchange};

use super::{Builder, Group, PRECEDENCE, RowRef};
use crate::conflict::ConflictKind;
use crate::known_indices;
use crate::master::{Kind, NO_TOKEN};
use crate::slots::Mixing;

impl<'m> Builder<'m> {
    pub(super) fn join_cash_and_indices(&mut self) {
        let mut by_token: HashMap<(Exchange, u32), usize, Mixing> = HashMap::default();
        let mut together: Vec<(Exchange, Kind, Vec<RowRef>)> = Vec::new();
        let mut nameless: Vec<RowRef> = Vec::new();
        for (at, master, row) in self.all_rows() {
            if row.kind.is_derivative() {
                continue;
            }
            let token = match row.token {
                NO_TOKEN => known_indices::token_of(row.exchange, master.text(row.ticker)),
                token => Some(token),
            };
            let Some(token) = token else {
                nameless.push(at);
                continue;
            };
            let number = *by_token.entry((row.exchange, token)).or_insert_with(|| {
                together.push((row.exchange, row.kind, Vec::new()));
                together.len() - 1
            });
            if let Some((_, _, rows)) = together.get_mut(number) {
                rows.push(at);
            }
        }
        self.join_nameless(nameless, &mut together);
        for (exchange, _, rows) in together.iter().filter(|(_, kind, _)| *kind != Kind::Index) {
            self.security(*exchange, rows);
        }
        let first = self.groups.len();
        for (exchange, _, rows) in together.iter().filter(|(_, kind, _)| *kind == Kind::Index) {
            self.index(*exchange, rows, first);
        }
    }

    /// Index rows without a token go to the index whose name some broker writes alike.
    fn join_nameless(&self, nameless: Vec<RowRef>, together: &mut Vec<(Exchange, Kind, Vec<RowRef>)>) {
        let mut by_name: HashMap<(Exchange, &str), usize, Mixing> = HashMap::default();
        if nameless.is_empty() {
            return;
        }
        for (number, (exchange, kind, rows)) in together.iter().enumerate() {
            if *kind == Kind::Index {
                for row in rows {
                    by_name.insert((*exchange, self.ticker(*row)), number);
                }
            }
        }
        for row in nameless {
            let exchange = self.row(row).1.exchange;
            match by_name.get(&(exchange, self.ticker(row))) {
                Some(number) => {
                    if let Some((_, _, rows)) = together.get_mut(*number) {
                        rows.push(row);
                    }
                }
                None => together.push((exchange, Kind::Index, vec![row])),
            }
        }
    }

    /// `first` is where the groups of indices begin.
    fn index(&mut self, exchange: Exchange, rows: &[RowRef], first: usize) {
        let mut group = Group {
            exchange,
            kind: Kind::Index,
            ticker: 0,
            series: 0,
            expiry: 0,
            strike: 0,
            rows: [None; 3],
        };
        for row in rows {
            let broker = self.row(*row).0.broker();
            if group.row(broker).is_none() {
                group.set(broker, Some(*row));
            }
        }
        let token = rows
            .iter()
            .map(|row| self.row(*row).1.token)
            .find(|token| *token != NO_TOKEN);
        // Fyers shortens index names most, so its spelling is taken last.
        let order = [BrokerName::Upstox, BrokerName::Flattrade, BrokerName::Fyers];
        let spelled = || {
            order
                .iter()
                .find_map(|broker| group.row(*broker))
                .map(|row| self.ticker(row))
        };
        let known = token.and_then(|token| known_indices::by_token(exchange, token));
        let named = rows.iter().find_map(|row| {
            let token = known_indices::token_of(exchange, self.ticker(*row))?;
            known_indices::by_token(exchange, token).filter(|_| self.row(*row).1.token == NO_TOKEN)
        });
        let name = known.or(named).or_else(spelled).unwrap_or_default();
        group.ticker = self.names.number(name);
        // Fyers numbers many indices by itself (999001 and up); the same name on one exchange is the same index.
        let same = |other: &&mut Group| other.exchange == exchange && other.ticker == group.ticker;
        let before = self.groups.iter_mut().skip(first).find(same);
        match before.filter(|before| {
            BrokerName::ALL
                .iter()
                .all(|b| before.row(*b).is_none() || group.row(*b).is_none())
        }) {
            Some(before) => {
                for broker in BrokerName::ALL {
                    before.set(broker, before.row(broker).or(group.row(broker)));
                }
            }
            None => self.groups.push(group),
        }
    }

    fn security(&mut self, exchange: Exchange, rows: &[RowRef]) {
        let ticker = self.elected_ticker(rows);
        let mut group = Group {
            exchange,
            kind: Kind::Cash,
            ticker: self.names.number(ticker),
            series: 0,
            expiry: 0,
            strike: 0,
            rows: [None; 3],
        };
        for row in rows {
            self.choose(&mut group, ticker, *row);
        }
        let series = self.elected_series(&group, ticker);
        if series.is_empty() {
            let detail = rows.first().map(|row| self.place(*row)).unwrap_or_default();
            self.report
                .add(ConflictKind::SeriesUnknown, || format!("{ticker}: {detail}"));
            // A bare name means the main series, which a bond or preference share is never in.
            if exchange == Exchange::Nse && rows.iter().any(|row| is_other_security(self.isin(*row))) {
                return;
            }
        }
        self.verify(&mut group, ticker, series);
        group.series = self.names.number(series);
        self.groups.push(group);
    }

    /// The name most brokers use; among equals the one of Upstox, Fyers, Flattrade; within one broker the later row's.
    fn elected_ticker(&self, rows: &[RowRef]) -> &'m str {
        let Some(first) = rows.first() else { return "" };
        let ticker = self.ticker(*first);
        if rows.iter().all(|row| self.ticker(*row) == ticker) {
            return ticker;
        }
        let standing = |at: usize, row: RowRef| {
            let wanted = self.ticker(row);
            let names_it = |broker: &&BrokerName| {
                rows.iter()
                    .any(|row| self.row(*row).0.broker() == **broker && self.ticker(*row) == wanted)
            };
            let votes = PRECEDENCE.iter().filter(names_it).count();
            let best = PRECEDENCE.iter().position(|broker| names_it(&broker));
            (votes, std::cmp::Reverse(best), at)
        };
        rows.iter()
            .enumerate()
            .max_by_key(|(at, row)| standing(*at, **row))
            .map_or(ticker, |(_, row)| self.ticker(*row))
    }

    /// One broker may have several rows for a token: an old name beside the new one.
    fn choose(&mut self, group: &mut Group, ticker: &str, row: RowRef) {
        let broker = self.row(row).0.broker();
        let Some(before) = group.row(broker) else {
            group.set(broker, Some(row));
            return;
        };
        if self.order(before) == self.order(row) {
            return;
        }
        let keeps_before = self.ticker(before) == ticker && self.ticker(row) != ticker;
        let (kept, dropped) = if keeps_before {
            (before, row)
        } else {
            (row, before)
        };
        let detail = format!(
            "{broker} {ticker}: {} with {:?}, {} with {:?}; kept the former",
            self.place(kept),
            self.order(kept),
            self.place(dropped),
            self.order(dropped),
        );
        self.report.add(ConflictKind::ListedTwice, || detail);
        group.set(broker, Some(kept));
    }

    fn elected_series(&self, group: &Group, ticker: &str) -> &'m str {
        let of = |agreeing: bool| {
            PRECEDENCE
                .iter()
                .filter_map(|broker| group.row(*broker))
                .find_map(|row| {
                    let (master, found) = self.row(row);
                    let fits = !agreeing || master.text(found.ticker) == ticker;
                    Some(master.text(found.series)).filter(|series| fits && !series.is_empty())
                })
        };
        of(true).or_else(|| of(false)).unwrap_or_default()
    }

    /// A shared token is no proof: name, series or ISIN must agree as well, or the row is left out.
    fn verify(&mut self, group: &mut Group, ticker: &str, series: &str) {
        let isin = PRECEDENCE
            .iter()
            .filter_map(|broker| group.row(*broker))
            .filter(|row| self.ticker(*row) == ticker)
            .map(|row| self.isin(row))
            .find(|isin| !isin.is_empty())
            .unwrap_or_default();
        for broker in BrokerName::ALL {
            let Some(row) = group.row(broker) else { continue };
            if self.ticker(row) == ticker {
                continue;
            }
            let (master, found) = self.row(row);
            let own = self.isin(row);
            let same = match (own.is_empty(), isin.is_empty()) {
                (false, false) => own == isin,
                _ => master.text(found.series) == series,
            };
            let detail = format!("{ticker} is {:?} in {}", self.order(row), self.place(row));
            if same {
                self.report.add(ConflictKind::NamedDifferently, || detail);
            } else {
                self.report.add(ConflictKind::Disputed, || detail);
                group.set(broker, None);
            }
        }
    }

    fn isin(&self, row: RowRef) -> &'m str {
        let (master, found) = self.row(row);
        master.text(found.isin)
    }
}

/// Whether an ISIN is of something else than a share (`01` after the issuer) or a fund's unit (`INF`).
fn is_other_security(isin: &str) -> bool {
    !isin.is_empty() && !isin.starts_with("INF") && isin.get(7..9) != Some("01")
}
