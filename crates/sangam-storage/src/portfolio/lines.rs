//! Rows of all books and kept positions, gathered by instrument and product, then valued line by line.

use std::collections::{BTreeMap, BTreeSet};

use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BookInstrument, BrokerName, IST, Product};

use super::draft::{self, Beyond, Terms};
use super::group::{Group, Name, exchange, multiplier, symbol};
use super::inputs::{AccountBook, BookKind, PortfolioError, PortfolioInputs, SeenPrice};
use super::over;
use super::totals::Sum;
use super::view::{ClosedPositions, LastPrice, Line, Portfolio, Totals, UnreadBook};
use crate::cost::{KeptPosition, exact};

/// Holdings are delivered shares.
static DELIVERY: Product = Product::Delivery;

impl Portfolio {
    /// The portfolio of these inputs.
    ///
    /// # Errors
    /// [`PortfolioError::OutOfRange`] naming the figure that leaves the range of its type.
    pub fn of(inputs: &PortfolioInputs<'_>) -> Result<Self, PortfolioError> {
        let mut gathering = Gathering::of(inputs);
        gathering.add_books(inputs.books);
        gathering
            .add_kept(inputs.kept)
            .map_err(|beyond| beyond.of("the closed positions"))?;
        gathering.finish()
    }
}

struct Gathering<'a> {
    inputs: &'a PortfolioInputs<'a>,
    today: Date,
    groups: BTreeMap<(Name<'a>, Option<&'a Product>), Group<'a>>,
    read: BTreeSet<(&'a AccountId, BrokerName, BookKind)>,
    unread: BTreeSet<(&'a AccountId, BrokerName, BookKind)>,
    closed: ClosedPositions,
    /// Sums over parts; every other sum is one of these.
    sums: BTreeMap<(&'a AccountId, BrokerName), Sum>,
    /// Counts of lines.
    lines: Sum,
}

impl<'a> Gathering<'a> {
    fn of(inputs: &'a PortfolioInputs<'a>) -> Self {
        Self {
            inputs,
            today: IST::date(inputs.now),
            groups: BTreeMap::new(),
            read: BTreeSet::new(),
            unread: BTreeSet::new(),
            closed: ClosedPositions::default(),
            sums: BTreeMap::new(),
            lines: Sum::default(),
        }
    }

    fn group(
        &mut self,
        instrument: &'a BookInstrument,
        broker: BrokerName,
        product: Option<&'a Product>,
    ) -> &mut Group<'a> {
        self.groups
            .entry((Name::of(instrument, broker), product))
            .or_insert_with(|| Group {
                instrument,
                product,
                parts: Vec::new(),
                row_price: None,
            })
    }

    fn add_books(&mut self, books: &'a [AccountBook]) {
        for book in books {
            let mut mark = |kind, was_read| {
                let place = (&book.account, book.broker, kind);
                if was_read {
                    self.read.insert(place);
                } else {
                    self.unread.insert(place);
                }
            };
            mark(BookKind::Positions, book.positions.is_some());
            mark(BookKind::Holdings, book.holdings.is_some());
            if let Some(read) = &book.positions {
                let of_today = IST::date(read.read_at) == self.today;
                for row in &read.rows {
                    let group = self.group(&row.instrument, book.broker, row.product.as_ref());
                    group.see(row.last_price, read.read_at);
                    group.part(&book.account, book.broker).add_position(row, of_today);
                }
            }
            if let Some(read) = &book.holdings {
                for row in &read.rows {
                    let group = self.group(&row.instrument, book.broker, Some(&DELIVERY));
                    group.see(row.last_price, read.read_at);
                    group.part(&book.account, book.broker).add_holding(row);
                }
            }
        }
    }

    /// Those with something to show first, so that it does not matter in which order they are given.
    fn add_kept(&mut self, kept: &'a [KeptPosition]) -> Result<(), Beyond> {
        let today = self.today;
        let (shown, over): (Vec<_>, Vec<_>) = kept
            .iter()
            .partition(|kept| !kept.net.is_zero() || kept.day >= today);
        for kept in shown {
            self.show(kept);
        }
        for kept in over {
            let name = (Name::of(&kept.instrument, kept.key.broker), kept.product.as_ref());
            if self.groups.contains_key(&name) {
                self.show(kept);
            } else {
                self.close(kept)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, kept: &'a KeptPosition) {
        let group = self.group(&kept.instrument, kept.key.broker, kept.product.as_ref());
        group.part(&kept.key.account, kept.key.broker).add_kept(kept);
    }

    fn close(&mut self, kept: &'a KeptPosition) -> Result<(), Beyond> {
        self.closed.positions += 1;
        let raw = Some(exact::of(kept.realised));
        let multiplier = multiplier(&kept.instrument, self.inputs.multipliers);
        let Some(realised) = draft::rupees(raw, multiplier, "the realised profit")? else {
            self.closed.without_multiplier += 1;
            return Ok(());
        };
        let sum = self.closed.realised.checked_add(realised);
        self.closed.realised = sum.map_err(|_| Beyond("the realised profit"))?;
        self.sums
            .entry((&kept.key.account, kept.key.broker))
            .or_default()
            .add_closed(realised);
        Ok(())
    }

    fn finish(mut self) -> Result<Portfolio, PortfolioError> {
        let mut groups = std::mem::take(&mut self.groups);
        let mut lines = Vec::with_capacity(groups.len());
        for group in groups.values_mut() {
            group.parts.sort_by_key(|part| (part.account, part.broker));
            let line = self
                .line(group)
                .map_err(|beyond| beyond.of(symbol(group.instrument)))?;
            self.add_line(group, &line);
            lines.push(line);
        }
        let mut total = self.lines;
        let mut by_broker = BTreeMap::<_, Sum>::new();
        let mut by_account = BTreeMap::<_, Sum>::new();
        for ((account, broker), sum) in &self.sums {
            total.add_amounts(sum);
            by_broker.entry(*broker).or_default().add_all(sum);
            by_account.entry((*account).clone()).or_default().add_all(sum);
        }
        Ok(Portfolio {
            as_of: self.inputs.now,
            lines,
            totals: total.finish().map_err(of_the_total)?,
            by_broker: finished(by_broker)?,
            by_account: finished(by_account)?,
            closed: self.closed,
            unread: self
                .unread
                .difference(&self.read)
                .map(|(account, broker, book)| UnreadBook {
                    account: (*account).clone(),
                    broker: *broker,
                    book: *book,
                })
                .collect(),
        })
    }

    fn add_line(&mut self, group: &Group<'a>, line: &Line) {
        self.lines.count(&line.figures, line.price.as_ref());
        for (draft, part) in group.parts.iter().zip(&line.parts) {
            let sum = self.sums.entry((draft.account, draft.broker)).or_default();
            sum.add(&part.figures);
            sum.count(&part.figures, line.price.as_ref());
        }
    }

    fn line(&self, group: &Group<'a>) -> Result<Line, Beyond> {
        let given = group
            .instrument
            .id
            .as_ref()
            .and_then(|id| self.inputs.prices.get(id));
        let price = given.copied().or(group.row_price).map(|seen| self.aged(seen));
        let terms = Terms {
            product: group.product,
            multiplier: multiplier(group.instrument, self.inputs.multipliers),
            price: price.map(|price| price.price),
            today: self.today,
        };
        let mut parts = Vec::with_capacity(group.parts.len());
        let mut raw_cost = Some(0);
        for draft in &group.parts {
            let was_read = |kind| self.read.contains(&(draft.account, draft.broker, kind));
            let (part, raw) = draft.finish(was_read, terms)?;
            raw_cost = raw_cost.zip(raw).map(|(sum, more): (i128, i128)| sum + more);
            parts.push(part);
        }
        Ok(Line {
            id: group.instrument.id.clone(),
            exchange: exchange(group.instrument),
            symbol: symbol(group.instrument).to_owned(),
            product: group.product.cloned(),
            multiplier: terms.multiplier,
            price,
            figures: over::parts(&parts, raw_cost)?,
            parts,
        })
    }

    fn aged(&self, seen: SeenPrice) -> LastPrice {
        let age = self.inputs.now.duration_since(seen.made_at);
        let age = std::time::Duration::try_from(age).unwrap_or_default();
        LastPrice {
            price: seen.price,
            made_at: seen.made_at,
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            stale: age > self.inputs.stale_after,
        }
    }
}

fn finished<K: Ord>(sums: BTreeMap<K, Sum>) -> Result<BTreeMap<K, Totals>, PortfolioError> {
    sums.into_iter()
        .map(|(key, sum)| Ok((key, sum.finish().map_err(of_the_total)?)))
        .collect()
}

fn of_the_total(beyond: Beyond) -> PortfolioError {
    beyond.of("the total")
}

impl Beyond {
    fn of(self, of: impl Into<String>) -> PortfolioError {
        PortfolioError::OutOfRange {
            what: self.0,
            of: of.into(),
        }
    }
}
