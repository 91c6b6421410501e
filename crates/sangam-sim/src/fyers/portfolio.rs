//! Positions, holdings and funds.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::errors::success;
use super::words;
use crate::account::{Holding, Position};
use crate::money::Paise;
use crate::world::World;

/// The id of a position: its symbol and product.
pub(super) fn position_id(position: &Position) -> String {
    format!(
        "{}-{}",
        position.contract.names.fyers,
        words::product(position.product)
    )
}

pub(super) async fn positions(State(world): State<Arc<World>>) -> Response {
    let positions = world.positions();
    let open = positions.iter().filter(|position| position.net() != 0).count();
    let realised: Paise = positions.iter().map(|position| position.realised).sum();
    let unrealised: Paise = positions.iter().map(|position| position.unrealised).sum();
    success(json!({
        "netPositions": positions.iter().map(position).collect::<Vec<_>>(),
        "overall": {
            "count_total": positions.len(),
            "count_open": open,
            "pl_total": realised + unrealised,
            "pl_realized": realised,
            "pl_unrealized": unrealised,
        },
    }))
}

fn position(position: &Position) -> Value {
    let contract = &position.contract;
    let (buy, sell, net) = (position.buy(), position.sell(), position.net());
    let shown = if net < 0 { sell.average() } else { buy.average() };
    json!({
        "netQty": net,
        "qty": net.abs(),
        "avgPrice": shown,
        "netAvg": position.net_average(),
        "side": net.signum(),
        "productType": words::product(position.product),
        "realized_profit": position.realised,
        "unrealized_profit": position.unrealised,
        "pl": position.realised + position.unrealised,
        "ltp": position.last,
        "buyQty": buy.quantity,
        "buyAvg": buy.average(),
        "buyVal": buy.value,
        "sellQty": sell.quantity,
        "sellAvg": sell.average(),
        "sellVal": sell.value,
        "slNo": 0,
        "fyToken": contract.names.fytoken,
        "crossCurrency": "N",
        "rbiRefRate": Paise::rupees(1).to_json_decimal(),
        "qtyMulti_com": Paise::rupees(1).to_json_decimal(),
        "segment": contract.segment.fyers_segment(),
        "symbol": contract.names.fyers,
        "id": position_id(position),
        "cfBuyQty": position.carried_buy.quantity,
        "cfSellQty": position.carried_sell.quantity,
        "dayBuyQty": position.day_buy.quantity,
        "daySellQty": position.day_sell.quantity,
        "exchange": contract.segment.fyers_exchange(),
    })
}

/// Shares of one holding that stand in one row: those in the depository, or those not yet delivered.
struct Stock<'a> {
    holding: &'a Holding,
    kind: &'static str,
    quantity: i64,
    remaining: i64,
}

impl<'a> Stock<'a> {
    /// The rows of a holding. Today's sales come out of the depository first.
    fn rows(holding: &'a Holding) -> Vec<Self> {
        let from_depository = holding.sold_today.min(holding.quantity);
        let from_undelivered = holding.sold_today - from_depository;
        let mut rows = Vec::new();
        if holding.quantity > 0 {
            let remaining = holding.quantity - from_depository;
            rows.push(Self {
                holding,
                kind: "HLD",
                quantity: holding.quantity,
                remaining,
            });
        }
        if holding.t1_quantity > 0 {
            let remaining = holding.t1_quantity - from_undelivered;
            rows.push(Self {
                holding,
                kind: "T1",
                quantity: holding.t1_quantity,
                remaining,
            });
        }
        rows
    }

    const fn cost(&self) -> Paise {
        self.holding.average.times(self.remaining)
    }

    const fn value(&self) -> Paise {
        self.holding.last.times(self.remaining)
    }

    fn row(&self, number: u64) -> Value {
        let contract = &self.holding.contract;
        // A number here, a text everywhere else: as the official samples are.
        let fytoken: u64 = contract.names.fytoken.parse().expect("the token is digits");
        json!({
            "holdingType": self.kind,
            "quantity": self.quantity,
            "costPrice": self.holding.average,
            "marketVal": self.value(),
            "remainingQuantity": self.remaining,
            "pl": self.value() - self.cost(),
            "ltp": self.holding.last,
            "id": number,
            "fyToken": fytoken,
            "exchange": contract.segment.fyers_exchange(),
            "symbol": contract.names.fyers,
            "segment": contract.segment.fyers_segment(),
            "isin": contract.isin,
            "qty_t1": if self.kind == "T1" { self.quantity } else { 0 },
            "remainingPledgeQuantity": -1,
            "collateralQuantity": 0,
        })
    }
}

pub(super) async fn holdings(State(world): State<Arc<World>>) -> Response {
    let holdings = world.holdings();
    let stocks: Vec<Stock<'_>> = holdings.iter().flat_map(Stock::rows).collect();
    let invested: Paise = stocks.iter().map(Stock::cost).sum();
    let current: Paise = stocks.iter().map(Stock::value).sum();
    let profit = current - invested;
    let hundredths = if invested.is_zero() {
        0
    } else {
        profit.0 * 10_000 / invested.0
    };
    success(json!({
        "holdings": (1..).zip(&stocks).map(|(number, stock)| stock.row(number)).collect::<Vec<_>>(),
        "overall": {
            "count_total": stocks.len(),
            "total_investment": invested,
            "total_current_value": current,
            "total_pl": profit,
            "pnl_perc": Paise(hundredths),
        },
    }))
}

pub(super) async fn funds(State(world): State<Arc<World>>) -> Response {
    let funds = world.funds();
    let total = funds.opening + funds.realised + funds.sale_credit;
    let rows = [
        ("Total Balance", total),
        ("Utilized Amount", funds.used()),
        ("Clear Balance", funds.available()),
        ("Realized Profit and Loss", funds.realised),
        ("Collaterals", Paise::ZERO),
        ("Fund Transfer", Paise::ZERO),
        ("Receivables", funds.sale_credit),
        ("Adhoc Limit", Paise::ZERO),
        ("Limit at start of the day", funds.opening),
        ("Available Balance", funds.available()),
    ];
    let rows = (1..).zip(rows).map(|(id, (title, amount)): (u64, _)| {
        json!({ "id": id, "title": title, "equityAmount": amount, "commodityAmount": 0 })
    });
    success(json!({ "fund_limit": rows.collect::<Vec<_>>() }))
}
