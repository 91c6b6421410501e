//! The order as one account may send it: session, capabilities, and a market order's protected limit. Nothing here is
//! recorded, and nothing is sent but the question for a quote.

use sangam_core::protect::protect;
use sangam_core::{Error, ErrorKind, OrderKind, OrderRequest, Price, Quote};

use crate::account::DeskAccount;
use crate::desk::Inner;

/// The order as this account may send it, or why it may not.
pub(crate) async fn prepare(
    inner: &Inner,
    account: &DeskAccount,
    request: &OrderRequest,
    tick: Price,
) -> Result<OrderRequest, Error> {
    let broker = account.name();
    let now = inner.parts.clock.now();
    let refuse = |kind, what: String| Err(Error::refused(kind, what).at(broker));
    if let Some(why) = inner.closed(account.id()) {
        return refuse(
            ErrorKind::Unavailable,
            format!("{} takes no new orders: {why}", account.id()),
        );
    }
    if account
        .broker
        .session()
        .is_none_or(|session| session.expires_at <= now)
    {
        return refuse(
            ErrorKind::LoginRequired,
            format!("no session; run `sangam login {}`", account.id()),
        );
    }
    let can = account.broker.capabilities();
    if !can.exchanges.contains(&request.instrument.exchange) {
        return refuse(
            ErrorKind::NotOffered,
            format!(
                "{} is not traded through this account",
                request.instrument.exchange
            ),
        );
    }
    if !can.validities.contains(&request.validity) {
        return refuse(
            ErrorKind::NotOffered,
            format!("validity {} is not offered", request.validity),
        );
    }
    if request.after_market && !can.after_market {
        return refuse(
            ErrorKind::NotOffered,
            "after-market orders are not offered".to_owned(),
        );
    }
    let quote = if needs_quote(account, request, tick) {
        quote(account, request).await?
    } else {
        None
    };
    if let Some(quote) = &quote {
        inner.checks.note(quote);
    }
    let now = inner.parts.clock.now();
    protect(
        request,
        can,
        tick,
        quote.as_ref(),
        inner.parts.settings.slippage,
        now,
    )
    .map_err(|error| error.at(broker))
}

/// Whether the order can be sent there only with a fresh quote, which is asked for: a market order for its price, a stop
/// order whose limit has to be made where no master tells the tick.
pub(crate) fn needs_quote(account: &DeskAccount, request: &OrderRequest, tick: Price) -> bool {
    let kind = request.pricing.kind();
    if account.broker.capabilities().order_kinds.contains(kind) {
        return false;
    }
    kind == OrderKind::Market || (kind == OrderKind::StopLossMarket && tick.is_zero())
}

/// The broker's quote of the order's instrument and of no other. A question that failed sent no order, whatever became
/// of it.
async fn quote(account: &DeskAccount, request: &OrderRequest) -> Result<Option<Quote>, Error> {
    let unquoted = |error: Error| {
        Error::refused(
            error.kind(),
            format!("no quote to protect a market order with ({error}); nothing was sent"),
        )
        .at(account.name())
    };
    let quotes = account
        .broker
        .quotes(std::slice::from_ref(&request.instrument))
        .await
        .map_err(unquoted)?;
    let own = quotes.into_iter().find(|(id, _)| *id == request.instrument);
    own.map(|(_, quote)| quote).transpose().map_err(unquoted)
}
