//! Reads over all accounts, and prices from whichever broker answers.

use std::time::Duration;

use futures::future::join_all;
use sangam_core::ports::{CacheKind, LedgerError, OrderFilter, OrderRecord, RouteQuery, Selector};
use sangam_core::timestamp::Time;
use sangam_core::{
    Candle, CandleQuery, ClientOrderId, Depth, Error, ErrorKind, Exchange, Funds, Holding, IST, InstrumentId,
    Operation, Position, Quote, Timestamp,
};
use sangam_instruments::ResolveError;
use sangam_orders::DeskError;
use sangam_routing::{ReadFailed, ReadOperation, read_with_failover};

use crate::system::{Account, System};
use crate::view::{Found, Gathered, Row, Seen, Trade};

impl System {
    /// The instrument a name means, in canonical or OpenAlgo form; `None` when there is none.
    ///
    /// # Errors
    /// [`ResolveError`] when the name means two contracts.
    pub fn resolve(&self, exchange: Exchange, name: &str) -> Result<Option<InstrumentId>, ResolveError> {
        let table = self.table();
        match table.resolve(exchange, name) {
            Ok(entry) => Ok(Some(entry.id())),
            Err(ResolveError::Unknown { .. }) => Ok(None),
            Err(ambiguous) => Err(ambiguous),
        }
    }

    /// The symbol clients of OpenAlgo know an instrument by.
    #[must_use]
    pub fn outside_symbol(&self, id: &InstrumentId) -> String {
        let table = self.table();
        table
            .find(id.exchange, id.symbol.as_str())
            .map_or_else(|| id.symbol.to_string(), |entry| entry.openalgo_symbol())
    }

    /// Instruments by words, best first.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize) -> Vec<Found> {
        let table = self.table();
        table.search(query, limit).into_iter().map(Found::from).collect()
    }

    /// One quote, from memory when fresh enough, else from the best broker that answers. However many ask for it at once,
    /// one call is made.
    ///
    /// # Errors
    /// The last broker's refusal.
    pub async fn quote(&self, id: &InstrumentId) -> Result<Seen<Quote>, Error> {
        let fetch = async || match self.fetch_quotes(std::slice::from_ref(id)).await.pop() {
            Some((_, answer)) => answer.map(|seen| CachedQuote {
                quote: seen.value,
                broker: seen.broker,
            }),
            None => Err(Error::refused(
                ErrorKind::UnexpectedAnswer,
                format!("no answer for {id}"),
            )),
        };
        let max_age = self.inner.config.quote_max_age;
        let kept = self
            .inner
            .cache
            .get_or_fetch(CacheKind::MarketData, &id.to_string(), max_age, fetch)
            .await;
        match kept {
            Ok(found) => Ok(Seen {
                age: self.age(found.value.quote.received_at),
                value: found.value.quote,
                broker: found.value.broker,
            }),
            Err(error) => Err(again(&error)),
        }
    }

    /// Quotes in the order asked for, each from memory when fresh enough, else from the best broker that answers.
    pub async fn quotes(&self, ids: &[InstrumentId]) -> Vec<(InstrumentId, Result<Seen<Quote>, Error>)> {
        if let [only] = ids {
            return vec![(only.clone(), self.quote(only).await)];
        }
        let mut found: Vec<Option<Result<Seen<Quote>, Error>>> = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            let cached = self.cached_quote(id).await;
            if cached.is_none() && !missing.contains(id) {
                missing.push(id.clone());
            }
            found.push(cached.map(Ok));
        }
        let fetched = if missing.is_empty() {
            Vec::new()
        } else {
            self.fetch_quotes(&missing).await
        };
        let answer = |id: &InstrumentId| match fetched.iter().find(|(other, _)| other == id) {
            Some((_, Ok(seen))) => Ok(seen.clone()),
            Some((_, Err(error))) => Err(again(error)),
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
        let max_age = self.inner.config.quote_max_age;
        let kept = self
            .inner
            .cache
            .get::<CachedQuote>(CacheKind::MarketData, &id.to_string(), max_age)
            .await?;
        let CachedQuote { quote, broker } = kept.value;
        Some(Seen {
            age: self.age(quote.received_at),
            value: quote,
            broker,
        })
    }

    async fn fetch_quotes(&self, ids: &[InstrumentId]) -> Vec<(InstrumentId, Result<Seen<Quote>, Error>)> {
        let mut left: Vec<InstrumentId> = ids.to_vec();
        let mut done = Vec::with_capacity(ids.len());
        // Each instrument goes to the best broker that lists it; those of one broker go together.
        while let Some(first) = left.first().cloned() {
            let candidates = self.candidates(Operation::Quotes, Some(&first));
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
            let lists = |id: &InstrumentId| {
                sangam_core::ports::SymbolMap::listing(table.as_ref(), best.broker, id).is_some()
            };
            let (batch, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(lists);
            left = rest;
            if batch.is_empty() {
                break;
            }
            done.extend(self.quote_batch(&batch, candidates).await);
        }
        done
    }

    async fn quote_batch(
        &self,
        batch: &[InstrumentId],
        candidates: Vec<sangam_core::ports::Candidate>,
    ) -> Vec<(InstrumentId, Result<Seen<Quote>, Error>)> {
        let answer = self
            .read(Operation::Quotes, candidates, |account| async move {
                account.broker.quotes(batch).await
            })
            .await;
        let (rows, broker) = match answer {
            Ok((rows, candidate)) => (rows, candidate.broker),
            Err(failed) => {
                let error = failed.into_error();
                return batch.iter().map(|id| (id.clone(), Err(again(&error)))).collect();
            }
        };
        let mut seen = Vec::with_capacity(rows.len());
        for (id, quote) in rows {
            let quote = match quote {
                Ok(quote) => {
                    let value = CachedQuote {
                        quote: quote.clone(),
                        broker,
                    };
                    self.inner
                        .cache
                        .put(CacheKind::MarketData, &id.to_string(), &value)
                        .await;
                    Ok(Seen {
                        age: self.age(quote.received_at),
                        value: quote,
                        broker,
                    })
                }
                Err(error) => Err(error),
            };
            seen.push((id, quote));
        }
        seen
    }

    /// Market depth from the best broker that answers.
    ///
    /// # Errors
    /// The last broker's refusal.
    pub async fn depth(&self, id: &InstrumentId) -> Result<Seen<Depth>, Error> {
        let candidates = self.candidates(Operation::Depth, Some(id));
        let answer = self
            .read(Operation::Depth, candidates, |account| async move {
                account.broker.depth(id).await
            })
            .await;
        let (depth, candidate) = answer.map_err(ReadFailed::into_error)?;
        Ok(Seen {
            age: self.age(depth.quote.received_at),
            value: depth,
            broker: candidate.broker,
        })
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

    /// Positions of all accounts.
    pub async fn positions(&self) -> Gathered<Position> {
        self.gather(Operation::Positions, |account| async move {
            account.broker.positions().await
        })
        .await
    }

    /// Holdings of all accounts.
    pub async fn holdings(&self) -> Gathered<Holding> {
        self.gather(Operation::Holdings, |account| async move {
            account.broker.holdings().await
        })
        .await
    }

    /// Fills in last prices a broker's holdings lack, from quotes.
    pub async fn price_holdings(&self, rows: &mut [Row<Holding>]) {
        let missing: Vec<_> = rows
            .iter()
            .filter(|row| row.value.last_price.is_none())
            .filter_map(|row| row.value.instrument.id.clone())
            .collect();
        if missing.is_empty() {
            return;
        }
        let quotes = self.quotes(&missing).await;
        for row in rows.iter_mut().filter(|row| row.value.last_price.is_none()) {
            let quote = quotes
                .iter()
                .find(|(id, _)| Some(id) == row.value.instrument.id.as_ref());
            row.value.last_price = quote
                .and_then(|(_, quote)| quote.as_ref().ok())
                .map(|seen| seen.value.last);
        }
    }

    /// Funds of all accounts.
    pub async fn funds(&self) -> Gathered<Funds> {
        self.gather(Operation::Funds, |account| async move {
            account.broker.funds().await.map(|funds| vec![funds])
        })
        .await
    }

    /// Today's trades of all accounts, with the numbers of our orders.
    pub async fn trades(&self) -> Gathered<Trade> {
        let fills = self
            .gather(Operation::Trades, |account| async move {
                account.broker.trades().await
            })
            .await;
        let mut rows = Vec::with_capacity(fills.rows.len());
        for row in fills.rows {
            let ours = self.inner.ledger_order(&row.account, &row.value.order_id).await;
            let value = Trade {
                order: ours.map(|order| order.number),
                fill: row.value,
            };
            rows.push(Row {
                account: row.account,
                broker: row.broker,
                value,
            });
        }
        Gathered {
            read: fills.read,
            rows,
            failed: fills.failed,
        }
    }

    /// Orders received today in India and those still open, newest first, each brought up to date with its broker's book.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when our own books cannot be read; a broker that cannot be read leaves its orders as last
    /// seen.
    pub async fn orders_today(&self) -> Result<Vec<OrderRecord>, DeskError> {
        let mut orders = Vec::new();
        let midnight = IST::instant(IST::date(self.now()).to_datetime(Time::midnight()));
        for desk in self.desks() {
            join_all(desk.accounts().iter().map(|account| async move {
                if let Err(error) = desk.reconcile(account.id()).await {
                    tracing::warn!(account = %account.id(), %error, "order book not read");
                }
            }))
            .await;
            orders.extend(
                desk.orders(&OrderFilter {
                    since: midnight,
                    ..OrderFilter::default()
                })
                .await?,
            );
            let open = desk
                .orders(&OrderFilter {
                    open_only: true,
                    ..OrderFilter::default()
                })
                .await?;
            orders.extend(
                open.into_iter()
                    .filter(|order| midnight.is_some_and(|m| order.created_at < m)),
            );
        }
        orders.sort_by_key(|order| std::cmp::Reverse(order.number));
        Ok(orders)
    }

    /// The order a client order id was used for.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderRecord>, LedgerError> {
        let mut owners: Vec<_> = self
            .inner
            .accounts
            .iter()
            .map(|account| &account.config.owner)
            .collect();
        owners.dedup();
        for owner in owners {
            if let Some(order) = self.ledger().order_by_client_id(owner, id).await? {
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    fn candidates(
        &self,
        operation: Operation,
        instrument: Option<&InstrumentId>,
    ) -> Vec<sangam_core::ports::Candidate> {
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
        candidates: Vec<sangam_core::ports::Candidate>,
        call: F,
    ) -> Result<(T, sangam_core::ports::Candidate), ReadFailed>
    where
        F: Fn(&'a Account) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let operation = ReadOperation::new(operation).expect("only reads come here");
        let inner = &self.inner;
        read_with_failover(
            inner.router.as_ref(),
            inner.clock.as_ref(),
            operation,
            candidates,
            |candidate| {
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
            },
        )
        .await
    }

    async fn gather<'a, T, F, Fut>(&'a self, operation: Operation, call: F) -> Gathered<T>
    where
        F: Fn(&'a Account) -> Fut,
        Fut: Future<Output = Result<Vec<T>, Error>>,
    {
        let inner = &self.inner;
        let answers = join_all(inner.accounts.iter().map(|account| {
            let answer = call(account);
            async move {
                let started = inner.clock.monotonic();
                let answer = answer.await;
                inner.router.record(
                    &account.config.name,
                    sangam_core::ports::CallReport {
                        operation,
                        took: inner.clock.monotonic().since(started),
                        failed: answer.as_ref().err().map(Error::kind),
                    },
                );
                (account, answer)
            }
        }))
        .await;
        let mut gathered = Gathered {
            read: 0,
            rows: Vec::new(),
            failed: Vec::new(),
        };
        for (account, answer) in answers {
            match answer {
                Ok(rows) => {
                    gathered.read += 1;
                    gathered.rows.extend(rows.into_iter().map(|value| Row {
                        account: account.config.name.clone(),
                        broker: account.config.broker,
                        value,
                    }));
                }
                Err(error) => gathered.failed.push((account.config.name.clone(), error)),
            }
        }
        gathered
    }
}

/// A quote as it is kept in memory.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct CachedQuote {
    quote: Quote,
    broker: sangam_core::BrokerName,
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

impl crate::system::Inner {
    async fn ledger_order(
        &self,
        account: &sangam_core::AccountId,
        id: &sangam_core::BrokerOrderId,
    ) -> Option<OrderRecord> {
        use sangam_core::ports::Ledger as _;
        match self.ledger.order_by_broker_id(account, id).await {
            Ok(order) => order,
            Err(error) => {
                tracing::warn!(%account, %error, "ledger not read");
                None
            }
        }
    }
}
