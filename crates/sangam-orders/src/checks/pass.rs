//! The way of an order, or of new terms, through the checks: what is asked when, and what is looked up for it.

use std::time::Duration;

use sangam_core::ports::{LedgerError, OrderRecord, PassedOver, Ranking};
use sangam_core::{IST, Money, OrderRequest, Timestamp};

use super::market::KnownPrice;
use super::rule::Refusal;
use super::{Held, value};
use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::error::DeskError;

/// How long a price is waited for before an order is refused for want of one.
const PRICE_PATIENCE: Duration = Duration::from_secs(3);

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
        let accounts = ranking.candidates.iter();
        let accounts = accounts.filter_map(|candidate| self.account(&candidate.account));
        let known = self.price(request, accounts, now).await;
        Ok(self.checks.of_price(request, known.as_ref(), None)?)
    }

    /// Passes the new terms of an order through the checks, and puts what they are worth more on the day's account: to be given
    /// back where it is certain that the change was not taken.
    ///
    /// # Errors
    /// As for [`Inner::pass_checks`].
    pub(crate) async fn pass_change(
        &self,
        order: &OrderRecord,
        account: &DeskAccount,
        request: &OrderRequest,
    ) -> Result<Held, DeskError> {
        let (checks, now) = (&self.checks, self.parts.clock.now());
        if request.after_market {
            // Whether it still waits for the session or is in it is for the broker to say.
            checks.of_size(request)?;
        } else {
            checks.of_order(request, now)?;
        }
        self.count_today(now).await?;
        checks.of_account(account, request, now)?;
        let known = self.price(request, std::iter::once(account), now).await;
        let old = value::price_of(&order.request, order.average_price);
        let new = checks.of_price(request, known.as_ref(), old)?;
        let before = value::of(&order.request, known.map(|known| known.last).or(old))?;
        if let (Some(new), Some(before)) = (new, before)
            && let Some(more) = new.checked_sub(before).ok().filter(|more| more.is_positive())
        {
            return Ok(checks.hold(Some(more), request)?);
        }
        Ok(Held::nothing())
    }

    async fn count_today(&self, now: Timestamp) -> Result<(), LedgerError> {
        if !self.checks.settings.counts() {
            return Ok(());
        }
        self.load_today(now).await
    }

    pub(super) async fn load_today(&self, now: Timestamp) -> Result<(), LedgerError> {
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

    /// A price that is known, or where the order must not go without one, that of the first account to tell it.
    async fn price<'a>(
        &self,
        request: &OrderRequest,
        accounts: impl Iterator<Item = &'a DeskAccount>,
        now: Timestamp,
    ) -> Option<KnownPrice> {
        let known = self.checks.known(request, now);
        if known.is_some() || !self.checks.wants_price(request) {
            return known;
        }
        let asked = std::slice::from_ref(&request.instrument);
        let ask = async {
            for account in accounts {
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
