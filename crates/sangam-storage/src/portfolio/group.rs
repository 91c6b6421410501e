//! What makes rows of several brokers one line: the canonical name and the product.

use std::collections::HashMap;

use rust_decimal::Decimal;
use sangam_core::{
    AccountId, BookInstrument, BrokerName, Exchange, InstrumentId, Price, Product, Segment, Timestamp,
};

use super::draft::Draft;
use super::inputs::SeenPrice;

/// What gathers rows into a line. Names of one broker that we do not know stay apart from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name<'a> {
    Known(&'a InstrumentId),
    Told(BrokerName, Option<Exchange>, &'a str),
}

impl<'a> Name<'a> {
    pub(super) fn of(instrument: &'a BookInstrument, broker: BrokerName) -> Self {
        instrument.id.as_ref().map_or(
            Self::Told(broker, instrument.exchange, &instrument.broker_symbol),
            Self::Known,
        )
    }
}

/// The rows of one line.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) instrument: &'a BookInstrument,
    pub(super) product: Option<&'a Product>,
    pub(super) parts: Vec<Draft<'a>>,
    pub(super) row_price: Option<SeenPrice>,
}

impl<'a> Group<'a> {
    pub(super) fn part(&mut self, account: &'a AccountId, broker: BrokerName) -> &mut Draft<'a> {
        let same = |part: &Draft<'_>| part.account == account && part.broker == broker;
        let at = self.parts.iter().position(same).unwrap_or_else(|| {
            self.parts.push(Draft::new(account, broker));
            self.parts.len() - 1
        });
        &mut self.parts[at]
    }

    /// The newest of the rows' prices counts; the higher one of two read at once, so that no order of rows matters.
    pub(super) fn see(&mut self, price: Option<Price>, read_at: Timestamp) {
        let newest = self.row_price.map(|seen| (seen.made_at, seen.price));
        if let Some(price) = price
            && newest < Some((read_at, price))
        {
            self.row_price = Some(SeenPrice {
                price,
                made_at: read_at,
            });
        }
    }
}

/// Shares and their derivatives count units, so that a rupee more is a rupee a unit; elsewhere it must be given.
pub(super) fn multiplier(
    instrument: &BookInstrument,
    given: &HashMap<InstrumentId, Decimal>,
) -> Option<Decimal> {
    let id = instrument.id.as_ref();
    let given = id.and_then(|id| given.get(id)).copied();
    given.or_else(|| {
        let counts_units = matches!(
            exchange(instrument)?.segment(),
            Segment::Cash | Segment::EquityDerivatives
        );
        counts_units.then_some(Decimal::ONE)
    })
}

pub(super) fn exchange(instrument: &BookInstrument) -> Option<Exchange> {
    instrument
        .id
        .as_ref()
        .map(|id| id.exchange)
        .or(instrument.exchange)
}

pub(super) fn symbol(instrument: &BookInstrument) -> &str {
    match &instrument.id {
        Some(id) => id.symbol.as_str(),
        None => &instrument.broker_symbol,
    }
}
