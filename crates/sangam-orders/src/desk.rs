//! The desk: takes orders, checks them, and hands each to a task of its own. The caller waits for that task; a caller
//! that goes away cancels nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;
use sangam_core::ports::{
    Ledger, LedgerError, Limiter, OrderFilter, OrderRecord, RouteQuery, Selector, SymbolMap, Wishes,
};
use sangam_core::{
    AccountId, BrokerName, Clock, GroupId, Operation, OrderDraft, OrderNumber, OrderState, OrderUid, OwnerId,
    Quantity,
};
use tokio::sync::Notify;

use crate::account::DeskAccount;
use crate::checks::Checks;
use crate::drive::{self, Placement};
use crate::error::DeskError;
use crate::freshness::Freshness;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::same_key::{SameKey, Submitting};
use crate::settings::DeskSettings;
use crate::tag::TagKey;
use crate::trades_written::TradesWritten;
use crate::{digest, eligible};

/// What a desk is put together from.
pub struct DeskParts {
    /// The group it serves.
    pub group: GroupId,
    /// Whose it is.
    pub owner: OwnerId,
    /// Whether the group's brokers are simulated.
    pub simulated: bool,
    /// The group's accounts.
    pub accounts: Vec<DeskAccount>,
    /// The books of record.
    pub ledger: Arc<dyn Ledger>,
    /// Who serves which call.
    pub selector: Arc<dyn Selector>,
    /// Who may call when.
    pub limiter: Arc<dyn Limiter>,
    /// The symbol table.
    pub symbols: Arc<dyn SymbolMap>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ten random bytes for each order's id.
    pub entropy: Arc<dyn Fn() -> [u8; 10] + Send + Sync>,
    /// The installation's key for tags.
    pub tag_key: TagKey,
    /// Settings.
    pub settings: DeskSettings,
}

pub(crate) struct Inner {
    pub(crate) parts: DeskParts,
    pub(crate) checks: Checks,
    pub(crate) reading: BTreeMap<AccountId, Reading>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) same_key: Arc<SameKey>,
    /// Held from the look at what can be sold or closed until the order that sells it is in the books.
    pub(crate) selling: Arc<tokio::sync::Mutex<()>>,
}

/// The reading of one account's books: its pace, and what wakes it.
pub(crate) struct Reading {
    pub(crate) pace: Mutex<Pace>,
    pub(crate) wake: Notify,
    pub(crate) one_at_a_time: tokio::sync::Mutex<()>,
    /// Trades may have happened that are not in the ledger.
    pub(crate) trades_owed: AtomicBool,
    /// Trades that are in the ledger.
    pub(crate) trades_written: TradesWritten,
    /// Why the account takes no new orders until the program is started again.
    pub(crate) closed: Mutex<Option<String>>,
    /// What was read when, so that callers who ask again and again cost the account no budget.
    pub(crate) freshness: Freshness,
}

/// The order desk of one group. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Desk {
    pub(crate) inner: Arc<Inner>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Desk({} with {} accounts)",
            self.inner.parts.group,
            self.inner.parts.accounts.len()
        )
    }
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The order as the ledger has it now: working, filled, rejected or in doubt.
    pub order: OrderRecord,
    /// Whether it was sent by an earlier call with the same client order id.
    pub replayed: bool,
}

impl Desk {
    /// A desk over its parts, with no checks beside each order's own.
    #[must_use]
    pub fn new(parts: DeskParts) -> Self {
        Self::checked(parts, Checks::none())
    }

    /// A desk over its parts that holds every order to these checks. Call [`Desk::recover`] before the first order and run [`Desk::watch`] beside it.
    #[must_use]
    pub fn checked(parts: DeskParts, checks: Checks) -> Self {
        let reading = parts
            .accounts
            .iter()
            .map(|account| {
                let reading = Reading {
                    pace: Mutex::new(Pace::new()),
                    wake: Notify::new(),
                    one_at_a_time: tokio::sync::Mutex::new(()),
                    trades_owed: AtomicBool::new(false),
                    trades_written: TradesWritten::default(),
                    closed: Mutex::new(None),
                    freshness: Freshness::default(),
                };
                (account.id().clone(), reading)
            })
            .collect();
        Self {
            inner: Arc::new(Inner {
                parts,
                checks,
                reading,
                progress: Arc::default(),
                same_key: Arc::default(),
                selling: Arc::default(),
            }),
        }
    }

    /// The accounts it may place through.
    #[must_use]
    pub fn accounts(&self) -> &[DeskAccount] {
        &self.inner.parts.accounts
    }

    /// The group it serves.
    #[must_use]
    pub fn group(&self) -> &GroupId {
        &self.inner.parts.group
    }

    /// Takes an order and answers when it is acknowledged, refused or in doubt.
    ///
    /// With a client order id the same order is sent once however often it is submitted: the present state of the first
    /// one is answered.
    ///
    /// # Errors
    /// [`DeskError::Invalid`], [`DeskError::Refused`], [`DeskError::UnknownInstrument`], [`DeskError::NoAccount`] and [`DeskError::BooksClosed`]
    /// before anything is recorded or sent; [`DeskError::KeyReused`] and [`DeskError::InProgress`] for a client order id
    /// in use; [`DeskError::Ledger`] with nothing sent. An order that a broker refused is no error: it is answered as
    /// rejected.
    pub async fn submit(
        &self,
        draft: OrderDraft,
        pinned: Option<BrokerName>,
    ) -> Result<Submitted, DeskError> {
        let body_digest = digest::of(&draft, pinned, &self.inner.parts.group);
        self.submit_as(draft, pinned, body_digest).await
    }

    /// The same under a digest of what was sent: an order of a basket is told apart by the whole basket.
    pub(crate) async fn submit_as(
        &self,
        draft: OrderDraft,
        pinned: Option<BrokerName>,
        body_digest: String,
    ) -> Result<Submitted, DeskError> {
        if let Some(earlier) = self.inner.replay(&draft, &body_digest).await? {
            return Ok(earlier);
        }
        let key = draft.client_order_id.as_ref();
        let submitting = self.inner.same_key.enter(key);
        let error = match self.try_submit(&draft, pinned, &body_digest, submitting).await {
            Err(error) if error.is_before_the_books() => error,
            done => return done,
        };
        // Another submission of the key may have passed where this one did not: then that order is the answer.
        if let Some(key) = key {
            self.inner.same_key.nobody_submits(key).await;
        }
        self.inner.replay(&draft, &body_digest).await?.ok_or(error)
    }

    async fn try_submit(
        &self,
        draft: &OrderDraft,
        pinned: Option<BrokerName>,
        body_digest: &str,
        submitting: Submitting,
    ) -> Result<Submitted, DeskError> {
        if let Some(why) = self.inner.progress.obstacle() {
            return Err(DeskError::BooksClosed { why });
        }
        let parts = &self.inner.parts;
        let began = parts.clock.monotonic();
        let instrument = parts
            .symbols
            .instrument(&draft.instrument)
            .ok_or_else(|| DeskError::UnknownInstrument(draft.instrument.clone()))?;
        let request = draft.check(&instrument).map_err(DeskError::Invalid)?;
        let mut ranking = parts.selector.rank(RouteQuery {
            operation: Operation::Place,
            instrument: Some(&draft.instrument),
            pinned,
        });
        ranking
            .candidates
            .retain(|candidate| self.inner.account(&candidate.account).is_some());
        ranking
            .passed_over
            .retain(|passed| self.inner.account(&passed.account).is_some());
        let value = self.inner.pass_checks(&request, &mut ranking).await?;
        let selling = if eligible::is_bound(&request) {
            Some(Arc::clone(&self.inner.selling).lock_owned().await)
        } else {
            None
        };
        let ranking = eligible::narrow(&self.inner, &request, ranking).await?;

        let now = parts.clock.now();
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let record = OrderRecord {
            uid: OrderUid::new(unix_ms, &(parts.entropy)()),
            number: OrderNumber::from_u64(0),
            owner: parts.owner.clone(),
            group: parts.group.clone(),
            client_order_id: draft.client_order_id.clone(),
            body_digest: body_digest.to_owned(),
            request,
            strategy: draft.strategy.clone(),
            state: OrderState::Received,
            account: None,
            broker: None,
            broker_order_id: None,
            filled: Quantity::ZERO,
            average_price: None,
            message: None,
            simulated: parts.simulated,
            wishes: Wishes {
                deadline: now.checked_add(parts.settings.deadline).ok(),
                ..Wishes::default()
            },
            created_at: now,
            updated_at: now,
        };
        let placement = Placement {
            record,
            ranking,
            tick: instrument.tick,
            began,
            selling,
            submitting,
        };
        let held = self.inner.checks.hold(value, &placement.record.request)?;
        let inner = Arc::clone(&self.inner);
        let driven = tokio::spawn(async move {
            let driven = supervise(inner, placement).await;
            held.settle(&driven);
            driven
        });
        match driven.await.map_err(|_| DeskError::Interrupted)? {
            Ok(order) => Ok(Submitted {
                order,
                replayed: false,
            }),
            Err(DeskError::Ledger(LedgerError::DuplicateClientOrderId { .. })) => {
                let earlier = self.inner.replay(draft, body_digest).await?;
                earlier.ok_or(DeskError::Interrupted)
            }
            Err(error) => Err(error),
        }
    }

    /// One order as the ledger has it.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] for a number that is none of ours.
    pub async fn order(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        self.inner.order(number).await
    }

    /// Orders of the group, newest first.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when the books cannot be read.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRecord>, DeskError> {
        // The limit counts the group's own orders: those of other groups are not seen here.
        let all = OrderFilter {
            limit: None,
            ..filter.clone()
        };
        let mut orders = self.inner.parts.ledger.orders(&all).await?;
        orders.retain(|order| order.group == self.inner.parts.group);
        let most = filter
            .limit
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        orders.truncate(most);
        let progress = &self.inner.progress;
        Ok(orders.into_iter().map(|order| progress.shown(order)).collect())
    }
}

/// Drives an order in a task of its own, so that a panic there ends in an order in doubt and not in a lost one.
async fn supervise(inner: Arc<Inner>, placement: Placement) -> Result<OrderRecord, DeskError> {
    let uid = placement.record.uid;
    let driven = Arc::new(inner.progress.drive(uid));
    let task = tokio::spawn(drive::place(Arc::clone(&inner), Arc::clone(&driven), placement));
    match task.await {
        Ok(answer) => answer,
        Err(_) => inner.after_panic(uid).await.ok_or(DeskError::Interrupted),
    }
}

impl Inner {
    pub(crate) fn account(&self, id: &AccountId) -> Option<&DeskAccount> {
        self.parts.accounts.iter().find(|account| account.id() == id)
    }

    pub(crate) async fn order(&self, number: OrderNumber) -> Result<OrderRecord, DeskError> {
        let found = self.parts.ledger.order_by_number(number).await?;
        found
            .filter(|order| order.group == self.parts.group)
            .map(|order| self.progress.shown(order))
            .ok_or(DeskError::NotFound(number))
    }

    async fn replay(&self, draft: &OrderDraft, body_digest: &str) -> Result<Option<Submitted>, DeskError> {
        let Some(key) = &draft.client_order_id else {
            return Ok(None);
        };
        let Some(order) = self
            .parts
            .ledger
            .order_by_client_id(&self.parts.owner, key)
            .await?
        else {
            return Ok(None);
        };
        if order.body_digest != body_digest {
            return Err(DeskError::KeyReused {
                existing: order.number,
            });
        }
        let order = self.progress.shown(order);
        match order.state {
            OrderState::Received | OrderState::Validated | OrderState::Queued | OrderState::Submitting => {
                Err(DeskError::InProgress {
                    existing: order.number,
                })
            }
            _ => Ok(Some(Submitted {
                order,
                replayed: true,
            })),
        }
    }

    /// Why an account takes no new orders.
    pub(crate) fn closed(&self, account: &AccountId) -> Option<String> {
        self.reading.get(account)?.closed.lock().clone()
    }

    pub(crate) fn doubt_arose(&self, account: &AccountId) {
        if let Some(reading) = self.reading.get(account) {
            reading.pace.lock().doubt();
            reading.wake.notify_one();
        }
    }

    pub(crate) fn order_acked(&self, account: &AccountId) {
        if let Some(reading) = self.reading.get(account) {
            reading.pace.lock().acked();
            reading.wake.notify_one();
        }
    }
}
