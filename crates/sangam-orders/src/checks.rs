//! What an order has to pass before anything of it is recorded or sent. Each rule is a file of its own, pure, with its
//! source; this is where they are asked, and `pass` in which order. What the order and its instrument say by themselves (lots, ticks,
//! freeze quantities, products) is checked before, in `sangam_core::order_check`; what one account may send is prepared
//! after, in `prepare`. Cancellations pass everything.

mod algo;
mod band;
mod market;
mod pass;
mod phase;
mod rate;
mod ratio;
mod rule;
mod session;
mod settings;
mod size;
mod tally;
mod value;
mod view;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::calendar::TradingDay;
use sangam_core::ports::FillRecord;
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, IST, Money, Operation, OrderKind, OrderRequest, PositionEffect, Price, Quote, Segment,
    Timestamp,
};

pub use market::{AlwaysInSession, KnownPrice, MarketFacts};
pub use rate::{UNREGISTERED_MAX, check_rate, in_a_second};
pub use ratio::RatioState;
pub use rule::{Refusal, Rule};
pub use settings::{CheckSettings, PriceBand, TradeRatio};
pub(crate) use tally::Held;
pub use view::{AccountChecks, ChecksView};

use crate::account::DeskAccount;
use tally::{Counts, Tally};

/// The checks of one desk.
#[derive(Debug)]
pub struct Checks {
    settings: CheckSettings,
    market: Arc<dyn MarketFacts>,
    tally: Arc<Tally>,
    /// The day last warned of because its holidays are not known.
    warned: Mutex<Option<Date>>,
}

impl Checks {
    /// Checks by these settings, in this market.
    #[must_use]
    pub fn new(settings: CheckSettings, market: Arc<dyn MarketFacts>) -> Self {
        Self {
            settings,
            market,
            tally: Arc::default(),
            warned: Mutex::default(),
        }
    }

    /// No checks beside the order's own: for a desk in a program that checks by itself.
    #[must_use]
    pub fn none() -> Self {
        Self::new(CheckSettings::default(), Arc::new(AlwaysInSession))
    }

    /// A command is about to leave.
    pub(crate) fn sent(&self, account: &AccountId, operation: Operation) {
        let before = self.state(&self.tally.counts(account));
        self.tally.sent(account, operation);
        let counts = self.tally.counts(account);
        let after = self.state(&counts);
        if after != before {
            tracing::warn!(
                %account, messages = counts.messages(), trades = counts.trades, state = ?after,
                "orders, changes and cancellations for each trade"
            );
        }
    }

    /// Trades were written, those counted before among them.
    pub(crate) fn traded(&self, trades: &[FillRecord]) {
        self.tally.traded(trades);
    }

    /// Puts an order's value on the day's account. An exit is counted and never refused for it.
    pub(crate) fn hold(&self, value: Option<Money>, request: &OrderRequest) -> Result<Held, Refusal> {
        let most = self.settings.day_value_max.filter(|_| !is_exit(request));
        match value {
            Some(value) => self.tally.hold(value, most),
            None => Ok(Held::nothing()),
        }
    }

    /// A quote that was asked for on the way of an order.
    pub(crate) fn note(&self, quote: &Quote) {
        self.market.note(quote);
    }

    fn state(&self, counts: &Counts) -> RatioState {
        let ratio = self.settings.trade_ratio;
        ratio.map_or(RatioState::Fine, |ratio| ratio::state(counts, ratio))
    }

    /// What needs nothing but the order and the hour.
    fn of_order(&self, request: &OrderRequest, now: Timestamp) -> Result<(), Refusal> {
        if let (Some(calendar), Some(at)) = (&self.settings.calendar, self.market.time(now)) {
            self.warn_of_unknown_year(calendar.day(IST::date(at)), IST::date(at));
            let derivatives = self.market.has_derivatives(&request.instrument);
            phase::check(calendar, request, derivatives, at)?;
        }
        self.of_size(request)
    }

    fn of_size(&self, request: &OrderRequest) -> Result<(), Refusal> {
        match self.settings.quantity_max.filter(|_| !is_exit(request)) {
            Some(most) => size::check(request.quantity, most),
            None => Ok(()),
        }
    }

    /// What needs a price as well: one that is known, or for the value of a market order another. Answers what the order is
    /// worth.
    fn of_price(
        &self,
        request: &OrderRequest,
        known: Option<&KnownPrice>,
        otherwise: Option<Price>,
    ) -> Result<Option<Money>, Refusal> {
        let last = known.map(|known| known.last);
        if last.is_none() && self.wants_price(request) {
            match request.pricing.kind() {
                OrderKind::Market if otherwise.is_some() => {}
                OrderKind::Market => return Err(value::unpriced()),
                _ => return Err(band::unpriced()),
            }
        }
        if let Some(band) = self.settings.price_band {
            band::check_circuit(request, known)?;
            band::check(request, known, band)?;
        }
        let worth = value::of(request, last.or(otherwise))?;
        if let (Some(worth), Some(most)) =
            (worth, self.settings.order_value_max.filter(|_| !is_exit(request)))
        {
            value::check(worth, most)?;
        }
        Ok(worth)
    }

    /// What speaks of one account.
    fn of_account(
        &self,
        account: &DeskAccount,
        request: &OrderRequest,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if let (Some(calendar), Some(at)) = (&self.settings.calendar, self.market.time(now))
            && let Some(session) = account.broker.session()
        {
            let granted = session::granted_at(&session, now, at);
            session::check(calendar, account.id(), granted, at)?;
        }
        let required = self.settings.algo_required.contains(account.id());
        algo::check(
            account.id(),
            required,
            account.algo.as_ref(),
            account.broker.capabilities(),
        )?;
        match self.settings.trade_ratio {
            Some(ratio) if !is_exit(request) => {
                ratio::check(account.id(), &self.tally.counts(account.id()), ratio)
            }
            _ => Ok(()),
        }
    }

    /// A price young enough.
    fn known(&self, request: &OrderRequest, now: Timestamp) -> Option<KnownPrice> {
        let known = self.market.price(&request.instrument)?;
        let age = Duration::try_from(now.duration_since(known.at)).unwrap_or_default();
        (known.last.is_positive() && age <= self.settings.price_age_max).then_some(known)
    }

    /// Whether the order must not go without a known price. An exit may.
    fn wants_price(&self, request: &OrderRequest) -> bool {
        if is_exit(request) {
            return false;
        }
        let capped = self.settings.order_value_max.is_some() || self.settings.day_value_max.is_some();
        match request.pricing.kind() {
            OrderKind::Market => capped && request.instrument.exchange.segment() != Segment::Commodity,
            OrderKind::Limit => self.settings.price_band.is_some_and(|band| band.ask),
            OrderKind::StopLossLimit | OrderKind::StopLossMarket => false,
        }
    }

    fn warn_of_unknown_year(&self, day: TradingDay, date: Date) {
        if day == TradingDay::Assumed && self.warned.lock().replace(date) != Some(date) {
            tracing::warn!(
                "the holidays of {} are not known: {date} is taken to trade; add them under [checks] holidays",
                date.year()
            );
        }
    }
}

/// Whether an order closes a position, as declared.
fn is_exit(request: &OrderRequest) -> bool {
    request.position_effect == Some(PositionEffect::Close)
}
