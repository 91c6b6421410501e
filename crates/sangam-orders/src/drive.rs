//! The placement of one order, from its first row in the ledger to an acknowledgement, a refusal or a doubt. The rules
//! are `docs/outcomes.md`: an intent is durable before the first byte, an outcome before the caller hears it, and an
//! order moves to another broker only when it certainly was not placed.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::ports::{
    AttemptRecord, AuditEntry, CallReport, Candidate, Change, LedgerError, OrderMoved, OrderRecord, Placed,
    Ranking,
};
use sangam_core::protect::protect;
use sangam_core::{
    AttemptNo, AttemptState, Error, ErrorKind, NotPlaced, Operation, OrderKind, OrderRequest, OrderState,
    Outcome, PlaceOrder, PositionEffect, Price,
};
use serde_json::json;

use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::error::DeskError;

/// Attempts one order may take; the tag has one character for the attempt.
const ATTEMPTS_MAX: u16 = 8;
/// Tags tried when one is taken.
const TAG_BUMPS_MAX: u8 = 4;
/// The wait between two tries to commit an outcome.
const OUTCOME_RETRY: Duration = Duration::from_millis(100);

/// Drives one order.
pub(crate) async fn place(
    inner: Arc<Inner>,
    record: OrderRecord,
    ranking: Ranking,
    tick: Price,
) -> Result<OrderRecord, DeskError> {
    let mut order = receive(&inner, record, &ranking).await?;
    let mut attempt = AttemptNo(0);
    let mut last: Option<Error> = None;
    let candidates = ranking.candidates.len();
    for (i, candidate) in ranking.candidates.iter().enumerate() {
        if attempt.0 >= ATTEMPTS_MAX || (attempt.0 > 0 && !in_time(&inner, &order)) {
            break;
        }
        let Some(account) = inner.account(&candidate.account) else {
            continue;
        };
        let sent = match prepare(&inner, account, &order.request, tick).await {
            Ok(request) => request,
            Err(error) => {
                tracing::info!(order = %order.uid, account = %candidate.account, %error, "not sent there");
                last = Some(error);
                continue;
            }
        };
        attempt = attempt.next();
        let intent = intend(&inner, &order, candidate, attempt, sent).await?;
        order.state = OrderState::Submitting;
        match send(&inner, account, &intent).await {
            Ok(placed) => return acked(&inner, &order, &intent, &placed).await,
            Err(error) if !error.outcome().is_certainly_not_placed() => {
                return in_doubt(&inner, &order, &intent, &error).await;
            }
            Err(error) => {
                let moves = i + 1 < candidates && may_move(&order.request, &error) && in_time(&inner, &order);
                order = not_placed(&inner, &order, &intent, &error, moves).await?;
                if !moves {
                    return Ok(order);
                }
                last = Some(error);
            }
        }
    }
    reject(&inner, &order, last).await
}

async fn receive(inner: &Inner, record: OrderRecord, ranking: &Ranking) -> Result<OrderRecord, DeskError> {
    let now = record.created_at;
    let choice: Vec<_> = ranking
        .candidates
        .iter()
        .map(|c| json!({"account": c.account, "broker": c.broker, "reason": c.reason}))
        .collect();
    let passed: Vec<_> = ranking
        .passed_over
        .iter()
        .map(|p| json!({"account": p.account, "broker": p.broker, "reason": p.reason}))
        .collect();
    let audit = AuditEntry {
        at: now,
        actor: "desk".to_owned(),
        event: "order.received".to_owned(),
        subject: record.uid.to_string(),
        detail: json!({"candidates": choice, "passed_over": passed}).to_string(),
    };
    let changes = [
        Change::Received(Box::new(record.clone())),
        Change::OrderMoved(Box::new(moved(
            &record,
            OrderState::Received,
            OrderState::Validated,
            now,
        ))),
    ];
    let number = inner.parts.ledger.commit(&changes, &audit).await?;
    let mut order = record;
    order.state = OrderState::Validated;
    order.number = number.unwrap_or(order.number);
    Ok(order)
}

/// The order as this account may send it, or why it may not. Nothing is recorded or sent.
async fn prepare(
    inner: &Inner,
    account: &DeskAccount,
    request: &OrderRequest,
    tick: Price,
) -> Result<OrderRequest, Error> {
    let broker = account.name();
    let now = inner.parts.clock.now();
    let refuse = |kind, what: String| Err(Error::refused(kind, what).at(broker));
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
    let needs_quote =
        request.pricing.kind() == OrderKind::Market && !can.order_kinds.contains(OrderKind::Market);
    let quote = if needs_quote {
        let mut quotes = account
            .broker
            .quotes(std::slice::from_ref(&request.instrument))
            .await?;
        quotes.pop().map(|(_, quote)| quote).transpose()?
    } else {
        None
    };
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

/// Writes the intent. When this returns an error nothing is sent, and the order is left for a restart to settle.
async fn intend(
    inner: &Inner,
    order: &OrderRecord,
    candidate: &Candidate,
    no: AttemptNo,
    request: OrderRequest,
) -> Result<AttemptRecord, DeskError> {
    let now = inner.parts.clock.now();
    let order_key = order
        .client_order_id
        .as_ref()
        .map_or_else(|| order.uid.to_string(), ToString::to_string);
    let mut bump = 0;
    loop {
        let attempt = AttemptRecord {
            order: order.uid,
            no,
            account: candidate.account.clone(),
            broker: candidate.broker,
            tag: inner.parts.tag_key.tag(&order.owner, &order_key, no, bump),
            request: request.clone(),
            state: AttemptState::Intent,
            created_at: now,
            updated_at: now,
        };
        let mut to_submitting = moved(order, order.state, OrderState::Submitting, now);
        to_submitting.placed_with = Some((candidate.account.clone(), candidate.broker));
        let audit = audit(
            order,
            "attempt.intended",
            now,
            &json!({"attempt": no, "account": candidate.account, "broker": candidate.broker, "tag": attempt.tag,
                "why": candidate.reason}),
        );
        let changes = [
            Change::Intended(Box::new(attempt.clone())),
            Change::OrderMoved(Box::new(to_submitting)),
        ];
        match inner.parts.ledger.commit(&changes, &audit).await {
            Ok(_) => return Ok(attempt),
            Err(LedgerError::DuplicateTag { .. }) if bump < TAG_BUMPS_MAX => bump += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

async fn send(inner: &Inner, account: &DeskAccount, intent: &AttemptRecord) -> Result<Placed, Error> {
    let command = PlaceOrder {
        request: intent.request.clone(),
        tag: Some(intent.tag.clone()),
        algo: account.algo.clone(),
    };
    if !account.broker.capabilities().carries_tag(&intent.tag) {
        return Err(
            Error::refused(ErrorKind::NotOffered, "the account cannot carry our tag").at(account.name()),
        );
    }
    let started = inner.parts.clock.monotonic();
    let answer = account.broker.place(&command).await;
    inner.parts.selector.record(
        account.id(),
        CallReport {
            operation: Operation::Place,
            took: inner.parts.clock.monotonic().since(started),
            failed: answer.as_ref().err().map(Error::kind),
        },
    );
    answer
}

async fn acked(
    inner: &Inner,
    order: &OrderRecord,
    intent: &AttemptRecord,
    placed: &Placed,
) -> Result<OrderRecord, DeskError> {
    let now = inner.parts.clock.now();
    let id = placed.broker_order_id.clone();
    let mut working = moved(order, OrderState::Submitting, OrderState::Working, now);
    working.broker_order_id = Some(id.clone());
    working.message = placed.message.clone();
    let to = AttemptState::Acked { broker_order_id: id };
    let detail = json!({"attempt": intent.no, "broker_order_id": placed.broker_order_id});
    let result = outcome(inner, order, intent, to, working, "attempt.acked", &detail).await;
    inner.order_acked(&intent.account);
    result
}

async fn in_doubt(
    inner: &Inner,
    order: &OrderRecord,
    intent: &AttemptRecord,
    error: &Error,
) -> Result<OrderRecord, DeskError> {
    let now = inner.parts.clock.now();
    let reason = error.to_string();
    tracing::warn!(order = %order.uid, account = %intent.account, tag = %intent.tag, reason, "order in doubt");
    let mut doubtful = moved(order, OrderState::Submitting, OrderState::InDoubt, now);
    doubtful.message = Some(format!(
        "outcome unknown, looked for under tag {}: {reason}",
        intent.tag
    ));
    let detail = json!({"attempt": intent.no, "reason": reason, "kind": error.kind(),
        "broker_order_id": error.broker_order_id()});
    let to = AttemptState::Unknown { reason };
    let result = outcome(inner, order, intent, to, doubtful, "attempt.unknown", &detail).await;
    inner.doubt_arose(&intent.account);
    result
}

async fn not_placed(
    inner: &Inner,
    order: &OrderRecord,
    intent: &AttemptRecord,
    error: &Error,
    moves: bool,
) -> Result<OrderRecord, DeskError> {
    let now = inner.parts.clock.now();
    let proof = match error.outcome() {
        Outcome::NotSent => NotPlaced::NeverSent,
        Outcome::Rejected | Outcome::Unknown => NotPlaced::Refused {
            code: error.code().unwrap_or_else(|| error.message()).to_owned(),
        },
    };
    let next = if moves {
        OrderState::Queued
    } else {
        OrderState::Rejected
    };
    let mut after = moved(order, OrderState::Submitting, next, now);
    after.message = Some(error.to_string());
    let detail = json!({"attempt": intent.no, "proof": proof, "kind": error.kind(), "moves": moves,
        "message": error.to_string()});
    outcome(
        inner,
        order,
        intent,
        AttemptState::NotPlaced { proof },
        after,
        "attempt.not_placed",
        &detail,
    )
    .await
}

/// Commits an outcome, again and again for a while: it happened whether or not the disk agrees.
async fn outcome(
    inner: &Inner,
    order: &OrderRecord,
    intent: &AttemptRecord,
    to: AttemptState,
    after: OrderMoved,
    event: &str,
    detail: &serde_json::Value,
) -> Result<OrderRecord, DeskError> {
    let now = after.at;
    let audit = audit(order, event, now, detail);
    let changes = [
        Change::AttemptMoved {
            order: order.uid,
            no: intent.no,
            from: "intent",
            to,
            at: now,
        },
        Change::OrderMoved(Box::new(after)),
    ];
    let started = inner.parts.clock.monotonic();
    loop {
        match inner.parts.ledger.commit(&changes, &audit).await {
            Ok(_) => break,
            // A try whose answer was lost may have been the one that wrote it.
            Err(LedgerError::Conflict { .. } | LedgerError::IllegalMove { .. }) => break,
            Err(error) => {
                tracing::error!(order = %order.uid, %error, event, "an outcome could not be written yet");
                let spent = inner.parts.clock.monotonic().since(started);
                if spent >= inner.parts.settings.outcome_retry {
                    return Err(error.into());
                }
                tokio::time::sleep(OUTCOME_RETRY).await;
            }
        }
    }
    let written = inner.parts.ledger.order(order.uid).await?;
    written.ok_or(DeskError::Interrupted)
}

async fn reject(inner: &Inner, order: &OrderRecord, last: Option<Error>) -> Result<OrderRecord, DeskError> {
    let now = inner.parts.clock.now();
    let mut rejected = moved(order, order.state, OrderState::Rejected, now);
    let message = last.map_or_else(
        || "no account could take it in time".to_owned(),
        |error| error.to_string(),
    );
    rejected.message = Some(message.clone());
    let audit = audit(order, "order.rejected", now, &json!({"message": message}));
    inner
        .parts
        .ledger
        .commit(&[Change::OrderMoved(Box::new(rejected))], &audit)
        .await?;
    let written = inner.parts.ledger.order(order.uid).await?;
    written.ok_or(DeskError::Interrupted)
}

fn in_time(inner: &Inner, order: &OrderRecord) -> bool {
    let age = inner
        .parts
        .clock
        .now()
        .duration_since(order.created_at)
        .unsigned_abs();
    age < inner.parts.settings.deadline
}

/// Whether a refusal at one broker is a reason to try the next: the order was declared to open a position, is no stop,
/// and the refusal speaks of that broker or account rather than of the order.
fn may_move(request: &OrderRequest, error: &Error) -> bool {
    let opens = request.position_effect == Some(PositionEffect::Open);
    let waits = matches!(
        request.pricing.kind(),
        OrderKind::StopLossLimit | OrderKind::StopLossMarket
    );
    let elsewhere = matches!(
        error.kind(),
        ErrorKind::LoginRequired
            | ErrorKind::Permission
            | ErrorKind::StaticAddress
            | ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Network
            | ErrorKind::NotOffered
            | ErrorKind::UnknownInstrument
            | ErrorKind::OrderRejected
    );
    opens && !waits && elsewhere && error.outcome().is_certainly_not_placed()
}

pub(crate) fn moved(
    order: &OrderRecord,
    from: OrderState,
    to: OrderState,
    at: sangam_core::Timestamp,
) -> OrderMoved {
    OrderMoved {
        uid: order.uid,
        from,
        to,
        placed_with: None,
        broker_order_id: None,
        filled: None,
        average_price: None,
        request: None,
        message: None,
        at,
    }
}

pub(crate) fn audit(
    order: &OrderRecord,
    event: &str,
    at: sangam_core::Timestamp,
    detail: &serde_json::Value,
) -> AuditEntry {
    AuditEntry {
        at,
        actor: "desk".to_owned(),
        event: event.to_owned(),
        subject: order.uid.to_string(),
        detail: detail.to_string(),
    }
}
