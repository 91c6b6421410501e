//! Commits on a PostgreSQL server.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use sangam_core::ports::{Ledger as _, OrderRecord};
use sangam_storage::{PostgresSettings, SqlLedger};
use sangam_testkit::PostgresServer;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::{DETAIL, audit, grouped, middle, moved, p50_us, prepare, timed};

const ROUNDS: usize = 7;
const EACH: u64 = 100;
const SINGLE: u64 = 400;
const AT: i64 = 1_795_405_500_000_000_000;
const MOVES: &str = "update orders set state = new.state, account = new.account, broker = new.broker, \
     broker_order_id = new.id, filled = new.filled, average_price = new.average, message = new.message, \
     updated_at = new.at from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
     $7::bigint[], $8::text[], $9::text[], $10::bigint[]) \
     as new (uid, was, state, account, broker, id, filled, average, message, at) \
     where orders.uid = new.uid and orders.state = new.was";
const ENTRIES: &str = "insert into audit (sequence, day, at, actor, event, subject, detail, hash) \
     select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], \
     $8::bytea[])";

/// Runs everything.
///
/// # Errors
/// When a database cannot be written.
pub async fn measure() -> Result<Vec<(&'static str, f64)>> {
    let server = PostgresServer::shared();
    let (ours, by_hand) = (server.database(), server.database());
    let ledger = Arc::new(SqlLedger::connect(PostgresSettings::of_url(ours.url())?).await?);
    let orders = prepare(&ledger).await?;
    let mut bare = Bare::open(by_hand.url()).await?;
    let (mut rates, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rates.push(grouped(&ledger, &orders, EACH).await?);
        batches.push(bare.batches(&orders).await?);
    }
    let (mut alone, mut same_rows) = (Vec::new(), Vec::new());
    for step in 0..SINGLE {
        let order = &orders[0];
        alone.push(timed(async { Ok(ledger.commit(&[moved(order, step)], &audit(order)).await?) }).await?);
        same_rows.push(timed(bare.batch(&orders[..1])).await?);
    }
    ledger.close().await;
    let (rates, batches) = (middle(rates), middle(batches));
    let (alone, same_rows) = (p50_us(alone), p50_us(same_rows));
    Ok(vec![
        ("grouped_per_s", rates),
        ("unnest_per_s", batches),
        ("grouped_ratio", rates / batches),
        ("alone_us", alone),
        ("same_rows_us", same_rows),
        ("alone_ratio", alone / same_rows),
    ])
}

/// A database with the tables of the ledger, written by hand.
struct Bare {
    connection: PgConnection,
    sequence: i64,
}

impl Bare {
    async fn open(url: &str) -> Result<Self> {
        let ledger = SqlLedger::connect(PostgresSettings::of_url(url)?).await?;
        prepare(&ledger).await?;
        let sequence = i64::try_from(ledger.chain_head().await?.sequence)?;
        ledger.close().await;
        Ok(Self {
            connection: PgConnectOptions::from_str(url)?.connect().await?,
            sequence,
        })
    }

    async fn batches(&mut self, orders: &[OrderRecord]) -> Result<f64> {
        let began = Instant::now();
        for _ in 0..EACH {
            self.batch(orders).await?;
        }
        let moves = u32::try_from(orders.len() as u64 * EACH)?;
        Ok(f64::from(moves) / began.elapsed().as_secs_f64())
    }

    async fn batch(&mut self, orders: &[OrderRecord]) -> Result<()> {
        let rows = orders.len();
        let uids: Vec<_> = orders
            .iter()
            .map(|order| order.uid.uuid().as_bytes().to_vec())
            .collect();
        let subjects: Vec<_> = orders.iter().map(|order| order.uid.to_string()).collect();
        let sequences: Vec<_> = (self.sequence + 1..).take(rows).collect();
        self.sequence += i64::try_from(rows)?;
        let mut transaction = self.connection.begin().await?;
        sqlx::query(MOVES)
            .bind(uids)
            .bind(vec!["partially_filled"; rows])
            .bind(vec!["partially_filled"; rows])
            .bind(vec!["fyers-1"; rows])
            .bind(vec!["fyers"; rows])
            .bind(vec!["80805811776"; rows])
            .bind(vec![1_i64; rows])
            .bind(vec!["1450.45"; rows])
            .bind(vec![None::<String>; rows])
            .bind(vec![AT; rows])
            .execute(&mut *transaction)
            .await?;
        sqlx::query(ENTRIES)
            .bind(sequences)
            .bind(vec!["2026-11-23"; rows])
            .bind(vec![AT; rows])
            .bind(vec!["desk"; rows])
            .bind(vec!["order.moved"; rows])
            .bind(subjects)
            .bind(vec![DETAIL; rows])
            .bind(vec![vec![7_u8; 32]; rows])
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
