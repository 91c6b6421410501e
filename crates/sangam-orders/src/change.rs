//! Modify and cancel: they go to the account that holds the order, once, and never fail over.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::ports::{CallReport, Change, LedgerError, OrderRecord};
use sangam_core::protect::protect;
use sangam_core::{
    CancelOrder, Error, ErrorKind, FieldError, FieldErrors, ModifyOrder, Operation, OrderDraft, OrderKind,
    OrderNumber, OrderRequest, OrderState, Outcome, Price, Quantity, Validity,
};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::{Desk, Inner};
use crate::drive::{audit, moved};
use crate::error::DeskError;

/// The wait between two tries to write an answer down.
const RETRY: Duration = Duration::from_millis(100);

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
    /// [`DeskError::NotFound`], [`DeskError::WrongState`], [`DeskError::Refused`] and [`DeskError::Invalid`] with nothing sent;
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

async fn modify(
    inner: &Arc<Inner>,
    number: OrderNumber,
    change: Modification,
) -> Result<OrderRecord, DeskError> {
    let (order, _) = standing(inner, number).await?;
    let Some(_only_one) = inner.progress.modify(order.uid) else {
        return Err(DeskError::WrongState {
            number,
            state: order.state,
            hint: "another change of it is on its way; try again when that one is answered",
        });
    };
    // Read again: the change that was on its way may have ended between the two lines above.
    let (order, account) = standing(inner, number).await?;
    let id = order.broker_order_id.clone().ok_or(DeskError::NotFound(number))?;
    let (request, sent) = new_terms(inner, &order, account, change)?;
    let can = account.broker.capabilities();
    let quantity_changes = request.quantity != order.request.quantity;
    if (quantity_changes || can.modify_needs_quantity)
        && !order.filled.is_zero()
        && !can.modify_quantity_is_total
    {
        return Err(invalid(
            "quantity",
            format!(
                "{} has filled {} and does not document whether the quantity of a change counts them; cancel the rest \
                 and place anew",
                account.name(),
                order.filled
            ),
        ));
    }
    let held = inner.pass_change(&order, account, &request).await?;
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
    if answer
        .as_ref()
        .is_err_and(|error| error.outcome() != Outcome::Unknown)
    {
        held.give_back();
    }
    let detail = json!({"new": request, "failed": answer.as_ref().err().map(ToString::to_string)});
    let news = match &answer {
        Ok(_) => News {
            event: "order.modified",
            request: Some(request),
            message: None,
        },
        Err(error) => News {
            event: "order.modify_failed",
            request: None,
            message: Some(format!("modification failed: {error}")),
        },
    };
    settle(inner, order, account, news, &detail, answer.err()).await
}

async fn cancel(inner: &Arc<Inner>, number: OrderNumber) -> Result<OrderRecord, DeskError> {
    let (order, account) = standing(inner, number).await?;
    let id = order.broker_order_id.clone().ok_or(DeskError::NotFound(number))?;
    let command = CancelOrder {
        broker_order_id: id,
        algo: account.algo.clone(),
    };
    let answer = timed(inner, account, Operation::Cancel, account.broker.cancel(&command)).await;
    let detail = json!({"failed": answer.as_ref().err().map(ToString::to_string)});
    let news = match &answer {
        Ok(_) => News {
            event: "order.cancel_accepted",
            request: None,
            message: None,
        },
        Err(error) => News {
            event: "order.cancel_failed",
            request: None,
            message: Some(format!("cancellation failed: {error}")),
        },
    };
    settle(inner, order, account, news, &detail, answer.err()).await
}

/// What an answer to a change says of the order.
struct News {
    event: &'static str,
    request: Option<OrderRequest>,
    message: Option<String>,
}

/// Writes what was answered, then reads the order at its broker, so that the caller hears the state of now.
async fn settle(
    inner: &Arc<Inner>,
    order: OrderRecord,
    account: &DeskAccount,
    news: News,
    detail: &serde_json::Value,
    failed: Option<Error>,
) -> Result<OrderRecord, DeskError> {
    let number = order.number;
    let written = record(inner, order, &news, detail).await;
    inner.order_acked(account.id());
    let refreshed = inner.refresh(number).await;
    match (failed, written) {
        (Some(error), _) => Err(error.into()),
        (None, Ok(())) => refreshed,
        (None, Err(error)) => {
            let what = format!(
                "the broker took the change of order {number} and it could not be written down ({error}); ask for its \
                 status"
            );
            Err(Error::new(ErrorKind::Internal, Outcome::Unknown, what)
                .at(account.name())
                .into())
        }
    }
}

/// Writes an answer to whatever state the order has meanwhile: the books may move it on while the broker answers.
async fn record(
    inner: &Arc<Inner>,
    mut order: OrderRecord,
    news: &News,
    detail: &serde_json::Value,
) -> Result<(), LedgerError> {
    let mut waited = Duration::ZERO;
    loop {
        let now = inner.parts.clock.now();
        let mut after = moved(&order, order.state, order.state, now);
        after.request.clone_from(&news.request);
        after.message.clone_from(&news.message);
        let entry = audit(&order, news.event, now, detail);
        let changes = [Change::OrderMoved(Box::new(after))];
        let error = match inner.parts.ledger.commit(&changes, &entry).await {
            Ok(_) => return Ok(()),
            Err(LedgerError::Conflict { .. }) => {
                if let Some(found) = inner.parts.ledger.order(order.uid).await? {
                    order = found;
                }
                continue;
            }
            Err(error) => error,
        };
        tracing::error!(order = %order.uid, %error, event = news.event, "the answer to a change was not written");
        if waited >= inner.parts.settings.outcome_retry {
            return Err(error);
        }
        tokio::time::sleep(RETRY).await;
        waited += RETRY;
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
    if !can.validities.contains(&request.validity) {
        return Err(invalid(
            "validity",
            format!("{} offers no {} orders", account.name(), request.validity),
        ));
    }
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
    let wait = inner.parts.settings.answer_wait;
    inner.checks.sent(account.id(), operation);
    let answer = tokio::time::timeout(wait, call).await.unwrap_or_else(|_| {
        let what = format!("no answer within {} s", wait.as_secs_f32());
        Err(Error::new(ErrorKind::Timeout, Outcome::Unknown, what).at(account.name()))
    });
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
