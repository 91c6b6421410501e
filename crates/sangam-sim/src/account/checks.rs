//! What a risk engine refuses before an order reaches the exchange.

use super::{Account, NewOrder, OrderKind, Product, Refusal, Scene, Side, Terms};
use crate::clock::{Phase, phase};
use crate::contracts::{Contract, Kind};
use crate::money::Paise;

impl Account {
    /// All checks on a new order, cheap ones first. Margin and holdings count the orders already open.
    ///
    /// # Errors
    /// The first [`Refusal`] that applies.
    pub fn check(&self, scene: &Scene<'_>, new: &NewOrder) -> Result<(), Refusal> {
        let terms = Terms {
            kind: new.kind,
            validity: new.validity,
            quantity: new.quantity,
            disclosed: new.disclosed,
            price: new.price,
            trigger: new.trigger,
        };
        check_terms(&new.contract, new.side, &terms)?;
        check_product(&new.contract, new.product)?;
        check_session(scene, new.after_market)?;
        check_against_market(scene, &new.contract, new.side, &terms, true)?;
        if new.product == Product::Delivery && new.side == Side::Sell {
            self.check_holdings(scene, &new.contract, new.quantity, None)?;
        }
        let candidate = self.candidate(scene, new);
        self.check_margin(scene, Some(candidate), None)
    }

    /// The same for changed terms of the order at a place in the book.
    pub(super) fn check_change(&self, scene: &Scene<'_>, at: usize, terms: &Terms) -> Result<(), Refusal> {
        let order = &self.orders[at].order;
        if terms.quantity <= order.filled {
            return Err(Refusal::BelowFilled { filled: order.filled });
        }
        check_terms(&order.contract, order.side, terms)?;
        check_session(scene, order.after_market)?;
        let new_trigger = terms.trigger != order.terms.trigger;
        check_against_market(scene, &order.contract, order.side, terms, new_trigger)?;
        if order.product == Product::Delivery && order.side == Side::Sell {
            self.check_holdings(scene, &order.contract, terms.quantity - order.filled, Some(at))?;
        }
        let changed = self.changed_exposure(scene, at, terms);
        self.check_margin(scene, Some(changed), Some(at))
    }
}

fn check_terms(contract: &Contract, side: Side, terms: &Terms) -> Result<(), Refusal> {
    if contract.kind == Kind::Index {
        return Err(Refusal::IndexNotTradable);
    }
    if terms.quantity <= 0 {
        return Err(Refusal::QuantityNotPositive);
    }
    if terms.quantity % contract.lot != 0 {
        return Err(Refusal::NotALotMultiple { lot: contract.lot });
    }
    if terms.quantity > contract.freeze {
        return Err(Refusal::AboveFreeze {
            freeze: contract.freeze,
        });
    }
    let disclosed_ok = terms.disclosed == 0
        || (contract.segment.is_cash() && (1..=terms.quantity).contains(&terms.disclosed));
    if !disclosed_ok {
        return Err(Refusal::DisclosedNotAllowed);
    }
    check_price(
        terms.kind.has_price(),
        terms.price,
        contract.tick,
        Refusal::PriceMissing,
        Refusal::PriceNotAllowed,
    )?;
    check_price(
        terms.kind.has_trigger(),
        terms.trigger,
        contract.tick,
        Refusal::TriggerMissing,
        Refusal::TriggerNotAllowed,
    )?;
    let beyond = match side {
        Side::Buy => terms.trigger > terms.price,
        Side::Sell => terms.trigger < terms.price,
    };
    if terms.kind == OrderKind::StopLimit && beyond {
        return Err(Refusal::TriggerBeyondPrice);
    }
    Ok(())
}

fn check_price(
    wanted: bool,
    price: Paise,
    tick: Paise,
    missing: Refusal,
    surplus: Refusal,
) -> Result<(), Refusal> {
    match (wanted, price > Paise::ZERO) {
        (true, false) => Err(missing),
        (false, _) if !price.is_zero() => Err(surplus),
        (true, true) if price.floor_to(tick) != price => Err(Refusal::OffTick { tick }),
        _ => Ok(()),
    }
}

/// Delivery is for the cash market, carry-forward for derivatives; trade-to-trade and bond series know no intraday.
pub(super) fn check_product(contract: &Contract, product: Product) -> Result<(), Refusal> {
    let allowed = match product {
        Product::Delivery => contract.segment.is_cash(),
        Product::CarryForward => contract.segment.is_derivative(),
        Product::Intraday => contract.segment.is_derivative() || matches!(contract.series, "EQ" | "A" | "B"),
        Product::MarginFunded => matches!(contract.series, "EQ" | "A"),
    };
    if allowed {
        Ok(())
    } else {
        Err(Refusal::ProductNotAllowed)
    }
}

fn check_session(scene: &Scene<'_>, after_market: bool) -> Result<(), Refusal> {
    let open = phase(scene.now, scene.always_open) == Phase::Open;
    match (open, after_market) {
        (false, false) => Err(Refusal::MarketClosed),
        // A simulator that is always open takes after-market orders at any hour.
        (true, true) if !scene.always_open => Err(Refusal::AfterMarketInSession),
        _ => Ok(()),
    }
}

fn check_against_market(
    scene: &Scene<'_>,
    contract: &Contract,
    side: Side,
    terms: &Terms,
    new_trigger: bool,
) -> Result<(), Refusal> {
    let (lower, upper) = scene.market.circuits(contract, scene.now);
    let inside = |price: Paise| price.is_zero() || (lower..=upper).contains(&price);
    if !inside(terms.price) || !inside(terms.trigger) {
        return Err(Refusal::OutsideCircuit { lower, upper });
    }
    if terms.kind.has_trigger() && new_trigger {
        let last = scene.market.last(contract, scene.now);
        let wrong = match side {
            Side::Buy => terms.trigger < last,
            Side::Sell => terms.trigger > last,
        };
        if wrong {
            return Err(Refusal::TriggerWrongSide { last });
        }
    }
    Ok(())
}
