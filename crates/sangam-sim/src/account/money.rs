//! Margin, holdings and funds.
//!
//! Rates are round figures in the spirit of the exchanges' rules, not theirs: delivery in full, intraday shares 20 %,
//! margin funding 25 %, long options their premium, futures and short options 12 % of the notional value. Four fifths
//! of a delivery sale can be used at once.

use std::collections::HashMap;

use super::positions::Net;
use super::{Account, Book, Funds, NewOrder, Order, OrderKind, Product, Refusal, Scene, Side, Terms};
use crate::clock::Instant64;
use crate::contracts::{Contract, ContractKey, Kind};
use crate::money::Paise;

/// Percent of a delivery sale's proceeds that may be used at once.
const SALE_CREDIT: i64 = 80;

/// What an open order would add to a position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exposure<'a> {
    contract: &'a Contract,
    product: Product,
    side: Side,
    pending: i64,
    price: Paise,
}

impl Account {
    pub(super) fn candidate<'a>(&self, scene: &Scene<'_>, new: &'a NewOrder) -> Exposure<'a> {
        let price = expected_price(scene, &new.contract, new.side, new.kind, new.price);
        Exposure {
            contract: &new.contract,
            product: new.product,
            side: new.side,
            pending: new.quantity,
            price,
        }
    }

    pub(super) fn changed_exposure(&self, scene: &Scene<'_>, at: usize, terms: &Terms) -> Exposure<'_> {
        let order = &self.orders[at].order;
        let price = expected_price(scene, &order.contract, order.side, terms.kind, terms.price);
        let pending = terms.quantity - order.filled;
        Exposure {
            contract: &order.contract,
            product: order.product,
            side: order.side,
            pending,
            price,
        }
    }

    /// Refuses a candidate whose margin does not fit. What adds nothing (an exit) always fits.
    pub(super) fn check_margin(
        &self,
        scene: &Scene<'_>,
        candidate: Option<Exposure<'_>>,
        replaces: Option<usize>,
    ) -> Result<(), Refusal> {
        let before = self.blocked(scene, scene.now, None, None);
        let after = self.blocked(scene, scene.now, candidate, replaces);
        let required = after - before;
        let available = self.funds(scene, scene.now).available();
        if required > Paise::ZERO && required > available {
            return Err(Refusal::Margin { required, available });
        }
        Ok(())
    }

    /// Refuses a delivery sale beyond holdings, today's buys and what other open sales have taken.
    pub(super) fn check_holdings(
        &self,
        scene: &Scene<'_>,
        contract: &Contract,
        wanted: i64,
        except: Option<usize>,
    ) -> Result<(), Refusal> {
        let isin = contract.isin;
        let held: i64 = self
            .holdings
            .iter()
            .filter(|h| h.contract.isin == isin)
            .map(|h| h.quantity + h.t1_quantity)
            .sum();
        // Shares are the same shares on either exchange.
        let traded: i64 = self
            .nets(scene.now)
            .iter()
            .filter(|(key, net)| key.1 == Product::Delivery && net.contract.isin == isin)
            .map(|(_, net)| net.day_buy.quantity - net.day_sell.quantity)
            .sum();
        let selling: i64 = self
            .open
            .iter()
            .filter(|at| Some(**at) != except)
            .map(|at| &self.orders[*at].order)
            .filter(|order| order.contract.isin == isin)
            .filter(|order| order.side == Side::Sell && order.product == Product::Delivery)
            .map(Order::pending)
            .sum();
        let available = (held + traded - selling).max(0);
        if wanted > available {
            Err(Refusal::Holdings { wanted, available })
        } else {
            Ok(())
        }
    }

    /// Money at `as_of`, with profits at that instant's prices.
    #[must_use]
    pub fn funds(&self, scene: &Scene<'_>, as_of: Instant64) -> Funds {
        let nets = self.nets(as_of);
        let mut funds = Funds {
            opening: self.opening,
            blocked: self.blocked(scene, as_of, None, None),
            margin: Paise::ZERO,
            sale_credit: Paise::ZERO,
            premium: Paise::ZERO,
            realised: Paise::ZERO,
            unrealised: Paise::ZERO,
        };
        for ((_, product), net) in nets.iter() {
            let value = net.average().times(net.quantity().abs());
            let side = if net.quantity() >= 0 {
                Side::Buy
            } else {
                Side::Sell
            };
            if *product == Product::Delivery && side == Side::Sell {
                funds.sale_credit = funds.sale_credit + Paise(value.0 * SALE_CREDIT / 100);
            } else {
                let margin = margin(&net.contract, *product, side, net.quantity().abs(), net.average());
                funds.margin = funds.margin + margin;
                if matches!(net.contract.kind, Kind::Option { .. }) && side == Side::Buy {
                    funds.premium = funds.premium + margin;
                }
            }
            funds.realised = funds.realised + net.realised();
            funds.unrealised =
                funds.unrealised + net.unrealised(*product, scene.market.last(&net.contract, as_of));
        }
        funds
    }

    /// What open orders block. Each order first uses up the opposite position it would close.
    fn blocked(
        &self,
        scene: &Scene<'_>,
        as_of: Instant64,
        candidate: Option<Exposure<'_>>,
        replaces: Option<usize>,
    ) -> Paise {
        let nets = self.nets(as_of);
        let mut closable: HashMap<(ContractKey, Product, Side), i64> = HashMap::new();
        for ((key, product), net) in nets.iter() {
            let side = if net.quantity() > 0 { Side::Sell } else { Side::Buy };
            closable.insert((*key, *product, side), net.quantity().abs());
        }
        let open = self
            .open
            .iter()
            .filter(|at| Some(**at) != replaces)
            .map(|at| &self.orders[*at]);
        let open = open.filter(|book| book.order.placed_at <= as_of);
        let exposures: Vec<Exposure<'_>> = open.map(|book| book.exposure(scene)).chain(candidate).collect();
        exposures
            .iter()
            .map(|exposure| {
                let close = closable
                    .entry((exposure.contract.key(), exposure.product, exposure.side))
                    .or_default();
                let closing = exposure.pending.min(*close);
                *close -= closing;
                margin(
                    exposure.contract,
                    exposure.product,
                    exposure.side,
                    exposure.pending - closing,
                    exposure.price,
                )
            })
            .sum()
    }
}

impl Book {
    fn exposure(&self, scene: &Scene<'_>) -> Exposure<'_> {
        let order = &self.order;
        let price = expected_price(
            scene,
            &order.contract,
            order.side,
            order.terms.kind,
            order.terms.price,
        );
        Exposure {
            contract: &order.contract,
            product: order.product,
            side: order.side,
            pending: order.pending(),
            price,
        }
    }
}

/// The limit price, or what a market order may be expected to pay.
fn expected_price(
    scene: &Scene<'_>,
    contract: &Contract,
    side: Side,
    kind: OrderKind,
    price: Paise,
) -> Paise {
    if kind.has_price() {
        return price;
    }
    let depth = scene.market.depth(contract, scene.now);
    let levels = if side == Side::Buy { depth.asks } else { depth.bids };
    levels
        .first()
        .map_or_else(|| scene.market.last(contract, scene.now), |level| level.price)
}

/// Margin of an open quantity at a price.
fn margin(contract: &Contract, product: Product, side: Side, quantity: i64, price: Paise) -> Paise {
    let value = price.times(quantity);
    match (contract.kind, product, side) {
        (Kind::Option { .. }, _, Side::Buy) => value,
        (Kind::Option { strike, .. }, _, Side::Sell) => percent(strike.times(quantity), 12),
        (Kind::Future, _, _) => percent(value, 12),
        (_, Product::Delivery, Side::Sell) => Paise::ZERO,
        (_, Product::Intraday, _) => percent(value, 20),
        (_, Product::MarginFunded, _) => percent(value, 25),
        _ => value,
    }
}

const fn percent(value: Paise, percent: i64) -> Paise {
    Paise((value.0 * percent + 99) / 100)
}

impl Net {
    /// Profit of what is open; a sale out of holdings has none.
    pub(super) const fn unrealised(&self, product: Product, last: Paise) -> Paise {
        let quantity = self.quantity();
        if matches!(product, Product::Delivery) && quantity < 0 {
            return Paise::ZERO;
        }
        Paise((last.0 - self.average().0) * quantity)
    }
}
