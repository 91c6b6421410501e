//! Prices: from the cache when fresh enough, else from whichever broker answers. A batch goes to one broker at a time, and
//! what that one could not tell goes to the next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use sangam_core::ports::{CacheKind, Candidate, RouteQuery, Selector, SymbolMap as _};
use sangam_core::{
    AccountId, BrokerName, Candle, CandleQuery, Depth, Error, ErrorKind, InstrumentId, Operation, Quote,
    Timestamp,
};
use sangam_routing::{Origin, ReadContext, ReadFailed, ReadOperation, read_with_failover};

use crate::system::{Account, System};
use crate::view::Seen;

/// From so many instruments on a broker that quotes one a call is asked last, unless a rule of the configuration names it.
const MANY: usize = 10;

type Answers = Vec<(InstrumentId, Result<Seen<Quote>, Error>)>;

impl System {
    /// One quote, from the cache when fresh enough, else from the best broker that answers. However many ask for it at once,
    /// one call is made.
    ///
    /// # Errors
    /// The last broker's refusal.
    pub async fn quote(&self, id: &InstrumentId) -> Result<Seen<Quote>, Error> {
        let fetch = async || match self.fetch_quotes(std::slice::from_ref(id)).await.pop() {
            Some((_, answer)) => answer.map(|seen| Priced {
                value: seen.value,
                broker: seen.broker,
            }),
            None => Err(Error::refused(
                ErrorKind::UnexpectedAnswer,
                format!("no answer for {id}"),
            )),
        };
        let max_age = self.inner.config.cache.quote_max_age;
        let kept = self
            .inner
            .cache
            .typed
            .get_or_fetch(CacheKind::MarketData, &id.to_string(), max_age, fetch)
            .await;
        match kept {
            Ok(found) => Ok(Seen {
                age: self.age(found.value.value.received_at),
                value: found.value.value,
                broker: found.value.broker,
            }),
            Err(error) => Err(again(&error)),
        }
    }

    /// Quotes in the order asked for, each from the cache when fresh enough, else from the best broker that answers.
    pub async fn quotes(&self, ids: &[InstrumentId]) -> Vec<(InstrumentId, Result<Seen<Quote>, Error>)> {
        if let [only] = ids {
            return vec![(only.clone(), self.quote(only).await)];
        }
        let mut found: Vec<Option<Result<Seen<Quote>, Error>>> = Vec::with_capacity(ids.len());
        let (mut missing, mut noted) = (Vec::new(), HashSet::new());
        for id in ids {
            let cached = self.cached_quote(id).await;
            if cached.is_none() && noted.insert(id) {
                missing.push(id.clone());
            }
            found.push(cached.map(Ok));
        }
        let fetched = if missing.is_empty() {
            Vec::new()
        } else {
            self.fetch_quotes(&missing).await
        };
        let fetched: HashMap<_, _> = fetched.iter().map(|(id, answer)| (id, answer)).collect();
        let answer = |id: &InstrumentId| match fetched.get(id) {
            Some(Ok(seen)) => Ok(seen.clone()),
            Some(Err(error)) => Err(again(error)),
            None => Err(Error::refused(
                ErrorKind::UnexpectedAnswer,
                format!("no answer for {id}"),
            )),
        };
        ids.iter()
            .zip(found)
            .map(|(id, cached)| (id.clone(), cached.unwrap_or_else(|| answer(id))))
            .collect()
    }

    async fn cached_quote(&self, id: &InstrumentId) -> Option<Seen<Quote>> {
        let max_age = self.inner.config.cache.quote_max_age;
        let kept = self
            .inner
            .cache
            .typed
            .get::<Priced<Quote>>(CacheKind::MarketData, &id.to_string(), max_age)
            .await?;
        let Priced { value: quote, broker } = kept.value;
        Some(Seen {
            age: self.age(quote.received_at),
            value: quote,
            broker,
        })
    }

    async fn fetch_quotes(&self, ids: &[InstrumentId]) -> Answers {
        let mut left: Vec<InstrumentId> = ids.to_vec();
        let mut done = Vec::with_capacity(ids.len());
        // Each instrument goes to the best broker that lists it; those of one broker go together.
        while let Some(first) = left.first().cloned() {
            let candidates = self.quote_candidates(&first, left.len());
            let Some(best) = candidates.first() else {
                let nobody = Error::refused(
                    ErrorKind::Unavailable,
                    format!("no healthy account lists {first}; see `sangam brokers`"),
                );
                done.push((first.clone(), Err(nobody)));
                left.retain(|id| *id != first);
                continue;
            };
            let table = self.table();
            let lists = |id: &InstrumentId| *id == first || table.listing(best.broker, id).is_some();
            let (batch, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(lists);
            left = rest;
            done.extend(self.quote_batch(batch, candidates).await);
        }
        done
    }

    /// Asks the candidates in turn for what the one before could not tell.
    async fn quote_batch(&self, batch: Vec<InstrumentId>, mut candidates: Vec<Candidate>) -> Answers {
        let mut done = Answers::with_capacity(batch.len());
        let mut refused: BTreeMap<InstrumentId, Error> = BTreeMap::new();
        let mut open = batch;
        while !open.is_empty() && !candidates.is_empty() {
            let asked = &open;
            let answer = self
                .read(Operation::Quotes, candidates.clone(), |account| async move {
                    account.broker.quotes(asked).await
                })
                .await;
            let (rows, answered) = match answer {
                Ok(answer) => answer,
                Err(failed) => {
                    let error = failed.into_error();
                    for id in &open {
                        refused.entry(id.clone()).or_insert_with(|| again(&error));
                    }
                    break;
                }
            };
            let asked_so_far = candidates.iter().position(|c| c.account == answered.account);
            candidates.drain(..asked_so_far.map_or(candidates.len(), |at| at + 1));
            for (id, quote) in rows {
                match quote {
                    Ok(quote) => {
                        open.retain(|other| *other != id);
                        done.push((id.clone(), Ok(self.seen(&id, quote, answered.broker).await)));
                    }
                    // The first broker's word on an instrument is told: those after it may not even list it.
                    Err(error) => {
                        refused.entry(id).or_insert(error);
                    }
                }
            }
        }
        for id in open {
            let error = refused.remove(&id).unwrap_or_else(|| {
                Error::refused(ErrorKind::UnexpectedAnswer, format!("no answer for {id}"))
            });
            done.push((id, Err(error)));
        }
        done
    }

    async fn seen(&self, id: &InstrumentId, quote: Quote, broker: BrokerName) -> Seen<Quote> {
        let kept = Priced { value: quote, broker };
        self.inner.known.note(&kept.value);
        self.inner
            .cache
            .typed
            .put(CacheKind::MarketData, &id.to_string(), &kept)
            .await;
        Seen {
            age: self.age(kept.value.received_at),
            value: kept.value,
            broker,
        }
    }

    fn quote_candidates(&self, id: &InstrumentId, count: usize) -> Vec<Candidate> {
        let mut candidates = self.candidates(Operation::Quotes, Some(id));
        if count > MANY {
            let slow = |candidate: &Candidate| {
                let (_, origin) = self
                    .inner
                    .config
                    .routing
                    .place(Operation::Quotes, candidate.broker);
                let account = self.inner.account(&candidate.account);
                origin != Origin::Rule
                    && account.is_some_and(|account| account.broker.capabilities().quotes_per_call <= 1)
            };
            candidates.sort_by_cached_key(slow);
        }
        candidates
    }

    /// Market depth, from the cache when fresh enough, else from the best broker that answers. However many ask for it at
    /// once, one call is made.
    ///
    /// # Errors
    /// The last broker's refusal.
    pub async fn depth(&self, id: &InstrumentId) -> Result<Seen<Depth>, Error> {
        let fetch = async || {
            let candidates = self.candidates(Operation::Depth, Some(id));
            let answer = self
                .read(Operation::Depth, candidates, |account| async move {
                    account.broker.depth(id).await
                })
                .await;
            answer
                .map(|(value, candidate)| Priced {
                    value,
                    broker: candidate.broker,
                })
                .map_err(ReadFailed::into_error)
        };
        let max_age = self.inner.config.cache.depth_max_age;
        let kept = self
            .inner
            .cache
            .typed
            .get_or_fetch(CacheKind::Depth, &id.to_string(), max_age, fetch)
            .await;
        match kept {
            Ok(found) => Ok(Seen {
                age: self.age(found.value.value.quote.received_at),
                value: found.value.value,
                broker: found.value.broker,
            }),
            Err(error) => Err(again(&error)),
        }
    }

    /// Candles from the best broker that offers them.
    ///
    /// # Errors
    /// The last broker's refusal.
    pub async fn candles(&self, query: &CandleQuery) -> Result<Seen<Vec<Candle>>, Error> {
        let candidates = self.candidates(Operation::Candles, Some(&query.instrument));
        let answer = self
            .read(Operation::Candles, candidates, |account| async move {
                account.broker.candles(query).await
            })
            .await;
        let (candles, candidate) = answer.map_err(ReadFailed::into_error)?;
        Ok(Seen {
            age: Duration::ZERO,
            value: candles,
            broker: candidate.broker,
        })
    }

    fn candidates(&self, operation: Operation, instrument: Option<&InstrumentId>) -> Vec<Candidate> {
        self.inner
            .router
            .rank(RouteQuery {
                operation,
                instrument,
                pinned: None,
            })
            .candidates
    }

    fn age(&self, made: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(made)).unwrap_or(Duration::ZERO)
    }

    async fn read<'a, T, F, Fut>(
        &'a self,
        operation: Operation,
        candidates: Vec<Candidate>,
        call: F,
    ) -> Result<(T, Candidate), ReadFailed>
    where
        F: Fn(&'a Account) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let operation = ReadOperation::new(operation).expect("only reads come here");
        let inner = &self.inner;
        let context = ReadContext {
            selector: inner.router.as_ref(),
            limiter: inner.limiter.as_ref(),
            clock: inner.clock.as_ref(),
        };
        let wait = |account: &AccountId| {
            let account = inner.account(account).map(|account| &account.config);
            account.map_or(Duration::ZERO, |account| {
                account.limits.read_wait.unwrap_or(account.read_timeout)
            })
        };
        read_with_failover(context, operation, candidates, wait, |candidate| {
            let account = inner.account(&candidate.account).map(&call);
            async move {
                match account {
                    Some(answer) => answer.await,
                    None => Err(Error::refused(
                        ErrorKind::Internal,
                        "the router named an account that is not ours",
                    )),
                }
            }
        })
        .await
    }
}

/// A price as it is kept in the cache.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Priced<T> {
    value: T,
    broker: BrokerName,
}

/// The same failure for another instrument of the same call.
fn again(error: &Error) -> Error {
    let mut copy = Error::new(error.kind(), error.outcome(), error.message()).with_advice(error.advice());
    if let Some(broker) = error.broker() {
        copy = copy.at(broker);
    }
    if let Some(code) = error.code() {
        copy = copy.with_code(code);
    }
    copy
}
