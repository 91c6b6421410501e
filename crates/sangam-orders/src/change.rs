//! Modify and cancel: they go to the account that holds the order, once, and never fail over.

use std::sync::Arc;

use sangam_core::ports::{CallReport, Change, OrderRecord};
use sangam_core::protect::protect;
use sangam_core::{
    CancelOrder, Error, FieldError, FieldErrors, ModifyOrder, Operation, OrderDraft, OrderKind, OrderNumber,
    OrderRequest, OrderState, Price, Quantity, Validity,
};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Desk, Inner};
use crate::drive::{audit, moved};
use crate::error::DeskError;

/// What is to be different about an order. `None` leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modification {
    /// The new kind.
    pub kind: Option<OrderKind>,
    /// The new limit.
    pub price: Option<Price>,
    /// The new trigger.
    pub trigger_price: Option<Price>,
    /// The new whole quantity, filled part included.
    pub quantity: Option<Quantity>,
    /// The new validity.
    pub validity: Option<Validity>,
    /// The new disclosed quantity.
    pub disclosed: Option<Quantity>,
}

impl Desk {
    /// Changes an order that stands. The answer is the broker's acceptance of the request; the books show the change.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], [`DeskError::WrongState`] and [`DeskError::Invalid`] with nothing sent;
    /// [`DeskError::Broker`] with an outcome that says whether the change may have been taken.
    pub async fn modify(&self, number: OrderNumber, change: Modification) -> Result<OrderRecord, DeskError> {
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move { modify(&inner, number, change).await });
        task.await.map_err(|_| DeskError::Interrupted)?
    }

    /// Cancels an order that stands. The answer is the broker's acceptance of the request; a filled part stays filled.
    ///
    /// # Errors
    /// As for [`Desk::modify`].
    pub async fn cancel(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move { cancel(&inner, number).await });
        task.await.map_err(|_| DeskError::Interrupted)?
    }
}

async fn modify(inner: &Inner, number: OrderNumber, change: Modification) -> Result<OrderRecord, DeskError> {
    let (order, account) = standing(inner, number).await?;
    let id = order.broker_order_id.clone().ok_or(DeskError::NotFound(number))?;
    let (request, sent) = new_terms(inner, &order, account, change)?;
    let can = account.broker.capabilities();
    let quantity_changes = request.quantity != order.request.quantity;
    if quantity_changes && !order.filled.is_zero() && !can.modify_quantity_is_total {
        return Err(invalid(
            "quantity",
            format!(
                "{} has filled {} and does not document whether a new quantity counts them; cancel the rest and \
                     place anew",
                account.name(),
                order.filled
            ),
        ));
    }
    let command = ModifyOrder {
        broker_order_id: id,
        instrument: request.instrument.clone(),
        pricing: sent.pricing,
        quantity: (quantity_changes || can.modify_needs_quantity).then_some(request.quantity),
        validity: Some(request.validity),
        disclosed: change.disclosed,
        algo: account.algo.clone(),
    };
    let answer = timed(inner, account, Operation::Modify, account.broker.modify(&command)).await;
    let now = inner.parts.clock.now();
    let detail = json!({"new": request, "failed": answer.as_ref().err().map(ToString::to_string)});
    let mut after = moved(&order, order.state, order.state, now);
    let event = match &answer {
        Ok(_) => {
            after.request = Some(request);
            "order.modified"
        }
        Err(error) => {
            after.message = Some(format!("modification failed: {error}"));
            "order.modify_failed"
        }
    };
    settle(inner, &order, account, after, event, &detail, answer.err()).await
}

async fn cancel(inner: &Inner, number: OrderNumber) -> Result<OrderRecord, DeskError> {
    let (order, account) = standing(inner, number).await?;
    let id = order.broker_order_id.clone().ok_or(DeskError::NotFound(number))?;
    let command = CancelOrder {
        broker_order_id: id,
        algo: account.algo.clone(),
    };
    let answer = timed(inner, account, Operation::Cancel, account.broker.cancel(&command)).await;
    let now = inner.parts.clock.now();
    let detail = json!({"failed": answer.as_ref().err().map(ToString::to_string)});
    let mut after = moved(&order, order.state, order.state, now);
    let event = match &answer {
        Ok(_) => "order.cancel_accepted",
        Err(error) => {
            after.message = Some(format!("cancellation failed: {error}"));
            "order.cancel_failed"
        }
    };
    settle(inner, &order, account, after, event, &detail, answer.err()).await
}

/// Writes what was answered, then reads the order at its broker, so that the caller hears the state of now.
async fn settle(
    inner: &Inner,
    order: &OrderRecord,
    account: &DeskAccount,
    after: sangam_core::ports::OrderMoved,
    event: &str,
    detail: &serde_json::Value,
    failed: Option<Error>,
) -> Result<OrderRecord, DeskError> {
    let audit = audit(order, event, after.at, detail);
    let written = inner
        .parts
        .ledger
        .commit(&[Change::OrderMoved(Box::new(after))], &audit)
        .await;
    if let Err(error) = written {
        // The books may have moved the order on in the meantime; what the broker did stands either way.
        tracing::warn!(order = %order.uid, %error, event, "the answer to a change was not recorded");
    }
    inner.order_acked(account.id());
    let refreshed = inner.refresh(order.number).await;
    match failed {
        Some(error) => Err(error.into()),
        None => refreshed,
    }
}

/// The order and the account that holds it, if its state allows a change.
async fn standing(inner: &Inner, number: OrderNumber) -> Result<(OrderRecord, &DeskAccount), DeskError> {
    let order = inner.order(number).await?;
    let hint = match order.state {
        state if state.is_live() => None,
        state if state.is_terminal() => Some("it is over and cannot be changed"),
        OrderState::InDoubt => Some("its broker's books are being read; try again when they have shown it"),
        OrderState::Parked => Some("an operator has to settle it"),
        _ => Some("it is still being sent; try again in a moment"),
    };
    if let Some(hint) = hint {
        return Err(DeskError::WrongState {
            number,
            state: order.state,
            hint,
        });
    }
    let account = order.account.as_ref().and_then(|id| inner.account(id));
    let account = account.ok_or(DeskError::NoAccount {
        reasons: "the account that holds the order is no longer configured".to_owned(),
    })?;
    Ok((order, account))
}

/// The order with its new terms, and what of it this account may send.
fn new_terms(
    inner: &Inner,
    order: &OrderRecord,
    account: &DeskAccount,
    change: Modification,
) -> Result<(OrderRequest, OrderRequest), DeskError> {
    let old = &order.request;
    let kind = change.kind.unwrap_or(old.pricing.kind());
    let takes_limit = matches!(kind, OrderKind::Limit | OrderKind::StopLossLimit);
    let takes_trigger = matches!(kind, OrderKind::StopLossLimit | OrderKind::StopLossMarket);
    let draft = OrderDraft {
        instrument: old.instrument.clone(),
        side: old.side,
        quantity: change.quantity.unwrap_or(old.quantity),
        kind,
        price: change.price.or(old.pricing.limit().filter(|_| takes_limit)),
        trigger_price: change
            .trigger_price
            .or(old.pricing.trigger().filter(|_| takes_trigger)),
        product: old.product.clone(),
        validity: change.validity.unwrap_or(old.validity),
        disclosed: change.disclosed.unwrap_or(old.disclosed),
        after_market: old.after_market,
        position_effect: old.position_effect,
        client_order_id: None,
        strategy: None,
    };
    let instrument = inner
        .parts
        .symbols
        .instrument(&old.instrument)
        .ok_or_else(|| DeskError::UnknownInstrument(old.instrument.clone()))?;
    let request = draft.check(&instrument).map_err(DeskError::Invalid)?;
    if request.quantity <= order.filled {
        return Err(invalid(
            "quantity",
            format!("{} have been filled already; cancel instead", order.filled),
        ));
    }
    let can = account.broker.capabilities();
    if kind == OrderKind::Market && !can.order_kinds.contains(OrderKind::Market) {
        return Err(invalid(
            "pricetype",
            format!(
                "{} takes no market orders from programs; send LIMIT with a price through the market",
                account.name()
            ),
        ));
    }
    let now = inner.parts.clock.now();
    let sent = protect(
        &request,
        can,
        instrument.tick,
        None,
        inner.parts.settings.slippage,
        now,
    )?;
    Ok((request, sent))
}

fn invalid(field: &'static str, message: String) -> DeskError {
    DeskError::Invalid(FieldErrors(vec![FieldError::new(field, message)]))
}

async fn timed<T>(
    inner: &Inner,
    account: &DeskAccount,
    operation: Operation,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let started = inner.parts.clock.monotonic();
    let answer = call.await;
    inner.parts.selector.record(
        account.id(),
        CallReport {
            operation,
            took: inner.parts.clock.monotonic().since(started),
            failed: answer.as_ref().err().map(Error::kind),
        },
    );
    answer
}
