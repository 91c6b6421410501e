//! Fills, each counted once, and positions, replaced by what was read last.

use sangam_core::AccountId;
use sangam_core::ports::{FillRecord, LedgerError, PositionRecord};
use sqlx::SqliteConnection;

use super::super::bind::Bind as _;
use super::super::failure::Fault;
use super::is_orphan;

const FILL: &str = "insert into fills (broker, account, trading_date, broker_order_id, trade_id, order_uid, \
     exchange, symbol, broker_exchange, broker_symbol, side, product, quantity, price, traded_at, tag) \
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     on conflict (broker, account, trading_date, broker_order_id, trade_id) \
     do update set order_uid = excluded.order_uid where order_uid is null and excluded.order_uid is not null";

/// Writes a trade unless it was seen before; one that had no order takes the link.
pub(super) async fn filled(connection: &mut SqliteConnection, record: &FillRecord) -> Result<(), Fault> {
    let FillRecord {
        account,
        broker,
        trading_date,
        order,
        fill,
    } = record;
    let written = sqlx::query(FILL)
        .shown(broker)
        .shown(account)
        .shown(trading_date)
        .shown(&fill.order_id)
        .shown(&fill.trade_id)
        .bind(order.map(|uid| uid.uuid().as_bytes().to_vec()))
        .instrument(&fill.instrument)
        .bind(fill.side.as_str())
        .shown_opt(fill.product.as_ref())
        .quantity(fill.quantity)
        .shown(&fill.price)
        .instant_opt(fill.at)?
        .shown_opt(fill.tag.as_ref())
        .execute(connection)
        .await;
    match (written, order) {
        (Ok(_), _) => Ok(()),
        (Err(error), Some(uid)) if is_orphan(&error) => Err(LedgerError::Missing {
            subject: format!("order {uid}"),
        }
        .into()),
        (Err(error), _) => Err(error.into()),
    }
}

const POSITION: &str = "insert into positions (account, place, broker, exchange, symbol, broker_exchange, \
     broker_symbol, product, net, average_price, bought, buy_average, sold, sell_average, last_price, realised, \
     unrealised, read_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Replaces the positions of an account.
pub(super) async fn positions(
    connection: &mut SqliteConnection,
    account: &AccountId,
    positions: &[PositionRecord],
) -> Result<(), Fault> {
    sqlx::query("delete from positions where account = ?")
        .shown(account)
        .execute(&mut *connection)
        .await?;
    for (place, record) in (0_i64..).zip(positions) {
        if record.account != *account {
            return Err(LedgerError::Conflict {
                subject: format!("position {place} of account {}", record.account),
                expected: format!("read from account {account}"),
            }
            .into());
        }
        let position = &record.position;
        sqlx::query(POSITION)
            .shown(account)
            .bind(place)
            .shown(&record.broker)
            .instrument(&position.instrument)
            .shown_opt(position.product.as_ref())
            .net(position.net)
            .shown_opt(position.average_price.as_ref())
            .quantity(position.bought)
            .shown_opt(position.buy_average.as_ref())
            .quantity(position.sold)
            .shown_opt(position.sell_average.as_ref())
            .shown_opt(position.last_price.as_ref())
            .shown_opt(position.realised.as_ref())
            .shown_opt(position.unrealised.as_ref())
            .instant(record.read_at)?
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
