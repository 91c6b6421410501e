//! What an order has to pass before anything of it is recorded or sent. Each rule is a file of its own, pure, with its
//! source; this is where they are asked, in order. What the order and its instrument say by themselves (lots, ticks,
//! freeze quantities, products) is checked before, in `sangam_core::order_check`; what one account may send is prepared
//! after, in `prepare`. Cancellations pass everything.

mod algo;
mod band;
mod market;
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
use rust_decimal::Decimal;
use sangam_core::calendar::TradingDay;
use sangam_core::ports::{LedgerError, OrderRecord, PassedOver, Ranking};
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, IST, Money, Operation, OrderKind, OrderRequest, PositionEffect, Quote, Segment, Timestamp,
};

pub use market::{AlwaysInSession, KnownPrice, MarketFacts};
pub use rate::{UNREGISTERED_MAX, check_rate, in_a_second};
pub use ratio::RatioState;
pub use rule::{Refusal, Rule};
pub use settings::{CheckSettings, PriceBand, TradeRatio};
pub(crate) use tally::Held;
pub use view::{AccountChecks, ChecksView};

use crate::account::DeskAccount;
use crate::desk::{Desk, Inner};
use crate::error::DeskError;
use tally::{Counts, Tally};

/// How long a price is waited for before an order is refused for want of one.
const PRICE_PATIENCE: Duration = Duration::from_secs(3);

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

    /// Trades of our orders were written.
    pub(crate) fn traded(&self, account: &AccountId, dates: impl Iterator<Item = Date>) {
        self.tally.traded(account, dates);
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
        match self.settings.quantity_max {
            Some(most) => size::check(request.quantity, most),
            None => Ok(()),
        }
    }

    /// What needs a price as well. Answers what the order is worth.
    fn of_price(&self, request: &OrderRequest, known: Option<&KnownPrice>) -> Result<Option<Money>, Refusal> {
        let kind = request.pricing.kind();
        if known.is_none() && self.wants_price(request) {
            return Err(match kind {
                OrderKind::Market => value::unpriced(),
                _ => band::unpriced(),
            });
        }
        if let Some(band) = self.settings.price_band {
            band::check_circuit(request, known)?;
            band::check(request, known, band)?;
        }
        let worth = value::of(request, known.map(|known| known.last))?;
        if let (Some(worth), Some(most)) = (worth, self.settings.order_value_max) {
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

    /// Whether the order must not go without a known price.
    fn wants_price(&self, request: &OrderRequest) -> bool {
        match request.pricing.kind() {
            OrderKind::Market => {
                let valued = request.instrument.exchange.segment() != Segment::Commodity;
                let capped = !is_exit(request)
                    && (self.settings.order_value_max.is_some() || self.settings.day_value_max.is_some());
                valued && capped
            }
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

impl Inner {
    /// Passes a placement through the checks: out of the ranking goes who may not take it, and the value is answered
    /// that [`Checks::hold`] puts on the day's account.
    ///
    /// # Errors
    /// [`DeskError::Refused`] with nothing recorded or sent; [`DeskError::Ledger`] when today's orders cannot be read.
    pub(crate) async fn pass_checks(
        &self,
        request: &OrderRequest,
        ranking: &mut Ranking,
    ) -> Result<Option<Money>, DeskError> {
        let now = self.parts.clock.now();
        self.checks.of_order(request, now)?;
        self.count_today(now).await?;
        self.narrow_to_allowed(request, ranking, now)?;
        let known = match self.checks.known(request, now) {
            None if self.checks.wants_price(request) => self.asked_price(request, ranking).await,
            known => known,
        };
        Ok(self.checks.of_price(request, known.as_ref())?)
    }

    /// Passes the new terms of an order through the checks, and puts what they are worth more on the day's account.
    ///
    /// # Errors
    /// As for [`Inner::pass_checks`].
    pub(crate) async fn pass_change(
        &self,
        order: &OrderRecord,
        account: &DeskAccount,
        request: &OrderRequest,
    ) -> Result<(), DeskError> {
        let (checks, now) = (&self.checks, self.parts.clock.now());
        if request.after_market {
            // Whether it still waits for the session or is in it is for the broker to say.
            checks.of_size(request)?;
        } else {
            checks.of_order(request, now)?;
        }
        self.count_today(now).await?;
        checks.of_account(account, request, now)?;
        let old = value::price_of(&order.request, order.average_price);
        let known = checks.known(request, now).or_else(|| {
            old.map(|last| KnownPrice {
                last,
                lower_circuit: None,
                upper_circuit: None,
                at: now,
            })
        });
        let new = checks.of_price(request, known.as_ref())?;
        let before = value::of(&order.request, known.map(|known| known.last))?;
        if let (Some(new), Some(before)) = (new, before)
            && let Some(more) = new.checked_sub(before).ok().filter(|more| more.is_positive())
        {
            // The value stays on the day's account: whether the change was taken may never be known.
            drop(checks.hold(Some(more), request)?);
        }
        Ok(())
    }

    async fn count_today(&self, now: Timestamp) -> Result<(), LedgerError> {
        if !self.checks.settings.counts() {
            return Ok(());
        }
        self.load_today(now).await
    }

    async fn load_today(&self, now: Timestamp) -> Result<(), LedgerError> {
        let (parts, today) = (&self.parts, IST::date(now));
        self.checks
            .tally
            .of_day(today, parts.ledger.as_ref(), &parts.group)
            .await
    }

    fn narrow_to_allowed(
        &self,
        request: &OrderRequest,
        ranking: &mut Ranking,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut refusals: Vec<Refusal> = Vec::new();
        for candidate in std::mem::take(&mut ranking.candidates) {
            let account = self.account(&candidate.account);
            match account.map_or(Ok(()), |account| self.checks.of_account(account, request, now)) {
                Ok(()) => ranking.candidates.push(candidate),
                Err(refusal) => {
                    ranking.passed_over.push(PassedOver {
                        account: candidate.account,
                        broker: candidate.broker,
                        reason: refusal.message.clone(),
                    });
                    refusals.push(refusal);
                }
            }
        }
        if !ranking.candidates.is_empty() || refusals.is_empty() {
            return Ok(());
        }
        let each: Vec<_> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        let message = each.join("; ");
        let first = refusals.swap_remove(0);
        Err(Refusal { message, ..first })
    }

    /// A price from the first of the accounts that tells one.
    async fn asked_price(&self, request: &OrderRequest, ranking: &Ranking) -> Option<KnownPrice> {
        let asked = std::slice::from_ref(&request.instrument);
        let ask = async {
            for candidate in &ranking.candidates {
                let Some(account) = self.account(&candidate.account) else {
                    continue;
                };
                let Ok(quotes) = account.broker.quotes(asked).await else {
                    continue;
                };
                let own = quotes.into_iter().find(|(id, _)| *id == request.instrument);
                if let Some((_, Ok(quote))) = own
                    && quote.last.is_positive()
                {
                    self.checks.market.note(&quote);
                    return Some(KnownPrice::from(&quote));
                }
            }
            None
        };
        tokio::time::timeout(PRICE_PATIENCE, ask).await.ok().flatten()
    }
}

impl Desk {
    /// The checks as they stand, with today's counts.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when today's orders cannot be read.
    pub async fn checks(&self) -> Result<ChecksView, DeskError> {
        let inner = &self.inner;
        let (checks, now) = (&inner.checks, inner.parts.clock.now());
        inner.load_today(now).await?;
        let settings = &checks.settings;
        let market_time = checks.market.time(now);
        let day = checks.tally.shown();
        let account = |account: &DeskAccount| {
            let counts = checks.tally.counts(account.id());
            let ratio = Decimal::from(counts.messages()) / Decimal::from(counts.trades.max(1));
            let session = match (&settings.calendar, market_time, account.broker.session()) {
                (Some(calendar), Some(at), Some(session)) => {
                    let granted = session::granted_at(&session, now, at);
                    session::check(calendar, account.id(), granted, at).err()
                }
                _ => None,
            };
            AccountChecks {
                account: account.id().clone(),
                broker: account.name(),
                orders: counts.orders,
                modifies: counts.modifies,
                cancels: counts.cancels,
                trades: counts.trades,
                ratio: ratio.round_dp(2).normalize(),
                ratio_warning: settings.trade_ratio.map(|ratio| ratio.warning),
                ratio_max: settings.trade_ratio.map(|ratio| ratio.limit),
                state: checks.state(&counts),
                session: session.map(|refusal| refusal.message),
            }
        };
        Ok(ChecksView {
            group: inner.parts.group.clone(),
            simulated: inner.parts.simulated,
            market_time,
            unknown_year: settings
                .calendar
                .as_ref()
                .zip(market_time)
                .is_some_and(|(calendar, at)| calendar.day(IST::date(at)) == TradingDay::Assumed),
            day_value: day.map_or(Money::ZERO, |day| day.value),
            day_value_max: settings.day_value_max,
            order_value_max: settings.order_value_max,
            accounts: inner.parts.accounts.iter().map(account).collect(),
        })
    }
}
