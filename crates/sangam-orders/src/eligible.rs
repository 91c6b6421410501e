//! Which of the ranked accounts may take an order that sells holdings or closes a position: the one that holds it. Two
//! brokers' holdings are two demat accounts; what one holds the other cannot deliver.

use sangam_core::ports::{OrderFilter, OrderRecord, PassedOver, Ranking};
use sangam_core::{
    BookInstrument, ErrorKind, FieldError, FieldErrors, OrderRequest, PositionEffect, Product, Side,
};

use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::error::DeskError;

/// Whether only the account that holds what is sold or closed may take the order.
pub(crate) fn is_bound(request: &OrderRequest) -> bool {
    is_delivery_sale(request) || is_closing(request)
}

fn is_delivery_sale(request: &OrderRequest) -> bool {
    request.side == Side::Sell && request.product == Product::Delivery
}

fn is_closing(request: &OrderRequest) -> bool {
    request.position_effect == Some(PositionEffect::Close)
}

/// Narrows the ranking, or refuses with each account's reason.
pub(crate) async fn narrow(
    inner: &Inner,
    request: &OrderRequest,
    mut ranking: Ranking,
) -> Result<Ranking, DeskError> {
    if ranking.candidates.is_empty() {
        return Err(DeskError::NoAccount {
            reasons: reasons(&ranking.passed_over),
        });
    }
    if !is_bound(request) {
        return Ok(ranking);
    }
    let delivery_sale = is_delivery_sale(request);
    let mut unread = false;
    let mut short = Vec::new();
    let mut chosen = None;
    for candidate in std::mem::take(&mut ranking.candidates) {
        if chosen.is_some() {
            ranking.passed_over.push(PassedOver {
                account: candidate.account,
                broker: candidate.broker,
                reason: "another account holds what is sold".to_owned(),
            });
            continue;
        }
        let Some(account) = inner.account(&candidate.account) else {
            continue;
        };
        let held = if delivery_sale {
            deliverable(account, request).await
        } else {
            closable(inner, account, request).await
        };
        match held {
            Ok(held) if held >= request.quantity.units() => chosen = Some(candidate),
            Ok(held) => short.push(format!("{} has {held}", candidate.account)),
            Err(error) => {
                unread = true;
                short.push(format!("{} could not be read ({error})", candidate.account));
            }
        }
    }
    match chosen {
        // Perhaps the account that could not be read holds it: the order may be right, and can be sent again.
        None if unread => Err(DeskError::NoAccount {
            reasons: short.join("; "),
        }),
        Some(candidate) => {
            ranking.candidates.push(candidate);
            Ok(ranking)
        }
        None => Err(DeskError::Invalid(FieldErrors(vec![refusal(
            request,
            delivery_sale,
            &short,
        )]))),
    }
}

fn refusal(request: &OrderRequest, delivery_sale: bool, short: &[String]) -> FieldError {
    let have = short.join(", ");
    if delivery_sale {
        FieldError::new(
            "quantity",
            format!(
                "a CNC sale of {} {} needs that many in holdings and today's buys of one account: {have}; sell less, or \
                 use MIS to sell short",
                request.quantity, request.instrument
            ),
        )
    } else {
        FieldError::new(
            "position_effect",
            format!(
                "no account holds a {} position of {} that {} {} would close: {have}",
                request.product, request.instrument, request.side, request.quantity
            ),
        )
    }
}

fn reasons(passed_over: &[PassedOver]) -> String {
    let each: Vec<_> = passed_over
        .iter()
        .map(|p| format!("{} ({}): {}", p.account, p.broker, p.reason))
        .collect();
    if each.is_empty() {
        "none is configured".to_owned()
    } else {
        each.join("; ")
    }
}

fn is_same(row: &BookInstrument, request: &OrderRequest) -> bool {
    row.id.as_ref() == Some(&request.instrument)
}

/// Units that can be delivered: saleable holdings and what was bought for delivery today.
async fn deliverable(account: &DeskAccount, request: &OrderRequest) -> Result<u64, sangam_core::Error> {
    let holdings = account.broker.holdings().await?;
    let positions = account.broker.positions().await?;
    let held: u64 = holdings
        .iter()
        .filter(|h| is_same(&h.instrument, request))
        .map(|h| h.saleable.units())
        .sum();
    let bought: i64 = positions
        .iter()
        .filter(|p| is_same(&p.instrument, request) && p.product == Some(Product::Delivery))
        .map(|p| p.net.units())
        .sum();
    Ok(held.saturating_add(u64::try_from(bought).unwrap_or(0)))
}

/// Units of the position the order would close, less what our own orders on their way or standing there will close: a
/// broker does not refuse a second one, it opens the other side.
async fn closable(
    inner: &Inner,
    account: &DeskAccount,
    request: &OrderRequest,
) -> Result<u64, sangam_core::Error> {
    let closing = closing_already(inner, account, request).await?;
    let positions = account.broker.positions().await?;
    let net: i64 = positions
        .iter()
        .filter(|p| is_same(&p.instrument, request) && p.product.as_ref() == Some(&request.product))
        .map(|p| p.net.units())
        .sum();
    let open = match request.side {
        Side::Sell => net,
        Side::Buy => -net,
    };
    Ok(u64::try_from(open).unwrap_or(0).saturating_sub(closing))
}

/// Read before the position: what fills in between is counted twice and refused, never closed twice.
async fn closing_already(
    inner: &Inner,
    account: &DeskAccount,
    request: &OrderRequest,
) -> Result<u64, sangam_core::Error> {
    let filter = OrderFilter {
        open_only: true,
        ..OrderFilter::default()
    };
    let orders = inner.parts.ledger.orders(&filter).await.map_err(|error| {
        sangam_core::Error::refused(ErrorKind::Unavailable, error.to_string()).with_source(error)
    })?;
    let same = |order: &&OrderRecord| {
        let other = &order.request;
        order.group == inner.parts.group
            && order.account.as_ref().is_none_or(|id| id == account.id())
            && is_closing(other)
            && other.instrument == request.instrument
            && other.product == request.product
            && other.side == request.side
    };
    let units = |order: &OrderRecord| order.request.quantity.saturating_sub(order.filled).units();
    Ok(orders.iter().filter(same).map(units).sum())
}
