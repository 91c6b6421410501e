//! One part while its rows come in, and what it is worth once they are all there.

use rust_decimal::Decimal;
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, AmountError, BrokerName, Holding, Money, NetQuantity, Position, Price, Product, Quantity,
};

use super::inputs::BookKind;
use super::view::{Figures, KeptPart, Part};
use crate::cost::{KeptPosition, exact};

/// The rows of one account under one instrument and product. Costs are quantity x price in millionths, `None` where a row
/// with units tells no price.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) account: &'a AccountId,
    pub(super) broker: BrokerName,
    net: i64,
    net_cost: Option<i128>,
    held: u64,
    held_cost: Option<i128>,
    undelivered: u64,
    told_realised: Option<i128>,
    told_unrealised: Option<i128>,
    kept: Option<&'a KeptPosition>,
}

/// What a line knows that its parts are valued by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) product: Option<&'a Product>,
    pub(super) multiplier: Option<Decimal>,
    pub(super) price: Option<Price>,
    pub(super) today: Date,
}

/// Which figure left its range.
#[derive(Debug)]
pub(super) struct Beyond(pub(super) &'static str);

impl<'a> Draft<'a> {
    pub(super) fn new(account: &'a AccountId, broker: BrokerName) -> Self {
        Self {
            account,
            broker,
            net: 0,
            net_cost: Some(0),
            held: 0,
            held_cost: Some(0),
            undelivered: 0,
            told_realised: None,
            told_unrealised: None,
            kept: None,
        }
    }

    /// What a broker told on another day of that day's profit is nothing about today's.
    pub(super) fn add_position(&mut self, row: &Position, of_today: bool) {
        // Quantities end at 10^12, so no book has the rows to leave 64 bits.
        self.net = self.net.saturating_add(row.net.units());
        self.net_cost = cost_with(self.net_cost, row.net.units().into(), row.average_price);
        self.told_realised = sum(self.told_realised, row.realised.filter(|_| of_today));
        self.told_unrealised = sum(self.told_unrealised, row.unrealised);
    }

    pub(super) fn add_holding(&mut self, row: &Holding) {
        self.held = self.held.saturating_add(row.quantity.units());
        self.held_cost = cost_with(self.held_cost, row.quantity.units().into(), row.average_price);
        self.undelivered = self.undelivered.saturating_add(row.undelivered.units());
    }

    pub(super) fn add_kept(&mut self, kept: &'a KeptPosition) {
        self.kept = Some(kept);
    }

    /// The part and its cost before the multiplier, given which of the account's books were read.
    pub(super) fn finish(
        &self,
        was_read: impl Fn(BookKind) -> bool,
        terms: Terms<'_>,
    ) -> Result<(Part, Option<i128>), Beyond> {
        let delivery = terms.product == Some(&Product::Delivery);
        let whole = was_read(BookKind::Positions) && (!delivery || was_read(BookKind::Holdings));
        let told = self.told(delivery);
        let book = whole.then_some(told.quantity);
        let kept_net = self.kept.map(|kept| kept.net.units());
        // Shares cannot be held short: units we saw sold and not bought are none that are open.
        let ours = kept_net.map(|net| if delivery { net.max(0) } else { net });
        let quantity = book.or(ours).unwrap_or(told.quantity);
        let raw_cost = match (quantity, book, self.kept) {
            (0, ..) => Some(0),
            (_, None, Some(kept)) => Some(exact::of(kept.cost)),
            // The broker tells no average and we agree on the quantity: ours stands in for it.
            (_, _, Some(kept)) if kept_net == Some(quantity) => {
                told.cost.or_else(|| Some(exact::of(kept.cost)))
            }
            _ => told.cost,
        };
        let in_rupees = |raw: Option<i128>, what| rupees(raw, terms.multiplier, what);
        let worth = |price: Price| exact::of_price(price) * i128::from(quantity);
        // Nothing is worth nothing, whatever its price.
        let (cost, value) = if quantity == 0 {
            (Some(Money::ZERO), Some(Money::ZERO))
        } else {
            (
                in_rupees(raw_cost, "the cost")?,
                in_rupees(terms.price.map(worth), "the value")?,
            )
        };
        let realised_today = match self.kept {
            Some(kept) if kept.day == terms.today => {
                in_rupees(Some(exact::of(kept.realised_of_day)), "the profit")?
            }
            Some(_) => Some(Money::ZERO),
            None => plain(self.told_realised, "the realised profit")?,
        };
        let part = Part {
            account: self.account.clone(),
            broker: self.broker,
            figures: Figures {
                quantity: net(quantity)?,
                average_price: average(raw_cost, quantity),
                cost,
                value,
                unrealised: difference(value, cost)?,
                realised: in_rupees(
                    self.kept.map(|kept| exact::of(kept.realised)),
                    "the realised profit",
                )?,
                realised_today,
                differs: book.is_some() && kept_net.is_some() && book != kept_net,
            },
            book: book.map(net).transpose()?,
            held: units(told.held)?,
            undelivered: units(self.undelivered.min(told.held))?,
            told_unrealised: plain(self.told_unrealised, "the unrealised profit")?,
            kept: self.kept.map(|kept| kept_part(kept, terms)).transpose()?,
        };
        Ok((part, raw_cost))
    }

    /// What the books say, as far as they were read.
    fn told(&self, delivery: bool) -> Told {
        if !delivery {
            return Told {
                quantity: self.net,
                cost: self.net_cost,
                held: self.held,
            };
        }
        // A sale for delivery is of shares held: it comes off the holding and is no short position. A purchase of today
        // is not in the holding yet.
        let sold = if takes_sales_off(self.broker) {
            0
        } else {
            self.net.min(0).unsigned_abs().min(self.held)
        };
        let held = self.held - sold;
        let held_cost = match self.held {
            0 => Some(0),
            all => self
                .held_cost
                .map(|cost| exact::divided(cost * i128::from(held), all.into())),
        };
        let bought = self.net.max(0);
        let bought_cost = if bought > 0 { self.net_cost } else { Some(0) };
        Told {
            quantity: i64::try_from(held).unwrap_or(i64::MAX).saturating_add(bought),
            cost: held_cost.zip(bought_cost).map(|(held, bought)| held + bought),
            held,
        }
    }
}

struct Told {
    quantity: i64,
    cost: Option<i128>,
    held: u64,
}

/// Whether a broker's holdings are already less today's sales: Flattrade's formula subtracts `usedqty`; Fyers tells the
/// start of the day beside what remains, Upstox the units in sales beside the whole.
fn takes_sales_off(broker: BrokerName) -> bool {
    match broker {
        BrokerName::Flattrade => true,
        BrokerName::Fyers | BrokerName::Upstox => false,
    }
}

fn kept_part(kept: &KeptPosition, terms: Terms<'_>) -> Result<KeptPart, Beyond> {
    Ok(KeptPart {
        net: kept.net,
        average_price: kept.average_price(),
        cost: rupees(Some(exact::of(kept.cost)), terms.multiplier, "the cost")?,
        unseen: kept.unseen,
    })
}

fn cost_with(cost: Option<i128>, units: i128, price: Option<Price>) -> Option<i128> {
    match (cost, price) {
        (cost, _) if units == 0 => cost,
        (Some(cost), Some(price)) => Some(cost + exact::of_price(price) * units),
        _ => None,
    }
}

fn sum(before: Option<i128>, more: Option<Money>) -> Option<i128> {
    match (before, more.map(exact::of)) {
        (Some(before), Some(more)) => Some(before + more),
        (one, other) => one.or(other),
    }
}

/// Quantity x price in millionths, as rupees: times the multiplier, rounded half to even at six decimals.
pub(super) fn rupees(
    raw: Option<i128>,
    multiplier: Option<Decimal>,
    what: &'static str,
) -> Result<Option<Money>, Beyond> {
    let Some((raw, multiplier)) = raw.zip(multiplier) else {
        return Ok(None);
    };
    if multiplier == Decimal::ONE {
        return plain(Some(raw), what);
    }
    let product = exact::millionths(multiplier)
        .and_then(|factor| raw.checked_mul(factor))
        .ok_or(Beyond(what))?;
    plain(Some(exact::divided(product, 1_000_000)), what)
}

fn plain(millionths: Option<i128>, what: &'static str) -> Result<Option<Money>, Beyond> {
    millionths
        .map(|amount| exact::money(amount).ok_or(Beyond(what)))
        .transpose()
}

pub(super) fn difference(value: Option<Money>, cost: Option<Money>) -> Result<Option<Money>, Beyond> {
    let both = value.zip(cost);
    both.map(|(value, cost)| {
        value
            .checked_sub(cost)
            .map_err(|_| Beyond("the unrealised profit"))
    })
    .transpose()
}

pub(super) fn average(raw_cost: Option<i128>, quantity: i64) -> Option<Price> {
    raw_cost
        .filter(|_| quantity != 0)
        .and_then(|cost| exact::price(exact::divided(cost, quantity.into())))
}

pub(super) fn net(units: i64) -> Result<NetQuantity, Beyond> {
    NetQuantity::new(units).map_err(|_: AmountError| Beyond("the quantity"))
}

fn units(units: u64) -> Result<Quantity, Beyond> {
    Quantity::new(units).map_err(|_: AmountError| Beyond("the quantity held"))
}
