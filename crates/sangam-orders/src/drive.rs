//! The placement of one order, from its first row in the ledger to an acknowledgement, a refusal or a doubt. The rules
//! are `docs/outcomes.md`: an intent is durable before the first byte, an outcome before the caller hears it, and an
//! order moves to another broker only when it certainly was not placed.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::clock::Monotonic;
use sangam_core::in_hand::with_permit;
use sangam_core::ports::{
    AttemptRecord, AuditEntry, CallReport, Candidate, Change, LedgerError, OrderMoved, OrderRecord, Permit,
    Placed, Ranking,
};
use sangam_core::{
    AttemptNo, AttemptState, Error, ErrorKind, NotPlaced, Operation, OrderKind, OrderRequest, OrderState,
    Outcome, PlaceOrder, PositionEffect, Price,
};
use serde_json::json;
use tokio::sync::OwnedMutexGuard;

use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::error::DeskError;
use crate::progress::Driven;
use crate::proof::NotPlacedProof;
use crate::receive::receive;
use crate::same_key::Submitting;
use crate::turn::{Turn, order_scope};
use crate::write::Ways;

/// Attempts one order may take; the tag has one character for the attempt.
const ATTEMPTS_MAX: u16 = 8;
/// Tags tried when one is taken.
const TAG_BUMPS_MAX: u8 = 4;

/// An order to be driven, with what its checks found.
pub(crate) struct Placement {
    /// Its first row.
    pub(crate) record: OrderRecord,
    /// Who may take it.
    pub(crate) ranking: Ranking,
    /// The price grid.
    pub(crate) tick: Price,
    /// When it came in.
    pub(crate) began: Monotonic,
    /// Held by sales until they are in the books, so that two never count on the same units.
    pub(crate) selling: Option<OwnedMutexGuard<()>>,
    /// Held until it is in the books, so that another submission of its key does not answer before.
    pub(crate) submitting: Submitting,
}

/// One order on its way, and what its steps need.
pub(crate) struct Drive {
    pub(crate) inner: Arc<Inner>,
    driven: Arc<Driven>,
    pub(crate) began: Monotonic,
    pub(crate) order: OrderRecord,
}

/// Drives one order.
pub(crate) async fn place(
    inner: Arc<Inner>,
    driven: Arc<Driven>,
    placement: Placement,
) -> Result<OrderRecord, DeskError> {
    let Placement {
        record,
        ranking,
        tick,
        began,
        selling,
        submitting,
    } = placement;
    let order = receive(&inner, &driven, record, &ranking).await?;
    drop((selling, submitting));
    let drive = Drive {
        inner,
        driven,
        began,
        order,
    };
    Ok(drive.run(&ranking.candidates, tick).await)
}

impl Drive {
    async fn run(mut self, candidates: &[Candidate], tick: Price) -> OrderRecord {
        let mut no = AttemptNo(0);
        let mut last: Option<String> = None;
        let mut asked = self.order.request.clone();
        let mut open = candidates.to_vec();
        while !open.is_empty() && no.0 < ATTEMPTS_MAX {
            let inner = Arc::clone(&self.inner);
            let (candidate, sent, permit) = match self.turn(&mut open, &asked, tick).await {
                Turn::Taken(turn) => *turn,
                Turn::NotThere(error) => {
                    last = Some(error.to_string());
                    continue;
                }
                Turn::Again => continue,
                Turn::TooLate => break,
            };
            let Some(account) = inner.account(&candidate.account) else {
                continue;
            };
            if !self.in_time() {
                break;
            }
            if let Some(why) = inner.progress.obstacle() {
                last = Some(format!(
                    "the books of record cannot be written now: {why}; nothing was sent"
                ));
                break;
            }
            no = no.next();
            if sent.pricing.kind() != asked.pricing.kind() {
                // The first protected limit bounds every attempt that follows.
                asked.pricing = sent.pricing;
            }
            let intent = match self.intend(&candidate, no, sent).await {
                Ok(intent) => intent,
                Err(error) => return self.never_sent(no, &error).await,
            };
            let error = match self.send(account, &intent, permit).await {
                Ok(placed) => return self.acked(&intent, &placed).await,
                Err(error) => error,
            };
            let Some(proof) = NotPlacedProof::of(&error) else {
                return self.in_doubt(&intent, &error).await;
            };
            let moves = !open.is_empty() && may_move(&asked, &error) && self.in_time();
            self.order = self.not_placed(&intent, &error, proof, moves).await;
            if self.order.state != OrderState::Queued {
                return self.order;
            }
            last = Some(error.to_string());
        }
        let limit = self.inner.parts.settings.deadline.as_secs_f32();
        let message = match last {
            Some(last) if self.in_time() => last,
            Some(last) => format!("not sent again, as its {limit} s are over: {last}"),
            None => format!("its {limit} s were over before it could be sent; nothing was sent"),
        };
        let ways = self.inner.ways_to_end(&self.order, Some(message));
        self.inner.must_write(&self.order, &self.driven, ways).await
    }

    /// Writes the intent. When this returns an error nothing may be sent.
    async fn intend(
        &mut self,
        candidate: &Candidate,
        no: AttemptNo,
        request: OrderRequest,
    ) -> Result<AttemptRecord, LedgerError> {
        let (inner, order) = (&self.inner, &self.order);
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
                &json!({"attempt": no, "account": candidate.account, "broker": candidate.broker,
                    "tag": attempt.tag, "why": candidate.reason}),
            );
            let changes = [
                Change::Intended(Box::new(attempt.clone())),
                Change::OrderMoved(Box::new(to_submitting)),
            ];
            match inner.parts.ledger.commit(&changes, &audit).await {
                Ok(_) => {
                    self.order.state = OrderState::Submitting;
                    self.order.account = Some(candidate.account.clone());
                    self.order.broker = Some(candidate.broker);
                    return Ok(attempt);
                }
                Err(LedgerError::DuplicateTag { .. }) if bump < TAG_BUMPS_MAX => bump += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The intent failed, or nobody knows whether it is written: nothing was sent and nothing will be, and the books
    /// have to say so before the caller does.
    async fn never_sent(self, no: AttemptNo, error: &LedgerError) -> OrderRecord {
        let now = self.inner.parts.clock.now();
        let message = format!("the intent could not be written, so nothing was sent: {error}");
        tracing::error!(order = %self.order.uid, %error, "an intent could not be written");
        let mut rejected = moved(&self.order, OrderState::Submitting, OrderState::Rejected, now);
        rejected.message = Some(message.clone());
        let proof = NotPlaced::NeverSent;
        let detail = json!({"attempt": no, "proof": proof, "message": message});
        let mut ways: Ways = vec![(
            vec![
                Change::AttemptMoved {
                    order: self.order.uid,
                    no,
                    from: "intent",
                    to: AttemptState::NotPlaced { proof },
                    at: now,
                },
                Change::OrderMoved(Box::new(rejected)),
            ],
            audit(&self.order, "attempt.not_placed", now, &detail),
        )];
        ways.extend(self.inner.ways_to_end(&self.order, Some(message)));
        self.inner.must_write(&self.order, &self.driven, ways).await
    }

    async fn send(
        &self,
        account: &DeskAccount,
        intent: &AttemptRecord,
        permit: Box<dyn Permit>,
    ) -> Result<Placed, Error> {
        let parts = &self.inner.parts;
        let refuse = |kind, what: &str| Err(Error::refused(kind, what).at(account.name()));
        if !account.broker.capabilities().carries_tag(&intent.tag) {
            return refuse(ErrorKind::NotOffered, "the account cannot carry our tag");
        }
        if !self.in_time() {
            return refuse(
                ErrorKind::Timeout,
                "the deadline passed before it could be sent; nothing was sent",
            );
        }
        let command = PlaceOrder {
            request: intent.request.clone(),
            tag: Some(intent.tag.clone()),
            algo: account.algo.clone(),
        };
        self.inner.checks.sent(account.id(), Operation::Place);
        let started = parts.clock.monotonic();
        let call = with_permit(order_scope(account.id()), permit, account.broker.place(&command));
        let answer = tokio::time::timeout(parts.settings.answer_wait, call).await;
        let answer = answer.unwrap_or_else(|_| {
            let what = format!("no answer within {} s", parts.settings.answer_wait.as_secs_f32());
            Err(Error::new(ErrorKind::Timeout, Outcome::Unknown, what).at(account.name()))
        });
        parts.selector.record(
            account.id(),
            CallReport {
                operation: Operation::Place,
                took: parts.clock.monotonic().since(started),
                failed: answer.as_ref().err().map(Error::kind),
            },
        );
        answer
    }

    async fn acked(self, intent: &AttemptRecord, placed: &Placed) -> OrderRecord {
        let now = self.inner.parts.clock.now();
        let id = placed.broker_order_id.clone();
        let state = if intent.request.after_market {
            OrderState::AfterMarket
        } else {
            OrderState::Working
        };
        let mut working = moved(&self.order, OrderState::Submitting, state, now);
        working.broker_order_id = Some(id.clone());
        working.message.clone_from(&placed.message);
        let to = AttemptState::Acked { broker_order_id: id };
        let detail = json!({"attempt": intent.no, "broker_order_id": placed.broker_order_id});
        let order = self.outcome(intent, to, working, "attempt.acked", &detail).await;
        self.inner.order_acked(&intent.account);
        order
    }

    async fn in_doubt(self, intent: &AttemptRecord, error: &Error) -> OrderRecord {
        let now = self.inner.parts.clock.now();
        let reason = error.to_string();
        tracing::warn!(order = %self.order.uid, account = %intent.account, tag = %intent.tag, reason, "order in doubt");
        let mut doubtful = moved(&self.order, OrderState::Submitting, OrderState::InDoubt, now);
        doubtful.message = Some(doubt_message(intent, &reason));
        let detail = json!({"attempt": intent.no, "reason": reason, "kind": error.kind(),
            "broker_order_id": error.broker_order_id()});
        let to = AttemptState::Unknown { reason };
        let order = self
            .outcome(intent, to, doubtful, "attempt.unknown", &detail)
            .await;
        self.inner.doubt_arose(&intent.account);
        order
    }

    async fn not_placed(
        &self,
        intent: &AttemptRecord,
        error: &Error,
        proof: NotPlacedProof,
        moves: bool,
    ) -> OrderRecord {
        let now = self.inner.parts.clock.now();
        let proof = proof.into_record();
        let next = if moves {
            OrderState::Queued
        } else {
            OrderState::Rejected
        };
        let mut after = moved(&self.order, OrderState::Submitting, next, now);
        after.message = Some(error.to_string());
        let detail = json!({"attempt": intent.no, "proof": proof, "kind": error.kind(), "moves": moves,
            "message": error.to_string()});
        let to = AttemptState::NotPlaced { proof };
        self.outcome(intent, to, after, "attempt.not_placed", &detail)
            .await
    }

    /// Writes an outcome: it happened whether or not the disk agrees.
    async fn outcome(
        &self,
        intent: &AttemptRecord,
        to: AttemptState,
        after: OrderMoved,
        event: &str,
        detail: &serde_json::Value,
    ) -> OrderRecord {
        let now = after.at;
        let audit = audit(&self.order, event, now, detail);
        let changes = vec![
            Change::AttemptMoved {
                order: self.order.uid,
                no: intent.no,
                from: "intent",
                to,
                at: now,
            },
            Change::OrderMoved(Box::new(after)),
        ];
        let ways = vec![(changes, audit)];
        self.inner.must_write(&self.order, &self.driven, ways).await
    }

    pub(crate) fn in_time(&self) -> bool {
        let spent: Duration = self.inner.parts.clock.monotonic().since(self.began);
        spent < self.inner.parts.settings.deadline
    }
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
    opens && !waits && elsewhere
}

/// What people read about an order in doubt.
pub(crate) fn doubt_message(intent: &AttemptRecord, reason: &str) -> String {
    format!("outcome unknown, looked for under tag {}: {reason}", intent.tag)
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
