//! Commits on a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sangam_core::ports::{Ledger as _, OrderRecord};
use sangam_storage::SqlLedger;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool};
use tokio::task::JoinSet;

use super::{CALLERS, DETAIL, audit, grouped, middle, moved, p50_us, prepare, timed};

const ROUNDS: usize = 7;
const EACH: u64 = 100;
const SINGLE: u64 = 400;
const AT: i64 = 1_795_405_500_000_000_000;
const MOVE: &str = "update orders set state = ?, account = ?, broker = ?, broker_order_id = ?, filled = ?, \
     average_price = ?, message = ?, updated_at = ? where uid = ? and state = ?";
const ENTRY: &str = "insert into audit (sequence, day, at, actor, event, subject, detail, hash) values (?, ?, ?, ?, ?, ?, ?, ?)";

/// A file with the tables of the ledger, written by hand.
struct Bare {
    connection: SqliteConnection,
    pool: SqlitePool,
    sequence: i64,
}

/// Runs everything.
///
/// # Errors
/// When a file cannot be written.
pub async fn measure(folder: &Path) -> Result<Vec<(&'static str, f64)>> {
    let ledger = Arc::new(SqlLedger::open(folder.join("ours.db")).await?);
    let orders = prepare(&ledger).await?;
    let mut bare = Bare::open(&folder.join("bare.db")).await?;
    let (mut ours, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(grouped(&ledger, &orders, EACH).await?);
        batches.push(bare.batches(&orders).await?);
    }
    let one_each = bare.one_each(&orders, EACH / 5).await?;
    let (mut alone, mut insert, mut same_rows) = (Vec::new(), Vec::new(), Vec::new());
    for step in 0..SINGLE {
        let order = &orders[0];
        alone.push(timed(async { Ok(ledger.commit(&[moved(order, step)], &audit(order)).await?) }).await?);
        insert.push(timed(bare.insert(order)).await?);
        same_rows.push(timed(bare.batch(&orders[..1])).await?);
    }
    ledger.close().await;
    let (ours, batches) = (middle(ours), middle(batches));
    let (alone, insert, same_rows) = (p50_us(alone), p50_us(insert), p50_us(same_rows));
    Ok(vec![
        ("grouped_per_s", ours),
        ("batch_per_s", batches),
        ("grouped_ratio", ours / batches),
        ("one_each_per_s", one_each),
        ("times_one_each", ours / one_each),
        ("alone_us", alone),
        ("insert_us", insert),
        ("alone_ratio", alone / insert),
        ("same_rows_us", same_rows),
    ])
}

impl Bare {
    async fn open(path: &Path) -> Result<Self> {
        let ledger = SqlLedger::open(path).await?;
        prepare(&ledger).await?;
        let sequence = i64::try_from(ledger.chain_head().await?.sequence)?;
        ledger.close().await;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(60));
        Ok(Self {
            connection: options.connect().await?,
            pool: SqlitePoolOptions::new()
                .max_connections(4)
                .acquire_timeout(Duration::from_secs(60))
                .connect_lazy_with(options),
            sequence,
        })
    }

    /// Moves a second in batches of hand-made statements.
    async fn batches(&mut self, orders: &[OrderRecord]) -> Result<f64> {
        let began = Instant::now();
        for _ in 0..EACH {
            self.batch(orders).await?;
        }
        let moves = u32::try_from(orders.len() as u64 * EACH)?;
        Ok(f64::from(moves) / began.elapsed().as_secs_f64())
    }

    async fn batch(&mut self, orders: &[OrderRecord]) -> Result<()> {
        let places = |width: usize| {
            let row = format!("({})", vec!["?"; width].join(", "));
            vec![row; orders.len()].join(", ")
        };
        let moves = format!(
            "with new (uid, was, state, account, broker, id, filled, average, message, at) as (values {}) \
             update orders set state = new.state, account = new.account, broker = new.broker, broker_order_id = new.id, \
             filled = new.filled, average_price = new.average, message = new.message, updated_at = new.at \
             from new where orders.uid = new.uid and orders.state = new.was",
            places(10)
        );
        let entries = format!(
            "insert into audit (sequence, day, at, actor, event, subject, detail, hash) values {}",
            places(8)
        );
        let mut transaction = self.connection.begin_with("begin immediate").await?;
        let mut query = sqlx::query(AssertSqlSafe(moves));
        for order in orders {
            query = query
                .bind(order.uid.uuid().as_bytes().to_vec())
                .bind("partially_filled")
                .bind("partially_filled")
                .bind("fyers-1")
                .bind("fyers")
                .bind("80805811776")
                .bind(1_i64)
                .bind("1450.45")
                .bind(None::<String>)
                .bind(AT);
        }
        query.execute(&mut *transaction).await?;
        let mut query = sqlx::query(AssertSqlSafe(entries));
        for order in orders {
            self.sequence += 1;
            query = query
                .bind(self.sequence)
                .bind("2026-11-23")
                .bind(AT)
                .bind("desk")
                .bind("order.moved")
                .bind(order.uid.to_string())
                .bind(DETAIL)
                .bind(vec![7_u8; 32]);
        }
        query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn insert(&mut self, order: &OrderRecord) -> Result<()> {
        self.sequence += 1;
        entry(self.sequence, order).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Moves a second, each in a transaction of its own from a pool.
    async fn one_each(&mut self, orders: &[OrderRecord], each: u64) -> Result<f64> {
        let began = Instant::now();
        let mut callers = JoinSet::new();
        for order in orders {
            let (pool, order, first) = (self.pool.clone(), order.clone(), self.sequence);
            self.sequence += i64::try_from(each)?;
            callers.spawn(async move {
                for sequence in (first + 1..).take(usize::try_from(each)?) {
                    let mut transaction = pool.begin_with("begin immediate").await?;
                    sqlx::query(MOVE)
                        .bind("partially_filled")
                        .bind("fyers-1")
                        .bind("fyers")
                        .bind("80805811776")
                        .bind(1_i64)
                        .bind("1450.45")
                        .bind(None::<String>)
                        .bind(AT)
                        .bind(order.uid.uuid().as_bytes().to_vec())
                        .bind("partially_filled")
                        .execute(&mut *transaction)
                        .await?;
                    entry(sequence, &order).execute(&mut *transaction).await?;
                    transaction.commit().await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = callers.join_next().await {
            done??;
        }
        let moves = u32::try_from(CALLERS as u64 * each)?;
        Ok(f64::from(moves) / began.elapsed().as_secs_f64())
    }
}

fn entry(
    sequence: i64,
    order: &OrderRecord,
) -> sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    sqlx::query(ENTRY)
        .bind(sequence)
        .bind("2026-11-23")
        .bind(AT)
        .bind("desk")
        .bind("order.moved")
        .bind(order.uid.to_string())
        .bind(DETAIL)
        .bind(vec![7_u8; 32])
}
