//! Which of the ranked accounts may take an order that sells holdings or closes a position: the one that holds it. Two
//! brokers' holdings are two demat accounts; what one holds the other cannot deliver.

use sangam_core::ports::{PassedOver, Ranking};
use sangam_core::{BookInstrument, FieldError, FieldErrors, OrderRequest, PositionEffect, Product, Side};

use crate::account::DeskAccount;
use crate::desk::Inner;
use crate::error::DeskError;

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
    let delivery_sale = request.side == Side::Sell && request.product == Product::Delivery;
    let closing = request.position_effect == Some(PositionEffect::Close);
    if !delivery_sale && !closing {
        return Ok(ranking);
    }
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
            closable(account, request).await
        };
        match held {
            Ok(held) if held >= request.quantity.units() => chosen = Some(candidate),
            Ok(held) => short.push(format!("{} has {held}", candidate.account)),
            Err(error) => short.push(format!("{} could not be read ({error})", candidate.account)),
        }
    }
    match chosen {
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

/// Units of the position the order would close.
async fn closable(account: &DeskAccount, request: &OrderRequest) -> Result<u64, sangam_core::Error> {
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
    Ok(u64::try_from(open).unwrap_or(0))
}
