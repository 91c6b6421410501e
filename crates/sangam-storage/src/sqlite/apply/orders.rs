//! Orders: received once, moved along listed moves.

use sangam_core::ports::{LedgerError, OrderMoved, OrderRecord};
use sangam_core::{IST, OrderNumber, OrderRequest, OrderUid};
use sqlx::{Row as _, SqliteConnection};

use super::super::bind::{Bind as _, request_columns};
use super::super::failure::Fault;
use super::is_taken;

const RECEIVE: &str = concat!(
    "insert into orders (number, uid, owner, account_group, client_order_id, body_digest, ",
    request_columns!(),
    ", strategy, state, account, broker, broker_order_id, filled, average_price, message, simulated, created_at, \
     updated_at) values ((select coalesce(max(number), ?1) + 1 from orders where number between ?1 and ?2), \
     ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, \
     ?27, ?28, ?29, ?30) returning number",
);

/// Writes a new order under the next number of its Indian date.
pub(super) async fn received(
    connection: &mut SqliteConnection,
    order: &OrderRecord,
) -> Result<OrderNumber, Fault> {
    let date = IST::date(order.created_at);
    let nought = OrderNumber::new(date, 0);
    let last = OrderNumber::new(date, OrderNumber::PER_DAY - 1);
    let written = sqlx::query(RECEIVE)
        .bind(whole(nought))
        .bind(whole(last))
        .uid(order.uid)
        .shown(&order.owner)
        .shown(&order.group)
        .shown_opt(order.client_order_id.as_ref())
        .bind(order.body_digest.clone())
        .request(&order.request)
        .bind(order.strategy.clone())
        .bind(order.state.as_str())
        .shown_opt(order.account.as_ref())
        .shown_opt(order.broker.as_ref())
        .shown_opt(order.broker_order_id.as_ref())
        .quantity(order.filled)
        .shown_opt(order.average_price.as_ref())
        .bind(order.message.clone())
        .bind(order.simulated)
        .instant(order.created_at)?
        .instant(order.updated_at)?
        .fetch_one(&mut *connection)
        .await;
    let row = match written {
        Ok(row) => row,
        Err(error) if is_taken(&error) => return Err(why_taken(connection, order).await?.into()),
        Err(error) => return Err(error.into()),
    };
    let number = OrderNumber::from_u64(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0));
    if number > last {
        return Err(LedgerError::NotWritten {
            what: format!("the {} order numbers of {date} are used up", OrderNumber::PER_DAY),
            source: format!("the next number would be {number}").into(),
        }
        .into());
    }
    Ok(number)
}

async fn why_taken(connection: &mut SqliteConnection, order: &OrderRecord) -> Result<LedgerError, Fault> {
    if let Some(client_order_id) = &order.client_order_id {
        let existing: Option<i64> =
            sqlx::query_scalar("select number from orders where owner = ? and client_order_id = ?")
                .bind(order.owner.as_str())
                .bind(client_order_id.as_str())
                .fetch_optional(connection)
                .await?;
        if let Some(existing) = existing {
            return Ok(LedgerError::DuplicateClientOrderId {
                client_order_id: client_order_id.clone(),
                existing: OrderNumber::from_u64(u64::try_from(existing).unwrap_or(0)),
            });
        }
    }
    Ok(LedgerError::AlreadyThere {
        subject: format!("order {}", order.uid),
    })
}

const MOVE: &str = "update orders set state = ?3, account = coalesce(?4, account), broker = coalesce(?5, broker), \
     broker_order_id = coalesce(?6, broker_order_id), \
     average_price = case when ?7 is null or ?7 >= filled then coalesce(?8, average_price) else average_price end, \
     filled = case when ?7 > filled then ?7 else filled end, message = coalesce(?9, message), updated_at = ?10 \
     where uid = ?1 and state = ?2";

const CHANGE_REQUEST: &str = concat!(
    "update orders set (",
    request_columns!(),
    ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) where uid = ?1",
);

/// Moves an order that is in the state named.
pub(super) async fn moved(connection: &mut SqliteConnection, moved: &OrderMoved) -> Result<(), Fault> {
    let subject = || format!("order {}", moved.uid);
    if moved.from != moved.to && !moved.from.can_become(moved.to) {
        return Err(LedgerError::IllegalMove {
            subject: subject(),
            from: moved.from.to_string(),
            to: moved.to.to_string(),
        }
        .into());
    }
    let (account, broker) = moved.placed_with.as_ref().map(|(a, b)| (a, b)).unzip();
    let done = sqlx::query(MOVE)
        .uid(moved.uid)
        .bind(moved.from.as_str())
        .bind(moved.to.as_str())
        .shown_opt(account)
        .shown_opt(broker)
        .shown_opt(moved.broker_order_id.as_ref())
        .quantity_opt(moved.filled)
        .shown_opt(moved.average_price.as_ref())
        .bind(moved.message.clone())
        .instant(moved.at)?
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        let error = if is_there(connection, moved.uid).await? {
            LedgerError::Conflict {
                subject: subject(),
                expected: moved.from.to_string(),
            }
        } else {
            LedgerError::Missing { subject: subject() }
        };
        return Err(error.into());
    }
    match &moved.request {
        Some(request) => change_request(connection, moved.uid, request).await,
        None => Ok(()),
    }
}

async fn change_request(
    connection: &mut SqliteConnection,
    uid: OrderUid,
    request: &OrderRequest,
) -> Result<(), Fault> {
    sqlx::query(CHANGE_REQUEST)
        .uid(uid)
        .request(request)
        .execute(connection)
        .await?;
    Ok(())
}

async fn is_there(connection: &mut SqliteConnection, uid: OrderUid) -> Result<bool, Fault> {
    let row = sqlx::query("select 1 from orders where uid = ?")
        .uid(uid)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

fn whole(number: OrderNumber) -> i64 {
    i64::try_from(number.get()).expect("thirteen digits fit 64 bits")
}
