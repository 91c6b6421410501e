//! Reads over all accounts. Prices, which any broker can tell, are in `prices`.

use futures::future::join_all;
use sangam_core::ports::{Ledger, LedgerError, OrderFilter, OrderRecord, Selector};
use sangam_core::timestamp::Time;
use sangam_core::{ClientOrderId, Error, Exchange, Funds, Holding, IST, InstrumentId, Operation, Position};
use sangam_instruments::ResolveError;
use sangam_orders::DeskError;

use crate::system::{Account, System};
use crate::view::{Found, Gathered, OrdersToday, Row, Trade};

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
        self.add_kept_trades(&mut rows).await;
        Gathered {
            read: fills.read,
            rows,
            failed: fills.failed,
        }
    }

    /// Adds today's trades that the ledger holds and their brokers did not tell: a broker that could not be read, or a
    /// simulator that began anew.
    async fn add_kept_trades(&self, rows: &mut Vec<Row<Trade>>) {
        let kept = match self.inner.ledger.fills(IST::date(self.now())).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "trades of the ledger not read");
                return;
            }
        };
        for record in kept {
            let told = rows.iter().any(|row| {
                let fill = &row.value.fill;
                (&row.account, &fill.order_id, &fill.trade_id)
                    == (&record.account, &record.fill.order_id, &record.fill.trade_id)
            });
            if told || self.inner.account(&record.account).is_none() {
                continue;
            }
            let order = match record.order {
                Some(uid) => self.inner.ledger.order(uid).await.ok().flatten(),
                None => None,
            };
            rows.push(Row {
                account: record.account,
                broker: record.broker,
                value: Trade {
                    order: order.map(|order| order.number),
                    fill: record.fill,
                },
            });
        }
    }

    /// Orders received today in India and those still open, newest first, each brought up to date with its broker's book
    /// where that can be read.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when our own books cannot be read.
    pub async fn orders_today(&self) -> Result<OrdersToday, DeskError> {
        let mut orders = Vec::new();
        let mut failed = Vec::new();
        let midnight = IST::instant(IST::date(self.now()).to_datetime(Time::midnight()));
        for desk in self.desks() {
            let read = join_all(desk.accounts().iter().map(|account| async move {
                let read = desk.reconcile_if_stale(account.id()).await;
                read.map_err(|error| (account.id().clone(), error.to_string()))
            }));
            failed.extend(read.await.into_iter().filter_map(Result::err));
            let today = OrderFilter {
                since: midnight,
                ..OrderFilter::default()
            };
            let open = OrderFilter {
                open_only: true,
                ..OrderFilter::default()
            };
            orders.extend(desk.orders(&today).await?);
            orders.extend(
                desk.orders(&open)
                    .await?
                    .into_iter()
                    .filter(|order| midnight.is_some_and(|m| order.created_at < m)),
            );
        }
        orders.sort_by_key(|order| std::cmp::Reverse(order.number));
        Ok(OrdersToday { orders, failed })
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
