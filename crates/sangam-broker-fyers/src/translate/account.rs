//! Positions, holdings and funds.

use sangam_core::ports::SymbolMap;
use sangam_core::{Funds, Holding, Money, Position, Quantity};

use super::codes;
use super::fault::{Fault, Row, expect_ok, shape};
use super::instruments::book_instrument;
use crate::wire::account::{FundsReply, HoldingRow, HoldingsReply, PositionRow, PositionsReply};

/// The positions, those closed today included.
///
/// # Errors
/// [`Fault`] when the answer is no list of positions or a row lacks symbol or net quantity.
pub fn positions(body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Position>, Fault> {
    const WHAT: &str = "positions";
    let reply: PositionsReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let rows = reply
        .positions
        .rows()
        .ok_or(Fault::Absent { what: "netPositions" })?;
    rows.iter()
        .enumerate()
        .map(|(i, row)| position(Row::new(WHAT, i), row, symbols))
        .collect()
}

/// The holdings.
///
/// # Errors
/// [`Fault`] when the answer is no list of holdings or a row lacks symbol or quantity.
pub fn holdings(body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Holding>, Fault> {
    const WHAT: &str = "holdings";
    let reply: HoldingsReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let rows = reply.holdings.rows().ok_or(Fault::Absent { what: WHAT })?;
    rows.iter()
        .enumerate()
        .map(|(i, row)| holding(Row::new(WHAT, i), row, symbols))
        .collect()
}

/// The funds of the equity ledger, told by the ids of their lines: 10 available, 2 utilised, 5 collaterals, 4 realised
/// profit. Fyers tells no unrealised profit here.
///
/// # Errors
/// [`Fault`] when the answer is no list of funds or lacks line 10 or 2.
pub fn funds(body: &[u8]) -> Result<Funds, Fault> {
    const WHAT: &str = "funds";
    let reply: FundsReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let rows = reply.lines.rows().ok_or(Fault::Absent { what: "fund_limit" })?;
    let mut lines = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let at = Row::new(WHAT, i);
        let id = at.required("id", at.integer("id", row.id)?)?;
        lines.push((id, at.money("equityAmount", row.equity)?));
    }
    let line = |id: i64| {
        lines
            .iter()
            .find(|(its, _)| *its == id)
            .and_then(|(_, amount)| *amount)
    };
    Ok(Funds {
        available: line(10).ok_or(Fault::Absent {
            what: "available balance (fund_limit id 10)",
        })?,
        used: line(2).ok_or(Fault::Absent {
            what: "utilised amount (fund_limit id 2)",
        })?,
        collateral: line(5).unwrap_or_default(),
        realised: line(4).unwrap_or_default(),
        unrealised: Money::ZERO,
    })
}

fn position(at: Row, row: &PositionRow<'_>, symbols: &dyn SymbolMap) -> Result<Position, Fault> {
    let symbol = at.required("symbol", row.symbol.text())?;
    let net = at.required("netQty", at.net_quantity("netQty", row.net)?)?;
    Ok(Position {
        instrument: book_instrument(symbols, symbol, row.token, row.exchange, row.segment),
        product: row.product.text().map(codes::product_in),
        net,
        average_price: at
            .some_price("netAvg", row.net_average)?
            .filter(|_| !net.is_zero()),
        bought: at.quantity("buyQty", row.bought)?.unwrap_or_default(),
        buy_average: at.some_price("buyAvg", row.buy_average)?,
        sold: at.quantity("sellQty", row.sold)?.unwrap_or_default(),
        sell_average: at.some_price("sellAvg", row.sell_average)?,
        last_price: at.some_price("ltp", row.last)?,
        realised: at.money("realized_profit", row.realised)?,
        unrealised: at.money("unrealized_profit", row.unrealised)?,
    })
}

fn holding(at: Row, row: &HoldingRow<'_>, symbols: &dyn SymbolMap) -> Result<Holding, Fault> {
    let symbol = at.required("symbol", row.symbol.text())?;
    let quantity = at.required("quantity", at.quantity("quantity", row.quantity)?)?;
    let bought_lately = row.kind.text().is_some_and(|kind| kind == "T1");
    let undelivered = match at.quantity("qty_t1", row.undelivered)? {
        Some(told) => told,
        None if bought_lately => quantity,
        None => Quantity::ZERO,
    };
    Ok(Holding {
        instrument: book_instrument(symbols, symbol, row.token, row.exchange, row.segment),
        isin: row.isin.text(),
        quantity,
        undelivered,
        saleable: at
            .quantity("remainingQuantity", row.remaining)?
            .unwrap_or(quantity),
        average_price: at.some_price("costPrice", row.cost)?,
        last_price: at.some_price("ltp", row.last)?,
    })
}
